"""First stage of ``copies_all``: both views go through the model, with a memory of the model's past descriptors.

The recipe is kept as it ran. Its descriptors drift away from the memory together (see ``losses.momentum_sscd``). Its
backbone, with a newly whitened linear layer, is nevertheless a far better start than ImageNet weights.

Source: SSCD (Pizzi et al. 2022, https://arxiv.org/abs/2202.10261) with a smaller backbone and memory.
Expected: micro average precision .68 on a third of the tune half among 1,000 (.72 when newly whitened).
Cost: 57 min, one CPU core, 2 GiB.
Run: ``lynkeus train copies_first --data DATA --hold-out benchmarks/copies/csv --out runs/copies_first``
"""

from lynkeus.data.sources import Source
from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.objective import Objective
from lynkeus.recipes.copies.recipe import CopyRecipe

RECIPE = CopyRecipe(
    sources=(
        Source(folder="copydet/imagenet_sample", terms="research", share=6.0, role="train"),
        Source(folder="copydet/bsds500", terms="research", share=6.0, role="train"),
        Source(folder="copydet/clothing_cc0", terms="free", share=6.0, role="train"),
        Source(folder="wsol", terms="research", share=3.0),
        Source(folder="logos/flickrlogos27", terms="research", share=3.0),
        Source(folder="firearms/imagenet_weapons", terms="research", share=3.0),
        Source(folder="firearms/types", terms="research", share=1.5),
        Source(folder="firearms/models", terms="research", share=1.5),
        Source(folder="firearms/guns_boxes", terms="research", share=1.0),
        Source(folder="faces/masked_real", terms="research", share=3.0),
        Source(folder="faces/mask_presence", terms="research", share=1.0),
        Source(folder="faces/lfw", terms="research", share=0.4),
        Source(folder="faces/distil_faces", terms="research", share=0.05),
        Source(folder="attributes/utkface", terms="research", share=0.1),
        Source(folder="finegrained/cars", terms="research", share=1.0),
        Source(folder="finegrained/birds", terms="research", share=1.0),
        Source(folder="detection/bccd", terms="free", share=0.5),
        Source(folder="detection/cards", terms="free", share=1.0),
    ),
    cached_side=256,
    side=160,
    pictures=16,
    dim=256,
    pretrained=True,
    start=None,
    frozen_blocks=5,
    whiten_pictures=2000,
    whiten_shrink=1.0,
    objective=Objective(temperature=0.05, entropy_weight=5.0, memory=4096, momentum=None),
    descent=Descent(
        steps=2400,
        warmup=100,
        cooldown=800,
        backbone_rate=3e-4,
        head_rate=5e-4,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    seed=0,
)
