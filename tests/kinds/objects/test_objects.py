from dataclasses import replace

import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.core import Belief, Picture, Sample
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds.normalisation import CleanVectors
from lynkeus.kinds.objects.embedder import DESCRIPTOR, ObjectEmbedder
from lynkeus.kinds.objects.heat import place_of
from lynkeus.kinds.objects.index import ObjectView
from lynkeus.kinds.objects.recogniser import ObjectRecogniser, belief_in, load
from lynkeus.runtime.cards import card


@pytest.fixture(scope="module")
def embedder() -> ObjectEmbedder:
    return ObjectEmbedder(card(DESCRIPTOR))


def test_vectors_have_length_one_and_are_the_same_each_time(embedder: ObjectEmbedder) -> None:
    first, second = embedder(made_picture(0)), embedder(made_picture(0))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.float32
    assert float(np.linalg.norm(first)) == pytest.approx(1.0, abs=1e-5)


def test_a_smaller_brighter_mirrored_picture_is_nearer_than_another(embedder: ObjectEmbedder) -> None:
    picture = made_picture(1)
    changed = cv2.convertScaleAbs(cv2.resize(picture[:, ::-1], None, fx=0.7, fy=0.7), alpha=1.1, beta=10)
    vector = embedder(picture)
    assert float(vector @ embedder(np.asarray(changed))) > float(vector @ embedder(made_picture(2))) + 0.05


