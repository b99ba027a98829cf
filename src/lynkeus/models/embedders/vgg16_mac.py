"""VGG-16 with maximum pooling: the descriptor of DeepFirearm.

Source: Hao et al. 2018, https://arxiv.org/abs/1806.02984, section 3: conv5_3 with ReLU and pooling, MAC, L2. The
pooling would change the maximum only for a map with an odd side; inputs with sides that are multiples of 32 have none.

We know no package with the weights. The weights come from a file with torchvision's or timm's names, or through timm.
"""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

import torch
from jaxtyping import Float, UInt8
from torch import Tensor

from lynkeus.models.backbones.vgg16 import DEVIATION, MEAN, WIDTH, Vgg16, vgg16_names
from lynkeus.models.embedders.embedder import Embedder
from lynkeus.models.pooling import mac
from lynkeus.models.weights import fill


class Vgg16Mac(Embedder):
    """Maps pixels to 512 dimensions, none below 0.

    Args:
        frozen_blocks: As in ``Vgg16``, 13 in all.
    """

    dim: ClassVar[int] = WIDTH
    timm: ClassVar[str | None] = "vgg16"

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__(frozen_blocks=frozen_blocks)
        self.backbone = Vgg16(frozen_blocks=frozen_blocks)

    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The feature maps after the frozen blocks."""
        mean, deviation = (torch.tensor(each, device=pixels.device) for each in (MEAN, DEVIATION))
        x = (pixels.float() / 255 - mean) / deviation
        x = x.permute(0, 3, 1, 2)
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks)):
            x = block(x)
        return x

    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 512"]:
        """The maxima of the last map."""
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks), None):
            maps = block(maps)
        return mac(maps)

    def fill(self, published: Mapping[str, Tensor]) -> None:
        """Load weights under the names of torchvision or timm."""
        fill(self.backbone, published, vgg16_names(), without=("classifier.", "pre_logits.", "head."))
