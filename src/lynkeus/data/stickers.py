"""Stickers of the data folder: pictures with transparency, to be laid over others."""

from pathlib import Path

import cv2
import numpy as np

FOLDER = "copydet/overlays_twemoji"


def read_stickers(data: Path) -> list[np.ndarray]:
    """RGBA pictures, uint8; a file without transparency is left out.

    Args:
        data: The data root.
    """
    read = (cv2.imread(str(file), cv2.IMREAD_UNCHANGED) for file in sorted((data / FOLDER).glob("*.png")))
    return [
        np.asarray(cv2.cvtColor(sticker, cv2.COLOR_BGRA2RGBA))
        for sticker in read
        if sticker is not None and sticker.ndim == 3 and sticker.shape[2] == 4
    ]
