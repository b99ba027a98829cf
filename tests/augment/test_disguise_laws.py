"""Laws of every disguise: seeded, pure, typed, and right about the place of the copy."""

import cv2
import numpy as np
import pytest

from lynkeus import augment as au

HOSTS = [
    np.random.default_rng(5).integers(0, 90, (90, 120, 3), dtype=np.uint8),
    np.random.default_rng(6).integers(0, 90, (140, 100, 3), dtype=np.uint8),
]
STICKERS = [np.dstack([np.full((20, 24, 3), 200, np.uint8), np.full((20, 24), 255, np.uint8)])]
CANVAS = (64, 400)

PLACING: dict[str, au.Placing] = {
    "crop": au.Crop(keep=0.6, unlike=0.2),
    "pad": au.Pad(share=(0.1, 0.4)),
    "pad to square": au.Pad(square=True),
    "mirror": au.Mirror(),
    "flip": au.Mirror(way="vertical"),
    "rotate": au.Rotate(),
    "quarter": au.Rotate(degrees=90.0),
    "perspective": au.Perspective(strength=0.3),
    "shear": au.Shear(),
    "shear left": au.Shear(slope=-0.4),
    "stretch": au.Stretch(),
    "resize": au.Resize(factor=0.5),
    "paste": au.Paste(hosts=HOSTS, fraction=0.5, canvas=CANVAS),
    "paste turned": au.Paste(hosts=HOSTS, fraction=0.6, degrees=(-180.0, 180.0), canvas=CANVAS),
    "collage": au.Collage(others=HOSTS),
    "collage of nine": au.Collage(others=HOSTS, rows=3, columns=3, canvas=300),
    "caption": au.Caption(where="both"),
    "border": au.Border(),
    "polaroid": au.Border(polaroid=True, colour=(250, 250, 250)),
    "screenshot": au.Screenshot(width=270),
    "chain": au.Chain((au.Mirror(), au.Grey(), au.Rotate(degrees=20.0), au.Resize(factor=1.5))),
}
BENDING: dict[str, au.Placing] = {
    "swirl": au.Swirl(),
    "fisheye": au.Fisheye(),
    "wave": au.Wave(),
    "glass": au.Glass(),
    "tiles": au.Tiles(rows=2, columns=3),
    "strips": au.Strips(),
    "inset": au.Inset(others=HOSTS),
    "blend": au.Blend(others=HOSTS),
    "split": au.Split(others=HOSTS),
}
PLAIN: dict[str, au.Transform] = {
    "grey": au.Grey(),
    "invert": au.Invert(),
    "hue": au.Hue(),
    "saturation": au.Saturation(),
    "light": au.Light(),
    "gamma": au.Gamma(),
    "posterise": au.Posterise(bits=(1, 4)),
    "solarise": au.Solarise(),
    "equalise": au.Equalise(),
    "channel shuffle": au.ChannelShuffle(),
    "channel shift": au.ChannelShift(),
    "tint": au.Tint(),
    "gradient": au.GradientMap(drawn=3),
    "sepia": au.SEPIA,
    "black and white": au.BlackWhite(),
    "blur": au.Blur(),
    "motion": au.MotionBlur(),
    "noise": au.Noise(),
    "grey noise": au.Noise(grey=True),
    "pixel shuffle": au.PixelShuffle(),
    "jpeg": au.Jpeg(times=2),
    "pixelate": au.Pixelate(),
    "low resolution": au.LowResolution(),
    "sharpen": au.Sharpen(),
    "edges": au.EdgeFilter(dark=True),
    "median": au.Median(),
    "halftone": au.Halftone(),
    "screen photo": au.ScreenPhoto(),
    "text": au.Text(),
    "stickers": au.Stickers(stickers=STICKERS),
    "cut-outs": au.CutOuts(),
    "mosaic": au.Mosaic(centred=False),
    "watermark": au.Watermark(),
}
ALL: dict[str, au.Transform] = {**PLACING, **BENDING, **PLAIN}


def photo(height: int = 80, width: int = 110) -> np.ndarray:
    """A smooth picture with structure, made from low noise."""
    small = np.random.default_rng(1).integers(0, 256, (9, 12, 3), dtype=np.uint8)
    return np.asarray(cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC))


