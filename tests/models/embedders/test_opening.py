from importlib.metadata import EntryPoint, EntryPoints
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from lynkeus.core import CorruptError, MissingExtraError, UnknownNameError, plugins
from lynkeus.models.backbones.efficientnet_lite import EfficientNetLite0, lite0_timm_names
from lynkeus.models.backbones.vgg16 import vgg16_names
from lynkeus.models.embedders import EMBEDDERS
from lynkeus.models.embedders.looks import embed
from lynkeus.models.embedders.opening import open_embedder
from lynkeus.models.embedders.vgg16_mac import Vgg16Mac
from lynkeus.runtime.area import at_area

pytestmark = pytest.mark.torch


def published(name: str) -> dict[str, Tensor]:
    """A complete published state dict of an embedder's backbone, including the classifier that our model lacks."""
    model = EMBEDDERS[name]()
    own = model.get_submodule("backbone").state_dict()
    if name == "vgg16_mac":
        return {vgg16_names()[key]: value for key, value in own.items()} | {"classifier.0.weight": torch.zeros(2)}
    if name == "resnet50_gem":
        return dict(own) | {"fc.weight": torch.zeros(2)}
    return {lite0_timm_names()[key]: value for key, value in own.items()} | {"classifier.weight": torch.zeros(2)}


@pytest.mark.parametrize("name", ["vgg16_mac", "resnet50_gem", "lite0_mac"])
@pytest.mark.parametrize("inside", [None, "state_dict"])
def test_takes_weights_from_a_file(name: str, inside: str | None, tmp_path: Path) -> None:
    weights = published(name)
    torch.save(weights if inside is None else {inside: weights, "epoch": 3}, tmp_path / "w.pth")
    model = open_embedder(name, frozen_blocks=2, weights=str(tmp_path / "w.pth"))
    assert not model.training
    own = model.get_submodule("backbone").state_dict()
    there = {value.data_ptr() for value in own.values()}
    assert len(there) == len(own)
    sums = sorted(float(value.double().sum()) for key, value in own.items() if "tracked" not in key)
    wanted = [
        value for key, value in weights.items() if not key.startswith(("classifier", "fc")) and "tracked" not in key
    ]
    assert sums == sorted(float(value.double().sum()) for value in wanted)


def test_counters_that_old_files_lack_are_not_missed() -> None:
    weights = {key: value for key, value in published("resnet50_gem").items() if "num_batches" not in key}
    EMBEDDERS["resnet50_gem"]().fill(weights)


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        ("vgg16_mac", "features.28.bias"),
        ("resnet50_gem", "layer4.2.bn3.weight"),
        ("lite0_gem", "blocks.1.0.conv_pw.weight"),
    ],
)
def test_names_what_is_missing_left_over_and_of_another_shape_as_the_file_does(name: str, lost: str) -> None:
    weights = published(name)
    first = next(iter(weights))
    weights[first] = torch.zeros(3)
    weights["unheard.of"] = weights.pop(lost)
    model = EMBEDDERS[name]()
    before = {key: value.clone() for key, value in model.state_dict().items()}
    with pytest.raises(CorruptError, match=f"missing: {lost}; left over: unheard.of; of another shape: {first} "):
        model.fill(weights)
    assert all(torch.equal(value, before[key]) for key, value in model.state_dict().items())


def test_many_faults_are_counted_not_listed() -> None:
    with pytest.raises(CorruptError, match=r"missing: (\S+, ){3}\S+ and 22 more$"):
        Vgg16Mac().fill({})


def test_a_package_file_that_lacks_a_block_is_refused_by_our_error() -> None:
    packaged = EMBEDDERS["lite0_mac"].packaged()
    assert packaged is not None
    packaged.pop("_blocks.7._bn1.bias")
    with pytest.raises(CorruptError, match=r"blocks\.7"):
        EMBEDDERS["lite0_mac"]().fill(packaged)


