"""Heat maps of objects: compared with slow formulas, and in the shipped file."""

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from made_pictures import made_picture
from onnx.numpy_helper import to_array

from lynkeus.models.covariance import matrix_root
from lynkeus.models.embedders.copy_descriptor import gem
from lynkeus.models.embedders.object_descriptor import ObjectDescriptor
from lynkeus.models.embedders.object_heat import SeenObject
from lynkeus.models.export import INPUT, OUTPUT, Second, export_onnx
from lynkeus.runtime.area import HEAT, TOWARDS, at_area
from lynkeus.runtime.cards import card
from lynkeus.runtime.sessions import open_session

pytestmark = pytest.mark.torch

SHIPPED = card("object-descriptor").path


def _run(session: ort.InferenceSession, name: str, inputs: dict[str, np.ndarray]) -> np.ndarray:
    return np.asarray(session.run([name], inputs)[0])


def test_the_shipped_parts_sum_up_to_the_descriptor_and_may_be_left_out() -> None:
    session = open_session(SHIPPED)
    stored = {tensor.name: to_array(tensor) for tensor in onnx.load(str(SHIPPED)).graph.initializer}
    (bias,) = (value for name, value in stored.items() if name.endswith("project.bias"))
    for number, shape in enumerate([(480, 640), (300, 100), (90, 333)]):
        rgb = made_picture(number, height=shape[0], width=shape[1])
        pixels = {INPUT: at_area(rgb, 256 * 256)[None]}
        descriptor = _run(session, OUTPUT, pixels)
        parts = _run(session, HEAT, pixels | {TOWARDS: np.eye(len(bias), dtype=np.float32)})
        whole = parts.sum(axis=(1, 2)) + bias
        np.testing.assert_allclose(whole / np.linalg.norm(whole), descriptor, atol=1e-4)
        towards = np.random.default_rng(number).normal(size=(3, len(bias))).astype(np.float32)
        heat = _run(session, HEAT, pixels | {TOWARDS: towards})
        np.testing.assert_allclose(heat, parts @ towards.T, atol=1e-4)


@torch.no_grad()
def _slow_parts(model: ObjectDescriptor, rgb: np.ndarray) -> np.ndarray:
    """The share of each place by the formulas, place by place, from the maps of PyTorch."""
    pooling = model.maps(model.trunk(torch.from_numpy(rgb[None])))
    head = pooling.head[0]
    cubes, mean = head.pow(3), gem(pooling.head)[0]
    total = cubes.sum(dim=(1, 2))
    _, height, width = head.shape
    parts = np.zeros((height, width, model.project.out_features))
    covariances = list(zip(model.pools(), pooling.blocks, strict=True))
    for y in range(height):
        for x in range(width):
            share = torch.where(total > 0, cubes[:, y, x] / total, 1 / (height * width))
            given = [mean * share / mean.norm()]
            for pool, maps in covariances:
                places = pool.places(maps)[0].flatten(0, 1)
                _, factor = matrix_root((places.T @ places / len(places))[None])
                place = places[y * width + x]
                term = torch.outer(place, factor[0] @ place) / len(places)
                upper = torch.triu((term + term.T) / 2)
                upper = torch.where(torch.eye(len(upper)) > 0, upper, upper * 2**0.5)
                rows, columns = torch.triu_indices(len(upper), len(upper))
                given.append(upper[rows, columns] / pool(maps)[0].norm())
            parts[y, x] = model.project.weight @ torch.cat(given)
    return parts


def test_heat_is_what_the_formula_gives(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = ObjectDescriptor(dim=12).eval()
    file = tmp_path / "model.onnx"
    export_onnx(SeenObject(model), file, side=64, free={INPUT: (1, 2)}, second=Second(TOWARDS, HEAT, 12))
    session = open_session(file)
    rgb = np.ascontiguousarray(made_picture(4)[:96, :160])
    towards = np.random.default_rng(0).normal(size=(2, 12)).astype(np.float32)
    heat = _run(session, HEAT, {INPUT: rgb[None], TOWARDS: towards})[0]
    assert heat.shape == (3, 5, 2)
    slow = _slow_parts(model, rgb) @ towards.T
    np.testing.assert_allclose(heat, slow, atol=1e-4 * float(np.abs(slow).max()))
    with torch.no_grad():
        exact = model(torch.from_numpy(rgb[None])).numpy()
    np.testing.assert_allclose(_run(session, OUTPUT, {INPUT: rgb[None]}), exact, atol=1e-4)
