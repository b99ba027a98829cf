"""Arm ArcFace: only angular margins, from the published weights.

Source: ArcFace, Deng et al. 2019, https://arxiv.org/abs/1801.07698; not in DeepFirearm.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .56 +- .14, cars .27 +- .03, birds
.71 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_arcface --data DATA --out runs/deepfirearm_arcface``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import CLASSES
from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM
from lynkeus.recipes.retrieval.stages import Angular

RECIPE = replace(
    DEEPFIREARM,
    classify=None,
    loss=Angular(scale=32.0, margin=0.3),
    descent=replace(CLASSES, steps=160, cooldown=80, backbone_rate=1e-3, head_rate=1e-2),
)
