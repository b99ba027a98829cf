"""Nine classes and their places, learnt without boxes: class maps of a network trained with hidden parts.

Source: Hide-and-Seek, Singh and Lee, ICCV 2017, https://arxiv.org/abs/1704.04232, sections 3.1 and 4.1, with
EfficientNet-Lite0 for AlexNet; cells of 16, 32, 44 and 56 of 224 pixels.
Expected: GT-known localisation .47 (.43 with nothing hidden), top-1 .88 (.89 with nothing hidden),
of occluded pictures .68 (.60 with nothing hidden); means of three seeds, ``python -m benchmarks.hiding``.
Cost: a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_localisation --data DATA --out runs/hiding_localisation``
"""

from lynkeus.augment.hiding import HideAndSeek
from lynkeus.data.hiding_batches import MapHiding
from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.hiding.recipe import HidingRecipe

RECIPE = HidingRecipe(
    name="hiding_localisation",
    labels=LabelTable(
        source=Source(folder="wsol", terms="research", share=1.0),
        file="wsol/boxes.csv",
        base="wsol",
        path="path",
        column="class",
        boxes=("xmin", "ymin", "xmax", "ymax"),
        width=None,
        classes=None,
        split=Split(column="split", test="val", test_share=0.0, choose_share=0.2),
    ),
    cached_side=256,
    side=96,
    batch=16,
    pooling="mean",
    fine=True,
    frozen_blocks=11,
    pretrained=True,
    augment=HideAndSeek(p=0.5, sides=(0, 7, 14, 19, 24)),
    maps=MapHiding(p=0.0, side=5),
    descent=Descent(
        steps=150,
        warmup=5,
        cooldown=75,
        backbone_rate=3e-4,
        head_rate=2e-3,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    seed=0,
)
