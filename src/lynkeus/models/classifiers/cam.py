"""A picture classifier whose class activation maps show where it looks.

Source: class activation maps, Zhou et al. 2016, https://arxiv.org/abs/1512.04150: the map of class c is
``sum over k of w[c, k] F[k]``, with the last feature maps F and the weights w of the single linear layer after the
pooling. Mean pooling (GAP) comes from Zhou et al., maximum pooling (GMP) from Oquab et al. 2015; Hide-and-Seek compares
both (Singh and Lee 2017, https://arxiv.org/abs/1704.04232). Changed: the backbone is EfficientNet-Lite0 instead of
AlexNet and GoogLeNet. Without its last halving it has the resolution for which the sources remove the last pooling.

Conventions: pixels are uint8 RGB; the network scales them, (value - 127) / 128. Row 0 of a class map is the top.
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
    """The output of the network for a batch of pictures.

    Attributes:
        logit: Logit of each class.
        maps: Class activation maps, in the unit of the logits; with mean pooling, the mean of a map is the logit
            without the bias.
    """

    logit: Float[Tensor, "n c"]
    maps: Float[Tensor, "n c i j"]


class CamClassifier(nn.Module):
    """Maps pixels to logits and class activation maps.

    Args:
        classes: Number of classes.
        pooling: Pooling of each feature map, ``mean`` or ``max``.
        fine: Maps at stride 16 instead of 32.
        frozen_blocks: Number of the 16 blocks that are frozen together with the stem; -1 trains everything.
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
        """The last feature maps; in training, ``hidden`` cells of the first layer's map get the mean of the map."""
        x = (pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0
        x = self.hide(self.backbone.stem(x), hidden)
        for block in self.backbone.blocks:
            x = block(x)
        return self.backbone.head(x)

    def pool(self, features: Float[Tensor, "n c i j"]) -> Float[Tensor, "n c"]:
        """Pool each feature map to one number."""
        return features.mean(dim=(2, 3)) if self.pooling == "mean" else features.amax(dim=(2, 3))

    def logits(
        self, pixels: UInt8[Tensor, "n h w 3"], hidden: Bool[Tensor, "n y x"] | None = None
    ) -> Float[Tensor, "n c"]:
        """The logits without maps, for training."""
        return self.classify(self.pool(self.features(pixels, hidden)))

    def see(self, pixels: UInt8[Tensor, "n h w 3"]) -> Seen:
        """Logits and class maps."""
        features = self.features(pixels)
        maps = torch.einsum("ck,nkij->ncij", self.classify.weight, features)
        return Seen(self.classify(self.pool(features)), maps)

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c m"]:
        """For each class the logit, then the map row by row, in one array, because exported files give one output."""
        seen = self.see(pixels)
        return torch.cat((seen.logit[..., None], seen.maps.flatten(2)), dim=2)
