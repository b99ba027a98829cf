"""The age of adults in cropped faces: the expected age over classes of twenty years.

Source: Singh et al. 2018, https://arxiv.org/abs/1811.02545 (age and gender estimation); the expected number over
classes as in DEX (Rothe et al. 2015).
Expected: mean error 10.4 years (9.3 with nothing hidden); means of three seeds,
``python -m benchmarks.hiding``.
Cost: half a minute of CPU time, one core, 1 GiB.
Run: ``lynkeus train hiding_age --data DATA --out runs/hiding_age``
"""

from dataclasses import replace

from lynkeus.recipes.hiding.hiding_sex import RECIPE as SEX

RECIPE = replace(SEX, name="hiding_age", labels=replace(SEX.labels, column="age", width=20))
