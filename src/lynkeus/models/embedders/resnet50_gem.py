"""ResNet-50 with generalised mean pooling: the usual convolutional embedder of image retrieval.

Source: generalised mean pooling with p = 3, Radenovic et al. 2018, https://arxiv.org/abs/1711.02512. Left out: the
whitening, which ``lynkeus.index.reduction`` or a recipe adds.

We know no package with the weights. The weights come from a file with torchvision's or timm's names, or through timm.
"""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lynkeus.models.backbones.resnet50 import WIDTH, ResNet50
from lynkeus.models.backbones.vgg16 import DEVIATION, MEAN
from lynkeus.models.embedders.copy_descriptor import gem
from lynkeus.models.embedders.embedder import Embedder
from lynkeus.models.weights import fill


class ResNet50Gem(Embedder):
    """Maps pixels to 2048 dimensions, none below 0.

    Args:
        frozen_blocks: As in ``ResNet50``, 16 in all.
    """

    dim: ClassVar[int] = WIDTH
    timm: ClassVar[str | None] = "resnet50"

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__(frozen_blocks=frozen_blocks)
        self.backbone = ResNet50(frozen_blocks=frozen_blocks)

    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The feature maps after the frozen bottlenecks."""
        mean, deviation = (torch.tensor(each, device=pixels.device) for each in (MEAN, DEVIATION))
        x = (pixels.float() / 255 - mean) / deviation
        x = self.backbone.stem(x.permute(0, 3, 1, 2))
        for block in islice(self.backbone.blocks(), max(0, self.frozen_blocks)):
            x = block(x)
        return x

    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 2048"]:
        """The generalised means of the last map."""
        for block in islice(self.backbone.blocks(), max(0, self.frozen_blocks), None):
            maps = block(maps)
        return gem(maps)

    def fill(self, published: Mapping[str, Tensor]) -> None:
        """Load weights under the names of torchvision or timm, which are also our names."""
        fill(self.backbone, published, {name: name for name in self.backbone.state_dict()}, without=("fc.",))
