"""Agreement of aligned pixels: tells a copy from another shirt on the same carpet.

The upload is warped onto the thumbnail of the reference, and both are smoothed. A block agrees if its normalised
correlation is above one half. Only blocks with texture in the reference count. Measured: unrelated garments on the same
floor have up to 49 inliers, but only .25 to .37 of the blocks agree; a real copy agrees in the whole overlap.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np
from jaxtyping import Bool, Float32, Float64, UInt8

from lynkeus.matching.bending import bend_back


class GreyLevels:
    """A grey picture and its halvings; each level is computed on first use.

    Args:
        grey: The picture.
    """

    def __init__(self, grey: UInt8[np.ndarray, "h w"]) -> None:
        self._levels = [grey]

    @property
    def full(self) -> UInt8[np.ndarray, "h w"]:
        """The full-size picture."""
        return self._levels[0]

    def reduced(self, factor: float) -> UInt8[np.ndarray, "rh rw"]:
        """The picture at ``factor`` of its size, 0 to 1; the result is up to a third larger, never smaller."""
        height, width = self.full.shape
        level = 0
        while factor <= 0.5 ** (level + 1) and min(height, width) >> (level + 1) >= 1:
            level += 1
            if level == len(self._levels):
                size = (max(width >> level, 1), max(height >> level, 1))
                self._levels.append(cv2.resize(self._levels[-1], size, interpolation=cv2.INTER_AREA))
        wanted = (max(round(width * factor), 1), max(round(height * factor), 1))
        if wanted[0] < 0.75 * self._levels[level].shape[1]:
            return cv2.resize(self._levels[level], wanted, interpolation=cv2.INTER_AREA)
        return self._levels[level]


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """The result of a comparison of aligned pixels.

    Attributes:
        share: Share of the textured blocks that agree, 0 to 1.
        blocks: Number of textured blocks.
        overlap: Share of the reference's area that lies within the upload, 0 to 1.
        correlation: Mean normalised correlation over textured blocks, -1 to 1.
        likeness: Normalised correlation of the whole overlap, -1 to 1: large shapes, whereas blocks show texture.
        structure: Normalised correlation of the gradient magnitudes, -1 to 1; outlines stay when tones change.
        bent: ``share`` after the upload was bent towards the reference; equals ``share`` if bending was not tried.
        bent_structure: ``structure`` after bending, likewise.
        negative: Whether the upload was compared with inverted tones.
        blocks_map: Correlation of each block on the grid; NaN for a block that does not count.
    """

    share: float
    blocks: int
    overlap: float
    correlation: float
    likeness: float
    structure: float
    bent: float
    bent_structure: float
    negative: bool
    blocks_map: Float32[np.ndarray, "h w"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementCheck:
    """Compares aligned pixels.

    Attributes:
        side: Longest side of the compared picture, pixels; smaller if the upload shows the reference smaller.
        windows: Number of windows along the square root of the overlap's area.
        smooth: Standard deviation of the smoothing, pixels.
        texture: Smallest standard deviation of a textured block, grey levels.
        above: Correlation above which a block agrees.
        bend_below: If a smaller share agrees, the upload is bent and compared again; 0 never bends.
    """

    side: int = 160
    windows: float = 14.0
    smooth: float = 1.5
    texture: float = 5.0
    above: float = 0.5
    bend_below: float = 0.85

    def __call__(
        self,
        upload: GreyLevels,
        reference: UInt8[np.ndarray, "rh rw"],
        transform: Float64[np.ndarray, "3 3"],
        *,
        negative: bool | None,
    ) -> Agreement:
        """Compare an upload with a reference under a transform.

        Args:
            upload: Grey pixels of the upload.
            reference: Grey pixels of the reference's thumbnail.
            transform: Homography from ``reference`` pixels to ``upload`` pixels.
            negative: Whether negative correlation counts as agreement; None chooses the stronger sign.
        """
        shown = float(np.sqrt(abs(np.linalg.det(_linear(transform, reference.shape))) * reference.size))
        longest = shown * max(reference.shape) / np.sqrt(reference.size)
        side = float(np.clip(longest, 40, self.side))
        zoom = min(side / max(reference.shape), 1.0)
        small = cv2.resize(reference, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        pixels = upload.reduced(min(1.0, side / max(longest, 1e-6)))
        reduce = np.diag([pixels.shape[1] / upload.full.shape[1], pixels.shape[0] / upload.full.shape[0], 1.0])
        to_upload = reduce @ transform @ np.diag([1 / zoom, 1 / zoom, 1.0])
        size = (small.shape[1], small.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpPerspective(pixels, to_upload, size, flags=flags).astype(np.float32)
        inside = cv2.warpPerspective(np.full(pixels.shape, 255, np.uint8), to_upload, size, flags=flags) > 250
        small = small.astype(np.float32)
        plain = self._compare(warped, small, inside, negative=negative)
        if plain.share >= self.bend_below:
            return plain
        toned = 255 - warped if plain.negative else warped
        bent = self._compare(bend_back(toned, small, inside), small, inside, negative=False)
        return replace(plain, bent=bent.share, bent_structure=bent.structure)

    def _compare(
        self,
        a: Float32[np.ndarray, "h w"],
        b: Float32[np.ndarray, "h w"],
        inside: Bool[np.ndarray, "h w"],
        *,
        negative: bool | None,
    ) -> Agreement:
        overlap = float(inside.mean())
        window = int(max(np.sqrt(inside.sum()) / self.windows, 4)) | 1
        a, b = (cv2.GaussianBlur(x, (0, 0), self.smooth) for x in (a, b))
        likeness = _correlation(a, b, inside)
        structure = _correlation(_steepness(a), _steepness(b), cv2.erode(inside.astype(np.uint8), _CROSS) > 0)
        mean = [
            cv2.blur(x, (window, window))[window // 2 :: window, window // 2 :: window]
            for x in (a, b, a * a, b * b, a * b)
        ]
        full = cv2.blur(inside.astype(np.float32), (window, window))[window // 2 :: window, window // 2 :: window]
        var_a, var_b = mean[2] - mean[0] ** 2, mean[3] - mean[1] ** 2
        correlation = (mean[4] - mean[0] * mean[1]) / np.sqrt(np.maximum(var_a * var_b, 1e-3))
        counts = (full > 0.9) & (var_b > self.texture**2)
        blocks = int(counts.sum())
        if negative is None:
            negative = bool(likeness + (float(correlation[counts].mean()) if blocks else 0.0) < 0)
        sign = -1.0 if negative else 1.0
        correlation = sign * correlation
        agreeing = int((counts & (correlation > self.above)).sum())
        share = agreeing / blocks if blocks else 0.0
        return Agreement(
            share=share,
            blocks=blocks,
            overlap=overlap,
            correlation=float(correlation[counts].mean()) if blocks else 0.0,
            likeness=sign * likeness,
            structure=structure,
            bent=share,
            bent_structure=structure,
            negative=negative,
            blocks_map=np.where(counts, correlation, np.nan).astype(np.float32),
        )


_CROSS = np.ones((3, 3), np.uint8)  # neighbourhood of a pixel: the reach of the gradient


def _steepness(picture: Float32[np.ndarray, "h w"]) -> Float32[np.ndarray, "h w"]:
    """Gradient magnitude, grey levels per pixel, slightly smoothed."""
    dx, dy = cv2.Sobel(picture, cv2.CV_32F, 1, 0, scale=0.125), cv2.Sobel(picture, cv2.CV_32F, 0, 1, scale=0.125)
    return cv2.GaussianBlur(cv2.magnitude(dx, dy), (0, 0), 1.0)


def _correlation(
    a: Float32[np.ndarray, "h w"], b: Float32[np.ndarray, "h w"], inside: Bool[np.ndarray, "h w"]
) -> float:
    """Normalised correlation within a mask; 0 if either picture is flat."""
    if inside.sum() < 9:
        return 0.0
    x, y = a[inside], b[inside]
    x, y = x - x.mean(), y - y.mean()
    length = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / length if length > 1e-3 * len(x) else 0.0


def _linear(transform: Float64[np.ndarray, "3 3"], shape: tuple[int, ...]) -> Float64[np.ndarray, "2 2"]:
    """The linear part of a homography at the picture's centre."""
    centre = np.array([shape[1] / 2, shape[0] / 2, 1.0])
    mapped = transform @ centre
    return (transform[:2, :2] - np.outer(mapped[:2] / mapped[2], transform[2, :2])) / mapped[2]
