"""A stored picture once more: from its file where that is unchanged, else from its thumbnail."""

from dataclasses import dataclass
from pathlib import Path

from lynkeus.core import Picture, UnreadableError, read_picture
from lynkeus.core.thumbnails import read_thumbnail

WORKING_SIDE = 1024
"""Longest side at which pictures are worked on, pixels; a larger one finds no more copies (docs/methods/copies.md)."""

CHANGED = "the file has changed since"


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """Where a stored picture came from.

    Attributes:
        path: Its file.
        digest: SHA-256 of the file's bytes.
        width: Full width, pixels; None where unknown.
        height: Full height, pixels; None where unknown.
        thumb: Its stored thumbnail; None where none is kept.
    """

    path: str
    digest: str
    width: int | None = None
    height: int | None = None
    thumb: bytes | None = None


def from_file(source: Source) -> Picture:
    """The picture from its file.

    Raises:
        UnreadableError: The file cannot be read, or has changed.
    """
    picture = read_picture(Path(source.path), max_side=WORKING_SIDE)
    if picture.digest != source.digest:
        raise UnreadableError(CHANGED)
    return picture


def from_thumbnail(source: Source) -> Picture | None:
    """The picture at the size of its thumbnail, with its full size where that is known; None without a thumbnail."""
    if source.thumb is None:
        return None
    rgb = read_thumbnail(source.thumb)
    high, wide = rgb.shape[:2]
    return Picture(rgb=rgb, width=source.width or wide, height=source.height or high, digest=source.digest)


def picture_again(source: Source) -> Picture | None:
    """The picture from its file, else from its thumbnail, else None."""
    try:
        return from_file(source)
    except UnreadableError:
        return from_thumbnail(source)
