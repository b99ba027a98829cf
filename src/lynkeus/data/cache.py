"""Decode pictures once, reduce them, and keep the pixels in one flat file that is mapped into memory.

Conventions: uint8 RGB, upright; the longest side is at most ``side`` pixels; smaller pictures are not enlarged. The
name of a cache is the digest of its listing and side, so another listing or side makes another cache. A cache is
written under a temporary name and renamed when complete.
"""

import hashlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import overload

import cv2
import numpy as np
from jaxtyping import Int64, UInt8
from tqdm import tqdm

from lynkeus.core import UnreadableError, read_picture
from lynkeus.data.sources import Listing, Source

FORMAT = 1
"""Version of the cache's layout; part of the digest, so a new version makes new caches."""


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class PictureCache(Sequence[np.ndarray]):
    """Decoded pictures.

    Attributes:
        pixels: The pixels of all pictures, one picture after the other.
        start: First byte of each picture.
        shape: Height and width of each picture.
        source: Number of the source of each picture in the listing.
        folder: Number of the folder of each picture; pictures of one folder look alike.
        paths: Path of each picture, relative to the data root.
        sources: The sources of the listing.
        key: Name of the cache; differs if a picture, its file or the reduction differs.
    """

    pixels: np.memmap
    start: Int64[np.ndarray, " n"]
    shape: Int64[np.ndarray, "n 2"]
    source: Int64[np.ndarray, " n"]
    folder: Int64[np.ndarray, " n"]
    paths: tuple[str, ...]
    sources: tuple[Source, ...]
    key: str

    def __len__(self) -> int:
        return len(self.start)

    @property
    def digest(self) -> str:
        """SHA-256 of the paths, which identifies the set of pictures."""
        return hashlib.sha256("\n".join(self.paths).encode()).hexdigest()

    @overload
    def __getitem__(self, number: int) -> np.ndarray: ...
    @overload
    def __getitem__(self, number: slice) -> list[np.ndarray]: ...
    def __getitem__(self, number: int | slice) -> np.ndarray | list[np.ndarray]:
        if isinstance(number, slice):
            return [self[one] for one in range(*number.indices(len(self)))]
        height, width = (int(side) for side in self.shape[number])
        start = int(self.start[number])
        return np.array(self.pixels[start : start + height * width * 3]).reshape(height, width, 3)


def open_cache(root: Path, listing: Listing, *, side: int, caches: Path) -> PictureCache:
    """Open the cache of a listing; build a missing cache first.

    Args:
        root: The data root.
        listing: Pictures to hold; an unreadable picture is left out with a message.
        side: Longest side, pixels.
        caches: Folder of caches.
    """
    files = [_stamp(root / path) for path in listing.paths]
    key = json.dumps([FORMAT, side, str(root.resolve()), listing.paths, listing.source, files]).encode()
    folder = caches / f"pictures-{hashlib.sha256(key).hexdigest()[:16]}"
    if not (folder / "index.npz").exists():
        _build(root, listing, side=side, folder=folder)
    index = np.load(folder / "index.npz")
    return PictureCache(
        pixels=np.memmap(folder / "pixels.u8", dtype=np.uint8, mode="r"),
        start=index["start"],
        shape=index["shape"],
        source=index["source"],
        folder=index["folder"],
        paths=tuple(index["paths"].tolist()),
        sources=listing.sources,
        key=folder.name,
    )


def _stamp(file: Path) -> tuple[int, int] | None:
    """Size and modification time of a file, which reveal a change; None for a missing file."""
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def reduce_to(rgb: UInt8[np.ndarray, "h w 3"], side: int) -> UInt8[np.ndarray, "i j 3"]:
    """The picture, reduced to at most ``side`` pixels on its longest side."""
    height, width = rgb.shape[:2]
    if max(height, width) <= side:
        return rgb
    scale = side / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return np.asarray(cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))


def _build(root: Path, listing: Listing, *, side: int, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    own = os.getpid()  # each of several processes writes its own files; the files of the last process stay
    start, shape, source, paths = [0], [], [], []
    with (folder / f"pixels.{own}.tmp").open("wb") as file:
        for path, owner in tqdm(list(zip(listing.paths, listing.source, strict=True)), desc="decoding", disable=None):
            try:
                rgb = read_picture(root / path, max_side=4 * side).rgb
            except UnreadableError as error:
                tqdm.write(f"left out {path}: {error}")
                continue
            small = reduce_to(rgb, side)
            file.write(small.tobytes())
            start.append(start[-1] + small.size)
            shape.append(small.shape[:2])
            source.append(owner)
            paths.append(path)
    (folder / f"pixels.{own}.tmp").replace(folder / "pixels.u8")
    names = sorted({path.rpartition("/")[0] for path in paths})
    number = {name: place for place, name in enumerate(names)}
    with (folder / f"index.{own}.tmp").open("wb") as file:
        np.savez(
            file,
            start=np.array(start[:-1], dtype=np.int64),
            shape=np.array(shape, dtype=np.int64).reshape(-1, 2),
            source=np.array(source, dtype=np.int64),
            folder=np.array([number[path.rpartition("/")[0]] for path in paths], dtype=np.int64),
            paths=np.array(paths),
        )
    (folder / f"index.{own}.tmp").replace(folder / "index.npz")
