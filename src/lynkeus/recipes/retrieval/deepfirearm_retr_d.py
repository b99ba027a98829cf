"""Arm retr-d: pairs with two margins, from the published weights, without classification first.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .50 +- .04, cars .20 +- .03, birds
.76 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_retr_d --data DATA --out runs/deepfirearm_retr_d``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import DISTANCES
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(DEEPFIREARM, classify=None, descent=replace(DISTANCES, steps=160, cooldown=80))
