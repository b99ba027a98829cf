"""The copy descriptor trained on free data only; shows the gain from the research data.

Source: as ``copies_all``, but in one stage from the published weights; four free folders instead of
eighteen, fewer steps.
Expected: micro average precision .65 on a third of the tune half of ``benchmarks/copies`` among 1,000 references, at
192 px, where ``copies_all`` gives .77 and no training .54 (one seed).
Cost: about 10 min, one CPU core, 2 GiB.
Run: ``lynkeus train copies_free --data DATA --hold-out benchmarks/copies/csv --out runs/copies_free``
"""

from dataclasses import replace

from lynkeus.data.sources import Source
from lynkeus.recipes.copies.copies_all import RECIPE as ALL

RECIPE = replace(
    ALL,
    sources=(
        Source(folder="copydet/clothing_cc0", terms="free", share=1.0, role="train"),
        Source(folder="copydet/overlays_twemoji", terms="free", share=0.3),
        Source(folder="detection/bccd", terms="free", share=0.5),
        Source(folder="detection/cards", terms="free", share=0.7),
    ),
    pretrained=True,
    start=None,
    objective=replace(ALL.objective, memory=512),
    descent=replace(ALL.descent, steps=300, cooldown=150),
)
