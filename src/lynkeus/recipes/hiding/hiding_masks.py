"""Masks of nine classes without a mask in training: class maps of a network that had large parts hidden.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (weakly supervised segmentation): a map above a threshold
is the seed of a mask. There is no mask in our data: true boxes check how much of them a mask covers, and how much of it
lies in them.
Expected: the masks cover .68 of the true boxes (.66 with nothing hidden), and .65 of
them lies in the boxes (.68); means of three seeds, ``python -m benchmarks.hiding``.
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
