"""Read the frames of video clips at a fixed rate, as squares.

Conventions: frames are uint8 RGB, squashed to a square like pictures; frame k is the first frame at or after k / rate
seconds.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import UInt8

from lynkeus.core import DataError, UnreadableError
from lynkeus.data.views import squash


def list_contents(folder: Path) -> dict[str, str]:
    """The first clip of each group of clips with one content, as listed in the folder's ``videos.json``.

    Raises:
        DataError: The list is missing, or an entry has no file or no group; the text names the entry.
    """
    first: dict[str, str] = {}
    for number, row in enumerate(json.loads((folder / "videos.json").read_text("utf-8"))):
        match row:
            case {"file": str(file), "group": str(group)}:
                first.setdefault(group, file)
            case _:
                raise DataError(f"videos.json[{number}]: wanted file and group")
    return first


def read_frames(file: Path, *, rate: float, side: int) -> UInt8[np.ndarray, "t s s 3"]:
    """The frames of a clip.

    Args:
        file: The clip.
        rate: Frames per second.
        side: Side of the squares, pixels.

    Raises:
        UnreadableError: The clip has no readable frame.
    """
    found = list(_sampled(file, rate, side))
    if not found:
        raise UnreadableError("no frame can be read")
    return np.stack(found)


def _sampled(file: Path, rate: float, side: int) -> Iterator[np.ndarray]:
    video = cv2.VideoCapture(str(file))
    speed = video.get(cv2.CAP_PROP_FPS) or rate
    number, wanted = 0, 0
    while video.grab():
        if number >= wanted * speed / rate:
            read, bgr = video.retrieve()
            if read:
                yield squash(np.ascontiguousarray(bgr[..., ::-1]), side)
            wanted += 1
        number += 1
    video.release()
