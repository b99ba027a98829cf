"""The sex of adults in cropped faces.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (age and gender estimation).
Expected: top-1 .81 (.85 with nothing hidden), of occluded pictures .72 (.74 with nothing hidden);
means of three seeds, ``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_sex --data DATA --out runs/hiding_sex``
"""

from dataclasses import replace

from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.hiding.hiding_cifar10 import RECIPE as CIFAR10

RECIPE = replace(
    CIFAR10,
    name="hiding_sex",
    labels=LabelTable(
        source=Source(folder="attributes/utkface", terms="research", share=1.0),
        file="attributes/utkface/labels.csv",
        base="attributes/utkface",
        path="path",
        column="sex",
        boxes=None,
        width=None,
        classes=None,
        split=Split(column="", test="", test_share=0.4, choose_share=0.0),
    ),
    cached_side=100,
)
