"""Describing what is registered by another model, and putting the model into use.

The old model answers until every reference has items from the new one: stored items bear the name of the model that
made them. The same call goes on with a change that was cut off.
"""

from dataclasses import dataclass, replace

from lynkeus.catalog import Owner, Reference
from lynkeus.core import ConflictError, CorruptError, Sample, UnreadableError, read_picture
from lynkeus.core.parallel import batched, in_order
from lynkeus.core.progress import Progress
from lynkeus.core.sources import WORKING_SIDE, Source, from_file, from_thumbnail
from lynkeus.kinds import find_kind, kind_names
from lynkeus.kinds.items import THUMB, Items
from lynkeus.runtime.cards import ModelCard, card
from lynkeus.runtime.models_in_use import in_use, put, put_back
from lynkeus.scan.backgrounds import SHIPPED
from lynkeus.scan.home import Home
from lynkeus.scan.lane import AnyLane, Lane
from lynkeus.scan.library import Library, clear_others

_BATCH = 64  # references stored at once


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of the references.

    Attributes:
        files: How many were described from their files.
        thumbnails: Labels of those described from their thumbnails, since the file is gone or has changed.
        lost: Labels of those that have neither. The old model goes on answering for all then.
        dropped: Labels of those that were removed, since they have neither and that was asked for.
        in_use: Whether the model is in use now.
    """

    files: int
    thumbnails: tuple[str, ...]
    lost: tuple[str, ...]
    dropped: tuple[str, ...]
    in_use: bool


def change(home: Home, model: ModelCard, *, jobs: int, shown: Progress, drop_missing: bool = False) -> Change:
    """Describe what is registered by a model, and put the model into use if nothing was lost.

    Items of the model that ships are kept; those of other models are deleted.

    Args:
        home: Whose.
        model: The model: the one in use, the shipped one, or one of the user.
        jobs: Threads.
        shown: Shows progress.
        drop_missing: Remove references that have neither their file nor a thumbnail.

    Raises:
        ConflictError: No kind describes pictures with a model of this name.
        CorruptError: The file is no such model.
    """
    kind = kind_of(model.name)
    last, lane = _lane_in_use(home, kind), _trial(home, kind, model)
    first = _describe(lane, jobs=jobs, shown=shown, drop_missing=drop_missing)
    if first.lost:
        return replace(first, in_use=in_use(home.folder, model))
    if not in_use(home.folder, model):
        if model.sha256 == card(model.name).sha256:
            put_back(home.folder, tuple(each.name for each in lane.recogniser.traits.models))
        else:
            _put(home, lane, model, jobs=jobs)
    second = _describe(lane, jobs=jobs, shown=shown, drop_missing=drop_missing)  # registered meanwhile by the old model
    _forget(lane, last)
    clear_others(home.index / kind, lane.recogniser.index.name)
    lane.library.compact()
    return Change(
        files=first.files + second.files,
        thumbnails=first.thumbnails + second.thumbnails,
        lost=second.lost,
        dropped=first.dropped + second.dropped,
        in_use=in_use(home.folder, model),
    )


def refresh(home: Home, kind: str, *, jobs: int, shown: Progress, drop_missing: bool = False) -> Change:
    """Describe by the models in use what other models described.

    Args:
        home: Whose.
        kind: Name of the kind.
        jobs: Threads.
        shown: Shows progress.
        drop_missing: Remove references that have neither their file nor a thumbnail.
    """
    return _describe(home.lane(kind), jobs=jobs, shown=shown, drop_missing=drop_missing)


def replaced(home: Home) -> list[str]:
    """Names of the models that describe pictures in the place of those that ship; of all kinds where none does."""
    names = [kind.describes for kind in map(find_kind, kind_names()) if kind.describes]
    own = {each for each, _ in home.models.key}
    return [name for name in names if name in own] or names


def kind_of(model: str) -> str:
    """Name of the kind that describes pictures with the model of a name.

    Raises:
        ConflictError: No kind does.
    """
    describes = {kind.describes: kind.name for kind in map(find_kind, kind_names()) if kind.describes}
    if model not in describes:
        raise ConflictError(f"{model} cannot be one of your own; only {' and '.join(sorted(describes))} can")
    return describes[model]


def _trial(home: Home, name: str, model: ModelCard) -> AnyLane:
    """A lane with a model that need not be in use; its scores are not normalised."""
    kind = find_kind(name)
    recogniser = kind.load(lambda wanted: model if wanted == model.name else card(wanted))
    library = Library(home.catalog, home.index / name, kind=name, index=recogniser.index)
    return Lane(kind, recogniser, library, home.catalog)


def _put(home: Home, lane: AnyLane, model: ModelCard, *, jobs: int) -> None:
    """Put a user's model into use; the shipped free pictures serve as clean ones."""
    pictures = [read_picture(file, max_side=WORKING_SIDE) for file in sorted(SHIPPED.glob("*.jpg"))]
    described = in_order(lambda picture: lane.recogniser.enrol(Sample(source=picture)), pictures, jobs=jobs)
    items = dict(zip((picture.digest for picture in pictures), described, strict=True))
    dim = len(lane.recogniser.vector(next(iter(items.values()))))
    put(home.folder, model, card(lane.recogniser.traits.models[1].name), items, dim)


