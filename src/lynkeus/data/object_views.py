"""Views of one thing that an object descriptor must match: another photograph, not a disguised copy.

Source: the augmentation of DeepFirearm (https://arxiv.org/abs/1806.02984: mirror, rotations, contrast, saturation,
several sizes). Changed: stronger, and with squashed, rotated and grey pictures as in collections from the web.
"""

from lynkeus import augment as au


def object_view() -> au.Transform:
    """Random mirror, crop, rotation, stretch, light, colour and quality."""
    return _photographed_otherwise(
        crop=au.Sometimes(au.Crop(keep=(0.7, 1.0), unlike=0.15), p=0.7),
        bent=(
            au.Rotate(degrees=(-15.0, 15.0)),
            au.Rotate(degrees=(-15.0, 15.0), fill=None),
            au.Perspective(strength=(0.05, 0.2), fill=None),
            au.Shear(slope=(-0.2, 0.2), fill=None),
            au.Pad(share=(0.02, 0.2), fill=None),
        ),
        light=au.Sometimes(au.Light(brightness=(0.6, 1.5), contrast=(0.6, 1.5)), p=0.6),
        colour=au.Sometimes(
            au.OneOf((au.Grey(), au.Saturation(factor=(0.3, 2.0)), au.Hue(degrees=(-25.0, 25.0)), au.Gamma())), p=0.4
        ),
    )


def strong_object_view() -> au.Transform:
    """A stronger ``object_view``: tighter crops, larger rotations, other colours."""
    return _photographed_otherwise(
        crop=au.Sometimes(au.Crop(keep=(0.5, 1.0), unlike=0.2), p=0.9),
        bent=(
            au.Rotate(degrees=(-20.0, 20.0), fill=None),
            au.Perspective(strength=(0.05, 0.25), fill=None),
            au.Shear(slope=(-0.25, 0.25), fill=None),
            au.Pad(share=(0.02, 0.3), fill=None),
        ),
        light=au.Sometimes(au.Light(brightness=(0.5, 1.7), contrast=(0.5, 1.7)), p=0.7),
        colour=au.Sometimes(
            au.OneOf((au.Grey(), au.Saturation(factor=(0.0, 2.5)), au.Hue(degrees=(-90.0, 90.0)), au.Gamma())), p=0.6
        ),
    )


def _photographed_otherwise(
    *, crop: au.Transform, bent: tuple[au.Transform, ...], light: au.Transform, colour: au.Transform
) -> au.Transform:
    quality = au.OneOf((au.Jpeg(quality=(20, 70)), au.LowResolution(factor=(1.2, 2.5)), au.Blur(sigma=(0.5, 1.5))))
    return au.Chain(
        (
            au.Sometimes(au.Mirror(), p=0.5),
            crop,
            au.Sometimes(au.OneOf(bent), p=0.4),
            light,
            colour,
            au.Sometimes(quality, p=0.3),
        )
    )
