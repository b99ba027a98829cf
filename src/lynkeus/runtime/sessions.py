"""ONNX Runtime sessions on the CPU, one thread each; to use more cores, scan several uploads at once."""

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnxruntime
from jaxtyping import UInt8

from lynkeus.core import CorruptError


def open_session(file: Path) -> onnxruntime.InferenceSession:
    """A session for a model file.

    Raises:
        CorruptError: The file is missing or is not a model.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    if not file.is_file():
        raise CorruptError(f"{file}: no such model file")
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises its own exception types
        raise CorruptError(f"{file}: no model that ONNX Runtime reads: {error}") from error


class PixelModel:
    """A network for uint8 RGB; squashes each picture to its input size and normalises the pixels inside."""

    def __init__(self, file: Path) -> None:
        self._session = open_session(file)
        shape = self._session.get_inputs()[0].shape
        self._size = (int(shape[2]), int(shape[1]))
        self._name = self._session.get_inputs()[0].name

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> list[Any]:
        """The outputs of the network for one picture."""
        mode = cv2.INTER_AREA if rgb.shape[0] * rgb.shape[1] > self._size[0] * self._size[1] else cv2.INTER_LINEAR
        return list(self._session.run(None, {self._name: cv2.resize(rgb, self._size, interpolation=mode)[None]}))
