"""Paths that are not readable files: folders, links, pipes, sockets, names that are not UTF-8."""

import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path


def write_hostile_paths(folder: Path) -> list[tuple[Path, str]]:
    """Create hostile paths in a new folder; paths that the system refuses to create are left out.

    Returns:
        Each path, and what is wrong with the path. The file without permission is left out for a user who may read
        everything.
    """
    folder.mkdir()
    made: list[tuple[Path, str]] = []
    for name, why, make in _makers():
        path = folder / name
        try:
            make(path)
        except OSError:
            continue
        if not (name.startswith("locked") and os.access(path, os.R_OK)):
            made.append((path, why))
    made.append((folder / "missing.jpg", "a file that is not there"))
    made.append((folder / ("x" * 300 + ".jpg"), "a name too long for a file"))
    made.append((folder / "nothing.jpg" / "below.jpg", "a path through something that is not a folder"))
    made.append((folder / "zero\0byte.jpg", "a name with a zero byte"))
    return made


def _makers() -> Iterator[tuple[str, str, Callable[[Path], None]]]:
    yield "folder.jpg", "a folder named like a picture", Path.mkdir
    yield "nothing.jpg", "an empty file", Path.touch
    yield "broken.jpg", "a link to nothing", lambda path: path.symlink_to("not there.jpg")
    yield "itself.jpg", "a link to itself", lambda path: path.symlink_to(path.name)
    yield "back", "a link to the folder it lies in", lambda path: path.symlink_to(".")
    yield "chain.jpg", "a chain of 60 links", _chain
    yield "pipe.jpg", "a pipe that nobody writes to", os.mkfifo
    yield "socket.jpg", "a socket", _socket
    yield "device.jpg", "a link to an endless device", lambda path: path.symlink_to("/dev/zero")
    yield "not-\udcff-utf8.jpg", "a name that is not UTF-8, and an empty file", Path.touch
    yield "line\nbreak\x1b[31m.jpg", "a name with control characters, and an empty file", Path.touch
    yield "gpj.\u202e.jpg", "a name that is shown backwards, and an empty file", Path.touch
    yield "deep", "a folder 200 folders deep", _deep
    yield "locked.jpg", "a file without permission to read", lambda path: path.touch(mode=0)
    yield "locked", "a folder without permission to read", lambda path: path.mkdir(mode=0)


def _chain(path: Path) -> None:
    target = path.name
    for number in range(60):
        link = path.with_name(f"link-{number}.jpg")
        link.symlink_to(target)
        target = link.name
    path.symlink_to(target)


def _socket(path: Path) -> None:
    """Create a socket; it is bound from its folder, because the whole path may be too long for a socket's name."""
    handle = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.bind(f"/proc/self/fd/{handle}/{path.name}")
    finally:
        os.close(handle)


def _deep(path: Path) -> None:
    path.joinpath(*["d"] * 200).mkdir(parents=True)
