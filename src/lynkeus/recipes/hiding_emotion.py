"""Seven emotions of faces of 48 pixels, none of which may hang on the mouth alone.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (emotion recognition; CK+ there, noisier FER2013 here);
cells as for ``hiding_cifar10``.
Expected: not measured yet
Cost: not measured yet
Run: ``lynkeus train emotion``
"""

from dataclasses import replace

from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.hiding_cifar10 import RECIPE as CIFAR10

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
