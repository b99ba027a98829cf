"""Seven emotions of faces of 48 x 48 pixels; no emotion should depend on the mouth alone.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (emotion recognition; CK+ there, noisier FER2013 here);
cells as for ``hiding_cifar10``.
Expected: top-1 .19 (.26 with nothing hidden), of occluded pictures .17 (.18 with nothing hidden);
means of three seeds, ``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_emotion --data DATA --out runs/hiding_emotion``
"""

from dataclasses import replace

from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.hiding.hiding_cifar10 import RECIPE as CIFAR10

RECIPE = replace(
    CIFAR10,
    name="hiding_emotion",
    labels=LabelTable(
        source=Source(folder="attributes/fer2013", terms="research", share=1.0),
        file="attributes/fer2013/labels.csv",
        base="attributes/fer2013",
        path="path",
        column="emotion",
        boxes=None,
        width=None,
        classes=None,
        split=Split(column="", test="", test_share=0.4, choose_share=0.0),
    ),
    cached_side=48,
)
