"""The time of the action in a made video, learnt from the class of the video only, with hidden frames.

Source: Hide-and-Seek, Singh and Lee, ICCV 2017, https://arxiv.org/abs/1704.04232, section 4.4 (THUMOS14 there); made
videos of 30 clips here (``lynkeus.data.splices``).
Expected: mAP at .1 .96 (.97 with nothing hidden), shared parts found .95
(.88); means of three seeds, ``python -m benchmarks.hiding``.
Cost: ten seconds of CPU time after a minute for the frames, one core, 1 GiB.
Run: ``lynkeus train hiding_actions --data DATA --out runs/hiding_actions``
"""

from lynkeus.data.sources import Source
from lynkeus.data.splices import SplicePlan, TimeHiding
from lynkeus.recipes.config import Descent
from lynkeus.recipes.hiding.time_recipe import TimeRecipe

RECIPE = TimeRecipe(
    name="hiding_actions",
    clips=Source(folder="videos", terms="research", share=1.0),
    rate=4.0,
    side=128,
    pretrained=True,
    plan=SplicePlan(classes=12, sharing=6, length=64, part=(8, 16), piece=(6, 16)),
    choosing=120,
    tested=240,
    batch=16,
    width=64,
    augment=TimeHiding(p=0.5, segment=4),
    descent=Descent(
        steps=150,
        warmup=10,
        cooldown=75,
        backbone_rate=0.0,
        head_rate=1e-3,
        weight_decay=1e-3,
        accumulate=1,
        clip_norm=None,
    ),
    seed=0,
)
