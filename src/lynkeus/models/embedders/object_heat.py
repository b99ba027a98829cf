"""Heat maps of an object descriptor: how much each place of the picture supports a given thing.

The descriptor is ``normalise(W g + b)`` with the pooled parts g, each of length 1. Every part is a sum over the places
i. A generalised mean g_k = (mean_i F_k(i)^3)^(1/3) splits in proportion to F_k(i)^3 / sum_j F_k(j)^3. The root of a
covariance splits into the terms of ``CovariancePool.shares``. W g is linear in g and so splits in the same way. The
inner product of a place's part of W g with the descriptor of a reference is exactly the class activation map (Zhou et
al. 2016, https://arxiv.org/abs/1512.04150) of that reference.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.models.embedders.object_descriptor import ObjectDescriptor

_LEAST = 1e-12  # keeps divisions finite; all places of a zero map then get equal shares


class SeenObject(nn.Module):
    """Maps pixels to descriptors and to the share of each place in inner products with other descriptors.

    Args:
        model: The object descriptor.
    """

    def __init__(self, model: ObjectDescriptor) -> None:
        super().__init__()
        self.model = model

    def forward(
        self, pixels: UInt8[Tensor, "n h w 3"], towards: Float[Tensor, "m d"]
    ) -> tuple[Float[Tensor, "n d"], Float[Tensor, "n i j m"]]:
        """Descriptors, and the share of each place in the inner products with each row of ``towards``.

        With unit vectors as rows, the sum over i and j plus the bias of the last layer is the descriptor before
        normalisation.
        """
        model = self.model
        pooling = model.maps(model.trunk(pixels))
        parts = model.parts(pooling)
        descriptors = functional.normalize(model.project(model.join(parts)))
        head, *directions = (towards @ model.project.weight).split([one.shape[1] for one in parts], dim=1)
        shares = [_shares(pooling.head, parts[0], head)]
        for pool, maps, along in zip(model.pools(), pooling.blocks, directions, strict=True):
            shares.append(pool.shares(maps, along))
        lengths = (one.norm(dim=1).clamp(min=_LEAST)[:, None, None, None] for one in parts)
        heat = sum((share / length for share, length in zip(shares, lengths, strict=True)), start=torch.zeros(()))
        return descriptors, heat


def _shares(
    maps: Float[Tensor, "n c i j"], pooled: Float[Tensor, "n c"], directions: Float[Tensor, "m c"]
) -> Float[Tensor, "n i j m"]:
    cubes = maps * maps * maps + _LEAST
    shared = cubes / cubes.sum(dim=(2, 3), keepdim=True) * pooled[:, :, None, None]
    return shared.permute(0, 2, 3, 1) @ directions.T
