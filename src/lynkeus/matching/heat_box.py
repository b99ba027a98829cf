"""The box of a heat map: localisation from a network that learned without boxes.

Source: class activation maps, Zhou et al. 2016, https://arxiv.org/abs/1512.04150, section 3.2: threshold at a share
of the maximum, largest connected component, tight box.
Conventions: xyxy in cells of the map, at the outer edges of the cells: the upper left cell alone is (0, 0, 1, 1).
"""

import cv2
import numpy as np
from jaxtyping import Float


def heat_box(heat: Float[np.ndarray, "h w"], *, share: float) -> tuple[int, int, int, int] | None:
    """Left, top, right, bottom of the largest blob of a heat map; None if nothing is above 0.

    Cells that touch at an edge or a corner belong to one blob. Among blobs of equal size the first wins, row by row.

    Args:
        heat: The map, any unit, higher for more evidence; negative and NaN cells never count.
        share: Threshold as a share of the maximum, above 0 to 1.

    Raises:
        ValueError: ``share`` is not above 0 and at most 1.

    >>> heat_box(np.array([[0.1, 0.9, 1.0], [0.0, 0.2, 0.8]]), share=0.5)
    (1, 0, 3, 2)
    """
    if not 0 < share <= 1:
        raise ValueError(f"share is {share}, wanted above 0 and at most 1")
    clean = np.where(np.isfinite(heat), heat, 0.0)
    highest = float(clean.max(initial=0.0))
    if highest <= 0:
        return None
    counted = (clean >= share * highest).astype(np.uint8)
    _, _, statistics, _ = cv2.connectedComponentsWithStats(counted, connectivity=8)
    blobs = statistics[1:]  # the first is the background
    left, top, wide, high = (int(n) for n in blobs[int(np.argmax(blobs[:, cv2.CC_STAT_AREA])), :4])
    return left, top, left + wide, top + high
