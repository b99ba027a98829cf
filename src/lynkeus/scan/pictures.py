"""The pictures of a report: uploads read again from their paths, references from their stored thumbnails."""

from pathlib import Path

from lynkeus.catalog import Owner
from lynkeus.core import CorruptError, Picture, UnreadableError, read_picture
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.kinds.items import THUMB
from lynkeus.scan.home import Home

SHOWN_SIDE = 420


class StoredPictures:
    """Gives a report its pictures (``lynkeus.report.PictureSource``).

    Args:
        home: Holds the references' thumbnails.
        files: The file behind each shown path, where the two differ (names that are no UTF-8).
    """

    def __init__(self, home: Home, files: dict[str, Path] | None = None) -> None:
        self._home = home
        self._files = files or {}

    def upload(self, path: str) -> Picture | None:
        """The upload, or None where it can no longer be read."""
        try:
            return read_picture(self._files.get(path, Path(path)), max_side=SHOWN_SIDE)
        except UnreadableError:
            return None

    def reference(self, reference_id: int) -> Picture | None:
        """The reference at its stored size, or None where no pixels are kept."""
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
