"""How much each place of a picture speaks for a thing: against PyTorch, and in the file that ships."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from made_pictures import made_picture
from onnx.numpy_helper import to_array
from torch.nn import functional

from lynkeus.core import CorruptError
from lynkeus.models.backbones.efficientnet_lite import InvertedResidual
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor, gem
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.models.export import INPUT, OUTPUT, export_onnx
from lynkeus.models.parts import add_heat
from lynkeus.recipes.object_publish import HEAT_WORDS, give_heat
from lynkeus.runtime.area import HEAT, TOWARDS, at_area
from lynkeus.runtime.cards import card
from lynkeus.runtime.sessions import open_session

pytestmark = pytest.mark.torch

SHIPPED = card("object-descriptor").path


def _stripped(model: onnx.ModelProto) -> onnx.ModelProto:
    """The file as it was before heat was added."""
    graph = model.graph
    parts: tuple[Any, ...] = (graph.node, graph.initializer, graph.input, graph.output)
    for part in parts:
        kept = [each for each in part if not each.name.startswith((HEAT, TOWARDS))]
        del part[:]
        part.extend(kept)
    return model


def _session(model: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def _run(session: ort.InferenceSession, name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(session.run([name], inputs)[0])


def _bias(model: onnx.ModelProto) -> np.ndarray:
    stored = {tensor.name: tensor for tensor in model.graph.initializer if tensor.name.startswith("project.bias")}
    whole, step = (to_array(stored[f"project.bias_quantized{of}"]) for of in ("", "_scale"))
    return whole * step


def test_the_shipped_parts_sum_up_to_the_descriptor_which_heat_did_not_change() -> None:
    model = onnx.load(str(SHIPPED))
    bias = _bias(model)
    before, after = _session(_stripped(onnx.load(str(SHIPPED)))), open_session(SHIPPED)
    assert [output.name for output in before.get_outputs()] == [OUTPUT]
    for number, shape in enumerate([(480, 640), (300, 100), (90, 333)]):
        rgb = made_picture(number, height=shape[0], width=shape[1])
        pixels = {INPUT: at_area(rgb, 256 * 256)[None]}
        descriptor = _run(after, OUTPUT, pixels)
        np.testing.assert_array_equal(_run(before, OUTPUT, pixels), descriptor)
        parts = _run(after, HEAT, pixels | {TOWARDS: np.eye(512, dtype=np.float32)})
        whole = parts.sum(axis=(1, 2)) + bias
        np.testing.assert_allclose(whole / np.linalg.norm(whole), descriptor, atol=1e-4)
        towards = np.random.default_rng(number).normal(size=(3, 512)).astype(np.float32)
        heat = _run(after, HEAT, pixels | {TOWARDS: towards})
        np.testing.assert_allclose(heat, parts @ towards.T, atol=1e-4)


@torch.no_grad()
def _slow_parts(model: ObjectDescriptor, rgb: np.ndarray) -> np.ndarray:
    """The parts of each place by the formula, from the maps of PyTorch."""
    x = model.trunk(torch.from_numpy(rgb[None]))
    *blocks, last = model.backbone.blocks
    for block in blocks:
        x = block(x)
    assert isinstance(last, InvertedResidual)
    assert last.expand is not None
    maps = [last.expand(x)[0], model.backbone.head(last(x))[0]]
    pooled = torch.cat([functional.normalize(gem(one[None])[0], dim=0) for one in maps])
    cubes = torch.cat(maps).pow(3)
    total = cubes.sum(dim=(1, 2))
    parts = np.zeros((*cubes.shape[1:], model.project.out_features))
    for y in range(cubes.shape[1]):
        for x_ in range(cubes.shape[2]):
            share = torch.where(total > 0, cubes[:, y, x_] / total, 1 / cubes[0].numel())
            parts[y, x_] = model.project.weight @ (pooled * share)
    return parts


def test_heat_is_what_the_formula_gives(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = ObjectDescriptor(dim=12).eval()
    file = tmp_path / "model.onnx"
    export_onnx(model, file, side=64, free={INPUT: (1, 2)})
    graph = onnx.load(str(file))
    add_heat(graph)
    rgb = np.ascontiguousarray(made_picture(4)[:96, :160])
    towards = np.random.default_rng(0).normal(size=(2, 12)).astype(np.float32)
    heat = _run(_session(graph), HEAT, {INPUT: rgb[None], TOWARDS: towards})[0]
    assert heat.shape == (3, 5, 2)
    slow = _slow_parts(model, rgb) @ towards.T
    np.testing.assert_allclose(heat, slow, atol=1e-4 * float(np.abs(slow).max()))


def test_a_file_published_without_heat_becomes_what_ships(tmp_path: Path) -> None:
    file, about = tmp_path / SHIPPED.name, tmp_path / "object_descriptor.json"
    onnx.save(_stripped(onnx.load(str(SHIPPED))), str(file))
    fields = json.loads((SHIPPED.parent / about.name).read_text("utf-8"))
    about.write_text(json.dumps(fields | {"output": fields["output"].removesuffix(HEAT_WORDS), "sha256": ""}))
    give_heat(about)
    assert json.loads(about.read_text()) == fields
    assert file.read_bytes() == SHIPPED.read_bytes()


def test_refuses_a_graph_of_another_shape(tmp_path: Path) -> None:
    with pytest.raises(CorruptError, match="has the output heat already"):
        add_heat(onnx.load(str(SHIPPED)))
    export_onnx(CopyDescriptor(dim=8).eval(), tmp_path / "copy.onnx", side=64)
    with pytest.raises(CorruptError):
        add_heat(onnx.load(str(tmp_path / "copy.onnx")))
