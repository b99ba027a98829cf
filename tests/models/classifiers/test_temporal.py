"""The video classifier with class activation maps over time."""

import numpy as np
import pytest
import torch

from lynkeus.models.classifiers.temporal import TemporalClassifier, start_clip_classifier

pytestmark = pytest.mark.torch


def _model() -> TemporalClassifier:
    torch.manual_seed(0)
    model = TemporalClassifier(dim=6, width=8, classes=3)
    model.mean.copy_(torch.arange(6.0))
    model.deviation.copy_(torch.full((6,), 2.0))
    return model


def test_the_mean_of_a_map_over_time_is_the_logit() -> None:
    watched = _model()(torch.randn(2, 10, 6))
    assert watched.maps.shape == (2, 3, 10)
    torch.testing.assert_close(watched.maps.mean(dim=2), watched.logit)


def test_a_hidden_frame_counts_as_the_mean_frame_in_training_and_not_in_use() -> None:
    model, frames = _model().train(), torch.randn(2, 10, 6)
    hidden = torch.zeros(2, 10, dtype=torch.bool)
    hidden[:, 3:6] = True
    meant = torch.where(hidden[..., None], model.mean, frames)
    torch.testing.assert_close(model(frames, hidden).maps, model(meant).maps)
    assert not torch.allclose(model(frames, hidden).maps, model(frames).maps)
    model.eval()
    torch.testing.assert_close(model(frames, hidden).maps, model(frames).maps, rtol=0, atol=0)


def test_a_clip_goes_through_the_frozen_backbone() -> None:
    torch.manual_seed(0)
    clip = start_clip_classifier(width=4, classes=3).eval()
    pixels = torch.from_numpy(np.random.default_rng(0).integers(0, 256, (5, 32, 32, 3), dtype=np.uint8))
    assert not any(weight.requires_grad for weight in clip.backbone.parameters())
    torch.testing.assert_close(clip(pixels), clip.temporal(clip.features(pixels)[None]).maps[0].T)
    assert clip(pixels).shape == (5, 3)
