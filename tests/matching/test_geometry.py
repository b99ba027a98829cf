import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.matching.agreement import AgreementCheck, GreyLevels
from lynkeus.matching.codebook import Codebook
from lynkeus.matching.compact import CompactFeatures
from lynkeus.matching.sift import SiftExtractor
from lynkeus.matching.verification import UploadPoints, Verification, apply
from lynkeus.matching.voting import PointIds, Voting, pack_point_ids, place_under
from lynkeus.runtime.cards import card

_CODEBOOK = Codebook.load(card("local-codebook").path)
_EXTRACT = SiftExtractor(side=480, max_points=340)
_REFERENCE = made_picture(7)
_H = np.array([[0.5, -0.2, 150.0], [0.2, 0.5, 20.0], [0.0, 0.0, 1.0]])


def _verify(upload: np.ndarray, *, mirrored: bool = False, negative: bool = False):  # noqa: ANN202
    reference = CompactFeatures.of(_EXTRACT(_REFERENCE), _CODEBOOK)
    points = UploadPoints.of(SiftExtractor(side=640, max_points=500)(upload), _CODEBOOK)
    decoded = _CODEBOOK.decode(reference.codes)
    return Verification()(points, reference, decoded, None, mirrored=mirrored, negative=negative)


def test_finds_the_transform_of_a_warped_copy() -> None:
    upload = cv2.warpPerspective(_REFERENCE, _H, (640, 480))
    found = _verify(upload)
    assert found is not None
    assert found.inliers > 20
    corners = np.array([[0.0, 0.0], [480.0, 0.0], [480.0, 360.0], [0.0, 360.0]])
    assert np.abs(apply(found.transform, corners) - apply(_H, corners)).max() < 4


def test_finds_a_mirrored_negative_only_when_told() -> None:
    upload = np.ascontiguousarray(255 - _REFERENCE[:, ::-1])
    found = _verify(upload, mirrored=True, negative=True)
    assert found is not None
    assert found.inliers > 60
    plain = _verify(upload)
    assert plain is None or plain.inliers < 10


def test_a_stranger_has_few_inliers() -> None:
    for seed in (11, 12, 13):
        found = _verify(made_picture(seed))
        assert found is None or found.inliers < 8


def _grey(picture: np.ndarray) -> np.ndarray:
    return cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY)


def test_pixels_of_a_copy_agree_and_those_of_a_stranger_do_not() -> None:
    upload = GreyLevels(_grey(cv2.warpPerspective(_REFERENCE, _H, (640, 480))))
    check = AgreementCheck()
    same = check(upload, _grey(_REFERENCE), _H, negative=False)
    other = check(upload, _grey(made_picture(11)), _H, negative=False)
    assert same.share > 0.9
    assert other.share < 0.3
    assert same.overlap == pytest.approx(1, abs=0.1)


def test_a_negative_agrees_as_a_negative() -> None:
    inverted = GreyLevels(_grey(255 - _REFERENCE))
    assert AgreementCheck()(inverted, _grey(_REFERENCE), np.eye(3), negative=True).share > 0.9
    assert AgreementCheck()(inverted, _grey(_REFERENCE), np.eye(3), negative=False).share < 0.1


def test_the_tone_is_found_where_it_is_not_told() -> None:
    for tone in (False, True):
        upload = GreyLevels(_grey(255 - _REFERENCE if tone else _REFERENCE))
        seen = AgreementCheck()(upload, _grey(_REFERENCE), np.eye(3), negative=None)
        assert seen.negative is tone
        assert seen.share > 0.9
        assert seen.likeness > 0.9
        assert seen.structure > 0.9


def test_outlines_agree_where_only_they_are_left() -> None:
    tone = _grey(_REFERENCE)
    edges = cv2.convertScaleAbs(cv2.Laplacian(cv2.GaussianBlur(tone, (0, 0), 1.0), cv2.CV_32F), alpha=4)
    other = _grey(made_picture(11))
    same = AgreementCheck()(GreyLevels(edges), tone, np.eye(3), negative=None)
    stranger = AgreementCheck()(GreyLevels(edges), other, np.eye(3), negative=None)
    assert same.structure > stranger.structure + 0.1