@pytest.mark.parametrize("shape", [(33, 35), (40, 500), (900, 60)])
def test_takes_pictures_of_any_shape(embedder: ObjectEmbedder, shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert float(np.linalg.norm(embedder(rgb))) == pytest.approx(1.0, abs=1e-5)


def test_the_card_names_terms_and_figures(embedder: ObjectEmbedder) -> None:
    assert embedder.card.terms in {"free", "research"}
    assert embedder.card.path.stat().st_size < 10_000_000
    assert "export" in embedder.card.figures


def _recogniser(embedder: ObjectEmbedder, clean: np.ndarray) -> ObjectRecogniser:
    return replace(load(card), embed=embedder, clean=CleanVectors(clean, 5))


def _unit(seed: int, rows: int) -> np.ndarray:
    vectors = np.random.default_rng(seed).normal(size=(rows, 384)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_the_score_is_what_the_formula_gives(embedder: ObjectEmbedder) -> None:
    clean, vectors, upload = _unit(0, 9), _unit(1, 7), _unit(2, 1)[0]
    owners = np.array([1, 1, 2, 2, 2, 3, 4])
    known = ObjectView.of(np.arange(20, 27), owners, np.array([0, 0, 0, 0, 0, 0, 5]), vectors)
    found = _recogniser(embedder, clean).match(upload, known)
    assert [each.score for each in found] == sorted((each.score for each in found), reverse=True)
    level = np.sort(clean @ upload)[-5:].mean()
    for each in found:
        owner = owners[each.reference_id - 20]
        near = vectors[owners == owner] @ upload
        middle = vectors[owners == owner].sum(axis=0)
        assert each.evidence.similarity == pytest.approx(near.max(), abs=1e-6)
        raw = (near.max() + middle @ upload / np.linalg.norm(middle)) / 2 - level
        assert each.score == pytest.approx(18.7 * raw - 1.1, abs=1e-4)
    assert {owners[each.reference_id - 20] for each in found} == {1, 2, 3, 4}


def test_rounding_leads_no_similarity_beyond_one(embedder: ObjectEmbedder) -> None:
    vectors = _unit(1, 1) * np.float32(1.0005)
    one = np.ones(1, np.int64)
    (found,) = _recogniser(embedder, _unit(2, 0)).match(vectors[0], ObjectView.of(one, one, one, vectors))
    assert found.evidence.similarity == 1.0


def test_at_most_three_entities_of_a_gallery_are_candidates_and_none_of_an_empty_one(embedder: ObjectEmbedder) -> None:
    recogniser, upload = _recogniser(embedder, _unit(0, 9)), _unit(2, 1)[0]
    known = ObjectView.of(np.arange(8), np.arange(8), np.array([0] * 5 + [1] * 3), _unit(3, 8))
    found = recogniser.match(upload, known)
    assert len(found) == 6
    best = max(range(5), key=lambda row: float(known.vectors[row] @ upload))
    assert best in {each.reference_id for each in found}
    none = np.zeros(0, np.int64)
    assert recogniser.match(upload, ObjectView.of(none, none, none, np.zeros((0, 384), np.float32))) == []


def test_what_is_stored_gives_the_vector_again(embedder: ObjectEmbedder) -> None:
    picture = Picture(rgb=made_picture(5), width=480, height=360, digest="")
    recogniser = _recogniser(embedder, _unit(0, 9))
    vector = embedder.describe(picture.rgb)
    assert float(np.linalg.norm(vector)) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_allclose(recogniser.recall(recogniser.enrol(Sample(source=picture))), vector, atol=1e-3)
    assert float(recogniser.recall({"thumb": encode_thumbnail(picture.rgb)}) @ vector) > 0.6


def test_belief_follows_the_score_alone() -> None:
    beliefs = [belief_in(score) for score in (-0.1, 0.0, 0.9, 1.0, 4.5, 4.6)]
    assert beliefs == [
        Belief.UNLIKELY,
        Belief.POSSIBLE,
        Belief.POSSIBLE,
        Belief.LIKELY,
        Belief.LIKELY,
        Belief.CERTAIN,
    ]


def test_heat_shows_where_the_thing_was_put(embedder: ObjectEmbedder) -> None:
    thing = made_picture(3)
    scene = np.full((480, 640, 3), 128, np.uint8)
    scene[200:440, 20:340] = cv2.resize(thing, (320, 240), interpolation=cv2.INTER_AREA)
    vector = embedder.describe(thing)
    known = ObjectView.of(np.array([4]), np.array([1]), np.array([0]), vector[None])
    recogniser = _recogniser(embedder, embedder.describe(scene[:150])[None])
    picture = Picture(rgb=scene, width=1280, height=960, digest="")
    (place,) = recogniser.places(picture, recogniser.match(vector, known), known)
    assert place.heat.min() >= 0
    assert place.heat.max() == pytest.approx(1.0)
    (left, top), (right, bottom) = place.region[0], place.region[2]
    wanted = np.array([40, 400, 680, 880])
    inner = max(0.0, min(right, 680) - max(left, 40)) * max(0.0, min(bottom, 880) - max(top, 400))
    union = (right - left) * (bottom - top) + (wanted[2] - wanted[0]) * (wanted[3] - wanted[1]) - inner
    assert inner / union > 0.5


def test_a_place_is_the_golden_one() -> None:
    part = np.zeros((4, 8), np.float32)
    part[1:3, 2:5] = 8.0
    part[0, 7] = 0.1
    part[3, 0] = -5.0
    place = place_of(part, 801, 401)
    np.testing.assert_allclose(place.heat[1:3, 2:5], 1.0)
    assert place.heat[0, 7] == pytest.approx((0.1 / 8) ** (1 / 3), abs=1e-6)
    assert place.heat[3, 0] == 0
    # cells of 100.125 x 100.25 pixels; between two cells interpolation reaches 0.45 just outside the edge
    np.testing.assert_allclose(place.region[0], [2 * 100.125 - 0.5, 100.25 - 0.5], atol=13)
    np.testing.assert_allclose(place.region[2], [5 * 100.125 - 0.5, 3 * 100.25 - 0.5], atol=13)
    nowhere = place_of(np.full((2, 2), -1.0, np.float32), 10, 10)
    assert nowhere.region.shape == (0, 2)
    assert not nowhere.heat.any()
