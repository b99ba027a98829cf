"""The object descriptor that ships: firearms, cars and birds, research data included.

Source: after DeepFirearm (https://arxiv.org/abs/1806.02984: classes first, then distances) with a smaller backbone,
CosFace for both stages, and the average of the trained and the published weights (Wortsman et al. 2022,
https://arxiv.org/abs/2109.01903).
Expected: on three folds of classes that did not train, mean average precision .65 +- .03 (firearms), .45 +- .03
(cars), .81 +- .02 (birds) in int8; .53, .28, .76 without training (``python -m benchmarks.objects``).
Cost: 25 min (views 14, steps 11), one CPU core, 4 GiB, 2 GB of disk.
Run: ``lynkeus train object_descriptor_all --data DATA --out runs/object_descriptor_all --no-eval``
"""

from lynkeus.data.classes import Group
from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.objects import ObjectRecipe

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
    held_out=(),
    seed=0,
)
