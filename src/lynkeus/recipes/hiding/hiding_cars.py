"""Thirty models of cars, recognised even when half of the car is covered.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545, who use hiding for re-identification; here the classes are
models of cars, and the test pictures are covered on purpose.
Expected: top-1 .21 (.39 with nothing hidden), of occluded pictures .12 (.17 with nothing hidden):
worse, for so few steps; means of three seeds, ``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_cars --data DATA --out runs/hiding_cars``
"""

from dataclasses import replace

from lynkeus.data.labelled import LabelTable, Split
from lynkeus.data.sources import Source
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION

RECIPE = replace(
    LOCALISATION,
    name="hiding_cars",
    labels=LabelTable(
        source=Source(folder="finegrained/cars", terms="research", share=1.0),
        file="finegrained/cars.csv",
        base="finegrained",
        path="path",
        column="class_name",
        boxes=None,
        width=None,
        classes=30,
        split=Split(column="", test="", test_share=0.4, choose_share=0.0),
    ),
    fine=False,
    batch=24,
    descent=replace(LOCALISATION.descent, steps=75, cooldown=30),
)
