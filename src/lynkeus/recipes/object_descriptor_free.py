"""The object descriptor from free data alone, to know what the research data buys.

Source: as ``object_descriptor_all``, from the kinds of garments in one CC0 collection.
Expected: on the three folds of ``object_descriptor_all``, mean average precision .52 (firearms), .26 (cars), .71
(birds): worse than no training (``python -m benchmarks.objects``).
Cost: 5 min, one CPU core, 2 GiB.
Run: ``python -m lynkeus.recipes.object_descriptor_free DATA OUT CACHES``
"""

import sys
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from lynkeus.data.classes import Group
from lynkeus.data.sources import Source
from lynkeus.recipes.object_descriptor_all import RECIPE as ALL
from lynkeus.recipes.objects import train_objects
from lynkeus.recipes.protocol import Places

RECIPE = replace(
    ALL,
    groups=(
        Group(
            source=Source(folder="copydet/clothing_cc0", terms="free", share=1.0, role="train"),
            table="copydet/clothing_cc0_labels.csv",
            base="copydet/clothing_cc0",
            path="image",
            column="label",
            batch=24,
        ),
    ),
    descent=replace(ALL.descent, steps=60, cooldown=30),
)

if __name__ == "__main__":
    data, out, caches = (Path(word) for word in sys.argv[1:4])
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    train_objects(RECIPE, Places(data=data, out=out, caches=caches))
