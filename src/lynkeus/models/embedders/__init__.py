"""Embedders: pictures to descriptors, one architecture a file. A name from outside is looked up here.

Other packages offer theirs through the entry point group ``lynkeus.models``.
"""

from lynkeus.models.embedders.embedder import Embedder as Embedder
from lynkeus.models.embedders.lite0 import Lite0Gem, Lite0Mac
from lynkeus.models.embedders.resnet50_gem import ResNet50Gem
from lynkeus.models.embedders.vgg16_mac import Vgg16Mac

GROUP = "lynkeus.models"
EMBEDDERS: dict[str, type[Embedder]] = {
    "vgg16_mac": Vgg16Mac,
    "resnet50_gem": ResNet50Gem,
    "lite0_gem": Lite0Gem,
    "lite0_mac": Lite0Mac,
}
