"""The named disguises of the two suites.

``listed`` holds 45 kinds that a copy detector is built for; ``further`` holds 24 that go much further and are
not to be tuned for. A name says the disguise; a chain's name says its steps in order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from lynkeus import augment as au


@dataclass(frozen=True, kw_only=True, eq=False)
class Props:
    """Pictures that the disguises use besides the copied one.

    Attributes:
        hosts: RGB pictures for pasting, collages and blending.
        stickers: RGBA pictures.
    """

    hosts: Sequence[np.ndarray]
    stickers: Sequence[np.ndarray]


def listed(props: Props) -> dict[str, au.Transform]:
    """The 45 disguises of the first suite, by name."""
    singles = _listed_singles(props)
    chains = [
        ("mirror", "crop_70"),
        ("rotate_30", "text"),
        ("invert", "mirror"),
        ("crop_50", "blur"),
        ("grey", "stickers", "rotate_4"),
        ("mirror", "paste_50", "jpeg_10"),
        ("crop_70", "hue", "text", "jpeg_10"),
        ("perspective", "noise"),
        ("invert", "crop_70", "stickers"),
        ("mirror", "screenshot"),
        ("stretch", "pad", "posterise"),
        ("cut_outs", "collage"),
        ("crop_90", "grey", "rotate_90", "blur"),
    ]
    return singles | {f"chain_{'-'.join(chain)}": au.Chain(tuple(singles[n] for n in chain)) for chain in chains}


def _listed_singles(props: Props) -> dict[str, au.Transform]:
    hosts = props.hosts
    return {
        "jpeg_10": au.Jpeg(quality=10),
        "blur": au.Blur(sigma=3.0),
        "downscale_x4": au.Resize(factor=0.25),
        "noise": au.Noise(sigma=30.0),
        "pixelate": au.Pixelate(cell=6.0),
        "grey": au.Grey(),
        "hue": au.Hue(degrees=(60.0, 300.0)),
        "invert": au.Invert(),
        "posterise": au.Posterise(bits=2),
        "edge_filter": au.EdgeFilter(share=0.7),
        "crop_90": au.Crop(keep=0.9),
        "crop_70": au.Crop(keep=0.7),
        "crop_50": au.Crop(keep=0.5),
        "crop_35": au.Crop(keep=0.35),
        "pad": au.Pad(share=(0.1, 0.4), fill=None),
        "mirror": au.Mirror(),
        "flip": au.Mirror(way="vertical"),
        "rotate_4": au.OneOf((au.Rotate(degrees=4.0), au.Rotate(degrees=-4.0))),
        "rotate_30": au.OneOf((au.Rotate(degrees=30.0), au.Rotate(degrees=-30.0))),
        "rotate_90": au.OneOf((au.Rotate(degrees=90.0), au.Rotate(degrees=-90.0))),
        "rotate_137": au.OneOf((au.Rotate(degrees=137.0), au.Rotate(degrees=-137.0))),
        "perspective": au.Perspective(strength=0.25, fill=None),
        "stretch": au.OneOf((au.Stretch(ratio=1.6), au.Stretch(ratio=0.625))),
        "text": au.Text(lines=(4, 7), size=(0.08, 0.18)),
        "stickers": au.Stickers(stickers=props.stickers, count=(2, 4), size=(0.2, 0.4)),
        "cut_outs": au.CutOuts(count=(3, 6), side=(0.15, 0.35)),
        "paste_50": au.Paste(hosts=hosts, fraction=0.5),
        "paste_25": au.Paste(hosts=hosts, fraction=0.25),
        "paste_12": au.Paste(hosts=hosts, fraction=0.12),
        "collage": au.Collage(others=hosts),
        "screenshot": au.Screenshot(),
        "blend_60": au.Blend(others=hosts, opacity=0.6),
    }


def further(props: Props) -> dict[str, au.Transform]:
    """The 24 disguises of the second suite, by name."""
    hosts, stickers = props.hosts, props.stickers
    return {
        "mirror_crop_text": _chain(au.Mirror(), au.Crop(keep=0.6), au.Text(lines=(4, 7), size=(0.08, 0.18))),
        "invert_paste_25": _chain(au.Invert(), au.Paste(hosts=hosts, fraction=0.25)),
        "perspective_blur": _chain(au.Perspective(strength=(0.3, 0.38), fill=None), au.Blur(sigma=3.0)),
        "screen_photo": _chain(au.Perspective(strength=0.08), au.ScreenPhoto(stripes=0.4), au.Jpeg(quality=40)),
        "crop35_rotate137": _chain(au.Crop(keep=0.35), au.Rotate(degrees=137.0)),
        "halftone_scan": _chain(au.Halftone(cell=5.0), au.Rotate(degrees=2.0, fill=(240, 240, 235))),
        "swirl": au.Swirl(degrees=(110.0, 150.0)),
        "fisheye": au.Fisheye(strength=(0.8, 1.2)),
        "wave": au.Wave(height=0.03, length=0.3),
        "posterise_mirror_collage": _chain(au.Posterise(bits=2), au.Mirror(), au.Collage(others=hosts)),
        "channels_jpeg_5": _chain(au.ChannelShuffle(), au.Jpeg(quality=5)),
        "strips": au.Strips(count=8, shift=0.2),
        "tiles_2x2": au.Tiles(rows=2, columns=2),
        "black_white": au.BlackWhite(),
        "gradient_crop": _chain(au.GradientMap(drawn=3), au.Crop(keep=0.5)),
        "paste_15_rotated": au.Paste(hosts=hosts, fraction=0.15, degrees=(-180.0, 180.0)),
        "noise_downscale_x6": _chain(au.Noise(sigma=50.0), au.Resize(factor=1 / 6)),
        "night": _chain(au.Gamma(gamma=3.0), au.Noise(sigma=8.0)),
        "glass": au.Glass(cells=14, strength=0.5),
        "mosaic_centre": au.Mosaic(side=0.6, cells=7),
        "stretch_2_5": au.OneOf((au.Stretch(ratio=2.5), au.Stretch(ratio=0.4))),
        "captions_crop": _chain(au.Crop(keep=0.5), au.Caption(where="both", size=0.3)),
        "emoji_blur": _chain(au.Stickers(stickers=stickers, count=3, size=(0.3, 0.5)), au.Blur(sigma=3.0)),
        "jpeg_twice_resize_mirror_tint": _chain(
            au.Jpeg(quality=15),
            au.Resize(factor=0.5),
            au.Mirror(),
            au.Tint(opacity=0.45),
            au.Jpeg(quality=15),
        ),
    }


def _chain(*steps: au.Transform) -> au.Chain:
    return au.Chain(steps)


SUITES: dict[str, Callable[[Props], dict[str, au.Transform]]] = {"listed": listed, "further": further}
