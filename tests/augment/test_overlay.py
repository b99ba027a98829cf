"""Overlays stay inside the picture and at their place."""

import numpy as np
import pytest

from lynkeus.augment import CutOuts, Mosaic, Stickers, Text, Watermark
from lynkeus.augment.lettering import lettered
from lynkeus.augment.overlay import ink, lay

IMAGE = np.full((60, 90, 3), 100, np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_laying_mixes_by_alpha() -> None:
    canvas = IMAGE.copy()
    sticker = np.full((4, 5, 4), 200, np.uint8)
    sticker[..., 3] = np.linspace(0, 255, 20).astype(np.uint8).reshape(4, 5)
    lay(canvas, sticker, (7, 9))
    alpha = sticker[..., 3:].astype(float) / 255
    assert np.abs(canvas[9:13, 7:12] - (200 * alpha + 100 * (1 - alpha))).max() <= 0.51
    canvas[9:13, 7:12] = 100
    assert np.array_equal(canvas, IMAGE)


def test_what_reaches_out_is_cut() -> None:
    canvas = IMAGE.copy()
    lay(canvas, np.full((30, 30, 4), 255, np.uint8), (80, 50))
    assert (canvas[50:, 80:] == 255).all()
    assert (canvas == 255).all(2).sum() == 100


def test_ink_of_no_opacity_leaves_no_trace() -> None:
    canvas = IMAGE.copy()
    ink(canvas, np.full((9, 9), 255, np.uint8), (0, 0), (1, 2, 3), 0.0)
    assert np.array_equal(canvas, IMAGE)


def test_letters_are_as_high_as_asked_and_longer_texts_wider() -> None:
    short, long = lettered("HI", 40), lettered("HI HI HI", 40)
    assert 24 <= short.shape[0] <= 44
    assert long.shape[1] > 2 * short.shape[1]
    assert short.max() == 255


def test_heavy_text_covers_more_than_a_line() -> None:
    def covered(lines: int) -> float:
        return float((Text(lines=lines, size=0.15)(IMAGE, rng()) != 100).any(2).mean())

    assert 0 < covered(1) < covered(6) < 0.9


def test_transparent_stickers_are_not_seen() -> None:
    clear = np.zeros((20, 20, 4), np.uint8)
    assert np.array_equal(Stickers(stickers=[clear])(IMAGE, rng()), IMAGE)


def test_a_sticker_has_the_size_asked_for_and_lies_inside() -> None:
    red = np.zeros((20, 20, 4), np.uint8)
    red[..., 0] = red[..., 3] = 255
    pasted = Stickers(stickers=[red], count=1, size=0.5, degrees=0.0)(IMAGE, rng())
    share = (pasted[..., 0] > 180).sum() / (30 * 30)
    assert share == pytest.approx(1, abs=0.1)


def test_cut_outs_cover_their_share() -> None:
    covered = CutOuts(count=1, side=0.5, fill=(0, 0, 0))(IMAGE, rng())
    assert (covered == 0).all(2).sum() == 30 * 45


def test_a_mosaic_touches_its_part_only() -> None:
    image = np.random.default_rng(0).integers(0, 256, (60, 90, 3), dtype=np.uint8)
    hidden = Mosaic(side=0.5, cells=3)(image, rng())
    changed = (hidden != image).any(2)
    assert not changed[:15].any()
    assert not changed[:, :22].any()
    assert changed[15:45, 22:67].mean() > 0.9
    assert len(np.unique(hidden[15:45, 22:67].reshape(-1, 3), axis=0)) <= 6


def test_a_watermark_is_everywhere_but_weak() -> None:
    marked = Watermark(text="SAMPLE", opacity=0.3)(np.full((200, 300, 3), 100, np.uint8), rng())
    quarters = [marked[y : y + 100, x : x + 150] for y in (0, 100) for x in (0, 150)]
    assert all((quarter != 100).any() for quarter in quarters)
    assert marked.max() <= 100 + 0.3 * 155 + 1
