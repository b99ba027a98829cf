"""An object descriptor for the user's own objects: DATA holds a folder for each class, as for `lynkeus register`.

Source: as ``object_descriptor_all``, for one kind of thing, without training steps: only the whitening, which gives
most of the gain of the shipped descriptor as well. ``--set descent.steps=120 --set descent.warmup=30
--set descent.cooldown=60 --set edited_views=8`` adds the training of ``object_descriptor_all``.
Expected: on quarters of the classes, held out in turn, mean average precision .66 +- .10 (logos of 15 brands; .57 by
the published weights, .66 trained), .64 +- .01 (74 models of cars; .33 and .65) (``benchmarks.objects.own``).
Cost: 1 min for 505 pictures, one CPU core, 2 GiB, .4 MB of disk a picture.
Run: ``lynkeus train object_descriptor_own --data THINGS --out runs/trial``; docs/howto/train.md goes on
"""

from dataclasses import replace

from lynkeus.data.classes import Group
from lynkeus.data.sources import Source
from lynkeus.recipes.objects.object_descriptor_all import RECIPE as ALL
from lynkeus.recipes.objects.recipe import Kind

RECIPE = replace(
    ALL,
    groups=(Group(source=Source(folder=".", terms="research", share=1.0), table=None, batch=32),),
    kinds=(Kind(folder=".", directions=ALL.dim),),
    edited_views=0,
    descent=replace(ALL.descent, steps=0, warmup=0, cooldown=0),
    measured_share=0.25,
)
