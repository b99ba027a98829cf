"""Export from PyTorch to ONNX and int8, and check that all three agree.

Conventions: the input is ``pixels``, uint8 RGB [n, side, side, 3]; the output is ``descriptor``, float32 [n, d], of
length 1. The graph scales the pixels. The int8 format is QDQ, static, per channel; ONNX Runtime computes it from
calibration pictures.
"""

import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

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
"""Default names of the input and the output."""
OPSET = 17
"""ONNX operator set: supported by PyTorch's exporter and by the ONNX Runtime that scanning needs."""
TOLERANCE = 1e-4
"""Largest difference between PyTorch and the exported file: well above fp32 rounding in another order of sums."""
FLOAT_LAYERS = 3
"""First convolutions that stay in fp32; see ``quantise``."""
_INT8 = 127  # largest magnitude of a symmetric int8 weight


class Second(NamedTuple):
    """A second output of a model, [n, i, j, m], for a second input, [m, width]; m is 0 without a second input.

    Attributes:
        input: Name of the second input.
        output: Name of the second output.
        width: Dimensions of a row of the second input.
    """

    input: str
    output: str
    width: int


def export_onnx(
    model: nn.Module,
    path: Path,
    *,
    side: int,
    output: str = OUTPUT,
    free: Mapping[str, Sequence[int]] | None = None,
    second: Second | None = None,
) -> None:
    """Write a model as ONNX, for any number of pictures per call.

    Args:
        model: Maps pixels to descriptors or another output; set to evaluation mode.
        path: File to write.
        side: Side of the squares, pixels.
        output: Name of the output.
        free: Axes of variable length, by name of the input or output; with None only the first axis is variable.
        second: A second output with an optional second input.
    """
    axes = {name: {0: "n"} | {axis: f"{name}{axis}" for axis in (free or {}).get(name, ())} for name in (INPUT, output)}
    inputs, outputs = [INPUT], [output]
    given = [torch.zeros((2, side, side, 3), dtype=torch.uint8)]
    if second is not None:
        inputs, outputs = [INPUT, second.input], [output, second.output]
        given.append(torch.zeros((3, second.width)))
        axes |= {second.input: {0: "m"}, second.output: {0: "n", 1: "i", 2: "j", 3: "m"}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes of the exporter about itself
        torch.onnx.export(
            model.eval(),
            tuple(given),
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=axes,
            opset_version=OPSET,
            dynamo=False,
        )
    if second is not None:
        graph = onnx.load(str(path))
        none = np.zeros((0, second.width), np.float32)
        graph.graph.initializer.append(onnx.numpy_helper.from_array(none, second.input))
        onnx.save(graph, str(path))


def quantise(path: Path, out: Path, *, pictures: UInt8[np.ndarray, "m s s 3"], exact_linear: bool = False) -> None:
    """Write the int8 version of an ONNX file.

    Weights use 7 of the 8 bits. With 8 bits, a processor without VNNI saturates its 16-bit sums and gives wrong
    descriptors (on one processor, the mean cosine with fp32 fell to .87). The first layers stay in fp32: they have the
    fewest channels, and quantisation hurts most there.

    Args:
        path: The fp32 file.
        out: File to write.
        pictures: A hundred or more pictures like those in use.
        exact_linear: Linear layers compute in fp32, and only their weights are int8 (``narrow_linear``). Otherwise all
            inputs of a layer share one quantisation step, so dimensions of small variance, as in whitened features,
            are lost.
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
            op_types_to_quantize=["Conv", "Add", "Clip", *([] if exact_linear else ["Gemm"])],
            nodes_to_exclude=[*convolutions[:FLOAT_LAYERS], *_apart_from_convolutions(graph)],
        )
    if exact_linear:
        graph = onnx.load(str(out))
        narrow_linear(graph)
        narrow_indices(graph)
        graph.graph.ClearField("value_info")  # shapes between layers; a session infers them again
        onnx.save(graph, str(out))


def _apart_from_convolutions(model: onnx.ModelProto) -> list[str]:
    """Names of the additions and clips that follow no convolution; int8 would only lose precision there."""
    maker = {name: node for node in model.graph.node for name in node.output}
    mapped = {"Conv", "Add", "Clip"}
    apart: list[str] = []
    for node in model.graph.node:
        made = [maker[name] for name in node.input if name in maker]
        if node.op_type in {"Add", "Clip"} and any(one.op_type not in mapped or one.name in apart for one in made):
            apart.append(node.name)
    return apart


def narrow_indices(model: onnx.ModelProto) -> None:
    """Store gather indices in 32 bits instead of 64.

    Args:
        model: Changed in place.
    """
    readers = Counter(name for node in model.graph.node for name in node.input)
    places = Counter(node.input[1] for node in model.graph.node if node.op_type == "Gather")
    for tensor in list(model.graph.initializer):
        if tensor.data_type == onnx.TensorProto.INT64 and 0 < places[tensor.name] == readers[tensor.name]:
            tensor.CopyFrom(
                onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(tensor).astype(np.int32), tensor.name)
            )


def narrow_linear(model: onnx.ModelProto) -> None:
    """Store the weights of linear layers in int8 with one step per row; a session dequantises them when it opens.

    Args:
        model: Changed in place.
    """
    graph = model.graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    for name in dict.fromkeys(node.input[1] for node in graph.node if node.op_type == "Gemm"):
        weight = onnx.numpy_helper.to_array(stored[name])
        step = np.maximum(np.abs(weight).max(axis=1, keepdims=True) / _INT8, 1e-12).astype(np.float32)
        narrow, widened = f"{name}_narrow", f"{name}_widened"
        graph.initializer.remove(stored[name])
        graph.initializer.extend(
            [
                onnx.numpy_helper.from_array(np.rint(weight / step).astype(np.int8), narrow),
                onnx.numpy_helper.from_array(step, f"{name}_step"),
            ]
        )
        cast = onnx.helper.make_node("Cast", [narrow], [widened], name=widened, to=onnx.TensorProto.FLOAT)
        graph.node.insert(0, onnx.helper.make_node("Mul", [widened, f"{name}_step"], [name], name=name))
        graph.node.insert(0, cast)


def fold_padding(model: onnx.ModelProto) -> int:
    """Fold each padding node into the convolution that follows; return the number of folded nodes.

    A separate padding node copies the map and, in int8, converts it to fp32 and back.

    Args:
        model: Changed in place; all constants must be initialisers.
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
    """Run an ONNX file on one thread; gives its first output, such as descriptors."""
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
    """Run the PyTorch model; gives its output."""
    with torch.no_grad():
        return model.eval()(torch.from_numpy(pixels)).numpy()


def checked_error(exact: Float32[np.ndarray, "*s"], exported: Float32[np.ndarray, "*s"]) -> float:
    """Largest absolute difference between the outputs of PyTorch and of an exported file.

    Args:
        exact: Output of the model.
        exported: Output of the file for the same pictures.

    Raises:
        CorruptError: The difference is above 1e-4.
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
