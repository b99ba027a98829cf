"""Registering pictures: read, enrol, store; resumable, without duplicates, near-copies named."""

import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from lynkeus.catalog import NewReference
from lynkeus.catalog.galleries import check_name
from lynkeus.catalog.lookup import storable
from lynkeus.core import ConflictError, UnknownNameError
from lynkeus.core.folders import Entry, display
from lynkeus.core.naming import Naming
from lynkeus.core.parallel import ahead, in_order
from lynkeus.kinds import DEFAULT, Kind, find_kind
from lynkeus.scan.enrolment import Enrolled, Enrolment
from lynkeus.scan.home import Home
from lynkeus.scan.lane import AnyLane, Recent

_BATCH = 64  # references stored at once: each transaction waits for the disk once
_SECONDS = 2.0  # that an enrolled picture waits for others at most, so that little is lost when a run is cut off


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
    """One file of a registration, or a folder of an entity without any picture that could be read.

    Attributes:
        path: The file or folder.
        outcome: What became of it; a near-copy was added, too. ``other-entity``: the gallery has these bytes for
            another entity or name than is wanted now; they count for that one alone.
        detail: The reason, or the label of the reference that it nearly is.
    """

    path: str
    outcome: Outcome
    detail: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Registration:
    """How pictures are registered into a gallery.

    Attributes:
        gallery: Its name; made when missing, with the first picture that is stored.
        names: Entity of each path, of a folder for all in it. A file without a name is named after its stem, or after
            its folder where a kind names entities.
        kind: The kind of all in the gallery; None takes that of a gallery that is there, else the default.
        attributes: What is stated of each entity, such as a basis for consent.
        keep_pixels: Keep a thumbnail, for pixel agreement and the report.
        roots: Files and folders that were named: below them each folder is an entity where a kind names entities.
        dry_run: Say what would happen and store nothing.
        jobs: Threads.
    """

    gallery: str
    names: Mapping[str, str]
    kind: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict[str, Any])
    keep_pixels: bool = True
    roots: tuple[Path, ...] = ()
    dry_run: bool = False
    jobs: int = 1

    def __call__(self, home: Home, entries: Iterable[Entry]) -> Iterator[Registered]:
        """Register files; each row comes when it is stored for good.

        Raises:
            ConflictError: The gallery is of another kind, its name is not allowed, or the kind requires an attribute.
            UnknownNameError: There is no such kind.
        """
        kind = _kind(home, self.gallery, self.kind)
        if lacking := [name for name in kind.requires if not self.attributes.get(name)]:
            raise ConflictError(
                f"a gallery of {kind.holds} needs {lacking[0]}: state it with `--attribute {lacking[0]}=TEXT`"
            )
        lane = home.lane(kind.name)
        naming = Naming(names=self.names, roots=self.roots, by_folder=kind.names_entities)
        enrolment = Enrolment(lane=lane, gallery=self.gallery, naming=naming)
        store = _Trial() if self.dry_run else _Store(home, lane, self.gallery, self.attributes)
        recent = Recent(lane, _BATCH + ahead(self.jobs))
        seen: dict[Path, bool] = {}
        batch: list[Enrolled] = []
        began = time.monotonic()
        for enrolled in in_order(enrolment, entries, jobs=self.jobs):
            seen[enrolled.entry.path] = enrolled.error is None
            batch.append(enrolment.compared(enrolled, recent, keep_pixels=self.keep_pixels))
            if len(batch) >= _BATCH or time.monotonic() - began >= _SECONDS:
                yield from _rows(lane, naming, store, batch)
                batch, began = [], time.monotonic()
        yield from _rows(lane, naming, store, batch)
        if kind.names_entities:
            yield from self._without_picture(home, naming, seen)
        if not self.dry_run:
            lane.library.compact()

    def _without_picture(self, home: Home, naming: Naming, seen: Mapping[Path, bool]) -> Iterator[Registered]:
        """Entities of which no picture is registered."""
        for entity, place, tried in naming.unread(seen):
            if self.dry_run or not self._has(home, entity):
                reason = f"none of the pictures of {entity} could be read ({tried:,} tried)"
                yield Registered(path=display(place), outcome=Outcome.NO_PICTURE, detail=reason)
        for folder in naming.empty(seen):
            yield Registered(path=display(folder), outcome=Outcome.NO_PICTURE, detail="no picture in this folder")

    def _has(self, home: Home, entity: str) -> bool:
        try:
            return bool(home.catalog.references.page(self.gallery, entity=entity, limit=1))
        except UnknownNameError:
            return False


