"""Multi-scale descriptors: several sizes of a picture, and the mirror image.

Source: common in retrieval (Radenovic et al. 2018, https://arxiv.org/abs/1711.02512, section 4.2: the mean of the
descriptors at three scales). Kept: the mean of descriptors of length 1, normalised again.
"""

from math import sqrt

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from torch.nn import functional

from lynkeus.core import UnknownNameError
from lynkeus.models.embedders.embedder import Embedder
from lynkeus.runtime.area import at_area

SCALES = {"one": (1.0,), "two": (1.0, sqrt(2)), "three": (sqrt(0.5), 1.0, sqrt(2))}
"""Factors on the sides of the picture, by name; ``three`` as in Radenovic et al."""


@torch.no_grad()
def embed(
    model: Embedder, rgb: UInt8[np.ndarray, "h w 3"], *, area: int, scales: str = "one", mirrored: bool = False
) -> Float32[np.ndarray, " d"]:
    """The descriptor of one picture.

    Args:
        model: The embedder, in evaluation mode.
        rgb: The picture.
        area: Input area at factor 1, square pixels.
        scales: Name in ``SCALES``.
        mirrored: Also use the mirror image at each size.

    Raises:
        UnknownNameError: The name of the scales is unknown.
    """
    if scales not in SCALES:
        raise UnknownNameError(f"no scales {scales!r}; known: {', '.join(SCALES)}")
    looks: list[np.ndarray] = []
    for factor in SCALES[scales]:
        sized = at_area(rgb, round(area * factor * factor))
        looks += [sized, sized[:, ::-1]] if mirrored else [sized]
    found = [model(torch.from_numpy(np.ascontiguousarray(look))[None])[0] for look in looks]
    return functional.normalize(torch.stack(found).mean(dim=0), dim=0).numpy()
