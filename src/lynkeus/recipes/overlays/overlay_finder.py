"""The shipped overlay detector, trained on scenes made of all our data, research data included.

Source: ours, after the detector of imgFp (ISC 2021), a YOLOv5 that its authors trained on their own composites.
Expected: of pictures pasted at half to a quarter of the side 1.00 get a box (IoU .5), at 12 % .90; 30 % of pictures
    without a paste get one of confidence .3, 6 % of .5 (tune half, ``python -m benchmarks.copies.overlays``).
Cost: about 25 min, one CPU core, 2 GiB.
Run: ``lynkeus train overlay_finder --data DATA --hold-out benchmarks/copies/csv --out runs/overlay_finder``
"""

from lynkeus.recipes.config import Descent
from lynkeus.recipes.copies.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.overlays.recipe import OverlayRecipe

RECIPE = OverlayRecipe(
    sources=COPIES_FIRST.sources,
    cached_side=COPIES_FIRST.cached_side,
    held_out=20,
    scene_side=288,
    sides=((0, 160), (700, 192), (1250, 256)),
    scenes=12,
    width=64,
    pretrained=True,
    frozen_blocks=3,
    box_weight=2.0,
    descent=Descent(
        steps=1650,
        warmup=50,
        cooldown=700,
        backbone_rate=5e-4,
        head_rate=2e-3,
        weight_decay=1e-4,
        accumulate=1,
        clip_norm=None,
    ),
    seed=0,
)
