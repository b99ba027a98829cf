"""Past descriptors that join a batch's strangers, since batches on small machines hold few (XBM, Wang et al. 2020).

Source: https://arxiv.org/abs/1912.06798.
"""

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn


class DescriptorMemory(nn.Module):
    """A ring of descriptors and the numbers of their pictures, saved with the checkpoint.

    Args:
        dim: Numbers a descriptor.
        size: Descriptors to keep; 0 keeps none.
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
        """How many are kept now."""
        return min(int(self.written), len(self.descriptors))

    def joined(
        self, descriptors: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]
    ) -> tuple[Float[Tensor, "m d"], Int64[Tensor, " m"]]:
        """A batch's descriptors and pictures, then those that are kept."""
        kept = self.filled
        return torch.cat((descriptors, self.descriptors[:kept])), torch.cat((picture, self.pictures[:kept]))

    @torch.no_grad()
    def remember(self, descriptors: Float[Tensor, "n d"], picture: Int64[Tensor, " n"]) -> None:
        """Put a batch over the oldest entries.

        The buffers are replaced, not written to, so that a gradient of the step may still come.
        """
        size = len(self.descriptors)
        if size == 0:
            return
        place = (self.written + torch.arange(len(picture), device=picture.device)) % size
        self.descriptors = self.descriptors.index_copy(0, place, descriptors.detach())
        self.pictures = self.pictures.index_copy(0, place, picture)
        self.written = self.written + len(picture)
