"""Pool feature maps to one number per channel.

Sources: MAC, the maximum (Tolias et al. 2016, https://arxiv.org/abs/1511.05879; DeepFirearm, Hao et al. 2018,
https://arxiv.org/abs/1806.02984); GeM, the generalised mean (Radenovic et al. 2018,
https://arxiv.org/abs/1711.02512), with p = 3 ``lynkeus.models.embedders.copy_descriptor.gem``.
"""

from jaxtyping import Float
from torch import Tensor


def mac(maps: Float[Tensor, "n c h w"]) -> Float[Tensor, "n c"]:
    """Maximum of each channel: independent of position, and not diluted by a large background.

    Args:
        maps: Feature maps without values below 0, so that distances of descriptors lie between 0 and the root of 2.
    """
    return maps.amax(dim=(2, 3))
