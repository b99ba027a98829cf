"""Arm off-the-shelf: the published weights with pooling, without training.

Source: DeepFirearm, Hao et al. 2018, https://arxiv.org/abs/1806.02984; see ``deepfirearm``.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .47 +- .03, cars .17 +- .02, birds
.74 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_off_the_shelf --data DATA --out runs/deepfirearm_off_the_shelf``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM

RECIPE = replace(DEEPFIREARM, classify=None, loss=None, descent=replace(DEEPFIREARM.descent, steps=0))
