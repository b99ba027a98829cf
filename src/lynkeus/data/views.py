"""The two views of a picture that a copy descriptor must match.

Source: SSCD (Pizzi et al. 2022) trains with two strong views; imgFp (ISC 2021) trains an attacked picture against the
original. We follow imgFp, because this matches real use: a reference is hardly edited, an upload may be anything.

Conventions: a view is squashed to a square by area averaging, as at inference. Crops come before steps that paste the
picture into another, so that the copy stays visible.
"""

from collections.abc import Sequence

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus import augment as au

Pictures = Sequence[np.ndarray]


def light_view() -> au.Transform:
    """Edits of a reference before registration: few or none."""
    return au.Chain(
        (
            au.Sometimes(au.Crop(keep=(0.8, 1.0)), p=0.3),
            au.Sometimes(au.Resize(factor=(0.5, 1.0)), p=0.3),
            au.Sometimes(au.Jpeg(quality=(40, 95)), p=0.3),
        )
    )


def heavy_view(*, hosts: Pictures, stickers: Pictures, side: int) -> au.Transform:
    """Edits of an uploader who disguises a picture: two steps on average, between none and six.

    Args:
        hosts: RGB pictures to paste into, to place beside the picture, or to blend with.
        stickers: RGBA pictures to stick on.
        side: Longest side of the results, pixels; about the side of the cached pictures.
    """
    steps = (
        (0.15, au.CutOuts(count=(1, 5), side=(0.1, 0.35))),
        (0.30, au.OneOf((au.Mirror(), au.Mirror(), au.Mirror(way="vertical")))),
        (0.60, _geometry()),
        (0.40, _colour()),
        (0.30, _overlay(stickers)),
        (0.30, _composite(hosts, side)),
        (0.40, _degrading()),
    )
    return au.Chain(tuple(au.Sometimes(step, p=p) for p, step in steps))


def squash(rgb: UInt8[np.ndarray, "h w 3"], side: int) -> UInt8[np.ndarray, "s s 3"]:
    """The picture squashed to a square; the aspect ratio is lost on purpose."""
    return np.asarray(cv2.resize(rgb, (side, side), interpolation=cv2.INTER_AREA))


def _geometry() -> au.Transform:
    return au.OneOf(
        (
            au.Crop(keep=(0.3, 0.6)),
            au.Crop(keep=(0.5, 0.95)),
            au.Crop(keep=(0.5, 0.95)),
            au.Chain((au.Crop(keep=(0.5, 0.9)), au.Rotate(degrees=(-30.0, 30.0), fill=None))),
            au.Rotate(degrees=(-180.0, 180.0), fill=None),
            au.Rotate(degrees=(-180.0, 180.0)),
            au.OneOf((au.Rotate(degrees=90.0), au.Rotate(degrees=180.0), au.Rotate(degrees=270.0))),
            au.Rotate(degrees=(-10.0, 10.0), fill=None),
            au.Perspective(strength=(0.05, 0.3), fill=None),
            au.Shear(fill=None),
            au.Stretch(ratio=(0.45, 2.2)),
            au.Pad(share=(0.05, 0.5), fill=None),
            au.Pad(share=(0.05, 0.5), fill=None, square=True),
            au.OneOf((au.Swirl(), au.Fisheye(), au.Wave(), au.Strips(), au.Tiles())),
        )
    )


def _colour() -> au.Transform:
    return au.OneOf(
        (
            au.Grey(),
            au.Hue(degrees=(30.0, 330.0)),
            au.Hue(degrees=(30.0, 330.0)),
            au.Invert(),
            au.Invert(),
            au.Posterise(bits=(1, 3)),
            au.Light(),
            au.Light(),
            au.Saturation(),
            au.Gamma(),
            au.Equalise(),
            au.Solarise(),
            au.ChannelShuffle(),
            au.Tint(),
            au.OneOf((au.GradientMap(), au.BlackWhite(), au.SEPIA, au.ChannelShift())),
        )
    )


def _overlay(stickers: Pictures) -> au.Transform:
    return au.OneOf(
        (
            au.Text(lines=(2, 7), size=(0.06, 0.18)),
            au.Text(lines=(2, 7), size=(0.06, 0.18)),
            au.Stickers(stickers=stickers, count=(1, 5), size=(0.15, 0.4)),
            au.Stickers(stickers=stickers, count=(1, 5), size=(0.15, 0.4)),
            au.Caption(where="both", size=(0.1, 0.3)),
            au.Mosaic(side=(0.3, 0.6)),
            au.Watermark(),
            au.Border(share=(0.02, 0.12)),
        )
    )


def _composite(hosts: Pictures, side: int) -> au.Transform:
    canvas = (side, round(1.25 * side))
    return au.OneOf(
        (
            au.Paste(hosts=hosts, fraction=(0.5, 0.85), canvas=canvas),
            au.Paste(hosts=hosts, fraction=(0.22, 0.5), canvas=canvas),
            au.Paste(hosts=hosts, fraction=(0.4, 0.8), degrees=(-40.0, 40.0), canvas=canvas),
            au.Collage(others=hosts, canvas=canvas[1]),
            au.Split(others=hosts),
            au.Blend(others=hosts, opacity=(0.5, 0.8)),
            au.Inset(others=hosts, fraction=(0.25, 0.5)),
            au.Screenshot(width=side),
        )
    )


def _degrading() -> au.Transform:
    return au.OneOf(
        (
            au.Jpeg(quality=(4, 30)),
            au.Jpeg(quality=(4, 30)),
            au.Blur(sigma=(0.8, 3.0)),
            au.Blur(sigma=(0.8, 3.0)),
            au.LowResolution(factor=(2.0, 5.0)),
            au.Noise(sigma=(10.0, 50.0)),
            au.Noise(sigma=(10.0, 50.0)),
            au.Pixelate(cell=(2, 7)),
            au.EdgeFilter(share=(0.5, 1.0)),
            au.EdgeFilter(share=(0.5, 1.0)),
            au.MotionBlur(length=(5, 13)),
            au.OneOf((au.Sharpen(), au.Median(size=(3, 7)), au.Halftone(), au.ScreenPhoto(), au.PixelShuffle())),
        )
    )
