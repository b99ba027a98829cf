"""VGG-16: thirteen 3 x 3 convolutions, up to conv5_3 with ReLU and pooling.

Source: Simonyan and Zisserman 2015, https://arxiv.org/abs/1409.1556, table 1, column D, without the three linear
layers. Written from scratch; published weights have the names of torchvision and timm, ``features.N.weight``. N counts
all layers, including layers without weights.

Conventions: input RGB, scaled to 0 to 1, minus the mean and divided by the standard deviation of ImageNet.
"""

from itertools import islice

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 512
"""Channels of the last feature map."""
MEAN, DEVIATION = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
"""Mean and standard deviation of ImageNet's pixels, scaled to 0 to 1; red, green, blue."""
# Table 1, column D: output channels of the convolutions of each stage; pooling follows each stage.
_STAGES = ((64, 64), (128, 128), (256, 256, 256), (512, 512, 512), (512, 512, 512))


class VggBlock(nn.Module):
    """Convolution and ReLU; the last block of a stage also halves the map."""

    def __init__(self, inputs: int, outputs: int, *, halved: bool) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=1)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        self.halved = halved

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The output map."""
        y = functional.relu(self.conv(x))
        return functional.max_pool2d(y, 2) if self.halved else y


class Vgg16(nn.Module):
    """Maps a picture to a feature map of 512 channels at stride 32: 13 blocks, 14.7 million weights.

    Args:
        frozen_blocks: Number of frozen blocks; -1 trains everything.
    """

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        inputs = 3
        for stage in _STAGES:
            for place, outputs in enumerate(stage, start=1):
                blocks.append(VggBlock(inputs, outputs, halved=place == len(stage)))
                inputs = outputs
        self.blocks = nn.ModuleList(blocks)
        for block in islice(self.blocks, max(0, frozen_blocks)):
            block.requires_grad_(requires_grad=False)

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 512 i j"]:
        """The last feature map; no value is below 0."""
        for block in self.blocks:
            x = block(x)
        return x


def vgg16_names() -> dict[str, str]:
    """The published name of each weight of ``Vgg16``."""
    names: dict[str, str] = {}
    number = layer = 0
    for stage in _STAGES:
        for _ in stage:
            for part in ("weight", "bias"):
                names[f"blocks.{number}.conv.{part}"] = f"features.{layer}.{part}"
            number += 1
            layer += 2
        layer += 1
    return names
