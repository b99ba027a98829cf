import numpy as np
import pytest
from made_pictures import made_picture

from lynkeus import augment as au
from lynkeus.data.scene_edits import harmless_edits, own_edits, whole_edits
from lynkeus.data.scenes import Scene, SceneMaker, followed, pasted

pytestmark = pytest.mark.torch

NOTHING = au.Chain(())
PICTURES = [made_picture(seed, width=120, height=90) for seed in range(4)]


def _draw(rng: np.random.Generator) -> np.ndarray:
    return PICTURES[int(rng.integers(len(PICTURES)))]


def _maker(*, edited: bool) -> SceneMaker:
    sticker = np.full((16, 16, 4), 200, np.uint8)
    return SceneMaker(
        draw=_draw,
        own=own_edits() if edited else NOTHING,
        whole=whole_edits(stickers=[sticker]) if edited else NOTHING,
        harmless=harmless_edits(pictures=PICTURES, stickers=[sticker]) if edited else NOTHING,
        side=128,
    )


def test_only_the_box_of_an_upright_paste_changes_and_all_of_it() -> None:
    grey = np.full((200, 300, 3), 128, np.uint8)
    exact = 0
    for seed in range(60):
        canvas, box = pasted(grey, PICTURES[0], np.random.default_rng(seed))
        y, x = np.nonzero((canvas != grey).any(axis=2))
        seen = np.array([x.min(), y.min(), x.max() + 1, y.max() + 1])
        assert (seen[:2] >= 0).all()
        assert (seen[2:] <= (300, 200)).all()
        exact += bool(np.abs(seen - box).max() <= 1)
    assert exact >= 36


def test_sizes_of_pastes_span_the_range_and_favour_small_ones() -> None:
    grey = np.full((120, 160, 3), 128, np.uint8)
    boxes = np.array([pasted(grey, PICTURES[0], np.random.default_rng(seed))[1] for seed in range(200)])
    share = (boxes[:, 2:] - boxes[:, :2]).max(axis=1) / 160
    assert share.min() < 0.12
    assert 0.6 < share.max() <= 1.0
    assert np.median(share) < 0.35


def test_a_scene_is_a_function_of_its_generator() -> None:
    make = _maker(edited=True)
    first, second, other = (make(np.random.default_rng(seed)) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.image, second.image)
    np.testing.assert_array_equal(first.boxes, second.boxes)
    assert first.image.shape != other.image.shape or not np.array_equal(first.image, other.image)


def test_some_scenes_hold_no_paste_some_one_some_many_and_boxes_lie_inside() -> None:
    make = _maker(edited=True)
    scenes = [make(np.random.default_rng(seed)) for seed in range(120)]
    counts = np.array([len(scene.boxes) for scene in scenes])
    assert 15 < (counts == 0).sum() < 60
    assert (counts == 1).sum() > 40
    assert (counts >= 4).any()
    for scene in scenes:
        height, width = scene.image.shape[:2]
        assert (scene.boxes >= 0).all()
        assert (scene.boxes <= (width, height, width, height)).all()
        assert (scene.boxes[:, 2:] > scene.boxes[:, :2]).all()


def test_boxes_follow_a_mirror_and_a_crop() -> None:
    scene = Scene(image=np.zeros((100, 200, 3), np.uint8), boxes=np.array([[10.0, 20, 60, 70]]))
    rng = np.random.default_rng(0)
    np.testing.assert_allclose(followed(scene, au.Mirror(), rng).boxes, [[140, 20, 190, 70]])
    half = followed(scene, au.Resize(factor=0.5), rng)
    np.testing.assert_allclose(half.boxes, [[5, 10, 30, 35]])


def test_a_box_that_is_cut_away_or_fills_the_picture_is_dropped() -> None:
    image = np.zeros((100, 200, 3), np.uint8)
    boxes = np.array([[0.0, 0, 5, 5], [0.0, 0, 200, 99], [90.0, 40, 110, 60], [0.0, 0, 100, 4]])
    kept = followed(Scene(image=image, boxes=boxes), NOTHING, np.random.default_rng(0)).boxes
    np.testing.assert_allclose(kept, boxes[2:3])
    cropped = followed(Scene(image=image, boxes=boxes[2:3]), au.Crop(keep=0.25), np.random.default_rng(0))
    height, width = cropped.image.shape[:2]
    assert all(box[2] <= width and box[3] <= height for box in cropped.boxes)


def test_refuses_an_edit_that_cannot_say_where_points_went() -> None:
    scene = Scene(image=PICTURES[0], boxes=np.zeros((0, 4)))
    with pytest.raises(ValueError, match="where each point went"):
        followed(scene, au.Swirl(), np.random.default_rng(0))
