"""Each architecture: size, golden outputs for synthetic weights, and other packages as oracles if installed."""

from collections.abc import Callable
from types import ModuleType
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lynkeus.models.backbones.resnet50 import ResNet50
from lynkeus.models.backbones.vgg16 import Vgg16, vgg16_names
from lynkeus.models.embedders import EMBEDDERS, Embedder
from lynkeus.models.embedders.copy_descriptor import gem
from lynkeus.models.embedders.lite0 import Lite0Gem
from lynkeus.models.embedders.resnet50_gem import ResNet50Gem
from lynkeus.models.embedders.vgg16_mac import Vgg16Mac
from lynkeus.models.pooling import mac

Maps = Callable[[Tensor], Tensor]
pytestmark = pytest.mark.torch

PARAMETERS = {"vgg16_mac": 14_714_688, "resnet50_gem": 23_508_032, "lite0_gem": 3_371_008, "lite0_mac": 3_371_008}
GOLDEN = {
    "vgg16_mac": (0.0, 0.035627, 0.017911, 0.010057),
    "resnet50_gem": (0.017119, 0.028687, 0.03452, 0.000226),
    "lite0_gem": (0.009433, 0.000108, 0.000108, 0.008265),
    "lite0_mac": (0.011256, 0.0, 0.0, 0.010401),
}


def seeded(model: nn.Module) -> nn.Module:
    """Fill a model with weights that do not depend on torch's generator."""
    rng = np.random.default_rng(0)
    for name, value in model.state_dict().items():
        if value.dim() > 1:
            scale = (2 / value[0].numel()) ** 0.5
            value.copy_(torch.from_numpy(rng.normal(0, scale, tuple(value.shape))))
        elif name.endswith(("running_var", "weight")):
            value.fill_(1.0)
        else:
            value.fill_(0.0)
    return model.eval()


def pixels(height: int = 64, width: int = 96) -> Tensor:
    return torch.from_numpy(np.random.default_rng(1).integers(0, 256, (2, height, width, 3), dtype=np.uint8))


@pytest.mark.parametrize("name", sorted(EMBEDDERS))
def test_has_as_many_weights_as_the_published_one(name: str) -> None:
    assert sum(weight.numel() for weight in EMBEDDERS[name]().parameters()) == PARAMETERS[name]


@pytest.mark.parametrize("name", sorted(EMBEDDERS))
def test_gives_the_stored_descriptors(name: str) -> None:
    model = seeded(EMBEDDERS[name]())
    with torch.no_grad():
        found = model(pixels())
    assert found.shape == (2, EMBEDDERS[name].dim)
    torch.testing.assert_close(found.norm(dim=1), torch.ones(2))
    assert found.min() >= 0
    torch.testing.assert_close(found[0, :4], torch.tensor(GOLDEN[name]), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("name", sorted(EMBEDDERS))
def test_trunk_and_pool_are_the_whole_wherever_it_is_cut(name: str) -> None:
    whole = seeded(EMBEDDERS[name]())
    cut = EMBEDDERS[name](frozen_blocks=3)
    cut.load_state_dict(whole.state_dict())
    with torch.no_grad():
        torch.testing.assert_close(cut.eval()(pixels()), whole(pixels()))
    cut(pixels()).sum().backward()
    learning = [weight.grad is not None for weight in cut.parameters()]
    assert learning == sorted(learning)
    assert 0 < sum(learning) < len(learning)


def test_mac_does_not_see_where_the_maximum_is_and_gem_lies_between_mean_and_maximum() -> None:
    maps = torch.rand(2, 5, 4, 6)
    shuffled = maps.flatten(2)[..., torch.randperm(24)].reshape(maps.shape)
    torch.testing.assert_close(mac(maps), mac(shuffled), rtol=0, atol=0)
    torch.testing.assert_close(mac(maps)[1, 4], maps[1, 4].max(), rtol=0, atol=0)
    assert ((maps.mean(dim=(2, 3)) < gem(maps)) & (gem(maps) < mac(maps))).all()


def test_statistics_of_resnets_norms_stay_as_they_are_in_training() -> None:
    model = ResNet50().train()
    before = {name: value.clone() for name, value in model.named_buffers()}
    model(torch.randn(2, 3, 64, 64)).sum().backward()
    for name, value in model.named_buffers():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert model.bn1.weight.grad is not None


@pytest.fixture
def torchvision() -> ModuleType:
    return pytest.importorskip(
        "torchvision", reason="the test oracle torchvision is not installed", exc_type=ImportError
    )


@pytest.fixture
def timm() -> ModuleType:
    return pytest.importorskip("timm", reason="the test oracle timm is not installed", exc_type=ImportError)


def _shaken(model: nn.Module) -> nn.Module:
    """Weights and statistics that are not constant, so that a misplaced norm changes the output."""
    torch.manual_seed(0)
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
        elif name.endswith(("running_mean", "bias")):
            value.normal_(std=0.1)
    return model.eval()


def _same_maps(embedder: Embedder, theirs: nn.Module, maps: Maps) -> None:
    own = embedder.get_submodule("backbone")
    embedder.fill(theirs.state_dict())
    x = torch.randn(1, 3, 64, 96)
    with torch.no_grad():
        torch.testing.assert_close(own.eval()(x), maps(x), rtol=1e-4, atol=1e-4)


def test_vgg16_gives_the_maps_of_torchvision(torchvision: ModuleType) -> None:
    theirs = _shaken(torchvision.models.vgg16())
    _same_maps(Vgg16Mac(), theirs, theirs.get_submodule("features"))


def test_resnet50_gives_the_maps_of_torchvision(torchvision: ModuleType) -> None:
    theirs = _shaken(torchvision.models.resnet50())
    _same_maps(ResNet50Gem(), theirs, nn.Sequential(*list(theirs.children())[:-2]))


@pytest.mark.parametrize("kind", [Vgg16Mac, ResNet50Gem, Lite0Gem])
def test_gives_the_maps_of_timm(kind: type[Embedder], timm: ModuleType) -> None:
    assert kind.timm is not None
    theirs = _shaken(timm.create_model(kind.timm, pretrained=False))
    maps = theirs.get_submodule("features") if kind is Vgg16Mac else cast("Maps", theirs.forward_features)
    _same_maps(kind(), theirs, maps)


def test_published_names_of_vgg16_skip_the_layers_without_weights() -> None:
    names = vgg16_names()
    assert names.keys() == Vgg16().state_dict().keys()
    layers = sorted({int(name.split(".")[1]) for name in names.values()})
    assert layers == [0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28]
