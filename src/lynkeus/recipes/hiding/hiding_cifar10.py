"""Ten classes of pictures of 32 x 32 pixels: hiding as a plain regulariser of a classifier.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (classification); cells of 0, 4, 6 and 8 of the 32 pixels,
which the network sees at twice the size.
Expected: top-1 .42 (.50 with nothing hidden), of occluded pictures .28 (.27 with nothing hidden);
means of three seeds, ``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_cifar10 --data DATA --out runs/hiding_cifar10``
"""

from dataclasses import replace

from lynkeus.augment.hiding import HideAndSeek
from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION

RECIPE = replace(
    LOCALISATION,
    name="hiding_cifar10",
    labels=LabelTable(
        source=Source(folder="cifar10", terms="research", share=1.0),
        file="cifar10/labels.csv",
        base="cifar10",
        path="path",
        column="class",
        boxes=None,
        width=None,
        classes=None,
        split=Split(column="path", test="test/", test_share=0.0, choose_share=0.0),
    ),
    cached_side=32,
    side=64,
    fine=False,
    batch=24,
    augment=HideAndSeek(p=0.5, sides=(0, 8, 12, 16)),
    descent=replace(LOCALISATION.descent, steps=60, cooldown=30),
)
