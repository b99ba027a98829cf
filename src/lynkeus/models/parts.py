"""A second answer of a published object descriptor: how much each place of the picture speaks for a given thing.

The descriptor is ``normalise(W g + b)``, g the generalised means of the maps F, g_k = (mean_i F_k(i)^3)^(1/3), scaled.
Each g_k falls apart over the places i in the shares of its sum, F_k(i)^3 / sum_j F_k(j)^3; so does W g, which is linear
in g. The inner product of a place's part of W g with a reference's descriptor is the class activation map (Zhou et al.
2016, https://arxiv.org/abs/1512.04150) of that reference, exactly, whatever follows the pooling.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from lynkeus.core import CorruptError
from lynkeus.runtime.area import HEAT, TOWARDS

_LEAST = 1e-12  # a map that is 0 everywhere is shared out evenly


def add_heat(model: onnx.ModelProto) -> None:
    """Add the output ``heat``, float32 [n, i, j, m], to an exported ``ObjectDescriptor``, in fp32 or int8.

    It holds the inner product of each place's part with each of the m rows of a new input, ``towards``, float32
    [m, d], which may be left out: m is 0 then, and heat costs next to nothing. With the unit vectors as rows, the sum
    over i and j plus the last layer's bias is the descriptor before its length is made 1. No node and no weight that
    was there changes.

    Args:
        model: Changed in place.

    Raises:
        CorruptError: The graph is not that of an object descriptor, or has the output already.
    """
    graph = model.graph
    if any(output.name == HEAT for output in graph.output):
        raise CorruptError(f"the graph has the output {HEAT} already")
    maker = {name: node for node in graph.node for name in node.output}
    layers = [node for node in graph.node if node.op_type == "Gemm"]
    if len(layers) != 1:
        raise CorruptError(f"the graph has {len(layers)} linear layers, wanted 1")
    pooled, weight = layers[0].input[:2]
    joined = maker[pooled]
    while joined.op_type in {"DequantizeLinear", "QuantizeLinear"}:
        joined = maker[joined.input[0]]
    if joined.op_type != "Concat":
        raise CorruptError(f"the linear layer reads a {joined.op_type}, wanted the pooled maps side by side")
    cubes = [_cube(maker, name) for name in joined.input]
    dim = _rows(model, maker[weight].input[0] if weight in maker else weight)
    new = _Appended(model, maker)
    new("Concat", cubes, "cubes", axis=1)
    new("Add", [_named("cubes"), new.constant("least", np.array(_LEAST, np.float32))], "positive")
    places = new.constant("places", np.array([2, 3], np.int64))
    new("ReduceSum", [_named("positive"), places], "sum", keepdims=1)
    new("Div", [_named("positive"), _named("sum")], "share")
    new("Unsqueeze", [new.anew(pooled, "pooled"), places], "everywhere")
    new("Mul", [_named("share"), _named("everywhere")], "shared")
    new("Transpose", [_named("shared")], "rows", perm=[0, 2, 3, 1])
    new("MatMul", [TOWARDS, new.anew(weight, "weight")], "directions")
    new("Transpose", [_named("directions")], "columns", perm=[1, 0])
    graph.node.append(helper.make_node("MatMul", [_named("rows"), _named("columns")], [HEAT], name=HEAT))
    graph.initializer.append(numpy_helper.from_array(np.zeros((0, dim), np.float32), TOWARDS))
    graph.input.append(helper.make_tensor_value_info(TOWARDS, TensorProto.FLOAT, ["m", dim]))
    graph.output.append(helper.make_tensor_value_info(HEAT, TensorProto.FLOAT, ["n", "i", "j", "m"]))


def _named(step: str) -> str:
    return f"{HEAT}/{step}"


def _cube(maker: Mapping[str, onnx.NodeProto], name: str) -> str:
    """The cubed maps behind one part of the pooled features: what is averaged."""
    node = maker[name]
    while node.op_type != "ReduceMean":
        if node.op_type not in {"Div", "Pow", "Clip"}:
            raise CorruptError(f"a {node.op_type} lies between maps and pooled features")
        node = maker[node.input[0]]
    return node.input[0]


def _rows(model: onnx.ModelProto, stored: str) -> int:
    return next(int(tensor.dims[0]) for tensor in model.graph.initializer if tensor.name == stored)


class _Appended:
    """Puts nodes behind those of a graph."""

    def __init__(self, model: onnx.ModelProto, maker: Mapping[str, onnx.NodeProto]) -> None:
        self._graph = model.graph
        self._maker = maker

    def __call__(self, kind: str, inputs: list[str], step: str, **attributes: Any) -> None:
        self._graph.node.append(helper.make_node(kind, inputs, [_named(step)], name=_named(step), **attributes))

    def constant(self, step: str, value: np.ndarray) -> str:
        self._graph.initializer.append(numpy_helper.from_array(value, _named(step)))
        return _named(step)

    def anew(self, name: str, step: str) -> str:
        """A value anew from its int8 form, so that what was there keeps its one reader; itself in fp32."""
        node = self._maker.get(name)
        if node is None or node.op_type != "DequantizeLinear":
            return name
        self(node.op_type, list(node.input), step, **{a.name: helper.get_attribute_value(a) for a in node.attribute})
        return _named(step)
