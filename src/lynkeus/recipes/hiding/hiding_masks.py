"""Masks of nine classes, learnt without masks: class maps of a network trained with large hidden parts.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (weakly supervised segmentation): a map above a threshold
is the seed of a mask. Our data has no masks: the evaluation measures which share of a true box a mask covers, and which
share of a mask lies in a true box.
Expected: the masks cover .68 of the true boxes (.66 with nothing hidden), and .65 of
the masks lies in the boxes (.68); means of three seeds, ``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_masks --data DATA --out runs/hiding_masks``
"""

from dataclasses import replace

from lynkeus.augment.hiding import HideAndSeek
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION

RECIPE = replace(
    LOCALISATION,
    name="hiding_masks",
    augment=HideAndSeek(p=0.5, sides=(24,)),
    descent=replace(LOCALISATION.descent, steps=60, cooldown=30),
)
