"""Photometric disguises that destroy detail: blur, noise, JPEG, pixelation, print and screen; the size stays.

Source: the augmentations of imgFp (ISC 2021), SSCD (https://arxiv.org/abs/2202.10261) and AugLy
(https://arxiv.org/abs/2201.06494); the code is ours. Conventions: RGB, 0 to 255; lengths in pixels.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, UInt8

from lynkeus.augment.placing import Strength, draw, draw_count


@dataclass(frozen=True, kw_only=True, slots=True)
class Blur:
    """Blur with a Gaussian.

    Attributes:
        sigma: Standard deviation of the Gaussian, pixels.
    """

    sigma: Strength = (1.0, 5.0)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The blurred picture."""
        return np.asarray(cv2.GaussianBlur(image, (0, 0), max(1e-3, draw(self.sigma, rng))))


@dataclass(frozen=True, kw_only=True, slots=True)
class MotionBlur:
    """Blur along a line, as a moved camera does.

    Attributes:
        length: Length of the line, pixels.
    """

    length: Strength = (7, 21)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture, blurred in a uniformly drawn direction."""
        length = max(1, draw_count(self.length, rng))
        angle = rng.uniform(0, np.pi)
        middle = (length - 1) / 2
        along = np.round(np.outer(np.linspace(-middle, middle, 2 * length), [np.cos(angle), np.sin(angle)]))
        line = np.zeros((length + 1, length + 1), np.float32)
        line[tuple((along[:, ::-1] + length // 2).astype(int).clip(0, length).T)] = 1
        return np.asarray(cv2.filter2D(image, -1, line / line.sum()))


@dataclass(frozen=True, kw_only=True, slots=True)
class Noise:
    """Add Gaussian noise.

    Attributes:
        sigma: Standard deviation of the noise, 0 to 255.
        grey: Add the same noise to all channels.
    """

    sigma: Strength = (10.0, 40.0)
    grey: bool = False

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The noisy picture."""
        height, width = image.shape[:2]
        noise = rng.standard_normal((height, width, 1 if self.grey else 3), dtype=np.float32)
        noise *= draw(self.sigma, rng)
        noisy = noise + image
        return np.clip(np.rint(noisy, out=noisy), 0, 255, out=noisy).astype(np.uint8)


@dataclass(frozen=True, kw_only=True, slots=True)
class PixelShuffle:
    """Overwrite random pixels with other pixels of the picture.

    Attributes:
        share: Share of the pixels that are overwritten, 0 to 1.
    """

    share: Strength = (0.1, 0.4)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with some pixels overwritten."""
        flat = image.reshape(-1, 3).copy()
        count = round(draw(self.share, rng) * len(flat))
        to, source = rng.integers(0, len(flat), (2, count))
        flat[to] = flat[source]
        return flat.reshape(image.shape)


@dataclass(frozen=True, kw_only=True, slots=True)
class Jpeg:
    """Encode the picture as JPEG and decode the result.

    Attributes:
        quality: Quality of the JPEG encoder, 1 to 100.
        times: How often the picture is encoded and decoded.
    """

    quality: Strength = (5, 30)
    times: int = 1

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture with JPEG artefacts."""
        for _ in range(self.times):
            quality = draw_count(self.quality, rng)
            raw = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
            image = np.ascontiguousarray(np.asarray(cv2.imdecode(raw, cv2.IMREAD_COLOR))[..., ::-1])
        return image


@dataclass(frozen=True, kw_only=True, slots=True)
class Pixelate:
    """Show the picture in squares of one colour.

    Attributes:
        cell: Side of a square, pixels.
    """

    cell: Strength = (4, 12)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture in squares."""
        return coarse(image, draw(self.cell, rng), cv2.INTER_NEAREST)


@dataclass(frozen=True, kw_only=True, slots=True)
class LowResolution:
    """Shrink the picture and enlarge it again.

    Attributes:
        factor: How many times smaller each side becomes in between, 1 and up.
    """

    factor: Strength = (2.0, 6.0)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture without its fine detail."""
        return coarse(image, draw(self.factor, rng), cv2.INTER_LINEAR)


