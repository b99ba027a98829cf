"""A classifier of pictures whose class maps say where it looks.

Source: class activation maps, Zhou et al. 2016, https://arxiv.org/abs/1512.04150: a map of class c is
``sum over k of w[c, k] F[k]``, F the last feature maps, w the weights of the one linear layer behind the pooling. The
mean as pooling is theirs (GAP); the maximum (GMP) is that of Oquab et al. 2015, as Hide-and-Seek compares them
(Singh and Lee 2017, https://arxiv.org/abs/1704.04232). Backbone: EfficientNet-Lite0 instead of AlexNet and GoogLeNet;
without its last halving it has the resolution for which the sources remove the last pooling.

Conventions: pixels are uint8 RGB; scaling, (value - 127) / 128, is inside. Row 0 of a class map is the top.
"""

from typing import Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn

from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite0
from lynkeus.models.hidden_maps import HiddenMaps

Pooling = Literal["mean", "max"]
STEM = 32
"""Channels of the first layer, at half the side of the picture."""


class Seen(NamedTuple):
    """What the network says of some pictures.

    Attributes:
        logit: Of each class.
        maps: Class activation maps, in the unit of the logits; with the mean as pooling their mean is the logit
            without the bias.
    """

    logit: Float[Tensor, "n c"]
    maps: Float[Tensor, "n c i j"]


class CamClassifier(nn.Module):
    """Pixels to logits and class maps.

    Args:
        classes: Number of classes.
        pooling: ``mean`` or ``max`` of each feature map.
        fine: Maps at stride 16 instead of 32.
        frozen_blocks: The stem and so many of the 16 blocks do not learn; -1 lets all learn.
    """

    def __init__(self, *, classes: int, pooling: Pooling, fine: bool, frozen_blocks: int) -> None:
        super().__init__()
        self.backbone = EfficientNetLite0(frozen_blocks=frozen_blocks, fine=fine)
        self.hide = HiddenMaps(STEM)
        self.pooling: Pooling = pooling
        self.classify = nn.Linear(WIDTH, classes)
        nn.init.normal_(self.classify.weight, std=0.01)
        nn.init.zeros_(self.classify.bias)

    def features(
        self, pixels: UInt8[Tensor, "n h w 3"], hidden: Bool[Tensor, "n y x"] | None = None
    ) -> Float[Tensor, "n 1280 i j"]:
        """The last feature maps; ``hidden`` cells of the first layer's map have its mean, in training."""
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = self.hide(self.backbone.stem(x), hidden)
        for block in self.backbone.blocks:
            x = block(x)
        return self.backbone.head(x)

    def pool(self, features: Float[Tensor, "n c i j"]) -> Float[Tensor, "n c"]:
        """One number a feature map."""
        return features.mean(dim=(2, 3)) if self.pooling == "mean" else features.amax(dim=(2, 3))

    def logits(
        self, pixels: UInt8[Tensor, "n h w 3"], hidden: Bool[Tensor, "n y x"] | None = None
    ) -> Float[Tensor, "n c"]:
        """The logits alone, for training."""
        return self.classify(self.pool(self.features(pixels, hidden)))

    def see(self, pixels: UInt8[Tensor, "n h w 3"]) -> Seen:
        """Logits and class maps."""
        features = self.features(pixels)
        maps = torch.einsum("ck,nkij->ncij", self.classify.weight, features)
        return Seen(self.classify(self.pool(features)), maps)

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c m"]:
        """Of each class the logit and, behind it, its map row by row: one array, as exported files give one."""
        seen = self.see(pixels)
        return torch.cat((seen.logit[..., None], seen.maps.flatten(2)), dim=2)
