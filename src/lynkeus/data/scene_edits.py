"""Edits of a pasted picture, of a picture without pasted pictures, and of a finished scene.

Source: the lists of imgFp (ISC 2021), milder than in ``views``: a person must still see the pasted picture. Edits of
finished scenes are homographies at most, so that boxes can follow.
"""

from collections.abc import Sequence

import numpy as np

from lynkeus import augment as au

Pictures = Sequence[np.ndarray]


def own_edits() -> au.Transform:
    """Edits of a picture before it is pasted."""
    return au.Chain(
        (
            au.Sometimes(au.Crop(keep=(0.4, 1.0), unlike=0.3), p=0.5),
            au.Sometimes(au.Mirror(), p=0.3),
            au.Sometimes(au.Stretch(ratio=(0.6, 1.67)), p=0.15),
            au.Sometimes(_recolouring(), p=0.35),
            au.Sometimes(au.OneOf((au.Text(lines=(1, 4)), au.CutOuts(count=(1, 4)), au.Noise())), p=0.12),
        )
    )


def harmless_edits(*, pictures: Pictures, stickers: Pictures) -> au.Transform:
    """Edits that look a little like a pasted picture but are not: hard negatives.

    Args:
        pictures: RGB pictures to blend in.
        stickers: RGBA pictures to stick on.
    """
    return au.OneOf(
        (
            au.Text(lines=(1, 6)),
            au.Stickers(stickers=stickers, count=(1, 4), size=(0.1, 0.4)),
            au.CutOuts(count=(1, 6), side=(0.08, 0.5)),
            au.CutOuts(count=(1, 3), side=(0.2, 0.6)),
            au.Mosaic(side=(0.2, 0.6), centred=False),
            au.Watermark(),
            au.Blend(others=pictures, opacity=(0.5, 0.8)),
            au.Split(others=pictures, share=(0.4, 0.7)),
            au.Border(share=(0.01, 0.04)),
            au.Chain((au.Crop(keep=(0.4, 0.9)), au.Text(lines=(1, 3)))),
        )
    )


def whole_edits(*, stickers: Pictures) -> au.Transform:
    """Edits of a finished scene.

    Args:
        stickers: RGBA pictures to stick on.
    """
    return au.Chain(
        (
            au.Sometimes(au.Crop(keep=(0.6, 1.0)), p=0.15),
            au.Sometimes(au.Mirror(), p=0.5),
            au.Sometimes(au.Rotate(degrees=(-6.0, 6.0), fill=None), p=0.06),
            au.Sometimes(_recolouring(), p=0.25),
            au.Sometimes(au.OneOf((au.Text(lines=(1, 3)), au.Stickers(stickers=stickers, size=(0.08, 0.2)))), p=0.12),
            au.Sometimes(_degrading(), p=0.3),
            au.Sometimes(au.Jpeg(quality=(8, 90)), p=0.4),
        )
    )


def _recolouring() -> au.Transform:
    return au.OneOf(
        (
            au.Grey(),
            au.Grey(),
            au.Hue(),
            au.Invert(),
            au.Light(),
            au.Light(),
            au.Saturation(),
            au.Gamma(),
            au.Posterise(bits=(2, 3)),
            au.Tint(opacity=(0.2, 0.5)),
            au.ChannelShuffle(),
            au.Solarise(threshold=(96, 192)),
        )
    )


def _degrading() -> au.Transform:
    return au.OneOf(
        (
            au.Blur(sigma=(0.5, 2.0)),
            au.Blur(sigma=(0.5, 2.0)),
            au.Noise(sigma=(5.0, 35.0)),
            au.LowResolution(factor=(1.5, 3.0)),
            au.Pixelate(cell=(2, 4)),
            au.Sharpen(),
            au.MotionBlur(length=(3, 9)),
            au.Median(size=(3, 5)),
        )
    )
