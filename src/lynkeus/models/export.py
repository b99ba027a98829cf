"""Out of PyTorch: ONNX, int8, and the check that all three agree.

Conventions: the input is ``pixels``, uint8 RGB [n, side, side, 3]; the output ``descriptor``, float32
[n, d], of length 1. Scaling of the pixels is inside the graph. int8 is QDQ, static, per channel, made by
ONNX Runtime from calibration pictures.
"""

import tempfile
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch
from jaxtyping import Float32, UInt8
from onnxruntime.quantization import (
    CalibrationDataReader,
    CalibrationMethod,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process
from torch import nn

from lynkeus.core import CorruptError

INPUT, OUTPUT = "pixels", "descriptor"
OPSET = 17
TOLERANCE = 1e-4
FLOAT_LAYERS = 3


def export_onnx(
    model: nn.Module, path: Path, *, side: int, output: str = OUTPUT, free: Mapping[str, Sequence[int]] | None = None
) -> None:
    """Write a model as ONNX, any number of pictures at a time.

    Args:
        model: Pixels to descriptors, or to something else; put into evaluation mode.
        path: File to write.
        side: Side of the squares, pixels.
        output: Name of what the model gives.
        free: Axes that may have another length than here, by name of the input or output; None has none but the first.
    """
    axes = {name: {0: "n"} | {axis: f"{name}{axis}" for axis in (free or {}).get(name, ())} for name in (INPUT, output)}
    pixels = torch.zeros((2, side, side, 3), dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes about itself
        torch.onnx.export(
            model.eval(),
            (pixels,),
            str(path),
            input_names=[INPUT],
            output_names=[output],
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )


def quantise(path: Path, out: Path, *, pictures: UInt8[np.ndarray, "m s s 3"], exact_answer: bool = False) -> None:
    """Write the int8 version of an ONNX file.

    Weights take 7 of the 8 bits: without them a processor that lacks VNNI saturates its 16-bit sums and the
    descriptors are another's (their mean cosine with fp32 fell to .87 on one). The first layers, which see
    the fewest channels and hurt the most, stay in fp32.

    Args:
        path: The fp32 file.
        out: File to write.
        pictures: Pictures like those to come; a hundred or more.
        exact_answer: Leave what the linear layers give in fp32. Numbers of very different width, such as whitened
            ones, else lose the narrow ones: they share one step.
    """
    with tempfile.TemporaryDirectory() as folder:
        folded = Path(folder) / "folded.onnx"
        quant_pre_process(str(path), str(folded), skip_symbolic_shape=True)
        graph = onnx.load(str(folded))
        fold_padding(graph)
        onnx.save(graph, str(folded))
        convolutions = [node.name for node in graph.graph.node if node.op_type == "Conv"]
        quantize_static(
            str(folded),
            str(out),
            _Pictures(pictures),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            calibrate_method=CalibrationMethod.MinMax,
            op_types_to_quantize=["Conv", "Add", "Clip", "Gemm"],
            nodes_to_exclude=convolutions[:FLOAT_LAYERS],
            extra_options={"OpTypesToExcludeOutputQuantization": ["Gemm"] if exact_answer else []},
        )


def fold_padding(model: onnx.ModelProto) -> int:
    """Move the zeros that are put around a picture into the convolution that follows; gives their number.

    A padding of its own is a copy of the map and, in int8, a way to fp32 and back.

    Args:
        model: Changed in place; its constants are initialisers.
    """
    constant = {tensor.name: onnx.numpy_helper.to_array(tensor) for tensor in model.graph.initializer}
    padding = {node.output[0]: node for node in model.graph.node if node.op_type == "Pad"}
    folded: list[str] = []
    for node in model.graph.node:
        if node.op_type != "Conv" or node.input[0] not in padding:
            continue
        pad = padding[node.input[0]]
        _, _, top, left, _, _, bottom, right = (int(rows) for rows in constant[pad.input[1]])
        own = next(attribute for attribute in node.attribute if attribute.name == "pads")
        own.ints[:] = [a + b for a, b in zip(own.ints, (top, left, bottom, right), strict=True)]
        folded.append(node.input[0])
        node.input[0] = pad.input[0]
    for name in folded:
        model.graph.node.remove(padding[name])
    return len(folded)


def run_onnx(path: Path, pixels: UInt8[np.ndarray, "n s s 3"], *, at_a_time: int = 8) -> Float32[np.ndarray, "n *d"]:
    """What a file gives, such as descriptors, on one thread."""
    options = ort.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
    parts = [
        np.asarray(session.run(None, {INPUT: pixels[at : at + at_a_time]})[0])
        for at in range(0, len(pixels), at_a_time)
    ]
    return np.concatenate(parts)


def run_torch(model: nn.Module, pixels: UInt8[np.ndarray, "n s s 3"]) -> Float32[np.ndarray, "n *d"]:
    """What the model gives."""
    with torch.no_grad():
        return model.eval()(torch.from_numpy(pixels)).numpy()


def checked_error(exact: Float32[np.ndarray, "*s"], exported: Float32[np.ndarray, "*s"]) -> float:
    """Largest difference of a number between what PyTorch gives and what a file gives.

    Args:
        exact: Of the model.
        exported: Of the file, for the same pictures.

    Raises:
        CorruptError: It is above 1e-4.
    """
    error = float(np.abs(exact - exported).max())
    if error > TOLERANCE:
        raise CorruptError(f"the exported model is off by {error:.1e}, at most {TOLERANCE:.0e} is allowed")
    return error


class _Pictures(CalibrationDataReader):
    def __init__(self, pictures: Sequence[np.ndarray] | np.ndarray, *, at_a_time: int = 8) -> None:
        self._parts: Iterator[np.ndarray] = (
            np.asarray(pictures[at : at + at_a_time]) for at in range(0, len(pictures), at_a_time)
        )

    def get_next(self) -> dict[str, np.ndarray] | None:  # pyright: ignore[reportIncompatibleMethodOverride]
        part = next(self._parts, None)
        return None if part is None else {INPUT: part}
