"""Arm cls: weighted classification alone.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) .314 on 17 classes of cars kept for choices, seed 0; on those that are measured see
docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_cls``
"""

from dataclasses import replace

from lynkeus.recipes.deepfirearm import CLASSES
from lynkeus.recipes.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(DEEPFIREARM, loss=None, classify_descent=replace(CLASSES, steps=160, cooldown=80))
