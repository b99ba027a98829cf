"""The pictures of a report: uploads are read again from their paths, references come from stored thumbnails."""

from pathlib import Path

from lynkeus.catalog import Owner
from lynkeus.core import CorruptError, Picture, UnreadableError, read_picture
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.kinds.items import THUMB
from lynkeus.scan.home import Home

SHOWN_SIDE = 420
"""Longest side of a picture in a report, pixels; as much as the page shows (``lynkeus.report.pictures``)."""


class StoredPictures:
    """Gives a report its pictures (``lynkeus.report.PictureSource``).

    Args:
        home: The home that stores the thumbnails of the references.
        files: The file of each shown path, when the two differ (names that are not UTF-8).
    """

    def __init__(self, home: Home, files: dict[str, Path] | None = None) -> None:
        self._home = home
        self._files = files or {}

    def upload(self, path: str) -> Picture | None:
        """The upload, or None when the file can no longer be read."""
        try:
            return read_picture(self._files.get(path, Path(path)), max_side=SHOWN_SIDE)
        except UnreadableError:
            return None

    def reference(self, reference_id: int) -> Picture | None:
        """The reference at the size of its thumbnail, or None when the thumbnail is missing or damaged."""
        raw = self._home.catalog.blobs.read(Owner.REFERENCE, [reference_id], THUMB).get(reference_id)
        if raw is None:
            return None
        stored = self._home.catalog.references.get(reference_id)
        try:
            rgb = read_thumbnail(raw)
        except CorruptError:
            return None
        width, height = stored.width or rgb.shape[1], stored.height or rgb.shape[0]
        return Picture(rgb=rgb, width=width, height=height, digest=stored.digest)
