"""Arm cls+retr-s: classification first, then pairs with a single margin.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .49 +- .04, cars .19 +- .03, birds
.74 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_cls_retr_s --data DATA --out runs/deepfirearm_cls_retr_s``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import PAIRS
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(DEEPFIREARM, loss=replace(PAIRS, pull=0.0, push=1.5))
