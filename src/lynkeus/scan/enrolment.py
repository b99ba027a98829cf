"""One file of a registration: read, known or new, enrolled, and which reference it nearly is."""

from dataclasses import dataclass, replace
from pathlib import Path

from lynkeus.catalog import NewReference, SeenFile
from lynkeus.core import Picture, Sample, UnknownNameError, UnreadableError, read_picture
from lynkeus.core.file_bytes import reason
from lynkeus.core.folders import Entry, display
from lynkeus.core.naming import Naming
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail
from lynkeus.kinds.items import THUMB
from lynkeus.scan.lane import AnyLane, Recent


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolled:
    """What became of one file before anything is stored.

    Attributes:
        entry: The file.
        error: Why it could not be read or enrolled.
        known: The reference of the gallery with the same bytes.
        reference: What is to be stored.
        seen: What is remembered of the file, so that it need not be read again.
        near: Label of the reference that it nearly is; empty for none.
    """

    entry: Entry
    error: str | None = None
    known: int | None = None
    reference: NewReference | None = None
    seen: SeenFile | None = None
    near: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Enrolment:
    """Enrols files for one gallery.

    Attributes:
        lane: The kind.
        gallery: Name of the gallery, which need not be there yet.
        naming: Names entities.
    """

    lane: AnyLane
    gallery: str
    naming: Naming

    def __call__(self, entry: Entry) -> Enrolled:
        """Read a file and enrol it, unless the gallery has its bytes."""
        if entry.error is not None:
            return Enrolled(entry=entry, error=entry.error)
        path = display(entry.path)
        try:
            status = entry.path.stat()
            memo = self.lane.catalog.files.seen([path]).get(path)
            same = memo is not None and (memo.size, memo.mtime_ns) == (status.st_size, status.st_mtime_ns)
            if memo is not None and same and (known := self._known(memo.digest)):
                return Enrolled(entry=entry, known=known)
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
            seen = SeenFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, digest=picture.digest)
            if known := self._known(picture.digest):
                return Enrolled(entry=entry, known=known, seen=seen)
            return self._enrolled(entry, picture, seen)
        except UnreadableError as error:
            return Enrolled(entry=entry, error=str(error))
        except OSError as error:
            return Enrolled(entry=entry, error=reason(entry.path, error))

    def _enrolled(self, entry: Entry, picture: Picture, seen: SeenFile) -> Enrolled:
        items = {**self.lane.recogniser.enrol(Sample(source=picture)), THUMB: encode_thumbnail(picture.rgb)}
        twin = self.lane.twin(items)
        reference = NewReference(
            entity=self.naming.entity(entry.path),
            name=display(Path(entry.path.name)),
            digest=picture.digest,
            source=seen.path,
            width=picture.width,
            height=picture.height,
            model_version=self.lane.recogniser.traits.version,
            blobs=items,
        )
        return Enrolled(entry=entry, reference=reference, seen=seen, near="" if twin is None else self._label(twin))

    def compared(self, enrolled: Enrolled, recent: Recent, *, keep_pixels: bool) -> Enrolled:
        """With a near-copy among pictures that were not stored yet when this one was enrolled.

        Args:
            enrolled: The file.
            recent: The last enrolled pictures; this one is added.
            keep_pixels: Keep the thumbnail.
        """
        new = enrolled.reference
        if new is None:
            return enrolled
        near = enrolled.near or recent.twin(new.blobs)
        recent.add(self.lane.label(self.gallery, new), new.digest, new.blobs)
        blobs = {item: raw for item, raw in new.blobs.items() if keep_pixels or item != THUMB}
        return replace(enrolled, reference=replace(new, blobs=blobs), near=near)

    def _known(self, digest: str) -> int | None:
        """The reference of the gallery with these bytes."""
        try:
            return self.lane.catalog.references.known(self.gallery, [digest]).get(digest)
        except UnknownNameError:
            return None

    def _label(self, number: int) -> str:
        stored = self.lane.catalog.references.get(number)
        return self.lane.label(stored.gallery, stored)
