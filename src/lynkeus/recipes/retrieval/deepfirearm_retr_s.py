"""Arm retr-s: pairs with a single margin, from the published weights, without classification first.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .48 +- .04, cars .19 +- .03, birds
.73 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_retr_s --data DATA --out runs/deepfirearm_retr_s``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import DISTANCES, PAIRS
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(
    DEEPFIREARM,
    classify=None,
    loss=replace(PAIRS, pull=0.0, push=1.5),
    descent=replace(DISTANCES, steps=160, cooldown=80),
)
