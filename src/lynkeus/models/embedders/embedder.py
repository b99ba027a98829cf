"""What all embedders that recipes can train have in common: a trunk that may stay as it is, and what follows it.

Conventions: pixels are uint8 RGB of any ratio, both sides multiples of 32; each embedder scales them itself, as its
published weights want it. Descriptors have length 1; their inner product is the score.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float, UInt8
from torch import Tensor, nn
from torch.nn import functional


class Embedder(nn.Module, ABC):
    """Pixels to a descriptor of length 1.

    A package that offers one under the entry point group ``lynkeus.models`` makes a class of this kind, whose only
    argument is ``frozen_blocks``: so many of its blocks do not learn and are the trunk; -1 lets all learn.

    Attributes:
        dim: Numbers a descriptor.
        timm: Model of the package timm that has weights for it; None where there is none.
    """

    dim: ClassVar[int]
    timm: ClassVar[str | None] = None

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__()
        self.frozen_blocks = frozen_blocks

    @abstractmethod
    def trunk(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n c i j"]:
        """The maps behind the blocks that do not learn."""
        ...

    @abstractmethod
    def pool(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The pooled features of maps of the trunk, of any length."""
        ...

    @abstractmethod
    def fill(self, published: Mapping[str, Tensor]) -> None:
        """Take over weights under the names of the code that published them.

        Raises:
            CorruptError: Weights are missing, left over or of another shape; the text names them.
        """
        ...

    @classmethod
    def packaged(cls) -> dict[str, Tensor] | None:
        """Published weights that a package brings along; None where there are none.

        Raises:
            MissingExtraError: The package is not installed.
        """
        return None

    def describe(self, maps: Float[Tensor, "n c i j"]) -> Float[Tensor, "n d"]:
        """The descriptors of maps of the trunk."""
        return functional.normalize(self.pool(maps))

    def forward(self, pixels: UInt8[Tensor, "n h w 3"]) -> Float[Tensor, "n d"]:
        """The descriptors."""
        return self.describe(self.trunk(pixels))
