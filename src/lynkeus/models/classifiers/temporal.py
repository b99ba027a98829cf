"""A video classifier whose class activation maps show when it looks.

Source: Hide-and-Seek, Singh and Lee 2017, https://arxiv.org/abs/1704.04232, section 3.3: features of frames, mean over
time, a class activation map over time. Changed: one convolution over three steps comes before the mean, and the
features come from a frozen EfficientNet-Lite0, pooled, instead of C3D.

Conventions: the features are first standardised to mean 0 and variance 1 with the statistics of the training frames,
so 0 is the mean frame.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite0


class Watched(NamedTuple):
    """The output of the network for a batch of videos.

    Attributes:
        logit: Logit of each class.
        maps: Class activation map of each class over time; the mean of a map is the logit.
    """

    logit: Float[Tensor, "n c"]
    maps: Float[Tensor, "n c t"]


class TemporalClassifier(nn.Module):
    """Maps features of frames to logits and class activation maps over time.

    Args:
        dim: Dimensions of the features of a frame.
        width: Channels of the convolution.
        classes: Number of classes.
    """

    mean: Tensor
    deviation: Tensor

    def __init__(self, *, dim: int, width: int, classes: int) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(dim))
        self.register_buffer("deviation", torch.ones(dim))
        self.filter = nn.Conv1d(dim, width, 3, padding=1)
        self.classify = nn.Linear(width, classes)

    def forward(self, frames: Float[Tensor, "n t d"], hidden: Bool[Tensor, "n t"] | None = None) -> Watched:
        """Logits and class maps over time; in training, ``hidden`` frames are replaced by the mean frame."""
        scaled = (frames - self.mean) / self.deviation
        if self.training and hidden is not None:
            scaled = scaled.masked_fill(hidden[..., None], 0.0)
        features = functional.relu(self.filter(scaled.transpose(1, 2))).transpose(1, 2)
        maps = self.classify(features).transpose(1, 2)
        return Watched(maps.mean(dim=2), maps)


class ClipClassifier(nn.Module):
    """Maps the frames of one clip to class maps: the backbone and the trained temporal classifier.

    Args:
        backbone: Backbone with loaded weights.
        temporal: Trained classifier of features with ``WIDTH`` dimensions.
    """

    def __init__(self, backbone: EfficientNetLite0, temporal: TemporalClassifier) -> None:
        super().__init__()
        self.backbone, self.temporal = backbone, temporal

    def features(self, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t d"]:
        """The pooled last feature map of each frame."""
        return frame_features(self.backbone, pixels)

    def forward(self, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t c"]:
        """The class maps of each frame; the mean over the frames gives the logits of the clip."""
        return self.temporal(self.features(pixels)[None]).maps[0].T


def frame_features(backbone: EfficientNetLite0, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t d"]:
    """The mean of each last feature map, for each frame."""
    maps = backbone((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
    return maps.mean(dim=(2, 3))


def start_clip_classifier(*, width: int, classes: int) -> ClipClassifier:
    """An untrained clip classifier on a fully frozen backbone."""
    backbone = EfficientNetLite0().requires_grad_(requires_grad=False)
    return ClipClassifier(backbone, TemporalClassifier(dim=WIDTH, width=width, classes=classes))
