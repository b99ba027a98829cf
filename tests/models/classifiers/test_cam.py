"""The picture classifier with class activation maps."""

from pathlib import Path

import numpy as np
import pytest
import torch

from lynkeus.models.classifiers.cam import CamClassifier, Pooling
from lynkeus.models.export import export_onnx, run_onnx, run_torch

pytestmark = pytest.mark.torch


def _model(pooling: Pooling = "mean", *, fine: bool = True) -> CamClassifier:
    torch.manual_seed(0)
    model = CamClassifier(classes=5, pooling=pooling, fine=fine, frozen_blocks=11)
    torch.nn.init.normal_(model.classify.weight, std=0.1)
    torch.nn.init.normal_(model.classify.bias)
    return model.eval()


def _pixels(seed: int = 0, *, side: int = 64) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (3, side, side, 3), dtype=np.uint8))


def test_the_mean_of_a_class_map_is_its_logit_without_the_bias() -> None:
    model = _model()
    seen = model.see(_pixels())
    torch.testing.assert_close(seen.maps.mean(dim=(2, 3)) + model.classify.bias, seen.logit)
    torch.testing.assert_close(model.logits(_pixels()), seen.logit)


def test_class_maps_are_the_weighted_sum_of_the_features() -> None:
    model = _model("max")
    features = model.features(_pixels())
    weight = model.classify.weight
    for k in range(5):
        wanted = (weight[k][None, :, None, None] * features).sum(dim=1)
        torch.testing.assert_close(model.see(_pixels()).maps[:, k], wanted)
    wanted = model.classify(features.flatten(2).max(dim=2).values)
    torch.testing.assert_close(model.see(_pixels()).logit, wanted)


def test_fine_maps_have_twice_the_cells_with_the_same_weights() -> None:
    coarse, fine = _model(fine=False), _model(fine=True)
    fine.load_state_dict(coarse.state_dict())
    assert coarse.see(_pixels()).maps.shape[2:] == (2, 2)
    assert fine.see(_pixels()).maps.shape[2:] == (4, 4)
    assert fine.see(_pixels(side=80)).maps.shape[2:] == (5, 5)


def test_hides_first_layer_cells_in_training_and_never_in_use() -> None:
    model, pixels = _model(), _pixels()
    hidden = torch.zeros(3, 32, 32, dtype=torch.bool)
    hidden[:, :16] = True
    plain = model.logits(pixels)
    torch.testing.assert_close(model.logits(pixels, hidden), plain, rtol=0, atol=0)
    model.train()
    assert not torch.allclose(model.logits(pixels, hidden), plain)
    torch.testing.assert_close(model.logits(pixels), plain)


def test_one_array_holds_logits_and_maps_also_when_exported(tmp_path: Path) -> None:
    model, pixels = _model(), _pixels().numpy()
    seen, packed = model.see(_pixels()), run_torch(model, pixels)
    np.testing.assert_allclose(packed[:, :, 0], seen.logit.detach().numpy(), atol=1e-5)
    np.testing.assert_allclose(packed[:, :, 1:].reshape(3, 5, 4, 4), seen.maps.detach().numpy(), atol=1e-5)
    export_onnx(model, tmp_path / "cam.onnx", side=64, output="seen")
    exported = run_onnx(tmp_path / "cam.onnx", pixels)
    np.testing.assert_allclose(exported, packed, rtol=0, atol=1e-5 * np.abs(packed).max())
