"""Registering pictures: read, enrol, store; resumable, without duplicates, near-copies named."""

import csv
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from lynkeus.catalog import NewReference, SeenFile
from lynkeus.catalog.galleries import check_name
from lynkeus.catalog.lookup import storable
from lynkeus.core import ConflictError, UnknownNameError, UnreadableError, read_picture
from lynkeus.core.file_bytes import reason
from lynkeus.core.folders import Entry, display
from lynkeus.kinds.protocol import COPIES, GLOBAL, OBJECTS, THUMB
from lynkeus.scan.entity_folders import empty_folders, entity_place, folder_entity
from lynkeus.scan.home import Home
from lynkeus.scan.near_copies import Recent, called, near_copy, near_object
from lynkeus.scan.parallel import in_order

WORKING_SIDE = 1024
_BATCH = 64
_WORDS = {COPIES: "pictures whose copies are looked for", OBJECTS: "objects"}


class Outcome(StrEnum):
    """What became of one file."""

    ADDED = "added"
    NEAR_COPY = "near-copy"
    KNOWN = "known"
    OTHER_ENTITY = "other-entity"
    UNREADABLE = "unreadable"
    NO_PICTURE = "no-picture"


@dataclass(frozen=True, kw_only=True, slots=True)
class Registered:
    """One file of a registration, or a folder of an object without any picture that could be read.

    Attributes:
        path: The file or folder.
        outcome: What became of it; a near-copy was added, too. ``other-entity``: the gallery has these bytes for
            another object or name than is wanted now; they count for that one alone.
        detail: The reason, or the name of the reference that it nearly is.
    """

    path: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Enrolled:
    entry: Entry
    error: str | None = None
    known: int | None = None
    reference: NewReference | None = None
    seen: SeenFile | None = None
    near: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """How pictures are registered into a gallery.

    Attributes:
        gallery: Its name; made when missing, with the first picture that is stored.
        names: Entity of each path, of a folder for all in it; others are named by their file's stem, of objects by
            their folder.
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
        batch: list[_Enrolled] = []
        trial: dict[str, str] = {}
        recent = Recent(home.object_embedder.part if kind == OBJECTS else GLOBAL)
        seen: dict[Path, bool] = {}
        for enrolled in in_order(lambda entry: self._enrol(home, entry, kind), entries, jobs=self.jobs):
            seen[enrolled.entry.path] = enrolled.error is None
            batch.append(self._compared(home, enrolled, recent))
            if len(batch) >= _BATCH:
                yield from self._store(home, batch, kind, trial)
                batch = []
        yield from self._store(home, batch, kind, trial)
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
            if memo is not None and same and (known := self._known(home, memo.digest)):
                return _Enrolled(entry=entry, known=known)
            picture = read_picture(entry.path, max_side=WORKING_SIDE)
        except UnreadableError as error:
            return _Enrolled(entry=entry, error=str(error))
        except OSError as error:
            return _Enrolled(entry=entry, error=reason(entry.path, error))
        seen = SeenFile(path=path, size=status.st_size, mtime_ns=status.st_mtime_ns, digest=picture.digest)
        if known := self._known(home, picture.digest):
            return _Enrolled(entry=entry, known=known, seen=seen)
        if kind == OBJECTS:
            blobs, version = home.object_embedder.enrol(picture), home.object_embedder.card.version
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
        if (named := self._named(path)) is not None:
            return named
        return folder_entity(path, self.roots if kind == OBJECTS else ())

    def _named(self, path: Path) -> str | None:
        """The name that was given to a file, or to a folder that it lies in."""
        if not self.names:
            return None
        given = (self.names.get(display(each)) for each in (path, *path.parents))
        return next((name for name in given if name is not None), None)

    def _without_picture(self, home: Home, seen: Mapping[Path, bool]) -> Iterator[Registered]:
        """Objects of which no picture is registered.

        Args:
            home: Knows those of before.
            seen: Whether each file could be read.
        """
        read = {self._entity(path, OBJECTS) for path, readable in seen.items() if readable}
        lost: dict[str, list[Path]] = {}
        for path in seen:
            if (entity := self._entity(path, OBJECTS)) not in read and not path.is_dir():
                lost.setdefault(entity, []).append(path)
        for entity, paths in lost.items():
            if self.dry_run or not self._has(home, entity):
                reason = f"none of the pictures of {entity} could be read ({len(paths):,} tried)"
                place = paths[0] if self._named(paths[0]) else entity_place(paths[0], self.roots)
                yield Registered(path=display(place), outcome=Outcome.NO_PICTURE, detail=reason)
        for folder in empty_folders(self.roots, seen):
            yield Registered(path=display(folder), outcome=Outcome.NO_PICTURE, detail="no picture in this folder")

    def _has(self, home: Home, entity: str) -> bool:
        try:
            return bool(home.catalog.references.page(self.gallery, entity=entity, limit=1))
        except UnknownNameError:
            return False

    def _known(self, home: Home, digest: str) -> int | None:
        """The reference with these bytes."""
        try:
            return home.catalog.references.known(self.gallery, [digest]).get(digest)
        except UnknownNameError:
            return None

    def _compared(self, home: Home, enrolled: _Enrolled, recent: Recent) -> _Enrolled:
        """With a near-copy among pictures that were not stored yet when this one was looked at."""
        new = enrolled.reference
        if new is None:
            return enrolled
        near = enrolled.near or recent.near_copy(home, new.blobs)
        recent.add(called(self.gallery, new), new.digest, new.blobs)
        blobs = {part: raw for part, raw in new.blobs.items() if self.keep_pixels or part != THUMB}
        return replace(enrolled, reference=replace(new, blobs=blobs), near=near)

    def _store(self, home: Home, batch: list[_Enrolled], kind: str, trial: dict[str, str]) -> Iterator[Registered]:
        """Store a batch; ``trial`` has the entity of each digest of a dry run so far."""
        known = home.catalog.references.many(e.known for e in batch if e.known is not None)
        taken = iter(self._taken(home, [e.reference for e in batch if e.reference is not None], kind, trial))
        if not self.dry_run:
            home.catalog.files.remember([e.seen for e in batch if e.seen is not None])
        for enrolled in batch:
            path = display(enrolled.entry.path)
            if enrolled.error is not None:
                yield Registered(path=path, outcome=Outcome.UNREADABLE, detail=enrolled.error)
                continue
            owner = next(taken) if enrolled.known is None else known[enrolled.known].entity
            if owner is not None:
                yield self._registered_before(enrolled.entry.path, kind, owner)
            elif enrolled.near:
                yield Registered(path=path, outcome=Outcome.NEAR_COPY, detail=enrolled.near)
            else:
                yield Registered(path=path, outcome=Outcome.ADDED)

    def _taken(self, home: Home, references: list[NewReference], kind: str, trial: dict[str, str]) -> list[str | None]:
        """Store what is new; of each picture the entity that has its bytes already, or None.

        Raises:
            ConflictError: Another network of objects was put into use meanwhile.
        """
        if kind == OBJECTS:
            home.check_object_model()
        if self.dry_run:
            before: list[str | None] = []
            for each in references:
                before.append(trial.get(each.digest))
                trial.setdefault(each.digest, each.entity)
            return before
        if not references:
            return []
        _make_gallery(home, self.gallery, kind)
        added = home.catalog.references.add(self.gallery, references)
        old = home.catalog.references.many(each.id for each in added if not each.new)
        return [None if each.new else old[each.id].entity for each in added]

    def _registered_before(self, path: Path, kind: str, owner: str) -> Registered:
        """The row of a picture whose bytes an entity has already."""
        wanted = self._entity(path, kind)
        if storable(wanted) == storable(owner) or (kind == COPIES and self._named(path) is None):
            return Registered(path=display(path), outcome=Outcome.KNOWN)
        told = f"registered for {owner} already, so not for {wanted}: a picture counts for one"
        return Registered(path=display(path), outcome=Outcome.OTHER_ENTITY, detail=told)


def _kind(home: Home, gallery: str, wanted: str | None) -> str:
    """The kind that is registered; refused where the gallery is of another."""
    try:
        there = home.catalog.galleries.get(gallery).kind
    except UnknownNameError:
        check_name(gallery)
        return wanted or COPIES
    if wanted not in (None, there):
        raise ConflictError(
            f"gallery {gallery!r} holds {_WORDS[there]}: register {_WORDS[str(wanted)]} into another gallery"
        )
    return there


def _make_gallery(home: Home, name: str, kind: str) -> None:
    if name not in {gallery.name for gallery in home.catalog.galleries.all()}:
        with suppress(ConflictError):  # another process may be faster; the kind of its gallery counts
            home.catalog.galleries.create(name, kind=kind)
    _kind(home, name, kind)


def read_names(file: Path) -> tuple[list[Path], dict[str, str]]:
    """Paths and entity names from a csv file with the columns ``path`` and ``name``; others are passed over.

    Relative paths are taken from the csv file's folder.

    Raises:
        UnreadableError: A column is missing, a path has two names, or the file is no csv text; the text names the file.
    """
    shown = display(file)
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if not {"path", "name"} <= set(reader.fieldnames or ()):
                got = ", ".join(reader.fieldnames or ()) or "none"
                raise UnreadableError(f"{shown}: wanted the columns path and name, got {got}")
            rows = [(row["path"], row["name"] or "") for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"{shown}: no csv text: {error}") from error
    except OSError as error:
        raise UnreadableError(f"{shown}: {reason(file, error)}") from error
    named: dict[Path, str] = {}
    for path, name in rows:
        if path and named.setdefault(file.parent / path, name) != name:
            raise UnreadableError(f"{shown}: {path} has two names, {named[file.parent / path]} and {name}")
    return list(named), {display(path): name for path, name in named.items() if name}
