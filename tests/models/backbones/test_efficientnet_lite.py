import pytest
import torch

from lynkeus.models.backbones.efficientnet_lite import (
    WIDTH,
    ConvNorm,
    EfficientNetLite0,
    load_lite0_weights,
)

pytestmark = pytest.mark.torch


@pytest.fixture(scope="module")
def oracle() -> torch.nn.Module:
    package = pytest.importorskip("efficientnet_lite_pytorch", reason="the test oracle is not installed")
    torch.manual_seed(0)
    model = package.EfficientNet.from_name("efficientnet-lite0")
    for name, value in model.state_dict().items():
        if name.endswith("running_var"):
            value.uniform_(0.5, 2.0)
        elif name.endswith(("running_mean", "bias")):
            value.normal_(std=0.1)
    return model.eval()


@pytest.mark.parametrize("side", [64, 160, 224])
def test_gives_the_feature_maps_of_the_published_package(oracle: torch.nn.Module, side: int) -> None:
    model = EfficientNetLite0().eval()
    load_lite0_weights(model, oracle.state_dict())
    package = pytest.importorskip("efficientnet_lite_pytorch")
    sized = package.EfficientNet.from_name("efficientnet-lite0", image_size=side).eval()
    sized.load_state_dict(oracle.state_dict())
    pixels = torch.randn(1, 3, side, side)
    with torch.no_grad():
        wanted, got = sized.extract_features(pixels), model(pixels)
    assert got.shape == (1, WIDTH, side // 32, side // 32)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-5)


def test_refuses_weights_that_lack_a_block(oracle: torch.nn.Module) -> None:
    weights = {name: value for name, value in oracle.state_dict().items() if "_blocks.7." not in name}
    with pytest.raises(RuntimeError, match=r"blocks\.7"):
        load_lite0_weights(EfficientNetLite0(), weights)


def test_statistics_of_the_norms_stay_as_they_are_in_training() -> None:
    model = EfficientNetLite0().train()
    before = {name: value.clone() for name, value in model.named_buffers()}
    model(torch.randn(2, 3, 64, 64)).sum().backward()
    for name, value in model.named_buffers():
        torch.testing.assert_close(value, before[name], rtol=0, atol=0)
    assert model.training
    assert model.head.norm.weight.grad is not None


def test_frozen_blocks_get_no_gradient_and_the_others_do() -> None:
    model = EfficientNetLite0(frozen_blocks=2)
    model(torch.randn(1, 3, 64, 64)).sum().backward()
    learning = {
        name.split(".")[1] for name, w in model.named_parameters() if name.startswith("blocks") and w.grad is not None
    }
    assert learning == {str(number) for number in range(2, 16)}
    assert model.stem.conv.weight.grad is None


def test_stride_two_pads_the_odd_row_at_the_bottom_and_right() -> None:
    layer = ConvNorm(1, 1, kernel=3, stride=2, linear=True).eval()
    torch.nn.init.constant_(layer.conv.weight, 0.0)
    layer.conv.weight.data[0, 0, 2, 2] = 1.0
    picture = torch.arange(16.0).reshape(1, 1, 4, 4)
    wanted = torch.tensor([[10.0, 0.0], [0.0, 0.0]])
    torch.testing.assert_close(layer(picture)[0, 0] * (1 + 1e-3) ** 0.5, wanted, rtol=1e-5, atol=1e-5)