@dataclass(frozen=True, kw_only=True, slots=True)
class Sharpen:
    """Sharpen too much.

    Attributes:
        amount: Factor on the detail that is added; 10 is ugly.
        sigma: Standard deviation of the Gaussian that separates the detail, pixels.
    """

    amount: Strength = (2.0, 10.0)
    sigma: float = 1.5

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture after unsharp masking."""
        amount = draw(self.amount, rng)
        smooth = cv2.GaussianBlur(image, (0, 0), self.sigma)
        return np.asarray(cv2.addWeighted(image, 1 + amount, smooth, -amount, 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class EdgeFilter:
    """Draw the edges.

    Attributes:
        share: Weight of the edges, 0 to 1; 1 shows only the edges, bright on black.
        dark: Draw dark edges on white instead, like a pencil drawing.
    """

    share: Strength = 1.0
    dark: bool = False

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture, mixed with twice the Sobel magnitude of each channel."""
        share = draw(self.share, rng)
        smooth = cv2.GaussianBlur(image, (0, 0), 0.8)
        across = np.abs(np.asarray(cv2.Sobel(smooth, cv2.CV_16S, 1, 0)))
        down = np.abs(np.asarray(cv2.Sobel(smooth, cv2.CV_16S, 0, 1)))
        edges = np.minimum((across + down) // 2, 255).astype(np.uint8)
        return np.asarray(cv2.addWeighted(255 - edges if self.dark else edges, share, image, 1 - share, 0))


@dataclass(frozen=True, kw_only=True, slots=True)
class Median:
    """Smear the picture like a painting.

    Attributes:
        size: Side of the window, pixels; even sizes become the next odd one.
    """

    size: Strength = (3, 5)

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The median of each window."""
        return np.asarray(cv2.medianBlur(image, draw_count(self.size, rng) | 1))


@dataclass(frozen=True, kw_only=True, slots=True)
class Halftone:
    """Print the picture as dots and scan the print.

    Attributes:
        cell: Distance of the dots, pixels.
        degrees: Angle of the grid.
    """

    cell: Strength = 5.0
    degrees: Strength = 45.0

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The picture as blurred dots; each channel has a dot screen at its own angle."""
        cell, start = draw(self.cell, rng), draw(self.degrees, rng)
        flat = np.asarray(cv2.GaussianBlur(image, (0, 0), cell / 3)).astype(np.float32)
        screen = np.empty_like(flat)
        for channel, angle in enumerate(np.deg2rad(start + np.array([0.0, 30.0, 60.0]))):
            along = np.array([np.cos(angle), np.sin(angle)]) * (2 * np.pi / cell)
            ridges = stripes(image, along) + stripes(image, along[::-1] * (-1, 1))
            screen[..., channel] = ridges * 64 + 128
        dots = ((flat - screen) * 6 + 128).clip(0, 255).astype(np.uint8)
        return np.asarray(cv2.GaussianBlur(dots, (0, 0), 0.8))


@dataclass(frozen=True, kw_only=True, slots=True)
class ScreenPhoto:
    """Photograph the picture from a screen: moire stripes, a reflection, a colour cast.

    Attributes:
        stripes: Strength of the stripes, 0 to 1.
    """

    stripes: Strength = 0.25

    def __call__(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> UInt8[np.ndarray, "h w 3"]:
        """The photographed picture."""
        height, width = image.shape[:2]
        y, x = np.ogrid[0:height, 0:width]
        y, x = y.astype(np.float32), x.astype(np.float32)
        angle, period, bend = rng.uniform(0, np.pi), rng.uniform(4, 9), rng.uniform(60, 160)
        cosine, sine = np.float32(np.cos(angle)), np.float32(np.sin(angle))
        wave = (x * cosine + y * sine) * np.float32(2 * np.pi / period)
        wave += 3 * np.sin((x * sine - y * cosine) * np.float32(2 * np.pi / bend))
        depth = np.float32(draw(self.stripes, rng) / 2)
        gain = 1 - depth * (1 + np.sin(wave))
        at_x, at_y = (rng.uniform(0, 1, 2) * (width, height)).astype(np.float32)
        spread = np.float32(0.12 * max(height, width) ** 2)
        glare = 70 * np.exp(-((x - at_x) ** 2) / spread) * np.exp(-((y - at_y) ** 2) / spread)
        cast = rng.uniform(0.85, 1.1, 3).astype(np.float32)
        lit = image * gain[..., None] * cast + glare[..., None]
        return np.asarray(cv2.GaussianBlur(np.clip(lit, 0, 255).astype(np.uint8), (0, 0), 0.7))


def stripes(image: UInt8[np.ndarray, "h w 3"], wave: np.ndarray) -> Float32[np.ndarray, "h w"]:
    """cos(wave . (x, y)) at each pixel of a picture, computed without a cosine per pixel."""
    x, y = np.arange(image.shape[1]) * wave[0], np.arange(image.shape[0]) * wave[1]
    plane = np.outer(np.cos(y), np.cos(x)) - np.outer(np.sin(y), np.sin(x))
    return plane.astype(np.float32)


def coarse(image: UInt8[np.ndarray, "h w 3"], factor: float, way: int) -> UInt8[np.ndarray, "h w 3"]:
    """The picture, shrunk by ``factor`` and enlarged to its size with ``way``, an interpolation flag of OpenCV."""
    height, width = image.shape[:2]
    size = (max(1, round(width / factor)), max(1, round(height / factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, (width, height), interpolation=way))
