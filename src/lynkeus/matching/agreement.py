"""Do the aligned pixels agree? The test that tells a copy from another shirt on the same carpet.

The upload is warped onto the reference's thumbnail, both smoothed; a block agrees where their normalised correlation is
above one half; only blocks in which the reference has texture count. Measured: strangers photographed on the same floor
have up to 49 inliers but .25 to .37 of the blocks agree; a real copy agrees wherever it overlaps.
"""

from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """How well aligned pixels agree.

    Attributes:
        share: Textured blocks that agree over all textured blocks, 0 to 1.
        blocks: Number of textured blocks.
        overlap: Share of the reference's area that lies within the upload, 0 to 1.
        correlation: Mean normalised correlation over textured blocks, -1 to 1.
        blocks_map: Correlation of each block on the grid, NaN where it does not count.
    """

    share: float
    blocks: int
    overlap: float
    correlation: float
    blocks_map: Float32[np.ndarray, "h w"]


@dataclass(frozen=True, kw_only=True, slots=True)
class AgreementCheck:
    """Compares aligned pixels.

    Attributes:
        side: Longest side of the compared picture, pixels; less where the upload shows the reference smaller.
        windows: Windows along the root of the overlap's area.
        smooth: Standard deviation of the smoothing, pixels.
        texture: Least standard deviation of a textured block, grey levels.
        above: Correlation from which a block agrees.
    """

    side: int = 160
    windows: float = 14.0
    smooth: float = 1.5
    texture: float = 5.0
    above: float = 0.5

    def __call__(
        self,
        upload: UInt8[np.ndarray, "h w"],
        reference: UInt8[np.ndarray, "rh rw"],
        transform: Float64[np.ndarray, "3 3"],
        *,
        negative: bool,
    ) -> Agreement:
        """Compare.

        Args:
            upload: Grey pixels.
            reference: Grey pixels of the reference's thumbnail.
            transform: Homography from ``reference`` pixels to ``upload`` pixels.
            negative: Count a strong negative correlation as agreement.
        """
        shown = float(np.sqrt(abs(np.linalg.det(_linear(transform, reference.shape))) * reference.size))
        side = float(np.clip(shown * max(reference.shape) / np.sqrt(reference.size), 40, self.side))
        zoom = min(side / max(reference.shape), 1.0)
        small = cv2.resize(reference, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        to_upload = transform @ np.diag([1 / zoom, 1 / zoom, 1.0])
        reduce = min(1.0, side / max(shown * max(reference.shape) / np.sqrt(reference.size), 1e-6))
        if reduce < 0.75:
            upload = cv2.resize(upload, None, fx=reduce, fy=reduce, interpolation=cv2.INTER_AREA)
            to_upload = np.diag([reduce, reduce, 1.0]) @ to_upload
        size = (small.shape[1], small.shape[0])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpPerspective(upload, to_upload, size, flags=flags).astype(np.float32)
        inside = cv2.warpPerspective(np.full(upload.shape, 255, np.uint8), to_upload, size, flags=flags) > 250
        return self._compare(warped, small.astype(np.float32), inside, negative=negative)

    def _compare(
        self,
        a: Float32[np.ndarray, "h w"],
        b: Float32[np.ndarray, "h w"],
        inside: np.ndarray,
        *,
        negative: bool,
    ) -> Agreement:
        overlap = float(inside.mean())
        window = int(max(np.sqrt(inside.sum()) / self.windows, 4)) | 1
        a, b = (cv2.GaussianBlur(x, (0, 0), self.smooth) for x in (a, b))
        mean = [
            cv2.blur(x, (window, window))[window // 2 :: window, window // 2 :: window]
            for x in (a, b, a * a, b * b, a * b)
        ]
        full = cv2.blur(inside.astype(np.float32), (window, window))[window // 2 :: window, window // 2 :: window]
        var_a, var_b = mean[2] - mean[0] ** 2, mean[3] - mean[1] ** 2
        correlation = (mean[4] - mean[0] * mean[1]) / np.sqrt(np.maximum(var_a * var_b, 1e-3))
        if negative:
            correlation = -correlation
        counts = (full > 0.9) & (var_b > self.texture**2)
        blocks = int(counts.sum())
        agreeing = int((counts & (correlation > self.above)).sum())
        return Agreement(
            share=agreeing / blocks if blocks else 0.0,
            blocks=blocks,
            overlap=overlap,
            correlation=float(correlation[counts].mean()) if blocks else 0.0,
            blocks_map=np.where(counts, correlation, np.nan).astype(np.float32),
        )


def _linear(transform: Float64[np.ndarray, "3 3"], shape: tuple[int, ...]) -> Float64[np.ndarray, "2 2"]:
    """The linear part of a homography at the picture's centre."""
    centre = np.array([shape[1] / 2, shape[0] / 2, 1.0])
    mapped = transform @ centre
    return (transform[:2, :2] - np.outer(mapped[:2] / mapped[2], transform[2, :2])) / mapped[2]
