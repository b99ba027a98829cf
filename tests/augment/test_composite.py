"""Disguises that combine pictures: shares, places and limits."""

import numpy as np
import pytest

from lynkeus.augment import Blend, Border, Caption, Collage, Inset, Paste, Screenshot, Split
from lynkeus.augment.composite import filled, resized_to

IMAGE = np.full((60, 90, 3), 240, np.uint8)
HOST = np.full((300, 400, 3), 20, np.uint8)


def rng(seed: int = 3) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.mark.parametrize("fraction", [0.5, 0.25, 0.12])
def test_a_pasted_picture_has_its_fraction_of_the_host(fraction: float) -> None:
    placement = Paste(hosts=[HOST], fraction=fraction, canvas=(400, 400)).place(IMAGE, rng())
    assert placement.image.shape == HOST.shape
    x0, y0, x1, y1 = placement.box
    assert x1 - x0 == pytest.approx(400 * fraction, abs=1)
    assert (x1 - x0) / (y1 - y0) == pytest.approx(1.5, rel=0.05)


def test_an_untouched_paste_copies_the_pixels() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    placement = Paste(hosts=[HOST], fraction=0.3, canvas=(300, 300)).place(image, rng())
    x0, y0, x1, y1 = placement.box.astype(int)
    assert np.array_equal(placement.image[y0:y1, x0:x1], image)


def test_a_paste_of_no_opacity_is_the_host() -> None:
    pasted = Paste(hosts=[HOST], opacity=0.0, canvas=(400, 400))(IMAGE, rng())
    assert np.array_equal(pasted, HOST)


def test_a_transparent_paste_rounds_to_the_nearest_level() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    placement = Paste(hosts=[HOST], fraction=0.3, opacity=0.4, canvas=(300, 300)).place(image, rng())
    x0, y0, x1, y1 = placement.box.astype(int)
    wrong = placement.image[y0:y1, x0:x1] - (0.4 * image + 0.6 * 20)
    assert abs(wrong.mean()) < 0.1
    assert np.abs(wrong).max() < 0.6


@pytest.mark.parametrize("seed", range(5))
def test_a_turned_paste_stays_inside(seed: int) -> None:
    paste = Paste(hosts=[HOST], fraction=0.9, degrees=(-180.0, 180.0), canvas=(400, 400))
    pasted = paste(IMAGE, rng(seed)).astype(float)[..., 0] - 20
    height = 400 * 0.9 / 1.5
    assert pasted.sum() / 220 <= 400 * 0.9 * height * 1.01
    assert pasted[[0, -1]].max() < 220 or pasted[:, [0, -1]].max() < 220


def test_the_canvas_keeps_the_pasted_picture_at_its_own_size() -> None:
    x0, _, x1, _ = Paste(hosts=[HOST], fraction=0.25, canvas=(100, 2000)).place(IMAGE, rng()).box
    assert x1 - x0 == pytest.approx(90, abs=1)


def test_the_collage_shows_the_picture_in_one_of_four_cells() -> None:
    boxes = {tuple(Collage(others=[HOST], rim=0).place(IMAGE, rng(seed)).box) for seed in range(30)}
    assert boxes == {(x, y, x + 90, y + 60) for x in (0, 90) for y in (0, 60)}


def test_a_blend_is_the_weighted_mean() -> None:
    assert np.abs(Blend(others=[HOST], opacity=0.6)(IMAGE, rng()) - (0.6 * 240 + 0.4 * 20)).max() <= 1


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7])
def test_a_split_keeps_about_its_share(share: float) -> None:
    kept = np.mean([(Split(others=[HOST], share=share)(IMAGE, rng(seed)) == 240).mean() for seed in range(40)])
    assert kept == pytest.approx(share, abs=0.1)


def test_an_inset_covers_its_part_of_the_picture() -> None:
    inset = Inset(others=[HOST], fraction=0.4)(IMAGE, rng())
    assert inset.shape == IMAGE.shape
    covered = (inset[..., 0] == 20).mean()
    assert 0.1 < covered < 0.2


def test_filling_cuts_the_middle() -> None:
    wide = np.zeros((10, 30, 3), np.uint8)
    wide[:, 10:20] = 255
    assert (filled(wide, 50, 50) == 255).all()


def test_resizing_sets_the_longest_side() -> None:
    assert resized_to(HOST, 80).shape == (60, 80, 3)


@pytest.mark.parametrize(("where", "added"), [("top", 1), ("bottom", 1), ("both", 2)])
def test_caption_bars_add_their_height_and_carry_ink(where: str, added: int) -> None:
    caption = {"top": Caption(), "bottom": Caption(where="bottom"), "both": Caption(where="both")}[where]
    image = np.full((100, 150, 3), 77, np.uint8)
    placement = caption.place(image, rng())
    assert placement.image.shape == (100 + 20 * added, 150, 3)
    x0, y0, x1, y1 = placement.box.astype(int)
    assert np.array_equal(placement.image[y0:y1, x0:x1], image)
    bar = placement.image[:20] if where != "bottom" else placement.image[-20:]
    assert bar.min() < 60
    assert bar.max() == 255


def test_a_polaroid_is_wider_below() -> None:
    placement = Border(share=0.1, polaroid=True, colour=(250, 250, 250)).place(IMAGE, rng())
    assert placement.box.tolist() == [9, 9, 99, 69]
    assert placement.image.shape == (60 + 9 + 36, 108, 3)


@pytest.mark.parametrize("size", [(60, 90), (300, 60)])
def test_a_screenshot_shows_the_whole_picture_on_a_tall_screen(size: tuple[int, int]) -> None:
    image = np.full((*size, 3), 123, np.uint8)
    placement = Screenshot(width=180).place(image, rng())
    height, width = placement.image.shape[:2]
    assert width == 180
    assert height >= 1.6 * width - 1
    x0, y0, x1, y1 = placement.box
    assert (x1 - x0) / (y1 - y0) == pytest.approx(size[1] / size[0], rel=0.05)
