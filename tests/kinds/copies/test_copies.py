from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.core import Picture, Sample
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds.copies.overlays import Overlays
from lynkeus.kinds.copies.recogniser import CopyRecogniser, load
from lynkeus.kinds.items import THUMB
from lynkeus.kinds.protocol import RawFinding
from lynkeus.matching.check import CheckResult
from lynkeus.runtime.cards import card
from lynkeus.testing.kind_suite import view_of

_BOX = (700, 500, 800, 575)


@pytest.fixture(scope="module")
def copies() -> CopyRecogniser:
    return load(card)


def _picture(rgb: np.ndarray) -> Picture:
    return Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="0" * 64)


def _compare(copies: CopyRecogniser, upload: Picture, reference: Picture) -> RawFinding | None:
    """What a gallery of one reference finds."""
    items = {**copies.enrol(Sample(source=reference)), THUMB: encode_thumbnail(reference.rgb)}
    found = copies.match(copies.observe(upload), view_of(copies, {1: items}))
    return found[0] if found else None


def _pasted() -> tuple[Picture, Picture]:
    """An upload of 1,024 x 768 that shows the second picture at a tenth of its width."""
    host, reference = made_picture(3, width=1024, height=768).copy(), made_picture(7, width=640, height=480)
    left, top, right, bottom = _BOX
    host[top:bottom, left:right] = cv2.resize(reference, (right - left, bottom - top), interpolation=cv2.INTER_AREA)
    return _picture(host), _picture(reference)


def _finds(rgb: np.ndarray) -> Overlays:
    del rgb
    return Overlays(xyxy=np.array([_BOX], np.float32), confidence=np.ones(1, np.float32))


def test_a_pasted_picture_gives_a_vector_and_points_of_its_own(copies: CopyRecogniser) -> None:
    upload, _ = _pasted()
    plain = replace(copies, pasted=None).observe(upload)
    seen = replace(copies, pasted=_finds).observe(upload)
    assert [look.frame for look in seen.looks] == [(0, 0, 1024, 768), _BOX]
    left, top, right, bottom = _BOX
    more = seen.upload.points.features.points[len(plain.upload.points.features) :]
    assert len(more) > 30
    assert ((more >= [left - 1, top - 1]) & (more <= [right, bottom])).all()


def test_the_crop_is_what_makes_a_small_paste_certain(copies: CopyRecogniser) -> None:
    upload, reference = _pasted()
    plain = _compare(replace(copies, pasted=None), upload, reference)
    seen = _compare(replace(copies, pasted=_finds), upload, reference)
    assert seen is not None
    assert seen.evidence.points is not None
    assert seen.evidence.points.inliers >= 10
    assert plain is None or seen.score > plain.score
    middle = seen.region.mean(0)
    np.testing.assert_allclose(middle, [750, 537], atol=8)


def test_frames_and_vectors_survive_being_kept(copies: CopyRecogniser) -> None:
    finder = replace(copies, pasted=_finds)
    upload, reference = _pasted()
    kept = finder.recall({**finder.keep(finder.observe(upload)), THUMB: encode_thumbnail(upload.rgb)})
    assert [look.frame for look in kept.looks] == [(0, 0, 1024, 768), _BOX]
    for stored, fresh in zip(kept.looks, finder.observe(upload).looks, strict=True):
        np.testing.assert_allclose(stored.vector, fresh.vector, atol=2e-3)
    assert _compare(finder, upload, reference) is not None


def test_boxes_too_small_to_hold_anything_are_passed_over(copies: CopyRecogniser) -> None:
    def speck(rgb: np.ndarray) -> Overlays:
        del rgb
        return Overlays(xyxy=np.array([[5, 5, 15, 20]], np.float32), confidence=np.ones(1, np.float32))

    upload, _ = _pasted()
    assert len(replace(copies, pasted=speck).observe(upload).looks) == 1


def test_rounding_leads_no_similarity_beyond_one() -> None:
    assert [CheckResult(None, None).evidence(one).similarity for one in (1.0002, 0.5, -1.0002)] == [1.0, 0.5, -1.0]
