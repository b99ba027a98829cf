"""Undo distortions that no homography describes: swirls, waves, lenses, a slightly wrong transform.

Source: dense inverse search, Kroeger et al., ECCV 2016, https://arxiv.org/abs/1603.03590, in OpenCV. The optical flow
is smoothed strongly: shapes bend back, but one garment cannot turn into another.
"""

from typing import Any

import cv2
import numpy as np
from jaxtyping import Bool, Float32, UInt8

_SMOOTHING = 4.0  # standard deviation of the flow's blur, pixels of a picture of at most 160; chosen by us
_NARROWEST = 32  # pixels: 8-pixel patches at a quarter of the size; OpenCV reads past the end of narrower pictures
_GREY, _CONTRAST = 128.0, 40.0  # common mean and standard deviation, grey levels; most pixels then stay within 0 to 255


def bend_back(
    warped: Float32[np.ndarray, "h w"], reference: Float32[np.ndarray, "h w"], inside: Bool[np.ndarray, "h w"]
) -> Float32[np.ndarray, "h w"]:
    """The warped upload, bent smoothly towards the reference; unchanged if narrower than 32 pixels.

    Args:
        warped: Grey pixels of the upload, roughly aligned, not inverted against the reference.
        reference: Grey pixels of the reference.
        inside: Mask of the pixels that the upload covers.
    """
    if min(warped.shape) < _NARROWEST:
        return warped
    finder: Any = cv2.DISOpticalFlow.create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)
    flow = finder.calc(_even(reference, inside), _even(warped, inside), None)
    flow = cv2.GaussianBlur(flow, (0, 0), _SMOOTHING)
    rows, columns = np.indices(warped.shape, dtype=np.float32)
    return cv2.remap(
        warped, columns + flow[..., 0], rows + flow[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )


def _even(picture: Float32[np.ndarray, "h w"], inside: Bool[np.ndarray, "h w"]) -> UInt8[np.ndarray, "h w"]:
    """The picture with a fixed mean and contrast, so that both pictures look alike to the flow."""
    seen = picture[inside]
    mean, spread = (float(seen.mean()), float(seen.std()) + 1) if seen.size else (0.0, 1.0)
    return np.clip((picture - mean) * (_CONTRAST / spread) + _GREY, 0, 255).astype(np.uint8)
