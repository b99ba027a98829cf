"""Frames of clips."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from lynkeus.core import UnreadableError
from lynkeus.data.clips import list_contents, read_frames


def made_clip(file: Path, *, frames: int = 30, speed: float = 10.0) -> Path:
    """A clip whose brightness rises by four levels per frame."""
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), speed, (64, 48))
    for number in range(frames):
        writer.write(np.full((48, 64, 3), 4 * number, np.uint8))
    writer.release()
    return file


def test_takes_the_first_frame_at_or_behind_each_moment(tmp_path: Path) -> None:
    frames = read_frames(made_clip(tmp_path / "clip.avi"), rate=4.0, side=32)
    assert frames.shape == (12, 32, 32, 3)
    shown = frames.mean(axis=(1, 2, 3)) / 4
    np.testing.assert_allclose(shown, np.ceil(np.arange(12) * 2.5), atol=0.8)


def test_no_clip_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "clip.avi").write_bytes(b"nothing")
    with pytest.raises(UnreadableError, match="no frame"):
        read_frames(tmp_path / "clip.avi", rate=4.0, side=32)


def test_lists_the_first_clip_of_each_content(tmp_path: Path) -> None:
    rows = [{"file": "a.mp4", "group": "x"}, {"file": "b.mp4", "group": "x"}, {"file": "c.mp4", "group": "y"}]
    (tmp_path / "videos.json").write_text(json.dumps(rows))
    assert list_contents(tmp_path) == {"x": "a.mp4", "y": "c.mp4"}
    (tmp_path / "videos.json").write_text(json.dumps([{"file": "a.mp4"}]))
    with pytest.raises(ValueError, match=r"videos\.json\[0\]"):
        list_contents(tmp_path)
