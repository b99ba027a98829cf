"""Photometric disguises that change the colour of each pixel; the size stays.

Source: the augmentations of imgFp (ISC 2021) and AugLy (https://arxiv.org/abs/2201.06494); the code is ours.
Conventions: RGB, 0 to 255.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.augment.placing import Colour, Strength, draw, draw_colour, draw_count


@dataclass(frozen=True, kw_only=True, slots=True)
class Grey:
    """Remove the colour."""

    def __call__(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> UInt8[np.ndarray, "h w 3"]:
        """The grey picture, in three equal channels."""
        return np.asarray(cv2.cvtColor(_grey(image), cv2.COLOR_GRAY2RGB))


@dataclass(frozen=True, kw_only=True, slots=True)
class Invert:
    """Invert the picture to its negative."""

    def __call__(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> UInt8[np.ndarray, "h w 3"]:
        """255 minus each value."""
        return 255 - image


@dataclass(frozen=True, kw_only=True, slots=True)
class Hue:
    """Rotate the hue of every pixel.

    Attributes:
        degrees: Rotation on the colour circle, 0 to 360.
    """

    degrees: Strength = (30.0, 330.0)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with all hues rotated by one angle; the lightness stays."""
        hsv = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2HSV))
        moved = (np.arange(256) + round(draw(self.degrees, rng) / 2)) % 180
        hsv[..., 0] = cv2.LUT(hsv[..., 0], moved.astype(np.uint8))
        return np.asarray(cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB))


@dataclass(frozen=True, kw_only=True, slots=True)
class Saturation:
    """Make the colours paler or stronger.

    Attributes:
        factor: 0 is grey, 1 changes nothing, 5 is glaring.
    """

    factor: Strength = (0.1, 5.0)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture, moved away from its grey version by the factor."""
        factor = draw(self.factor, rng)
        grey = cv2.cvtColor(_grey(image), cv2.COLOR_GRAY2RGB)
        return np.asarray(cv2.addWeighted(image, factor, grey, 1 - factor, 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Light:
    """Change brightness and contrast.

    Attributes:
        brightness: Factor on all values.
        contrast: Factor on the distance from mid-grey.
    """

    brightness: Strength = (0.5, 1.8)
    contrast: Strength = (0.5, 1.8)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with another brightness and contrast."""
        levels = np.arange(256) * draw(self.brightness, rng)
        return _through(image, (levels - 128) * draw(self.contrast, rng) + 128)


@dataclass(frozen=True, kw_only=True, slots=True)
class Gamma:
    """Change the tone curve.

    Attributes:
        gamma: Exponent; above 1 darkens, below 1 lightens.
    """

    gamma: Strength = (0.4, 2.5)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """255 (v / 255) ^ gamma."""
        return _through(image, 255 * (np.arange(256) / 255) ** draw(self.gamma, rng))


