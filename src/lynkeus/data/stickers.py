"""Stickers in the data folder: pictures with transparency to lay over other pictures."""

from pathlib import Path

import cv2
import numpy as np

FOLDER = "copydet/overlays_twemoji"
"""Folder of the stickers (Twemoji), relative to the data root."""


def read_stickers(data: Path) -> list[np.ndarray]:
    """Read the stickers as RGBA pictures, uint8; files without transparency are left out.

    Args:
        data: The data root.
    """
    read = (cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in sorted((data / FOLDER).glob("*.png")))
    return [
        np.asarray(cv2.cvtColor(sticker, cv2.COLOR_BGRA2RGBA))
        for sticker in read
        if sticker is not None and sticker.ndim == 3 and sticker.shape[2] == 4
    ]
