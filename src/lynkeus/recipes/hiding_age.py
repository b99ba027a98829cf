"""The age of cropped faces of adults: the expected age over classes twenty years wide.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (age and gender estimation); the expected number over
classes is that of DEX (Rothe et al. 2015).
Expected: not measured yet
Cost: not measured yet
Run: ``lynkeus train age``
"""

from dataclasses import replace

from lynkeus.recipes.hiding_sex import RECIPE as SEX

RECIPE = replace(SEX, name="hiding_age", labels=replace(SEX.labels, column="age", width=20))
