"""The shipped object descriptor, trained on firearms, cars and birds, research data included.

Source: after DeepFirearm (https://arxiv.org/abs/1806.02984: classes first, then distances) with a smaller backbone,
covariance pooling (Lin et al. 2015, https://arxiv.org/abs/1504.07889), CosFace for both stages, the average of the
trained and the published weights (Wortsman et al. 2022, https://arxiv.org/abs/2109.01903), and a second whitening of
the linear layer (Mikolajczyk and Matas 2007) after the average.
Expected: on three folds of classes that did not train, mean average precision .66 +- .03 (firearms), .36 +- .09 (cars
of other makes), .82 +- .03 (birds) in int8; .54, .24, .77 without training (``python -m benchmarks.objects``).
Cost: 37 min (views 25, steps 7), one CPU core, 5 GiB, 4 GB of disk.
Run: ``lynkeus train object_descriptor_all --data DATA --out runs/object_descriptor_all --no-eval``
"""

from lynkeus.data.classes import ClassTable, Group
from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.objects.recipe import Kind, ObjectRecipe

RECIPE = ObjectRecipe(
    groups=(
        Group(
            source=Source(folder="firearms/models", terms="research", share=1.0),
            table=ClassTable(file="firearms/models.csv", base="firearms", path="path", column="model"),
            batch=14,
        ),
        Group(
            source=Source(folder="firearms/types", terms="research", share=1.0),
            table=ClassTable(file="firearms/types.csv", base="firearms", path="path", column="type"),
            batch=4,
        ),
        Group(
            source=Source(folder="firearms/imagenet_weapons", terms="research", share=1.0),
            table=ClassTable(file="firearms/imagenet_weapons.csv", base="firearms", path="path", column="class"),
            batch=4,
        ),
        Group(
            source=Source(folder="finegrained/cars", terms="research", share=1.0),
            table=ClassTable(file="finegrained/cars.csv", base="finegrained", path="path", column="class_name"),
            batch=28,
        ),
        Group(
            source=Source(folder="finegrained/birds", terms="research", share=1.0),
            table=ClassTable(file="finegrained/birds.csv", base="finegrained", path="path", column="class_name"),
            batch=8,
        ),
    ),
    cached_side=384,
    area=288 * 288,
    edited_views=8,
    cropped=0.6,
    kinds=(
        Kind(folder="firearms", directions=144),
        Kind(folder="finegrained/cars", directions=64),
        Kind(folder="finegrained/birds", directions=176),
    ),
    pretrained=True,
    frozen_blocks=11,
    frozen_filters=True,
    whiten_shrink=0.1,
    scale=20.0,
    margin=0.1,
    centre_rate=2e-3,
    momentum=0.97,
    trained_share=0.5,
    descent=Descent(
        steps=120,
        warmup=30,
        cooldown=60,
        backbone_rate=3e-4,
        head_rate=3e-4,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    held_out=(),
    measured_share=0.0,
    seed=0,
)