@dataclass(frozen=True, kw_only=True, slots=True)
class Posterise:
    """Keep few tones per channel.

    Attributes:
        bits: Bits kept, 1 to 8.
    """

    bits: Strength = 2

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """Each value rounded to one of ``2^bits`` levels that span the full range."""
        bands = 2 ** draw_count(self.bits, rng)
        return _through(image, np.arange(256) * bands // 256 * (255 / (bands - 1)))


@dataclass(frozen=True, kw_only=True, slots=True)
class Solarise:
    """Invert the bright parts.

    Attributes:
        threshold: Lowest value that is inverted, 0 to 255.
    """

    threshold: Strength = 128

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with its bright parts inverted."""
        levels = np.arange(256)
        return _through(image, np.where(levels >= draw(self.threshold, rng), 255 - levels, levels))


@dataclass(frozen=True, kw_only=True, slots=True)
class Equalise:
    """Spread the tones of each channel evenly."""

    def __call__(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> UInt8[np.ndarray, "h w 3"]:
        """Histogram equalisation, channel by channel."""
        return np.stack([np.asarray(cv2.equalizeHist(channel)) for channel in cv2.split(image)], 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelShuffle:
    """Permute the colour channels."""

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with its channels in one of the five other orders."""
        orders = ([0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0])
        return np.ascontiguousarray(image[..., orders[rng.integers(len(orders))]])


@dataclass(frozen=True, kw_only=True, slots=True)
class ChannelShift:
    """Shift the red and the blue channel apart, as video filters do.

    Attributes:
        share: Shift as a share of the width, 0 to 1.
    """

    share: Strength = (0.01, 0.04)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with red moved right and blue moved left; both channels wrap around."""
        pixels = max(1, round(draw(self.share, rng) * image.shape[1]))
        red, blue = np.roll(image[..., 0], pixels, 1), np.roll(image[..., 2], -pixels, 1)
        return np.stack([red, image[..., 1], blue], 2)


@dataclass(frozen=True, kw_only=True, slots=True)
class Tint:
    """Lay a transparent colour over the picture.

    Attributes:
        colour: The colour; None draws one.
        opacity: Opacity of the colour, 0 to 1.
    """

    colour: Colour | None = None
    opacity: Strength = 0.4

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The tinted picture."""
        opacity = draw(self.opacity, rng)
        curves = [np.arange(256) * (1 - opacity) + level * opacity for level in draw_colour(self.colour, rng)]
        return np.asarray(cv2.LUT(image, np.stack(curves, 1).round().astype(np.uint8)[:, None]))


@dataclass(frozen=True, kw_only=True, slots=True)
class GradientMap:
    """Recolour the picture by its lightness: two colours make a duotone, three or more a rainbow.

    Attributes:
        stops: Colours from dark to light, at least two; None draws ``drawn`` of them.
        drawn: Number of colours to draw when ``stops`` is None.
    """

    stops: tuple[Colour, ...] | None = None
    drawn: int = 2

    def __post_init__(self) -> None:
        """Check the number of stops."""
        if self.drawn < 2 or (self.stops is not None and len(self.stops) < 2):
            raise ValueError("a gradient needs at least two colours")

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The grey picture mapped through the gradient; drawn colours get lighter from stop to stop."""
        stops = self.stops or self._draw(rng)
        at = np.linspace(0, 255, len(stops))
        curves = [np.interp(np.arange(256), at, [stop[channel] for stop in stops]) for channel in range(3)]
        grey = cv2.cvtColor(_grey(image), cv2.COLOR_GRAY2RGB)
        return np.asarray(cv2.LUT(grey, np.stack(curves, 1).round().astype(np.uint8)[:, None]))

    def _draw(self, rng: np.random.Generator) -> tuple[Colour, ...]:
        light = np.linspace(0, 1, self.drawn)
        drawn: list[Colour] = []
        for share in light:
            red, green, blue = (int(level) for level in rng.integers(0, 110, 3) + round(145 * float(share)))
            drawn.append((red, green, blue))
        return tuple(drawn)


SEPIA = GradientMap(stops=((20, 10, 0), (160, 120, 80), (255, 245, 220)))
"""Brown photograph tones, chosen by eye; the exact colours hardly matter."""


@dataclass(frozen=True, kw_only=True, slots=True)
class BlackWhite:
    """Threshold each pixel against its neighbourhood, like a photocopier.

    Attributes:
        window: Side of the neighbourhood as a share of the longest side, above 0 to 1.
        margin: How much darker than its neighbourhood a pixel must be to become black, 0 to 255.
    """

    window: float = 0.06
    margin: float = 6.0

    def __call__(
        self,
        image: UInt8[np.ndarray, "h w 3"],
        rng: np.random.Generator,  # noqa: ARG002
    ) -> UInt8[np.ndarray, "h w 3"]:
        """The black and white picture: only 0 and 255."""
        side = max(3, round(self.window * max(image.shape[:2])) | 1)
        flat = cv2.GaussianBlur(_grey(image), (0, 0), 1.2)
        mode, kind = cv2.ADAPTIVE_THRESH_MEAN_C, cv2.THRESH_BINARY
        return np.asarray(
            cv2.cvtColor(cv2.adaptiveThreshold(flat, 255, mode, kind, side, self.margin), cv2.COLOR_GRAY2RGB)
        )


def _grey(image: UInt8[np.ndarray, "h w 3"]) -> UInt8[np.ndarray, "h w"]:
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))


def _through(image: UInt8[np.ndarray, "h w 3"], curve: np.ndarray) -> UInt8[np.ndarray, "h w 3"]:
    return np.asarray(cv2.LUT(image, np.clip(np.round(curve), 0, 255).astype(np.uint8)))
