"""The object descriptor trained on free data only; shows the gain from the research data.

Source: as ``object_descriptor_all``, trained on the kinds of garments in one CC0 collection.
Expected: on the three folds of ``object_descriptor_all``, mean average precision .51 (firearms), .16 (cars), .45
(birds): worse than no training (``python -m benchmarks.objects``).
Cost: 5 min, one CPU core, 2 GiB.
Run: ``lynkeus train object_descriptor_free --data DATA --out runs/object_descriptor_free --no-eval``
"""

from dataclasses import replace

from lynkeus.data.classes import ClassTable, Group
from lynkeus.data.sources import Source
from lynkeus.recipes.objects.object_descriptor_all import RECIPE as ALL
from lynkeus.recipes.objects.recipe import Kind

RECIPE = replace(
    ALL,
    groups=(
        Group(
            source=Source(folder="copydet/clothing_cc0", terms="free", share=1.0, role="train"),
            table=ClassTable(
                file="copydet/clothing_cc0_labels.csv", base="copydet/clothing_cc0", path="image", column="label"
            ),
            batch=24,
        ),
    ),
    kinds=(Kind(folder="copydet/clothing_cc0", directions=ALL.dim),),
    descent=replace(ALL.descent, steps=60, cooldown=30),
)
