"""The object descriptor: pictures of one firearm, car or bird model lie close together, unseen ones as well.

Source: generalised mean pooling with p = 3 (Radenovic et al. 2018, https://arxiv.org/abs/1711.02512) of two
layers of EfficientNet-Lite2, the last 1,248 expanded channels and the 1,280 of the head; each of length 1,
laid end to end; a linear layer; L2. The linear layer starts as a whitening of what varies within a class
(Mikolajczyk and Matas 2007, as in Radenovic et al., section 4.1, pairs replaced by class means).

Conventions: pixels are uint8 RGB; height and width are multiples of 32 of any ratio (the aspect ratio is
kept). Descriptors have length 1; their inner product is the score.
"""

from itertools import islice

import torch
from jaxtyping import Float, Int64, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite2, InvertedResidual
from lynkeus.models.embedders.copy_descriptor import gem

_EXPANDED = 1248
POOLED = _EXPANDED + WIDTH
"""Numbers of the pooled features."""


class ObjectDescriptor(nn.Module):
    """Pixels to a descriptor of length 1.

    Args:
        dim: Numbers a descriptor.
        frozen_blocks: The stem and so many of the blocks, the trunk, do not learn (-1: all learn).
    """

    def __init__(self, *, dim: int, frozen_blocks: int = -1) -> None:
        super().__init__()
        self.frozen_blocks = frozen_blocks
        self.backbone = EfficientNetLite2(frozen_blocks=frozen_blocks)
        self.project = nn.Linear(POOLED, dim)

    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The maps behind the blocks that do not learn."""
        x = self.backbone.stem((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks)):
            x = block(x)
        return x

    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 2528"]:
        """The pooled features of maps of the trunk."""
        *blocks, last = islice(self.backbone.blocks, max(0, self.frozen_blocks), None)
        for block in blocks:
            maps = block(maps)
        if not isinstance(last, InvertedResidual) or last.expand is None:
            raise TypeError("the last block has no expansion to pool")
        expanded = last.expand(maps)
        head = self.backbone.head(last(maps))
        return torch.cat([functional.normalize(gem(one)) for one in (expanded, head)], dim=1)

    def describe(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The descriptors of maps of the trunk."""
        return functional.normalize(self.project(self.pool(maps)))

    def pooled(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 2528"]:
        """The pooled features before the linear layer."""
        return self.pool(self.trunk(pixels))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The descriptors."""
        return functional.normalize(self.project(self.pooled(pixels)))

    @torch.no_grad()
    def whiten(self, pooled: Float[Tensor, "m 2528"], label: Int64[Tensor, " m"], *, shrink: float) -> None:
        """Set the linear layer to a whitening of what varies within the classes.

        Args:
            pooled: Pooled features of training pictures.
            label: Class of each, over all sets.
            shrink: Share of the mean variance within classes added to every direction, above 0.
        """
        weight, bias = within_class_whitening(pooled.double(), label, dim=self.project.out_features, shrink=shrink)
        self.project.weight.copy_(weight)
        self.project.bias.copy_(bias)


def within_class_whitening(
    pooled: Float[Tensor, "m d"], label: Int64[Tensor, " m"], *, dim: int, shrink: float
) -> tuple[Float[Tensor, "k d"], Float[Tensor, " k"]]:
    """Weight and bias of the whitening, its strongest directions first.

    What varies within a class is made equally wide in all directions; of the rest the ``dim`` directions
    that vary the most are kept. The scale is free, since descriptors are normalised: the rows have a root
    mean square of 0.03.

    Args:
        pooled: Features.
        label: Class of each.
        dim: Directions to keep.
        shrink: Share of the mean variance added to every direction, above 0.
    """
    mean = pooled.mean(dim=0)
    within = pooled.clone()
    for one in label.unique():
        of_class = label == one
        within[of_class] -= pooled[of_class].mean(dim=0)
    scatter = within.T @ within / len(pooled)
    scatter += shrink * scatter.diagonal().mean() * torch.eye(len(scatter), dtype=scatter.dtype)
    variance, axes = torch.linalg.eigh(scatter)
    whitened = (pooled - mean) @ (axes / variance.sqrt())
    _, turned = torch.linalg.eigh(whitened.T @ whitened / len(pooled))
    weight = ((axes / variance.sqrt()) @ turned.flip(1)[:, :dim]).T
    weight *= 0.03 / weight.square().mean().sqrt()
    return weight, -weight @ mean
