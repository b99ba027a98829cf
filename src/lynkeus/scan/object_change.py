"""Describing what is registered by another network of objects, and putting that into use.

Until all references have a vector of the new network the old one answers: each network's vectors have a name of their
own. A change that was cut off is gone on with by the same call.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lynkeus.catalog import Owner, Reference
from lynkeus.core import CorruptError, UnreadableError, read_picture
from lynkeus.kinds.objects.recogniser import MODEL, ObjectEmbedder, packed, vector_part
from lynkeus.kinds.protocol import OBJECT, OBJECTS, THUMB
from lynkeus.runtime.cards import ModelCard, card
from lynkeus.scan.backgrounds import SHIPPED
from lynkeus.scan.clean_scores import BATCH, Shown
from lynkeus.scan.home import Home
from lynkeus.scan.near_copies import called
from lynkeus.scan.object_model import in_use, put, put_back
from lynkeus.scan.parallel import batched, in_order
from lynkeus.scan.register import WORKING_SIDE


@dataclass(frozen=True, kw_only=True, slots=True)
class Change:
    """What became of the references.

    Attributes:
        files: How many were described from their files.
        thumbnails: How many from their thumbnails, since the file is not where it was or is another one.
        lost: What those are called that have neither; no other network is put into use then.
        in_use: Whether the network is in use now.
    """

    files: int
    thumbnails: int
    lost: tuple[str, ...]
    in_use: bool


def change(home: Home, model: ModelCard, *, jobs: int, shown: Shown) -> Change:
    """Describe what is registered by a network, and put that into use if nothing was lost.

    The home must be opened anew behind it. The vectors of the network that ships are kept, those of others go.

    Args:
        home: Whose.
        model: The network: that in use, that which ships, or one of one's own.
        jobs: Threads.
        shown: Shows progress.

    Raises:
        CorruptError: The file is no such network.
    """
    embedder = ObjectEmbedder(model)
    if not embedder.model.gives_heat:
        raise CorruptError(f"{model.path}: it cannot say where in a picture a thing is seen")
    first = _describe(home, embedder, jobs=jobs, shown=shown)
    if first.lost:
        return first
    if not in_use(home.folder, model):
        if model.sha256 == card(MODEL).sha256:
            put_back(home.folder)
        else:
            _put(home, embedder, jobs=jobs)
    second = _describe(home, embedder, jobs=jobs, shown=shown)  # what came meanwhile, by the last network
    kept = {embedder.part, vector_part(card(MODEL))}
    owners = {Owner.REFERENCE: _references(home), Owner.BACKGROUND: [b.id for b in home.catalog.backgrounds.all()]}
    for owner, ids in owners.items():
        home.catalog.blobs.drop_others(owner, ids, begins=OBJECT, kept=kept)
    both = {"files": first.files + second.files, "thumbnails": first.thumbnails + second.thumbnails}
    return replace(second, **both)


def _put(home: Home, embedder: ObjectEmbedder, *, jobs: int) -> None:
    """Put a network of one's own into use, with the free pictures that ship as clean ones."""
    pictures = [read_picture(file, max_side=WORKING_SIDE) for file in sorted(SHIPPED.glob("*.jpg"))]
    vectors = np.stack(list(in_order(lambda picture: embedder.describe(picture.rgb), pictures, jobs=jobs)))
    put(home.folder, embedder.card, vectors, [picture.digest for picture in pictures])


def _references(home: Home) -> tuple[int, ...]:
    return home.catalog.references.changes_since(0, kind=OBJECTS).added


def _describe(home: Home, embedder: ObjectEmbedder, *, jobs: int, shown: Shown) -> Change:
    """Store the vector of each reference of an object that has none of this network yet."""
    ids = _references(home)
    there = home.catalog.blobs.having(Owner.REFERENCE, ids, embedder.part)
    lacking = home.catalog.references.many(number for number in ids if number not in there)

    def one(reference: Reference) -> tuple[Reference, bytes | None, bool]:
        return _vector(home, embedder, reference)

    files = thumbnails = 0
    lost: list[str] = []
    made = in_order(one, lacking.values(), jobs=jobs)
    for batch in batched(shown(made, len(lacking), "objects"), BATCH):
        kept = [(reference, raw, from_file) for reference, raw, from_file in batch if raw is not None]
        home.catalog.references.keep({reference.id: {embedder.part: raw} for reference, raw, _ in kept})
        lost += [called(reference.gallery, reference) for reference, raw, _ in batch if raw is None]
        files += sum(from_file for _, _, from_file in kept)
        thumbnails += sum(not from_file for _, _, from_file in kept)
    used = in_use(home.folder, embedder.card)
    return Change(files=files, thumbnails=thumbnails, lost=tuple(lost), in_use=used)


def _vector(home: Home, embedder: ObjectEmbedder, reference: Reference) -> tuple[Reference, bytes | None, bool]:
    """The vector of a reference, None for none, and whether its file gave it."""
    try:
        picture = read_picture(Path(reference.source), max_side=WORKING_SIDE)
    except UnreadableError:
        picture = None
    if picture is not None and picture.digest == reference.digest:
        return reference, packed(embedder.describe(picture.rgb)), True
    thumb = home.catalog.blobs.read(Owner.REFERENCE, [reference.id], THUMB).get(reference.id)
    return reference, None if thumb is None else packed(embedder.recall({THUMB: thumb})), False
