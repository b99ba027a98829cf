"""Registering pictures: read, enrol, store; resumable, without duplicates, near-copies named."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from lynkeus.catalog import NewReference, SeenFile
from lynkeus.core import ConflictError, UnknownNameError, UnreadableError, read_picture
from lynkeus.core.file_bytes import reason
from lynkeus.core.folders import Entry, display
from lynkeus.recognisers.protocol import COPIES, OBJECTS, THUMB
from lynkeus.scan.entity_folders import empty_folders, folder_entity
from lynkeus.scan.home import Home
from lynkeus.scan.near_copies import Recent, near_copy, near_object
from lynkeus.scan.parallel import in_order

WORKING_SIDE = 1024
_BATCH = 64
_WORDS = {COPIES: "pictures whose copies are looked for", OBJECTS: "objects"}


class Outcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    NEAR_COPY = "near-copy"
    KNOWN = "known"
    UNREADABLE = "unreadable"
    NO_PICTURE = "no-picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """One file of a registration, or a folder of an object without any picture that could be read.

    Attributes:
        path: The file or folder.
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
        names: Entity of each path; others are named by their file's stem, of objects by their folder.
        kind: The recogniser's kind of all in the gallery; None takes that of a gallery that is there, else copies.
        keep_pixels: Keep a thumbnail, for pixel agreement and the report.
        roots: Files and folders that were named: below them each folder is an object.
        dry_run: Say what would happen and store nothing.
        jobs: Threads.
    """

    gallery: str
    names: Mapping[str, str]
    kind: str | None = None
    keep_pixels: bool = True
    roots: tuple[Path, ...] = ()
    dry_run: bool = False
    jobs: int = 1

    def __call__(self, home: Home, entries: Iterable[Entry]) -> Iterator[Registered]:
        """Register files; each row comes when it is stored for good.

        Raises:
            ConflictError: The gallery is of another kind, or its name is not allowed.
        """
        kind = _kind(home, self.gallery, self.kind)
        if not self.dry_run:
            _make_gallery(home, self.gallery, kind)
        batch: list[_Enrolled] = []
        digests: set[str] = set()
        recent = Recent()
        seen: dict[Path, bool] = {}
        for enrolled in in_order(lambda entry: self._enrol(home, entry, kind), entries, jobs=self.jobs):
            seen[enrolled.entry.path] = enrolled.error is None
            batch.append(self._compared(home, enrolled, recent))
            if len(batch) >= _BATCH:
                yield from self._store(home, batch, digests)
                batch = []
        yield from self._store(home, batch, digests)
        if kind == OBJECTS:
            yield from self._without_picture(home, seen)
        if not self.dry_run and kind == COPIES:
            home.library.compact()

    def _enrol(self, home: Home, entry: Entry, kind: str) -> _Enrolled:
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
            return _Enrolled(entry=entry, error=reason(entry.path, error))
        seen = SeenFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, digest=picture.digest)
        if self._known(home, picture.digest):
            return _Enrolled(entry=entry, known=True, seen=seen)
        if kind == OBJECTS:
            blobs, version = home.object_embedder.enrol(picture), home.object_embedder.version
            near = near_object(home, blobs, home.object_library.view())
        else:
            blobs, version = home.copies.enrol(picture), home.copies.version
            near = near_copy(home, picture, blobs, home.library.view())
        reference = NewReference(
            entity=self._entity(entry.path, kind),
            name=display(Path(entry.path.name)),
            digest=picture.digest,
            source=path,
            width=picture.width,
            height=picture.height,
            model_version=version,
            blobs=blobs,
            kind=kind,
        )
        return _Enrolled(entry=entry, reference=reference, seen=seen, near=near)

    def _entity(self, path: Path, kind: str) -> str:
        if (named := self.names.get(display(path))) is not None:
            return named
        return folder_entity(path, self.roots if kind == OBJECTS else ())

    def _without_picture(self, home: Home, seen: Mapping[Path, bool]) -> Iterator[Registered]:
        """Objects of which no picture is registered.

        Args:
            home: Knows those of before.
            seen: Whether each file could be read.
        """
        read = {self._entity(path, OBJECTS) for path, readable in seen.items() if readable}
        lost: dict[str, list[Path]] = {}
        for path in seen:
            if (entity := self._entity(path, OBJECTS)) not in read:
                lost.setdefault(entity, []).append(path)
        for entity, paths in lost.items():
            if self.dry_run or not home.catalog.references.page(self.gallery, entity=entity, limit=1):
                reason = f"none of the pictures of {entity} could be read ({len(paths):,} tried)"
                yield Registered(path=display(paths[0].parent), outcome=Outcome.NO_PICTURE, detail=reason)
        for folder in empty_folders(self.roots, seen):
            yield Registered(path=display(folder), outcome=Outcome.NO_PICTURE, detail="no picture in this folder")

    def _known(self, home: Home, digest: str) -> bool:
        try:
            return digest in home.catalog.references.known(self.gallery, [digest])
        except UnknownNameError:
            return False

    def _compared(self, home: Home, enrolled: _Enrolled, recent: Recent) -> _Enrolled:
        """With a near-copy among pictures that were not stored yet when this one was looked at."""
        new = enrolled.reference
        if new is None:
            return enrolled
        near = enrolled.near or recent.near_copy(home, new.blobs)
        recent.add(f"{self.gallery}/{new.name}", new.digest, new.blobs)
        blobs = {part: raw for part, raw in new.blobs.items() if self.keep_pixels or part != THUMB}
        return replace(enrolled, reference=replace(new, blobs=blobs), near=near)

    def _store(self, home: Home, batch: list[_Enrolled], digests: set[str]) -> Iterator[Registered]:
        """Store a batch; ``digests`` are those of a dry run so far."""
        references = [e.reference for e in batch if e.reference is not None]
        if self.dry_run:
            new = [not (r.digest in digests or digests.add(r.digest)) for r in references]
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


def _kind(home: Home, gallery: str, wanted: str | None) -> str:
    """The kind that is registered; refused where the gallery is of another."""
    try:
        there = home.catalog.galleries.get(gallery).kind
    except UnknownNameError:
        return wanted or COPIES
    if wanted not in (None, there):
        raise ConflictError(
            f"gallery {gallery!r} holds {_WORDS[there]}: register {_WORDS[str(wanted)]} into another gallery"
        )
    return there


def _make_gallery(home: Home, name: str, kind: str) -> None:
    if name in {gallery.name for gallery in home.catalog.galleries.all()}:
        return
    try:
        home.catalog.galleries.create(name, kind=kind)
    except ConflictError:
        _kind(home, name, kind)
        if name not in {gallery.name for gallery in home.catalog.galleries.all()}:
            raise  # no other process was faster: the name is bad


def read_names(file: Path) -> tuple[list[Path], dict[str, str]]:
    """Paths and entity names from a csv file with the columns ``path`` and ``name``; others are passed over.

    Relative paths are taken from the csv file's folder.

    Raises:
        UnreadableError: A column is missing, or the file is no csv text; the text names the file.
    """
    called = display(file)
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if not {"path", "name"} <= set(reader.fieldnames or ()):
                got = ", ".join(reader.fieldnames or ()) or "none"
                raise UnreadableError(f"{called}: wanted the columns path and name, got {got}")
            rows = [(row["path"], row["name"]) for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"{called}: no csv text: {error}") from error
    except OSError as error:
        raise UnreadableError(f"{called}: {reason(file, error)}") from error
    named = {file.parent / path: name for path, name in rows if path}
    return list(named), {display(path): name for path, name in named.items() if name}
