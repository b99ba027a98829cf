"""Embedders: map pictures to descriptors, one architecture per file. Names from the command line are looked up here.

Other packages offer embedders through the entry point group ``lynkeus.models``.
"""

from lynkeus.models.embedders.embedder import Embedder as Embedder
from lynkeus.models.embedders.lite0 import Lite0Gem, Lite0Mac
from lynkeus.models.embedders.resnet50_gem import ResNet50Gem
from lynkeus.models.embedders.vgg16_mac import Vgg16Mac

GROUP = "lynkeus.models"
"""Entry point group of embedders in other packages."""
# Our embedders by name.
EMBEDDERS: dict[str, type[Embedder]] = {
    "vgg16_mac": Vgg16Mac,
    "resnet50_gem": ResNet50Gem,
    "lite0_gem": Lite0Gem,
    "lite0_mac": Lite0Mac,
}
