"""Made pictures with texture and structure, and files of them: what the tests of scan and command line work on."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

WIDTH, HEIGHT = 480, 360


def made_picture(seed: int, *, width: int = WIDTH, height: int = HEIGHT) -> UInt8[np.ndarray, "h w 3"]:
    """Coloured shapes over noise of two scales: full of corners, different for each seed."""
    rng = np.random.default_rng(seed)
    coarse = rng.integers(40, 216, (height // 40 + 2, width // 40 + 2, 3), np.uint8)
    fine = rng.integers(0, 50, (height // 4 + 1, width // 4 + 1, 3), np.uint8)
    picture = np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.uint8)
    picture = cv2.add(picture, cv2.resize(fine, (width, height), interpolation=cv2.INTER_LINEAR))
    for _ in range(40):
        colour = [int(c) for c in rng.integers(0, 256, 3)]
        x, y = int(rng.integers(0, width)), int(rng.integers(0, height))
        size = int(rng.integers(8, 60))
        if rng.random() < 0.5:
            cv2.rectangle(picture, (x, y), (x + size, y + int(rng.integers(8, 60))), colour, -1)
        else:
            corners = rng.integers(-size, size + 1, (3, 2)) + np.array([x, y])
            cv2.fillPoly(picture, [corners.astype(np.int32)], colour)
    return np.asarray(picture, np.uint8)


def write_picture(path: Path, rgb: UInt8[np.ndarray, "h w 3"]) -> Path:
    """Write pixels in the format of the file's ending; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _, raw = cv2.imencode(path.suffix, cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR))
    path.write_bytes(raw.tobytes())
    return path


def write_pictures(folder: Path, seeds: Sequence[int]) -> list[Path]:
    """One picture a seed, named after it."""
    return [write_picture(folder / f"picture{seed}.jpg", made_picture(seed)) for seed in seeds]
