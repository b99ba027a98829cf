"""The base class of all embedders that recipes can train: a trunk of frozen blocks, then trainable parts.

Conventions: pixels are uint8 RGB of any aspect ratio, both sides multiples of 32. Each embedder scales the pixels as
its published weights need. Descriptors have length 1; their inner product is the score.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional


class Embedder(nn.Module, ABC):
    """Maps pixels to a descriptor of length 1.

    A package that offers an embedder under the entry point group ``lynkeus.models`` provides a subclass whose only
    argument is ``frozen_blocks``: the number of frozen blocks, which form the trunk; -1 trains everything.

    Attributes:
        dim: Dimensions of the descriptor.
        timm: Name of the model in the package timm with matching weights; None if there is none.
    """

    dim: ClassVar[int]
    timm: ClassVar[str | None] = None

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__()
        self.frozen_blocks = frozen_blocks

    @abstractmethod
    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The feature maps after the frozen blocks."""
        ...

    @abstractmethod
    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The pooled features of the trunk's maps, of any length."""
        ...

    @abstractmethod
    def fill(self, published: Mapping[str, Tensor]) -> None:
        """Load weights under the names of the code that published them.

        Raises:
            CorruptError: Weights are missing, left over or have another shape; the text names the weights.
        """
        ...

    @classmethod
    def packaged(cls) -> dict[str, Tensor] | None:
        """Published weights from an installed package; None if no package has weights.

        Raises:
            MissingExtraError: The package is not installed.
        """
        return None

    def describe(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The descriptors of the trunk's maps."""
        return functional.normalize(self.pool(maps))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The descriptors."""
        return self.describe(self.trunk(pixels))