def _references(lane: AnyLane) -> tuple[int, ...]:
    return lane.catalog.references.changes_since(0, kind=lane.kind.name).added


def _describe(lane: AnyLane, *, jobs: int, shown: Progress, drop_missing: bool) -> Change:
    """Store the items of each reference that has none of the model yet."""
    catalog, ids = lane.catalog, _references(lane)
    there = [catalog.blobs.having(Owner.REFERENCE, ids, item) for item in lane.recogniser.index.needs]
    lacking = catalog.references.many(number for number in ids if not all(number in some for some in there))
    files = 0
    thumbnails: list[str] = []
    lost: list[Reference] = []
    made = in_order(lambda reference: _items(lane, reference), lacking.values(), jobs=jobs)
    for batch in batched(shown(made, len(lacking), lane.kind.name), _BATCH):
        catalog.references.keep({reference.id: items for reference, items, _ in batch if items is not None})
        lost += [reference for reference, items, _ in batch if items is None]
        files += sum(items is not None and from_file for _, items, from_file in batch)
        thumbnails += [_label(lane, reference) for reference, items, whole in batch if items is not None and not whole]
    dropped = lost if drop_missing else []
    if dropped:
        catalog.references.remove(reference.id for reference in dropped)
    return Change(
        files=files,
        thumbnails=tuple(thumbnails),
        lost=tuple(_label(lane, reference) for reference in lost if not drop_missing),
        dropped=tuple(_label(lane, reference) for reference in dropped),
        in_use=not lost or drop_missing,
    )


def _label(lane: AnyLane, reference: Reference) -> str:
    return lane.label(reference.gallery, reference)


def _items(lane: AnyLane, reference: Reference) -> tuple[Reference, Items | None, bool]:
    """The items of a reference, None for none, and whether its file gave them."""
    thumb = lane.catalog.blobs.read(Owner.REFERENCE, [reference.id], THUMB).get(reference.id)
    source = Source(
        path=reference.source,
        digest=reference.digest,
        width=reference.width,
        height=reference.height,
        thumb=thumb,
    )
    try:
        return reference, lane.recogniser.enrol(Sample(source=from_file(source))), True
    except UnreadableError:
        small = from_thumbnail(source)
    try:
        return reference, None if small is None else lane.recogniser.enrol(Sample(source=small)), False
    except UnreadableError:  # such as a face that is too small in the thumbnail
        return reference, None, False


def _forget(lane: AnyLane, last: AnyLane | None) -> None:
    """Delete what the last model made, unless the model ships."""
    if last is None or last.recogniser.traits.models[0].sha256 == card(lane.kind.describes).sha256:
        return
    made, stays = ({*each.recogniser.index.needs, *each.recogniser.traits.keeps} for each in (last, lane))
    lane.catalog.blobs.drop(Owner.REFERENCE, _references(lane), made - stays)
    pictures = [picture.id for picture in lane.catalog.backgrounds.all()]
    lane.catalog.blobs.drop(Owner.BACKGROUND, pictures, made - stays)


def _lane_in_use(home: Home, kind: str) -> AnyLane | None:
    """The lane of a kind as of now; None where its model is damaged."""
    try:
        return home.lane(kind)
    except CorruptError:
        return None
