"""DeepFirearm, arm cls+retr-d: classification first, then pairs with two margins.

Source: Hao et al. 2018, https://arxiv.org/abs/1806.02984.
Expected: mAP (trapezoid) on classes that did not train, three seeds: firearms .50 +- .05, cars .20 +- .02, birds
.76 +- .02; docs/methods/retrieval.md.
Cost: 1 min of CPU time, one core, 2 GiB; a third of it for the views, which all arms share.
Run: ``lynkeus train deepfirearm --data DATA --out runs/deepfirearm``
"""

from dataclasses import replace

from lynkeus.data.classes import ClassTable, Group
from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.retrieval.data import Kept
from lynkeus.recipes.retrieval.recipe import RetrievalRecipe
from lynkeus.recipes.retrieval.stages import Classification, Margins

PAIRS = Margins(pull=0.8, push=1.2, positives=180, negatives=180, every=5)
"""Pairs as the source draws them, with its margins."""

CLASSES = Descent(
    steps=80,
    warmup=10,
    cooldown=40,
    backbone_rate=3e-4,
    head_rate=3e-3,
    weight_decay=5e-4,
    accumulate=1,
    clip_norm=None,
)
"""The stage of classes; a stage that is alone is twice as long, so that all arms see as many pictures."""

DISTANCES = replace(CLASSES, backbone_rate=1e-4, head_rate=1e-3)
"""The stage of pairs, which takes a lower rate."""

RECIPE = RetrievalRecipe(
    groups=(
        Group(
            source=Source(folder="firearms/models", terms="research", share=1.0),
            table=ClassTable(file="firearms/models.csv", base="firearms", path="path", column="model"),
            batch=0,
        ),
        Group(
            source=Source(folder="firearms/types", terms="research", share=1.0),
            table=ClassTable(file="firearms/types.csv", base="firearms", path="path", column="type"),
            batch=0,
        ),
    ),
    kept=(Kept(val=0, test=3), Kept(val=0, test=0)),
    cached_side=256,
    area=160 * 160,
    views=4,
    embedder="lite0_mac",
    weights="package",
    frozen_blocks=15,
    pictures=32,
    classify=Classification(dropout=0.5),
    classify_descent=CLASSES,
    loss=PAIRS,
    descent=DISTANCES,
    dim=128,
    seed=0,
)
