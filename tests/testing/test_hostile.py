"""Every hostile file is refused without a crash, a delay, much memory or noise."""

import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.folders import display, walk
from lynkeus.testing import HostileFile, sound_pictures, write_hostile_files

SECONDS = 5.0
MEGABYTES = 250


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> list[HostileFile]:
    return write_hostile_files(tmp_path_factory.mktemp("hostile"), np.random.default_rng(11))


def test_sound_pictures_are_read() -> None:
    for raw in sound_pictures(np.random.default_rng(1)).values():
        assert read_picture(raw).rgb.shape == (64, 96, 3)


def test_there_are_hundreds_each_with_its_own_path_and_a_reason(hostile: list[HostileFile]) -> None:
    assert len(hostile) >= 500
    assert len({file.path for file in hostile}) == len(hostile)
    assert all(file.why for file in hostile)
    assert sum(not file.may_decode for file in hostile) >= 500


def test_the_same_seed_gives_the_same_files(hostile: list[HostileFile], tmp_path: Path) -> None:
    again = write_hostile_files(tmp_path, np.random.default_rng(11))
    assert [(file.path.name, file.why) for file in again] == [(file.path.name, file.why) for file in hostile]
    for one, other in zip(again, hostile, strict=True):
        if one.path.parent == tmp_path and not one.path.name.endswith("animated.avif"):  # contains the creation time
            assert one.path.read_bytes() == other.path.read_bytes()


@pytest.mark.parametrize("max_side", [640, None])
def test_each_is_refused_with_a_short_reason_or_decoded_in_time(
    hostile: list[HostileFile], max_side: int | None
) -> None:
    for file in hostile:
        start = time.process_time()
        try:
            picture = read_picture(file.path, max_side=max_side)
        except UnreadableError as error:
            text = str(error)
            assert 5 < len(text) < 160, (file.why, text)
            assert text.isprintable(), (file.why, text)
            assert "0x" not in text or "starts with" in text, text
        else:
            assert file.may_decode, (display(file.path), file.why)
            assert picture.rgb.shape[2] == 3
            assert min(picture.rgb.shape[:2]) >= 1
        assert time.process_time() - start < SECONDS, file.why


def test_a_walk_comes_to_its_end(hostile: list[HostileFile]) -> None:
    folder = hostile[0].path.parent
    entries = list(walk([folder]))
    assert len(entries) > 500
    assert {entry.error for entry in entries} >= {
        None,
        "a broken link",
        "a loop of links",
        "a loop of links: this folder contains itself",
        "not a file but a pipe",
        "not a file but a device",
    }
    json.dumps([display(entry.path) for entry in entries]).encode()


READ_ALL = """
import resource, sys
from pathlib import Path
from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.folders import walk
def most(): return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
before, read, refused = most(), 0, 0
for entry in walk([Path(sys.argv[1])]):
    try:
        read_picture(entry.path)
        read += 1
    except UnreadableError:
        refused += 1
print(read, refused, most() - before)
"""


def test_reading_all_takes_little_memory_and_writes_nothing(hostile: list[HostileFile]) -> None:
    folder = str(hostile[0].path.parent)
    command = [sys.executable, "-W", "error", "-c", READ_ALL, folder]
    done = subprocess.run(command, capture_output=True, text=True, timeout=200, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
    read, refused, megabytes = map(int, done.stdout.split())
    assert refused > 500
    assert read > 50
    assert megabytes < MEGABYTES
