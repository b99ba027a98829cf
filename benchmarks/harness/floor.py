"""The unit of cost: one forward pass of a seeded int8 ResNet-50 at 288 x 384 on one core, timed in this run.

The network (He et al., CVPR 2016) is built with random weights, exported and quantised (QDQ, static, per channel).
"""

import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import Tensor, nn

from lynkeus.runtime.sessions import open_session

SHAPE = (1, 3, 288, 384)
ROUNDS = 15


class _Bottleneck(nn.Module):
    def __init__(self, channels: int, middle: int, stride: int) -> None:
        super().__init__()
        self.path = nn.Sequential(
            *_convolution(channels, middle, 1, 1),
            nn.ReLU(),
            *_convolution(middle, middle, 3, stride),
            nn.ReLU(),
            *_convolution(middle, 4 * middle, 1, 1),
        )
        same = stride == 1 and channels == 4 * middle
        self.shortcut = nn.Identity() if same else nn.Sequential(*_convolution(channels, 4 * middle, 1, stride))

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.path(x) + self.shortcut(x))


def _convolution(channels: int, out: int, size: int, stride: int) -> list[nn.Module]:
    return [nn.Conv2d(channels, out, size, stride, size // 2, bias=False), nn.BatchNorm2d(out)]


def _resnet50() -> nn.Module:
    torch.manual_seed(0)
    layers: list[nn.Module] = [*_convolution(3, 64, 7, 2), nn.ReLU(), nn.MaxPool2d(3, 2, 1)]
    channels = 64
    for count, middle, stride in ((3, 64, 1), (4, 128, 2), (6, 256, 2), (3, 512, 2)):
        for number in range(count):
            layers.append(_Bottleneck(channels, middle, stride if number == 0 else 1))
            channels = 4 * middle
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000)).eval()


class _Noise(CalibrationDataReader):
    def __init__(self) -> None:
        rng = np.random.default_rng(0)
        self._rows = iter([{"x": rng.standard_normal(SHAPE).astype(np.float32)} for _ in range(4)])

    def get_next(self) -> dict[str, Any] | None:  # type: ignore[override]
        return next(self._rows, None)


@cache
def floor_model() -> bytes:
    """The quantised network as ONNX bytes."""
    with tempfile.TemporaryDirectory() as folder:
        plain, ready, small = (Path(folder) / name for name in ("plain.onnx", "ready.onnx", "int8.onnx"))
        torch.onnx.export(_resnet50(), (torch.zeros(SHAPE),), plain, input_names=["x"], dynamo=False)
        quant_pre_process(plain, ready)
        quantize_static(
            ready,
            small,
            _Noise(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return small.read_bytes()


def forward_seconds() -> float:
    """Median CPU seconds of one forward pass."""
    with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
        file.write(floor_model())
        file.flush()
        session = open_session(Path(file.name))
    pixels = np.random.default_rng(0).standard_normal(SHAPE).astype(np.float32)
    taken: list[float] = []
    for _ in range(ROUNDS):
        started = time.process_time()
        session.run(None, {"x": pixels})
        taken.append(time.process_time() - started)
    return float(np.median(taken))
