"""The shipped copy descriptor, trained on all our data, research data included.

Source: SSCD (Pizzi et al. 2022, https://arxiv.org/abs/2202.10261) with a smaller backbone, and keys of a slow
copy (MoCo, He et al. 2020, https://arxiv.org/abs/1911.05722); starts from ``copies_first``.
Expected: micro average precision .77, recall@1 .83 on a third of the tune half of ``benchmarks/copies`` among
1,000 references, at 192 px (one seed); training of the shipped weights was stopped at step 1,110 of 1,600.
Cost: about 35 min, one CPU core, 2 GiB, after ``copies_first``.
Run: ``lynkeus train copies_all --data DATA --hold-out benchmarks/copies/csv --out runs/copies_all``
"""

from dataclasses import replace

from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.copies_first import RECIPE as FIRST
from lynkeus.recipes.copies.objective import Objective

RECIPE = replace(
    FIRST,
    pictures=24,
    pretrained=False,
    start="copies_first",
    whiten_shrink=0.3,
    objective=Objective(temperature=0.05, entropy_weight=5.0, memory=4096, momentum=0.99),
    descent=Descent(
        steps=1600,
        warmup=50,
        cooldown=700,
        backbone_rate=2e-4,
        head_rate=4e-4,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    seed=1,
)
