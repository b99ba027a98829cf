import cv2
import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus.core import UnreadableError
from lynkeus.recognisers.objects import ObjectEmbedder


@pytest.fixture(scope="module")
def embedder() -> ObjectEmbedder:
    return ObjectEmbedder()


def test_vectors_have_length_one_and_are_the_same_each_time(embedder: ObjectEmbedder) -> None:
    first, second = embedder(made_picture(0)), embedder(made_picture(0))
    np.testing.assert_array_equal(first, second)
    assert first.dtype == np.float32
    assert float(np.linalg.norm(first)) == pytest.approx(1.0, abs=1e-5)


def test_a_smaller_brighter_mirrored_picture_is_nearer_than_another(embedder: ObjectEmbedder) -> None:
    picture = made_picture(1)
    changed = cv2.convertScaleAbs(cv2.resize(picture[:, ::-1], None, fx=0.7, fy=0.7), alpha=1.1, beta=10)
    vector = embedder(picture)
    assert float(vector @ embedder(np.asarray(changed))) > float(vector @ embedder(made_picture(2))) + 0.1


def test_reads_files_and_bytes_alike(embedder: ObjectEmbedder) -> None:
    encoded = cv2.imencode(".png", made_picture(3)[..., ::-1])[1].tobytes()
    np.testing.assert_allclose(embedder.read(encoded), embedder(made_picture(3)), atol=1e-6)
    with pytest.raises(UnreadableError):
        embedder.read(b"no picture")


@pytest.mark.parametrize("shape", [(33, 35), (40, 500), (900, 60)])
def test_takes_pictures_of_any_shape(embedder: ObjectEmbedder, shape: tuple[int, int]) -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (*shape, 3), dtype=np.uint8)
    assert float(np.linalg.norm(embedder(rgb))) == pytest.approx(1.0, abs=1e-5)


def test_the_card_names_terms_and_figures(embedder: ObjectEmbedder) -> None:
    assert embedder.card.terms in {"free", "research"}
    assert embedder.card.path.stat().st_size < 10_000_000
    assert "export" in embedder.card.figures