class _Trial:
    """Stores nothing, and knows which bytes it was given before."""

    def __init__(self) -> None:
        self._entities: dict[str, str] = {}

    def __call__(self, batch: list[Enrolled]) -> list[str | None]:
        """The entity that has the bytes of each new picture already, or None."""
        before: list[str | None] = []
        for each in _new(batch):
            before.append(self._entities.get(each.digest))
            self._entities.setdefault(each.digest, each.entity)
        return before


@dataclass(frozen=True, slots=True)
class _Store:
    """Stores batches into a gallery."""

    home: Home
    lane: AnyLane
    gallery: str
    attributes: Mapping[str, Any]

    def __call__(self, batch: list[Enrolled]) -> list[str | None]:
        """Store a batch; gives the entity that has the bytes of each new picture already, or None.

        Raises:
            ConflictError: Another model was put into use meanwhile.
        """
        catalog, references = self.home.catalog, _new(batch)
        self.home.check_unchanged(self.lane)
        before: list[str | None] = []
        if references:
            _make_gallery(self.home, self.gallery, self.lane.kind)
            self._state({each.entity for each in references})
            added = catalog.references.add(self.gallery, references)
            old = catalog.references.many(each.id for each in added if not each.new)
            before = [None if each.new else old[each.id].entity for each in added]
        known = catalog.references.many(each.known for each in batch if each.known is not None)
        self._state({each.entity for each in known.values()})
        catalog.files.remember([each.seen for each in batch if each.seen is not None])
        return before

    def _state(self, entities: Iterable[str]) -> None:
        """State the attributes of entities, beside what is stated of them; before their references are stored."""
        for name in sorted(entities) if self.attributes else ():
            try:
                old = self.home.catalog.entities.get(self.gallery, name)
            except UnknownNameError:
                self.home.catalog.entities.put(self.gallery, name, attributes=self.attributes)
                continue
            merged = {**old.attributes, **self.attributes}
            if merged != old.attributes:
                self.home.catalog.entities.put(
                    self.gallery, name, aliases=old.aliases, attributes=merged, links=old.links
                )


def _new(batch: list[Enrolled]) -> list[NewReference]:
    return [each.reference for each in batch if each.reference is not None]


def _rows(lane: AnyLane, naming: Naming, store: _Trial | _Store, batch: list[Enrolled]) -> Iterator[Registered]:
    """Store a batch, then say what became of each file."""
    known = lane.catalog.references.many(e.known for e in batch if e.known is not None)
    taken = iter(store(batch))
    for enrolled in batch:
        path = display(enrolled.entry.path)
        if enrolled.error is not None:
            yield Registered(path=path, outcome=Outcome.UNREADABLE, detail=enrolled.error)
            continue
        owner = next(taken) if enrolled.known is None else known[enrolled.known].entity
        if owner is not None:
            yield _registered_before(lane.kind, naming, enrolled.entry.path, owner)
        elif enrolled.near:
            yield Registered(path=path, outcome=Outcome.NEAR_COPY, detail=enrolled.near)
        else:
            yield Registered(path=path, outcome=Outcome.ADDED)


def _registered_before(kind: Kind, naming: Naming, path: Path, owner: str) -> Registered:
    """The row of a picture whose bytes an entity has already."""
    wanted = naming.entity(path)
    named = kind.names_entities or naming.given(path) is not None
    if storable(wanted) == storable(owner) or not named:
        return Registered(path=display(path), outcome=Outcome.KNOWN)
    told = f"registered for {owner} already, so not for {wanted}: a picture counts for one"
    return Registered(path=display(path), outcome=Outcome.OTHER_ENTITY, detail=told)


def _kind(home: Home, gallery: str, wanted: str | None) -> Kind:
    """The kind that is registered; refused where the gallery is of another."""
    try:
        there = home.catalog.galleries.get(gallery).kind
    except UnknownNameError:
        check_name(gallery)
        return find_kind(wanted or DEFAULT)
    if wanted not in (None, there):
        raise ConflictError(
            f"gallery {gallery!r} holds {find_kind(there).holds}: register {find_kind(str(wanted)).holds} into another "
            "gallery"
        )
    return find_kind(there)


def _make_gallery(home: Home, name: str, kind: Kind) -> None:
    if name not in home.galleries():
        with suppress(ConflictError):  # another process may be faster; the kind of its gallery counts
            home.catalog.galleries.create(name, kind=kind.name)
    _kind(home, name, kind.name)
