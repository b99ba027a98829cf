"""Registering pictures: read, enrol, store; resumable, without duplicates, near-copies named."""

import csv
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import numpy as np

from lynkeus.catalog import NewReference, SeenFile
from lynkeus.core import ConflictError, Picture, UnknownNameError, UnreadableError, read_picture
from lynkeus.core.folders import Entry, display
from lynkeus.recognisers.protocol import GLOBAL, THUMB
from lynkeus.scan.home import Home
from lynkeus.scan.library import View
from lynkeus.scan.parallel import in_order

WORKING_SIDE = 1024
_BATCH = 64
_NEAR_COSINE = 0.75


class Outcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    NEAR_COPY = "near-copy"
    KNOWN = "known"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """One file of a registration.

    Attributes:
        path: The file.
        outcome: What became of it; a near-copy was added, too.
        detail: The reason, or the name of the reference that it nearly is.
    """

    path: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Enrolled:
    entry: Entry
    error: str | None = None
    known: bool = False
    reference: NewReference | None = None
    seen: SeenFile | None = None
    near: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """How pictures are registered into a gallery.

    Attributes:
        gallery: Its name; made when missing.
        names: Entity of each path; others are named by their file's stem.
        keep_pixels: Keep a thumbnail, for pixel agreement and the report.
        dry_run: Say what would happen and store nothing.
        jobs: Threads.
    """

    gallery: str
    names: Mapping[str, str]
    keep_pixels: bool = True
    dry_run: bool = False
    jobs: int = 1

    def __call__(self, home: Home, entries: Iterable[Entry]) -> Iterator[Registered]:
        """Register files; each row comes when it is stored for good."""
        if not self.dry_run:
            _make_gallery(home, self.gallery)
        batch: list[_Enrolled] = []
        for enrolled in in_order(lambda entry: self._enrol(home, entry), entries, jobs=self.jobs):
            batch.append(enrolled)
            if len(batch) >= _BATCH:
                yield from self._store(home, batch)
                batch = []
        yield from self._store(home, batch)
        if not self.dry_run:
            home.library.compact()

    def _enrol(self, home: Home, entry: Entry) -> _Enrolled:
        if entry.error is not None:
            return _Enrolled(entry=entry, error=entry.error)
        path = display(entry.path)
        try:
            status = entry.path.stat()
            memo = home.catalog.files.seen([path]).get(path)
            same = memo is not None and (memo.size, memo.mtime_ns) == (status.st_size, status.st_mtime_ns)
            if memo is not None and same and self._known(home, memo.digest):
                return _Enrolled(entry=entry, known=True)
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
        except UnreadableError as error:
            return _Enrolled(entry=entry, error=str(error))
        except OSError as error:
            return _Enrolled(entry=entry, error=os.strerror(error.errno or 0).lower())
        seen = SeenFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, digest=picture.digest)
        if self._known(home, picture.digest):
            return _Enrolled(entry=entry, known=True, seen=seen)
        blobs = dict(home.copies.enrol(picture))
        near = near_copy(home, picture, blobs[GLOBAL], home.library.view())
        if not self.keep_pixels:
            del blobs[THUMB]
        reference = NewReference(
            entity=self.names.get(path, entry.path.stem and display(Path(entry.path.stem))),
            name=display(Path(entry.path.name)),
            digest=picture.digest,
            source=path,
            width=picture.width,
            height=picture.height,
            model_version=home.copies.version,
            blobs=blobs,
        )
        return _Enrolled(entry=entry, reference=reference, seen=seen, near=near)

    def _known(self, home: Home, digest: str) -> bool:
        try:
            return digest in home.catalog.references.known(self.gallery, [digest])
        except UnknownNameError:
            return False

    def _store(self, home: Home, batch: list[_Enrolled]) -> Iterator[Registered]:
        references = [e.reference for e in batch if e.reference is not None]
        if self.dry_run:
            first: set[str] = set()
            new = [r.digest not in first and not first.add(r.digest) for r in references]
        else:
            new = [added.new for added in home.catalog.references.add(self.gallery, references)]
            home.catalog.files.remember([e.seen for e in batch if e.seen is not None])
        fresh = iter(new)
        for enrolled in batch:
            path = display(enrolled.entry.path)
            if enrolled.error is not None:
                yield Registered(path=path, outcome=Outcome.UNREADABLE, detail=enrolled.error)
            elif enrolled.known or not next(fresh):
                yield Registered(path=path, outcome=Outcome.KNOWN)
            elif enrolled.near:
                yield Registered(path=path, outcome=Outcome.NEAR_COPY, detail=enrolled.near)
            else:
                yield Registered(path=path, outcome=Outcome.ADDED)


def _make_gallery(home: Home, name: str) -> None:
    try:
        home.catalog.galleries.get(name)
    except UnknownNameError:
        try:
            home.catalog.galleries.create(name)
        except ConflictError:  # another process was faster, or the name is bad
            home.catalog.galleries.get(name)


def near_copy(home: Home, picture: Picture, vector: bytes, view: View) -> str:
    """Name of the reference that the picture is nearly the same as; empty for none.

    Nearly the same: four fifths of the reference lie in the picture, and four fifths of its blocks agree.
    """
    query = np.frombuffer(vector, np.float16).astype(np.float32)[None]
    near = view.nearest(query, 1)
    if near.ids[0, 0] < 0 or near.score[0, 0] < _NEAR_COSINE:
        return ""
    for found in home.copies.recognise([picture], view)[0][:1]:
        seen = found.evidence
        if seen.overlap > 0.8 and (seen.agreement or 0) > 0.8:
            stored = home.catalog.references.get(found.reference_id)
            return f"{stored.gallery}/{stored.name}"
    return ""


def read_names(file: Path) -> tuple[list[Path], dict[str, str]]:
    """Paths and entity names from a csv file with the columns ``path`` and ``name`` (and others, passed
    over).

    Relative paths are taken from the csv file's folder.

    Raises:
        UnreadableError: A column is missing, or the file is no csv text.
    """
    try:
        with file.open(newline="", encoding="utf-8") as lines:
            reader = csv.DictReader(lines)
            if not {"path", "name"} <= set(reader.fieldnames or ()):
                raise UnreadableError(f"wanted the columns path and name, got {reader.fieldnames}")
            rows = [(file.parent / row["path"], row["name"]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"no csv text: {error}") from error
    return [path for path, _ in rows], {display(path): name for path, name in rows}