def test_reduced_pictures_keep_their_content_at_every_factor() -> None:
    grey = _grey(_REFERENCE)
    levels = GreyLevels(grey)
    for factor in (1.0, 0.8, 0.6, 0.3, 0.12, 0.05):
        small = levels.reduced(factor)
        assert factor - 0.01 <= small.shape[1] / grey.shape[1] <= factor * 1.34
        plain = cv2.resize(grey, small.shape[::-1], interpolation=cv2.INTER_AREA)
        assert np.abs(plain.astype(int) - small.astype(int)).mean() < 3


def test_a_covered_half_lowers_the_share() -> None:
    covered = _grey(_REFERENCE).copy()
    covered[:, 240:] = 128
    assert 0.3 < AgreementCheck()(GreyLevels(covered), _grey(_REFERENCE), np.eye(3), negative=False).share < 0.7


def test_a_flat_reference_has_no_textured_blocks() -> None:
    flat = np.full((100, 100), 90, np.uint8)
    seen = AgreementCheck()(GreyLevels(flat), flat, np.eye(3), negative=False)
    assert (seen.blocks, seen.share) == (0, 0.0)


def test_ids_say_what_was_packed() -> None:
    rng = np.random.default_rng(0)
    points = (rng.random((50, 2)) * [640, 480]).astype(np.float32)
    scale = (2 + 20 * rng.random(50)).astype(np.float32)
    angle = (rng.random(50) * 2 * np.pi).astype(np.float32)
    permutation = rng.integers(0, 4, 50)
    seen = PointIds.unpack(pack_point_ids(123456, points, scale, angle, permutation, width=640, height=480))
    assert (seen.owner == 123456).all()
    assert (seen.permutation == permutation).all()
    assert np.abs(seen.place * 640 + [320, 240] - points).max() < 640 / 1024 + 0.01
    assert np.abs(np.log2(seen.scale * 640 / scale)).max() < 0.11
    assert np.abs((seen.angle - angle + np.pi) % (2 * np.pi) - np.pi).max() < 0.06


@pytest.mark.parametrize("relative", [0, 1, 2, 3])
def test_votes_find_the_owner_and_the_similarity_among_noise(relative: int) -> None:
    rng = np.random.default_rng(relative)
    count, noise = 40, 400
    place = rng.random((count, 2)) - 0.5
    scale, angle = 0.01 + 0.02 * rng.random(count), rng.random(count) * 2 * np.pi
    zoom, turn = 200.0, 0.7
    mirrored, negative = bool(relative & 1), bool(relative >> 1)
    full = np.full(count, zoom), np.full(count, turn), np.full(count, mirrored)
    points = place_under(place, *full) + np.array([300.0, 220.0])
    seen_angle = turn + (-angle if mirrored else angle) + np.pi * negative
    ids = pack_point_ids(
        77,
        ((place + 0.5) * 1000).astype(np.float32),
        (scale * 1000).astype(np.float32),
        angle.astype(np.float32),
        np.zeros(count, np.int64),
        width=1000,
        height=1000,
    )
    strangers = rng.integers(100, 5000, (noise, 1)) << 34 | rng.integers(0, 1 << 34, (noise, 1))
    found = Voting()(
        np.concatenate([points, rng.random((noise, 2)) * 600]).astype(np.float32),
        np.concatenate([scale * zoom, 1 + 9 * rng.random(noise)]).astype(np.float32),
        np.concatenate([seen_angle % (2 * np.pi), rng.random(noise) * 6]).astype(np.float32),
        np.concatenate([np.full(count, relative), rng.integers(0, 4, noise)]),
        np.concatenate([np.stack([ids, np.full(count, -1)], 1), np.concatenate([strangers, strangers], 1)]),
        np.tile(np.array([[0.1, 0.3]], np.float32), (count + noise, 1)),
        longest=640,
        most=3,
    )
    assert found[0].owner == 77
    assert found[0].votes > 2 * found[1].votes
    similarity = found[0].similarity
    assert np.abs(similarity.centre - [300, 220]).max() < 10
    assert similarity.zoom == pytest.approx(zoom, rel=0.05)
    assert similarity.turn == pytest.approx(turn, abs=0.1)
    assert (similarity.mirrored, similarity.negative) == (mirrored, negative)


def test_no_matches_give_no_candidates() -> None:
    empty = np.zeros(0, np.float32)
    none = Voting()(
        np.zeros((0, 2), np.float32),
        empty,
        empty,
        np.zeros(0, np.int64),
        np.zeros((0, 4), np.int64),
        np.zeros((0, 4), np.float32),
        longest=640,
        most=3,
    )
    assert none == []
