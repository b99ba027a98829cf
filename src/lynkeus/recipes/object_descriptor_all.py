"""The object descriptor that ships: firearms, cars and birds, research data included.

Source: after DeepFirearm (https://arxiv.org/abs/1806.02984: classes first, then distances) with a smaller backbone,
CosFace for both stages, and the average of the trained and the published weights (Wortsman et al. 2022,
https://arxiv.org/abs/2109.01903).
Expected: on three folds of classes that did not train, mean average precision .65 +- .03 (firearms), .45 +- .03
(cars), .81 +- .02 (birds) in int8; .53, .28, .76 without training (``python -m benchmarks.objects``).
Cost: 25 min (views 14, steps 11), one CPU core, 4 GiB, 2 GB of disk.
Run: ``python -m lynkeus.recipes.object_descriptor_all DATA OUT CACHES``
"""

import sys
from pathlib import Path

import cv2
import torch

from lynkeus.data.classes import Group
from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.objects import ObjectRecipe, train_objects
from lynkeus.recipes.protocol import Places

RECIPE = ObjectRecipe(
    groups=(
        Group(
            source=Source(folder="firearms/models", terms="research", share=1.0),
            table="firearms/models.csv",
            base="firearms",
            path="path",
            column="model",
            batch=16,
        ),
        Group(
            source=Source(folder="firearms/types", terms="research", share=1.0),
            table="firearms/types.csv",
            base="firearms",
            path="path",
            column="type",
            batch=6,
        ),
        Group(
            source=Source(folder="firearms/imagenet_weapons", terms="research", share=1.0),
            table="firearms/imagenet_weapons.csv",
            base="firearms",
            path="path",
            column="class",
            batch=4,
        ),
        Group(
            source=Source(folder="finegrained/cars", terms="research", share=1.0),
            table="finegrained/cars.csv",
            base="finegrained",
            path="path",
            column="class_name",
            batch=20,
        ),
        Group(
            source=Source(folder="finegrained/birds", terms="research", share=1.0),
            table="finegrained/birds.csv",
            base="finegrained",
            path="path",
            column="class_name",
            batch=10,
        ),
    ),
    cached_side=384,
    area=256 * 256,
    views=7,
    dim=512,
    pretrained=True,
    frozen_blocks=11,
    whiten_shrink=0.3,
    scale=20.0,
    margin=0.1,
    centre_rate=2e-3,
    momentum=0.97,
    trained_share=0.75,
    descent=Descent(
        steps=150,
        warmup=10,
        cooldown=75,
        backbone_rate=3e-4,
        head_rate=5e-4,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    seed=0,
)

if __name__ == "__main__":
    data, out, caches = (Path(word) for word in sys.argv[1:4])
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    train_objects(RECIPE, Places(data=data, out=out, caches=caches))
