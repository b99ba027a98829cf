"""Arm cls: only weighted classification.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .49 +- .06, cars .20 +- .02, birds
.75 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_cls --data DATA --out runs/deepfirearm_cls``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import CLASSES
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(DEEPFIREARM, loss=None, classify_descent=replace(CLASSES, steps=160, cooldown=80))
