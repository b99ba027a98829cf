"""The object descriptor: pictures of one firearm, car or bird model lie close together, even for unseen models.

Source: ours. Four parts of EfficientNet-Lite1 are normalised and concatenated: the generalised mean with p = 3
(Radenovic et al. 2018, https://arxiv.org/abs/1711.02512) of the 1,280 channels of the head, and the covariances
(``lynkeus.models.covariance``) of the maps after three blocks. A linear layer and L2 normalisation follow. The linear
layer starts as a whitening of the within-class variation (Mikolajczyk and Matas 2007, as in Radenovic et al., section
4.1, with class means instead of pairs).

Conventions: pixels are uint8 RGB; height and width are multiples of 32 with any ratio (the aspect ratio is kept).
Descriptors have length 1; their inner product is the score.
"""

from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple, cast

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.core import SettingError
from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite1
from lynkeus.models.covariance import CovariancePool
from lynkeus.models.embedders.copy_descriptor import gem

_COVARIANCES = {20: (320, 96), 19: (192, 96), 15: (192, 64)}
"""Channels and kept axes of each covariance, by the number of the block; chosen on fold 0 (objects.md)."""
POOLED = WIDTH + sum(kept * (kept + 1) // 2 for _, kept in _COVARIANCES.values())
"""Dimensions of the pooled features."""
_DIRECTIONS = 1500  # bounds the time of the whitening, whose cost grows with the cube; the exact value hardly matters


class Pooling(NamedTuple):
    """The feature maps that are pooled.

    Attributes:
        head: Maps of the head; no value is below 0.
        blocks: Maps after the blocks with covariances, the last block first.
    """

    head: Float[Tensor, "n 1280 i j"]
    blocks: tuple[Tensor, ...]


class ObjectDescriptor(nn.Module):
    """Maps pixels to a descriptor of length 1.

    Args:
        dim: Dimensions of the descriptor.
        frozen_blocks: Number of blocks that are frozen together with the stem (the trunk); -1 trains everything. The
            limit is 15, because the maps after block 15 are pooled.

    Raises:
        SettingError: ``frozen_blocks`` is above 15.
    """

    def __init__(self, *, dim: int, frozen_blocks: int = -1) -> None:
        super().__init__()
        if frozen_blocks > min(_COVARIANCES):
            raise SettingError(f"frozen_blocks is {frozen_blocks}, at most {min(_COVARIANCES)}: later maps are pooled")
        self.frozen_blocks = frozen_blocks
        self.backbone = EfficientNetLite1(frozen_blocks=frozen_blocks)
        self.covariances = nn.ModuleList(CovariancePool(*sizes) for sizes in _COVARIANCES.values())
        self.project = nn.Linear(POOLED, dim)

    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The feature maps after the frozen blocks."""
        x = self.backbone.stem((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks)):
            x = block(x)
        return x

    def maps(self, trunk: Float[Tensor, "n c i j"]) -> Pooling:
        """The maps to pool, from the trunk's maps."""
        found: dict[int, Tensor] = {}
        first = max(0, self.frozen_blocks)
        for number, block in enumerate(islice(self.backbone.blocks, first, None), start=first):
            trunk = block(trunk)
            found[number] = trunk
        return Pooling(self.backbone.head(trunk), tuple(found[number] for number in _COVARIANCES))

    def pools(self) -> list[CovariancePool]:
        """The covariance pools, in the order of ``Pooling.blocks``."""
        return [cast("CovariancePool", pool) for pool in self.covariances]

    def parts(self, pooling: Pooling) -> list[Tensor]:
        """The parts to concatenate, before normalisation."""
        covariances = (pool(maps) for pool, maps in zip(self.pools(), pooling.blocks, strict=True))
        return [gem(pooling.head), *covariances]

    def join(self, parts: list[Tensor]) -> Float[Tensor, "n 12672"]:
        """The concatenated parts, each normalised to length 1."""
        return torch.cat([functional.normalize(one) for one in parts], dim=1)

    def pool(self, trunk: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 12672"]:
        """The pooled features of the trunk's maps."""
        return self.join(self.parts(self.maps(trunk)))

    def describe(self, trunk: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The descriptors of the trunk's maps."""
        return functional.normalize(self.project(self.pool(trunk)))

    def pooled(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 12672"]:
        """The pooled features before the linear layer."""
        return self.pool(self.trunk(pixels))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The descriptors."""
        return functional.normalize(self.project(self.pooled(pixels)))

    @torch.no_grad()
    def fit_axes(self, trunks: Iterable[Float[Tensor, "_ c _ _"]]) -> None:
        """Fit the principal axes of the covariances to the trunk's maps."""
        pooling = [self.maps(trunk).blocks for trunk in trunks]
        for place, pool in enumerate(self.pools()):
            pool.fit([blocks[place] for blocks in pooling])

    @torch.no_grad()
    def whiten(
        self,
        pooled: Float[Tensor, "m 12672"],
        label: Int64[Tensor, " m"],
        kind: Int64[Tensor, " m"],
        *,
        kept: Sequence[int],
        shrink: float,
    ) -> None:
        """Initialise the linear layer with a whitening of the within-class variation.

        Args:
            pooled: Pooled features of training pictures.
            label: Class of each picture, numbered over all sets.
            kind: Kind of thing that each picture shows.
            kept: Number of directions to keep for each kind; at most the dimensions of the layer.
            shrink: Share of the mean within-class variance that is added to every direction, above 0.
        """
        weight, bias = within_class_whitening(pooled.double(), label, kind, kept=kept, shrink=shrink)
        self.project.weight.zero_()
        self.project.bias.zero_()
        self.project.weight[: len(weight)] = weight.float()
        self.project.bias[: len(bias)] = bias.float()


def principal_directions(pooled: Float[Tensor, "m d"], *, most: int) -> Float[Tensor, "d k"]:
    """The directions of the largest variance, the largest first: at most ``most`` and at most m - 1.

    Computed from the inner products of the pictures, because there are fewer pictures than dimensions.
    """
    centred = pooled - pooled.mean(dim=0)
    if len(pooled) > pooled.shape[1]:
        _, axes = torch.linalg.eigh(centred.T @ centred)
        return axes.flip(1)[:, :most]
    variance, shares = torch.linalg.eigh(centred @ centred.T)
    kept = torch.nonzero(variance > variance.max() * 1e-10).flatten().flip(0)[:most]
    return centred.T @ (shares[:, kept] / variance[kept].sqrt())


def within_class_whitening(
    pooled: Float[Tensor, "m d"],
    label: Int64[Tensor, " m"],
    kind: Int64[Tensor, " m"],
    *,
    kept: Sequence[int],
    shrink: float,
) -> tuple[Float[Tensor, "k d"], Float[Tensor, " k"]]:
    """Weight and bias of the whitening.

    The features are projected on their ``principal_directions``, at most 1,500, and whitened by the within-class
    covariance. Then the directions are kept along which the pictures of each kind vary the most around the mean of the
    kind. The mean of the kind is removed, because a difference between kinds does not separate classes of one kind. The
    scale is free, because descriptors are normalised; the rows have a root mean square of 0.03.

    Args:
        pooled: Pooled features.
        label: Class of each picture.
        kind: Kind of thing that each picture shows, 0 or more.
        kept: Largest number of directions to keep for each kind; the result spans the directions of all kinds.
        shrink: Share of the mean within-class variance that is added to every direction, above 0.
    """
    directions = principal_directions(pooled, most=_DIRECTIONS)
    mean = pooled.mean(dim=0)
    along = (pooled - mean) @ directions
    within = _centred(along, label)
    scatter = within.T @ within / len(pooled)
    scatter += shrink * scatter.diagonal().mean() * torch.eye(len(scatter), dtype=scatter.dtype)
    variance, axes = torch.linalg.eigh(scatter)
    whitening = axes / variance.sqrt()
    spread = _centred(along @ whitening, kind)
    strongest: list[Tensor] = []
    for number, count in enumerate(kept):
        rows = spread[kind == number]
        _, turned = torch.linalg.eigh(rows.T @ rows)
        strongest.append(turned.flip(1)[:, : min(count, max(len(rows) - 1, 0))])
    span, _ = torch.linalg.qr(torch.cat(strongest, dim=1))
    weight = (directions @ (whitening @ span)).T
    weight *= 0.03 / weight.square().mean().sqrt()
    return weight, -weight @ mean


def _centred(rows: Float[Tensor, "m d"], group: Int64[Tensor, " m"]) -> Float[Tensor, "m d"]:
    """Rows minus the mean of their group."""
    centred = rows.clone()
    for one in group.unique():
        of_group = group == one
        centred[of_group] -= rows[of_group].mean(dim=0)
    return centred