@pytest.mark.parametrize("name", ALL)
def test_the_same_seed_gives_the_same_bytes_and_leaves_the_picture_alone(name: str) -> None:
    image = photo()
    before = image.copy()
    first, second = (ALL[name](image, np.random.default_rng(7)) for _ in range(2))
    assert first.shape == second.shape
    assert np.array_equal(first, second)
    assert first.dtype == np.uint8
    assert np.array_equal(image, before)


@pytest.mark.parametrize("name", ALL)
def test_something_changes(name: str) -> None:
    image = photo()
    changed = ALL[name](image, np.random.default_rng(3))
    assert changed.shape != image.shape or not np.array_equal(changed, image)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("size", [(1, 1), (2, 9), (33, 5)])
def test_tiny_and_narrow_pictures_pass(name: str, size: tuple[int, int]) -> None:
    disguised = ALL[name](photo(*size), np.random.default_rng(2))
    assert min(disguised.shape[:2]) >= 1


@pytest.mark.parametrize("name", PLAIN)
def test_disguises_that_do_not_place_keep_the_size(name: str) -> None:
    image = photo()
    assert ALL[name](image, np.random.default_rng(4)).shape == image.shape


@pytest.mark.parametrize("name", PLACING)
@pytest.mark.parametrize("seed", range(4))
def test_the_transform_says_where_a_mark_went(name: str, seed: int) -> None:
    height, width = 120, 160
    spot = np.array([91.0, 52.0])
    image = np.full((height, width, 3), 90, np.uint8)
    y, x = np.indices((height, width))
    image[(x - spot[0]) ** 2 + (y - spot[1]) ** 2 <= 20] = 255
    plain = np.full((height, width, 3), 90, np.uint8)
    marked = PLACING[name].place(image, np.random.default_rng(seed))
    unmarked = PLACING[name].place(plain, np.random.default_rng(seed))
    weight = marked.image.astype(float).sum(2) - unmarked.image.astype(float).sum(2)
    assert marked.transform is not None
    expected = marked.transform @ [*spot, 1.0]
    expected = expected[:2] / expected[2]
    if name == "crop" and not (0 <= expected[0] < weight.shape[1] and 0 <= expected[1] < weight.shape[0]):
        assert weight.sum() < 20 * 255 * 3
        return
    y, x = np.indices(weight.shape)
    seen = np.array([(x * weight).sum(), (y * weight).sum()]) / weight.sum()
    assert np.abs(seen - expected).max() < 0.6


@pytest.mark.parametrize("name", sorted(set(PLACING) - {"crop", "chain"}))
@pytest.mark.parametrize("seed", range(3))
def test_the_box_is_tight_around_the_copy(name: str, seed: int) -> None:
    dark, bright = np.full((90, 130, 3), 100, np.uint8), np.full((90, 130, 3), 230, np.uint8)
    first = PLACING[name].place(dark, np.random.default_rng(seed))
    second = PLACING[name].place(bright, np.random.default_rng(seed))
    rows, columns = np.nonzero(np.abs(first.image.astype(int) - second.image).max(2) > 20)
    tight = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
    assert np.abs(first.box - tight).max() <= 1.5


@pytest.mark.parametrize("name", BENDING)
def test_bent_and_covered_copies_fill_the_picture(name: str) -> None:
    placement = BENDING[name].place(photo(), np.random.default_rng(0))
    height, width = placement.image.shape[:2]
    assert placement.box.tolist() == [0, 0, width, height]


def test_the_training_mix_keeps_a_part_of_the_copy_in_sight() -> None:
    mix = au.training_mix(HOSTS, STICKERS, side=96)
    clean = 0
    for seed in range(120):
        placement = mix.place(photo(72, 96), np.random.default_rng(seed))
        x0, y0, x1, y1 = placement.box
        height, width = placement.image.shape[:2]
        assert 0 <= x0 < x1 <= width
        assert 0 <= y0 < y1 <= height
        clean += placement.image.shape == (72, 96, 3) and np.array_equal(placement.image, photo(72, 96))
    assert clean < 12
