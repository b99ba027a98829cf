import numpy as np
import pytest

from lynkeus.kinds.copies.overlays import MODEL, OverlayFinder, overlap
from lynkeus.runtime.cards import card

Cells = list[tuple[float, float, float, float, float]]


class _Answers:
    """A network that always says the same."""

    def __init__(self, cells: Cells) -> None:
        self.cells = np.array(cells, np.float32).reshape(1, -1, 5)

    def __call__(self, rgb: np.ndarray) -> list[np.ndarray]:
        del rgb
        return [self.cells]


def _finder(cells: Cells) -> OverlayFinder:
    return OverlayFinder(model=_Answers(cells))


PICTURE = np.zeros((100, 200, 3), np.uint8)


def test_gives_pixels_of_the_picture_the_most_certain_first() -> None:
    found = _finder([(0.1, 0.2, 0.4, 0.6, 0.5), (0.5, 0.5, 0.75, 1.0, 0.9), (0, 0, 0.2, 0.2, 0.1)])(PICTURE)
    np.testing.assert_allclose(found.xyxy, [[100, 50, 150, 100], [20, 20, 80, 60]], rtol=1e-5)
    np.testing.assert_allclose(found.confidence, [0.9, 0.5], rtol=1e-6)


def test_nothing_pasted_is_an_empty_answer() -> None:
    found = _finder([(0.1, 0.2, 0.4, 0.6, 0.2)])(PICTURE)
    assert len(found) == 0
    assert found.xyxy.shape == (0, 4)


@pytest.mark.parametrize(
    ("box", "kept"),
    [
        ((0.0, 0.0, 0.9, 0.94), True),
        ((0.0, 0.0, 0.95, 0.95), False),
        ((0.0, 0.0, 0.45, 0.23), True),
        ((0.0, 0.0, 0.55, 0.25), False),
        ((0.0, 0.0, 0.1, 0.79), True),
        ((0.0, 0.0, 0.1, 0.9), False),
        ((0.5, 0.5, 0.5, 0.9), False),
    ],
)
def test_keeps_boxes_of_at_most_85_percent_and_an_aspect_of_a_quarter_to_four(
    box: tuple[float, float, float, float], *, kept: bool
) -> None:
    assert len(_finder([(*box, 0.9)])(PICTURE)) == kept


def test_boxes_end_at_the_rim_of_the_picture() -> None:
    found = _finder([(-0.2, 0.5, 0.3, 1.4, 0.9)])(PICTURE)
    np.testing.assert_allclose(found.xyxy, [[0, 50, 60, 100]], rtol=1e-5)


def test_of_two_boxes_of_one_paste_the_more_certain_stays() -> None:
    twice: Cells = [(0.1, 0.1, 0.5, 0.9, 0.6), (0.12, 0.1, 0.5, 0.9, 0.8), (0.45, 0.1, 0.9, 0.9, 0.5)]
    found = _finder(twice)(PICTURE)
    np.testing.assert_allclose(found.confidence, [0.8, 0.5], rtol=1e-6)


def test_gives_no_more_boxes_than_asked_for() -> None:
    many: Cells = [(0.2 * n, 0.0, 0.2 * n + 0.15, 0.4, 0.9 - 0.1 * n) for n in range(5)]
    found = _finder(many)(PICTURE)
    np.testing.assert_allclose(found.confidence, [0.9, 0.8, 0.7, 0.6], rtol=1e-5)


def test_overlap_is_intersection_over_union() -> None:
    box = np.array([0, 0, 4, 2], np.float32)
    others = np.array([[0, 0, 4, 2], [2, 0, 6, 2], [5, 5, 6, 6], [0, 0, 2, 1]], np.float32)
    np.testing.assert_allclose(overlap(box, others), [1, 1 / 3, 0, 0.25], rtol=1e-6)


def test_the_network_that_ships_finds_a_paste_and_leaves_a_plain_picture_alone() -> None:
    from made_pictures import made_picture  # noqa: PLC0415 - beside its only use

    finder = OverlayFinder.load(card(MODEL))
    y, x = np.indices((300, 400))
    host = np.stack((90 + x // 8, 120 + y // 8, 100 + (x + y) // 10), axis=2).astype(np.uint8)
    assert len(finder(host)) == 0
    host[60:180, 200:360] = made_picture(1, width=160, height=120)
    best = finder(host).xyxy[:1]
    assert float(overlap(np.array([200, 60, 360, 180], np.float32), best).max(initial=0)) > 0.6