def test_lite0_starts_from_its_package() -> None:
    model = open_embedder("lite0_mac", frozen_blocks=-1, weights="package")
    other = EfficientNetLite0()
    assert not torch.equal(model.get_submodule("backbone").state_dict()["stem.conv.weight"], other.stem.conv.weight)


def test_says_which_weights_there_are_where_no_package_has_any() -> None:
    with pytest.raises(UnknownNameError, match="no package has weights of vgg16_mac; known: timm, none, or a file"):
        open_embedder("vgg16_mac", frozen_blocks=0, weights="package")


def test_says_what_to_install_where_timm_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "timm", None)
    with pytest.raises(MissingExtraError, match="pip install timm"):
        open_embedder("vgg16_mac", frozen_blocks=0, weights="timm")


@pytest.mark.parametrize("content", [b"", b"not weights", None])
def test_refuses_a_file_that_is_no_weights(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "w.pth"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(CorruptError, match=r"w\.pth"):
        open_embedder("vgg16_mac", frozen_blocks=0, weights=str(file))


def test_refuses_a_file_of_numbers_without_names(tmp_path: Path) -> None:
    torch.save([torch.zeros(2)], tmp_path / "w.pth")
    with pytest.raises(CorruptError, match="holds no weights by name"):
        open_embedder("vgg16_mac", frozen_blocks=0, weights=str(tmp_path / "w.pth"))


def test_other_packages_offer_embedders(monkeypatch: pytest.MonkeyPatch) -> None:
    offered = EntryPoints([EntryPoint("theirs", "lynkeus.models.embedders.vgg16_mac:Vgg16Mac", "lynkeus.models")])

    def entry_points(*, group: str) -> EntryPoints:
        return offered.select(group=group)

    monkeypatch.setattr(plugins, "entry_points", entry_points)
    assert isinstance(open_embedder("theirs", frozen_blocks=0, weights="none"), Vgg16Mac)
    with pytest.raises(UnknownNameError, match="known: lite0_gem, lite0_mac, resnet50_gem, theirs, vgg16_mac"):
        open_embedder("nobodys", frozen_blocks=0, weights="none")


@pytest.fixture
def rgb() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (80, 60, 3), dtype=np.uint8)


def test_one_look_is_the_model_itself(rgb: np.ndarray) -> None:
    model = open_embedder("lite0_mac", frozen_blocks=-1, weights="none")
    with torch.no_grad():
        wanted = model(torch.from_numpy(at_area(rgb, 64 * 64))[None])[0].numpy()
    np.testing.assert_allclose(embed(model, rgb, area=64 * 64), wanted, atol=1e-6)


def test_several_looks_are_their_mean_at_length_one(rgb: np.ndarray) -> None:
    model = open_embedder("lite0_gem", frozen_blocks=-1, weights="none")
    sizes = [embed(model, rgb, area=area) for area in (2048, 4096, 8192)]
    looks = [*sizes, *(embed(model, rgb[:, ::-1].copy(), area=area) for area in (2048, 4096, 8192))]
    mean = np.mean(looks, axis=0)
    found = embed(model, rgb, area=4096, scales="three", mirrored=True)
    np.testing.assert_allclose(found, mean / np.linalg.norm(mean), atol=1e-5)
    assert not np.allclose(found, sizes[1], atol=1e-4)


def test_a_picture_and_its_mirror_image_look_alike_when_both_are_looked_at(rgb: np.ndarray) -> None:
    model = open_embedder("lite0_mac", frozen_blocks=-1, weights="none")
    one, other = (embed(model, side.copy(), area=4096, mirrored=True) for side in (rgb, rgb[:, ::-1]))
    np.testing.assert_allclose(one, other, atol=1e-5)


def test_unknown_scales_list_the_known(rgb: np.ndarray) -> None:
    with pytest.raises(UnknownNameError, match="no scales 'nine'; known: one, two, three"):
        embed(open_embedder("lite0_mac", frozen_blocks=-1, weights="none"), rgb, area=4096, scales="nine")
