"""A memory of past descriptors as additional negatives, because small machines have small batches (XBM).

Source: Wang et al. 2020, https://arxiv.org/abs/1912.06798.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn


class DescriptorMemory(nn.Module):
    """A ring buffer of descriptors and their picture numbers; the checkpoint saves the buffer.

    Args:
        dim: Dimensions of the descriptors.
        size: Number of descriptors to keep; 0 keeps none.
    """

    descriptors: Tensor
    pictures: Tensor
    written: Tensor

    def __init__(self, *, dim: int, size: int) -> None:
        super().__init__()
        self.register_buffer("descriptors", torch.zeros(size, dim))
        self.register_buffer("pictures", torch.full((size,), -1, dtype=torch.int64))
        self.register_buffer("written", torch.zeros((), dtype=torch.int64))

    @property
    def filled(self) -> int:
        """Number of descriptors in the memory."""
        return min(int(self.written), len(self.descriptors))

    def joined(
        self, descriptors: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]
    ) -> tuple[Float[Tensor, "m d"], Int64[Tensor, " m"]]:
        """Descriptors and picture numbers: first the batch, then the memory."""
        kept = self.filled
        return torch.cat((descriptors, self.descriptors[:kept])), torch.cat((picture, self.pictures[:kept]))

    @torch.no_grad()
    def remember(self, descriptors: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]) -> None:
        """Replace the oldest entries by a batch.

        The buffers are replaced, not changed in place, so that the backward pass of the step still works.
        """
        size = len(self.descriptors)
        if size == 0:
            return
        place = (self.written + torch.arange(len(picture), device=picture.device)) % size
        self.descriptors = self.descriptors.index_copy(0, place, descriptors.detach())
        self.pictures = self.pictures.index_copy(0, place, picture)
        self.written = self.written + len(picture)
