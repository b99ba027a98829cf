"""The copy descriptor: one vector per picture that survives edits.

Source: SSCD (Pizzi et al. 2022, https://arxiv.org/abs/2202.10261): a convolutional backbone, generalised
mean pooling with p = 3 (Radenovic et al. 2018, https://arxiv.org/abs/1711.02512), a linear layer, L2 normalisation.
Kept: pooling, layer, normalisation. Changed: EfficientNet-Lite0 instead of ResNet-50, 256 dimensions instead of 512.

Conventions: pixels are uint8 RGB, squashed to a square. The aspect ratio is lost on purpose, so that a stretched copy
looks like its original. Descriptors have length 1; their inner product is the score.
"""

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.core import ShapeError
from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite0


def gem(maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c"]:
    """Generalised mean of each channel with p = 3: the cube root of the mean cube.

    Args:
        maps: Feature maps, at least 0.
    """
    return (maps * maps * maps).mean(dim=(2, 3)).clamp(min=1e-6).pow(1 / 3)


class CopyDescriptor(nn.Module):
    """Maps pixels to a descriptor of length 1.

    Args:
        dim: Dimensions of the descriptor.
        frozen_blocks: As in ``EfficientNetLite0``.
    """

    def __init__(self, *, dim: int, frozen_blocks: int = -1) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0(frozen_blocks=frozen_blocks)
        self.project = nn.Linear(WIDTH, dim)

    def pooled(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n 1280"]:
        """The pooled features before the linear layer."""
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        return gem(self.backbone(x))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The descriptors."""
        return functional.normalize(self.project(self.pooled(pixels)))

    @torch.no_grad()
    def whiten(self, pooled: Float[Tensor, "m 1280"], *, shrink: float) -> None:
        """Initialise the linear layer with a PCA whitening, a far better start than random weights.

        The scale of the layer is free, because the descriptor is normalised. The scale is set to that of a new layer,
        which common learning rates expect.

        Args:
            pooled: Pooled features of training pictures, at least as many as the descriptor has dimensions.
            shrink: Share of the mean variance that is added to every direction, so that weak directions do not
                explode; 0 gives plain whitening.

        Raises:
            ShapeError: There are fewer features than the descriptor has dimensions.
        """
        if len(pooled) < self.project.out_features:
            raise ShapeError(f"{len(pooled)} pictures cannot whiten {self.project.out_features} dimensions; use more")
        mean = pooled.mean(dim=0)
        variance, axes = torch.linalg.eigh(torch.cov(pooled.T.double()))
        dim = self.project.out_features
        variance, axes = variance.flip(0)[:dim], axes.flip(1)[:, :dim]
        weight = (axes / (variance + shrink * variance.mean()).sqrt()).T.float()
        weight *= (WIDTH**-0.5) / weight.square().mean().sqrt()
        self.project.weight.copy_(weight)
        self.project.bias.copy_(-weight @ mean)
