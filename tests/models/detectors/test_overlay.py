from pathlib import Path

import numpy as np
import pytest
import torch

from lynkeus.models.backbones.efficientnet_lite import EfficientNetLite0
from lynkeus.models.detectors.overlay import STRIDE, OverlayDetector, cell_centres
from lynkeus.models.export import export_onnx, run_onnx, run_torch

pytestmark = pytest.mark.torch

SIDE = 64
CELLS = SIDE // STRIDE


@pytest.fixture(scope="module")
def model() -> OverlayDetector:
    torch.manual_seed(0)
    model = OverlayDetector(width=16, frozen_blocks=3).eval()
    torch.nn.init.normal_(model.sides.weight, std=0.3)
    torch.nn.init.normal_(model.centre.weight, std=1.0)
    return model


def _pixels(count: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (count, SIDE, SIDE, 3), dtype=torch.uint8, generator=generator)


def test_each_cell_answers_with_a_box_around_its_centre(model: OverlayDetector) -> None:
    maps = model.maps(_pixels(2))
    assert maps.logit.shape == (2, CELLS, CELLS)
    centre = cell_centres(CELLS, CELLS)
    assert bool((maps.boxes[..., :2] < centre).all())
    assert bool((maps.boxes[..., 2:] > centre).all())


def test_a_fresh_model_answers_with_boxes_of_two_fifths() -> None:
    fresh = OverlayDetector(width=16, frozen_blocks=-1).eval()
    torch.nn.init.zeros_(fresh.sides.weight)
    boxes = fresh.maps(_pixels(1)).boxes
    torch.testing.assert_close(boxes[..., 2:] - boxes[..., :2], torch.full((1, CELLS, CELLS, 2), 0.4))
    torch.testing.assert_close((boxes[0, 1, 5, :2] + boxes[0, 1, 5, 2:]) / 2, torch.tensor([5.5, 1.5]) / CELLS)


def test_only_the_strongest_of_neighbouring_cells_is_confident(model: OverlayDetector) -> None:
    pixels = _pixels(2)
    with torch.no_grad():
        heat = model.maps(pixels).logit.sigmoid()
        answers = model(pixels)
    got = answers[..., 4].reshape(2, CELLS, CELLS)
    for n, y, x in np.ndindex(2, CELLS, CELLS):
        around = heat[n, max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        wanted = heat[n, y, x] if heat[n, y, x] == around.max() else 0.0
        assert float(got[n, y, x]) == pytest.approx(float(wanted), abs=1e-6)
    assert 2 <= int((got > 0).sum()) < 2 * CELLS * CELLS / 2


def test_takes_the_early_blocks_of_a_backbone(model: OverlayDetector) -> None:
    torch.manual_seed(1)  # another than the model's
    whole = EfficientNetLite0()
    published = {}
    for name, weight in whole.state_dict().items():
        published[_published(name)] = weight
    other = OverlayDetector(width=16, frozen_blocks=3)
    other.load_backbone(published)
    torch.testing.assert_close(other.blocks.state_dict(), whole.blocks[: len(other.blocks)].state_dict())
    assert any(not torch.equal(a, b) for a, b in zip(other.stem.parameters(), model.stem.parameters(), strict=True))


def test_training_keeps_the_norms_of_the_backbone_but_not_those_of_the_head(model: OverlayDetector) -> None:
    fresh = OverlayDetector(width=16, frozen_blocks=3).train()
    before = {name: value.clone() for name, value in fresh.state_dict().items() if "running" in name}
    fresh.maps(_pixels(2))
    moved = {name for name, value in before.items() if not torch.equal(value, fresh.state_dict()[name])}
    assert not any(name.startswith(("stem", "blocks")) for name in moved)
    assert any(name.startswith("last") for name in moved)
    assert not any(weight.requires_grad for weight in fresh.blocks[:3].parameters())
    assert all(weight.requires_grad for weight in fresh.blocks[3:].parameters())
    assert not model.training


def test_onnx_gives_what_torch_gives(model: OverlayDetector, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    export_onnx(model, path, side=SIDE, output="boxes")
    pixels = _pixels(3).numpy()
    np.testing.assert_allclose(run_onnx(path, pixels)[..., :4], run_torch(model, pixels)[..., :4], atol=1e-4)


def _published(name: str) -> str:
    part, *rest = name.split(".")
    if part in {"stem", "head"}:
        kind = {"stem": ("_conv_stem", "_bn0"), "head": ("_conv_head", "_bn1")}[part]
        return ".".join((kind[rest[0] == "norm"], *rest[1:]))
    number, role, kind, *last = rest
    names = {
        ("expand", "conv"): "_expand_conv",
        ("expand", "norm"): "_bn0",
        ("depthwise", "conv"): "_depthwise_conv",
        ("depthwise", "norm"): "_bn1",
        ("project", "conv"): "_project_conv",
        ("project", "norm"): "_bn2",
    }
    return ".".join(("_blocks", number, names[role, kind], *last))
