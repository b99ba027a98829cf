"""A classifier of rows of frames whose class maps say when it looks.

Source: Hide-and-Seek, Singh and Lee 2017, https://arxiv.org/abs/1704.04232, section 3.3: features of frames, mean over
time, a class activation map over time. Ours: one convolution over three steps before the mean, on pooled features of a
frozen EfficientNet-Lite0 instead of C3D's.

Conventions: features are brought to mean 0 and variance 1 by the statistics of the training frames before anything
else, so that 0 is the mean frame.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, UInt8
from torch import Tensor, nn
from torch.nn import functional

from lynkeus.models.backbones.efficientnet_lite import WIDTH, EfficientNetLite0


class Watched(NamedTuple):
    """What the network says of some rows of frames.

    Attributes:
        logit: Of each class.
        maps: Of each class over time; their mean is the logit.
    """

    logit: Float[Tensor, "n c"]
    maps: Float[Tensor, "n c t"]


class TemporalClassifier(nn.Module):
    """Features of frames to logits and class maps over time.

    Args:
        dim: Numbers a frame.
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
        """Logits and class maps over time; ``hidden`` frames count as the mean frame, in training."""
        scaled = (frames - self.mean) / self.deviation
        if self.training and hidden is not None:
            scaled = scaled.masked_fill(hidden[..., None], 0.0)
        features = functional.relu(self.filter(scaled.transpose(1, 2))).transpose(1, 2)
        maps = self.classify(features).transpose(1, 2)
        return Watched(maps.mean(dim=2), maps)


class ClipClassifier(nn.Module):
    """The frames of one clip to its class maps: the backbone and what was trained behind it.

    Args:
        backbone: With its weights.
        temporal: Trained; of ``WIDTH`` numbers a frame.
    """

    def __init__(self, backbone: EfficientNetLite0, temporal: TemporalClassifier) -> None:
        super().__init__()
        self.backbone, self.temporal = backbone, temporal

    def features(self, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t d"]:
        """The pooled last map of each frame."""
        return frame_features(self.backbone, pixels)

    def forward(self, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t c"]:
        """Of each frame the class maps; the mean over the frames is the clip's logits."""
        return self.temporal(self.features(pixels)[None]).maps[0].T


def frame_features(backbone: EfficientNetLite0, pixels: UInt8[Tensor, "t h w 3"]) -> Float[Tensor, "t d"]:
    """The mean of each of the last feature maps, of each frame."""
    maps = backbone((pixels.permute(0, 3, 1, 2).float() - 127.0) / 128.0)
    return maps.mean(dim=(2, 3))


def start_clip_classifier(*, width: int, classes: int) -> ClipClassifier:
    """An untrained one on a backbone none of which learns."""
    backbone = EfficientNetLite0().requires_grad_(requires_grad=False)
    return ClipClassifier(backbone, TemporalClassifier(dim=WIDTH, width=width, classes=classes))
