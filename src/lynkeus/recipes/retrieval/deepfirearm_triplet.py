"""Arm triplet: classification first, then semi-hard triplets.

Source: FaceNet, Schroff et al. 2015, https://arxiv.org/abs/1503.03832, as compared in DeepFirearm's thesis.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .49 +- .06, cars .19 +- .02, birds
.75 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm_triplet --data DATA --out runs/deepfirearm_triplet``
"""

from dataclasses import replace

from lynkeus.recipes.retrieval.deepfirearm import RECIPE as DEEPFIREARM
from lynkeus.recipes.retrieval.stages import SemiHard

RECIPE = replace(
    DEEPFIREARM,
    loss=SemiHard(margin=0.2, each=4),
    descent=replace(DEEPFIREARM.descent, backbone_rate=3e-5, head_rate=3e-4),
)
