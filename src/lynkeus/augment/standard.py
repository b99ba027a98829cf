"""The mix of disguises that trains the global descriptor and fills the demo.

Source: the augmentation lists of imgFp (ISC 2021) and SSCD (https://arxiv.org/abs/2202.10261); the
strengths are ours.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8

from lynkeus.augment import colour, composite, degrade, frame, geometric, overlay, warp
from lynkeus.augment.chain import Chain, OneOf, Sometimes
from lynkeus.augment.placing import Transform


def training_mix(
    hosts: composite.Pictures, stickers: Sequence[UInt8[np.ndarray, "_ _ 4"]], *, side: int = 320
) -> Chain:
    """Up to eight disguises in the order in which a person applies them; one copy in 50 stays unchanged.

    Args:
        hosts: RGB pictures for paste, collage and blend, at least one.
        stickers: RGBA pictures, at least one.
        side: Approximate longest side of the results, pixels; pass pictures of this size.
    """
    return Chain(
        (
            Sometimes(OneOf(_recolourings()), 0.5),
            Sometimes(geometric.Crop(keep=(0.35, 1.0), unlike=0.3), 0.5),
            Sometimes(OneOf(_flips()), 0.3),
            Sometimes(OneOf(_bends()), 0.35),
            Sometimes(OneOf(_overlays(stickers)), 0.35),
            Sometimes(OneOf(_degradings()), 0.35),
            Sometimes(OneOf(_surroundings(hosts, side)), 0.4),
            Sometimes(degrade.Jpeg(quality=(10, 90)), 0.3),
        )
    )


def _recolourings() -> tuple[Transform, ...]:
    return (
        colour.Light(),
        colour.Light(),
        colour.Gamma(),
        colour.Hue(),
        colour.Saturation(),
        colour.Grey(),
        colour.Grey(),
        colour.Invert(),
        colour.Invert(),
        colour.Posterise(bits=(2, 3)),
        colour.Solarise(threshold=(96, 192)),
        colour.Equalise(),
        colour.ChannelShuffle(),
        colour.ChannelShift(),
        colour.Tint(opacity=(0.2, 0.5)),
        colour.GradientMap(drawn=3),
    )


def _flips() -> tuple[Transform, ...]:
    mirror = geometric.Mirror()
    turns = tuple(geometric.Rotate(degrees=angle) for angle in (90.0, 180.0, 270.0))
    return (mirror, mirror, mirror, geometric.Mirror(way="vertical"), *turns)


def _bends() -> tuple[Transform, ...]:
    return (
        geometric.Rotate(degrees=(-15.0, 15.0), fill=None),
        geometric.Rotate(degrees=(-180.0, 180.0), fill=None),
        geometric.Perspective(strength=(0.1, 0.35), fill=None),
        geometric.Stretch(ratio=(0.5, 2.0)),
        geometric.Shear(fill=None),
        warp.Fisheye(strength=(-0.3, 1.0)),
        warp.Swirl(degrees=(-90.0, 90.0)),
        warp.Wave(height=(0.01, 0.03), length=(0.2, 0.5)),
        warp.Tiles(rows=2, columns=2),
        warp.Strips(),
    )


def _overlays(stickers: Sequence[UInt8[np.ndarray, "_ _ 4"]]) -> tuple[Transform, ...]:
    return (
        overlay.Text(lines=(1, 6)),
        overlay.Stickers(stickers=stickers),
        overlay.CutOuts(),
        overlay.Watermark(opacity=(0.2, 0.6)),
        overlay.Mosaic(side=(0.2, 0.6), centred=False),
    )


def _degradings() -> tuple[Transform, ...]:
    return (
        degrade.Blur(sigma=(1.0, 4.0)),
        degrade.MotionBlur(length=(5, 15)),
        degrade.Noise(),
        degrade.PixelShuffle(),
        degrade.Jpeg(quality=(5, 20)),
        degrade.Pixelate(cell=(3, 9)),
        degrade.LowResolution(factor=(2.0, 6.0)),
        degrade.Sharpen(),
        degrade.EdgeFilter(share=(0.3, 1.0)),
        degrade.Median(),
        degrade.Halftone(cell=(4.0, 7.0), degrees=(0.0, 90.0)),
        degrade.ScreenPhoto(stripes=(0.1, 0.4)),
        colour.BlackWhite(),
    )


def _surroundings(hosts: composite.Pictures, side: int) -> tuple[Transform, ...]:
    canvas = (side, side)
    return (
        composite.Paste(hosts=hosts, fraction=(0.3, 0.8), canvas=canvas),
        composite.Paste(hosts=hosts, fraction=(0.3, 0.8), degrees=(-40.0, 40.0), canvas=canvas),
        composite.Blend(others=hosts, opacity=(0.5, 0.8)),
        composite.Collage(others=hosts, canvas=side),
        composite.Inset(others=hosts, fraction=(0.25, 0.5)),
        composite.Split(others=hosts, share=(0.4, 0.7)),
        frame.Screenshot(width=side * 3 // 4),
        frame.Caption(size=(0.12, 0.3), bar=None),
        frame.Border(share=(0.02, 0.1)),
        geometric.Pad(share=(0.05, 0.5), fill=None),
        geometric.Pad(square=True, fill=None),
    )
