from pathlib import Path

import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.core import CorruptError
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import MAX_BYTES, CompactFeatures
from lynkeus.matching.sift import PERMUTATIONS, SiftExtractor
from lynkeus.runtime.cards import card

_CODEBOOK = Codebook.load(card("local-codebook").path)
_FEATURES = SiftExtractor(side=640, max_points=500)(made_picture(1, width=640, height=480))


@pytest.mark.parametrize("relative", [0, 1, 2, 3])
def test_the_canonical_form_is_that_of_the_permuted_descriptor(relative: int) -> None:
    permuted = _FEATURES.vectors[:, PERMUTATIONS[relative]]
    before, after = _CODEBOOK.canonical(_FEATURES.vectors)[0][:, 0], _CODEBOOK.canonical(permuted)[0][:, 0]
    assert (after == before ^ relative).all()
    assert np.allclose(_CODEBOOK.project(_FEATURES.vectors, before), _CODEBOOK.project(permuted, after), atol=1e-5)


@pytest.mark.parametrize("permutation", [0, 1, 2, 3])
def test_projecting_all_equals_projecting_each(permutation: int) -> None:
    each = _CODEBOOK.project(_FEATURES.vectors, np.full(len(_FEATURES), permutation))
    assert np.allclose(_CODEBOOK.project_all(_FEATURES.vectors, permutation), each, atol=1e-5)


def test_codes_stand_for_the_nearest_centres() -> None:
    projected = _CODEBOOK.project(_FEATURES.vectors, np.zeros(len(_FEATURES), np.int64))
    decoded = _CODEBOOK.decode(_CODEBOOK.encode(projected))
    slow = np.empty_like(projected)
    for k in range(32):
        pair = projected[:, 2 * k : 2 * k + 2]
        nearest = ((pair[:, None] - _CODEBOOK.fine[k]) ** 2).sum(2).argmin(1)
        slow[:, 2 * k : 2 * k + 2] = _CODEBOOK.fine[k][nearest]
    assert np.allclose(decoded, slow)


def test_lists_are_the_nearest_coarse_centres() -> None:
    projected = _CODEBOOK.project(_FEATURES.vectors[:20], np.zeros(20, np.int64))
    found = _CODEBOOK.assign(projected)
    for vector, number in zip(projected, found, strict=True):
        apart = ((vector - _CODEBOOK.coarse) ** 2).sum(1)
        assert apart[number] == pytest.approx(apart.min(), abs=1e-5)


def test_stored_features_fit_and_come_back() -> None:
    compact = CompactFeatures.of(_FEATURES, _CODEBOOK)
    raw = compact.pack()
    assert len(raw) <= MAX_BYTES
    back = CompactFeatures.unpack(raw)
    assert np.abs(back.points - compact.points).max() < 640 / 16384
    assert np.abs(np.log2(back.scale / compact.scale)).max() < 0.03
    turn = np.abs((back.angle - compact.angle + np.pi) % (2 * np.pi) - np.pi)
    assert turn.max() < 0.02
    assert (back.codes == compact.codes).all()
    assert (back.permutation == compact.permutation).all()
    assert (back.lists == compact.lists).all()
    assert (back.width, back.height) == (640, 480)


def test_expanded_descriptors_are_near_the_true_ones() -> None:
    expanded = CompactFeatures.of(_FEATURES, _CODEBOOK).expand(_CODEBOOK)
    apart = ((expanded.vectors - _FEATURES.vectors[: len(expanded)]) ** 2).sum(1)
    assert np.median(apart) < 0.15


@pytest.mark.parametrize(
    "raw", [b"", b"LKF1", b"XXXX" + bytes(20), CompactFeatures.of(_FEATURES, _CODEBOOK).pack()[:-1]]
)
def test_refuses_bytes_that_are_not_its_own(raw: bytes) -> None:
    with pytest.raises(CorruptError):
        CompactFeatures.unpack(raw)


def test_a_codebook_survives_a_trip_to_disk_and_names_a_bad_file(tmp_path: Path) -> None:
    _CODEBOOK.save(tmp_path / "c.npz")
    assert (Codebook.load(tmp_path / "c.npz").fine == _CODEBOOK.fine).all()
    (tmp_path / "bad.npz").write_bytes(b"nothing")
    with pytest.raises(CorruptError, match=r"bad\.npz"):
        Codebook.load(tmp_path / "bad.npz")


def test_training_gives_a_codebook_that_codes_its_own_vectors() -> None:
    small = Codebook.train(_FEATURES.vectors, lists=8, seed=0)
    projected = small.project(_FEATURES.vectors, small.canonical(_FEATURES.vectors)[0][:, 0])
    error = ((small.decode(small.encode(projected)) - projected) ** 2).sum(1).mean()
    assert error < 0.3 * (projected**2).sum(1).mean()
