from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch

from lynkeus.core import CorruptError
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.models.export import (
    INPUT,
    OUTPUT,
    checked_error,
    export_onnx,
    fold_padding,
    narrow_indices,
    narrow_linear,
    quantise,
    run_onnx,
    run_torch,
)

pytestmark = pytest.mark.torch

SIDE = 64


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> tuple[CopyDescriptor, Path]:
    torch.manual_seed(0)
    model = CopyDescriptor(dim=16).eval()
    path = tmp_path_factory.mktemp("model") / "model.onnx"
    export_onnx(model, path, side=SIDE)
    return model, path


def _pictures(count: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    coarse = rng.integers(0, 256, (count, 8, 8, 3), dtype=np.uint8)
    return coarse.repeat(SIDE // 8, axis=1).repeat(SIDE // 8, axis=2)


def test_onnx_gives_what_torch_gives_for_any_number_of_pictures(
    exported: tuple[CopyDescriptor, Path],
) -> None:
    model, path = exported
    for count in (1, 3):
        pixels = _pictures(count)
        np.testing.assert_allclose(run_onnx(path, pixels), run_torch(model, pixels), atol=1e-4)


def test_names_and_types_are_those_of_the_contract(exported: tuple[CopyDescriptor, Path]) -> None:
    graph = onnx.load(str(exported[1])).graph
    (given,), (made,) = graph.input, graph.output
    assert (given.name, given.type.tensor_type.elem_type) == (INPUT, onnx.TensorProto.UINT8)
    assert (made.name, made.type.tensor_type.elem_type) == (OUTPUT, onnx.TensorProto.FLOAT)
    assert [d.dim_value for d in given.type.tensor_type.shape.dim[1:]] == [SIDE, SIDE, 3]


def test_int8_is_close_to_fp32_and_a_third_of_its_size(exported: tuple[CopyDescriptor, Path], tmp_path: Path) -> None:
    _, path = exported
    small = tmp_path / "small.onnx"
    quantise(path, small, pictures=_pictures(16))
    pixels = _pictures(4)
    cosine = (run_onnx(path, pixels) * run_onnx(small, pixels)).sum(axis=1)
    assert cosine.min() > 0.97
    assert small.stat().st_size < 0.34 * path.stat().st_size


def test_folding_takes_every_padding_and_changes_nothing(tmp_path: Path) -> None:
    weight = onnx.numpy_helper.from_array(np.random.default_rng(0).random((1, 1, 3, 3), np.float32), "w")
    pads = onnx.numpy_helper.from_array(np.array([0, 0, 0, 0, 0, 0, 1, 1]), "p")
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Pad", [INPUT, "p"], ["padded"]),
            onnx.helper.make_node("Conv", ["padded", "w"], [OUTPUT], strides=[2, 2], pads=[0, 0, 0, 0]),
        ],
        "padded",
        [onnx.helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [1, 1, 6, 6])],
        [onnx.helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, [1, 1, 3, 3])],
        [weight, pads],
    )
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, str(tmp_path / "before.onnx"))
    assert fold_padding(model) == 1
    assert [node.op_type for node in model.graph.node] == ["Conv"]
    onnx.save(model, str(tmp_path / "after.onnx"))
    picture = np.random.default_rng(1).random((1, 1, 6, 6), np.float32)
    before, after = (_run(tmp_path / f"{name}.onnx", picture) for name in ("before", "after"))
    np.testing.assert_allclose(after, before, rtol=1e-6)


def _run(path: Path, picture: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return np.asarray(session.run([OUTPUT], {INPUT: picture})[0])


def test_a_file_that_gives_other_numbers_than_the_model_is_refused() -> None:
    exact = np.zeros((2, 3), np.float32)
    near, far = exact.copy(), exact.copy()
    near[1, 2], far[0, 1] = 9e-5, -2e-4
    assert checked_error(exact, near) == pytest.approx(9e-5)
    with pytest.raises(CorruptError, match=r"off by 2\.0e-04, at most 1e-04 is allowed"):
        checked_error(exact, far)


def _gathering_and_linear(weight: np.ndarray, places: np.ndarray) -> onnx.ModelProto:
    graph = onnx.helper.make_graph(
        [
            onnx.helper.make_node("Gather", [INPUT, "places"], ["gathered"], axis=1),
            onnx.helper.make_node("Gemm", ["gathered", "weight"], [OUTPUT], transB=1),
        ],
        "gathering",
        [onnx.helper.make_tensor_value_info(INPUT, onnx.TensorProto.FLOAT, [1, 9])],
        [onnx.helper.make_tensor_value_info(OUTPUT, onnx.TensorProto.FLOAT, [1, len(weight)])],
        [onnx.numpy_helper.from_array(weight, "weight"), onnx.numpy_helper.from_array(places, "places")],
    )
    return onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)


def test_narrow_weights_are_off_by_half_a_step_of_their_row_at_most(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    weight = (rng.normal(size=(5, 6)) * np.array([1e-3, 1, 10, 0, 1e3])[:, None]).astype(np.float32)
    model = _gathering_and_linear(weight, np.arange(6))
    narrow_linear(model)
    assert all(
        tensor.data_type != onnx.TensorProto.FLOAT or "step" in tensor.name for tensor in model.graph.initializer
    )
    onnx.save(model, str(tmp_path / "narrow.onnx"))
    step = np.abs(weight).max(axis=1) / 127
    for column in range(6):
        given = _run(tmp_path / "narrow.onnx", np.eye(9, dtype=np.float32)[[column]])[0]
        assert (np.abs(given - weight[:, column]) <= step / 2 * 1.001).all()


def test_narrow_places_give_the_same(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    model = _gathering_and_linear(rng.normal(size=(2, 4)).astype(np.float32), np.array([8, 0, 3, 3]))
    onnx.save(model, str(tmp_path / "wide.onnx"))
    narrow_indices(model)
    (places,) = (tensor for tensor in model.graph.initializer if tensor.name == "places")
    assert places.data_type == onnx.TensorProto.INT32
    onnx.save(model, str(tmp_path / "narrow.onnx"))
    row = rng.normal(size=(1, 9)).astype(np.float32)
    np.testing.assert_array_equal(_run(tmp_path / "wide.onnx", row), _run(tmp_path / "narrow.onnx", row))
