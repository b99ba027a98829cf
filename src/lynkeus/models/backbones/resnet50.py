"""ResNet-50: sixteen bottlenecks in four stages.

Source: He et al. 2016, https://arxiv.org/abs/1512.03385, table 1, with the stride on the 3 x 3 convolution as in all
currently published weights ("version 1.5"). Written from scratch; the parts have the names of torchvision and timm
(``layer1.0.conv1.weight``), so their weights load without a name map.

Conventions: input RGB, scaled to 0 to 1, minus the mean and divided by the standard deviation of ImageNet.
"""

from collections.abc import Iterator
from itertools import chain

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 2048
"""Channels of the last feature map."""
# Table 1: a bottleneck gives 4 times its narrow width; each stage has a narrow width, a number of blocks and a stride.
_EXPANSION = 4
_STAGES = ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2))


class Bottleneck(nn.Module):
    """Narrow, filter, widen; add the input, projected if the shapes differ."""

    def __init__(self, inputs: int, narrow: int, *, stride: int) -> None:
        super().__init__()
        wide = narrow * _EXPANSION
        self.conv1, self.bn1 = nn.Conv2d(inputs, narrow, 1, bias=False), nn.BatchNorm2d(narrow)
        self.conv2 = nn.Conv2d(narrow, narrow, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(narrow)
        self.conv3, self.bn3 = nn.Conv2d(narrow, wide, 1, bias=False), nn.BatchNorm2d(wide)
        same = stride == 1 and inputs == wide
        shortcut = nn.Sequential(nn.Conv2d(inputs, wide, 1, stride, bias=False), nn.BatchNorm2d(wide))
        self.downsample = None if same else shortcut

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The output map."""
        y = functional.relu(self.bn1(self.conv1(x)))
        y = functional.relu(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return functional.relu(y + (x if self.downsample is None else self.downsample(x)))


class ResNet50(nn.Module):
    """Maps a picture to a feature map of 2048 channels at stride 32: 16 bottlenecks, 23.5 million weights.

    Batch-norm statistics are constant, as in ``efficientnet_lite``.

    Args:
        frozen_blocks: Number of bottlenecks that are frozen together with the stem; -1 trains everything.
    """

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64)
        inputs = 64
        stages: list[nn.Sequential] = []
        for narrow, repeats, stride in _STAGES:
            rest = (Bottleneck(narrow * _EXPANSION, narrow, stride=1) for _ in range(repeats - 1))
            stages.append(nn.Sequential(Bottleneck(inputs, narrow, stride=stride), *rest))
            inputs = narrow * _EXPANSION
        self.layer1, self.layer2, self.layer3, self.layer4 = stages
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
        if frozen_blocks >= 0:
            for part in (self.conv1, self.bn1, *list(self.blocks())[:frozen_blocks]):
                part.requires_grad_(requires_grad=False)

    def blocks(self) -> Iterator[nn.Module]:
        """The bottlenecks in order."""
        return chain(self.layer1, self.layer2, self.layer3, self.layer4)

    def stem(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 64 i j"]:
        """The map before the first bottleneck, at stride 4."""
        return functional.max_pool2d(functional.relu(self.bn1(self.conv1(x))), 3, 2, 1)

    def train(self, mode: bool = True) -> "ResNet50":  # noqa: FBT001, FBT002 - torch's signature
        """Set the mode; the norms stay in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 2048 i j"]:
        """The last feature map; no value is below 0."""
        x = self.stem(x)
        for block in self.blocks():
            x = block(x)
        return x
