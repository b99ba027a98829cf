"""Scores of the clean pictures against the galleries of objects.

A score rests on all references of an entity, so that it is made anew whenever the gallery changes; that takes products
of small matrices alone, since the vector of each clean picture is stored. It is that of the stored thumbnail: it does
not matter whether the picture or the first gallery of objects came first.
"""

import hashlib
import json
from collections.abc import Mapping

from lynkeus.catalog import Background, BackgroundScore, Owner
from lynkeus.kinds.objects.recogniser import packed, unpacked
from lynkeus.kinds.protocol import KEPT, OBJECTS, THUMB
from lynkeus.scan.clean_scores import BATCH, NOTHING_ALIKE, SAME, Shown
from lynkeus.scan.home import Home
from lynkeus.scan.near_copies import same_object_picture
from lynkeus.scan.parallel import batched, in_order


def describe_background(home: Home, *, jobs: int, shown: Shown) -> None:
    """Store the vector of each clean picture that has none of the network in use yet.

    Args:
        home: Whose.
        jobs: Threads.
        shown: Shows progress.
    """
    ids = [b.id for b in home.catalog.backgrounds.all()]
    there = home.catalog.blobs.having(Owner.BACKGROUND, ids, home.object_embedder.part)
    lacking = [number for number in ids if number not in there]
    if not lacking:
        return
    made = in_order(lambda number: (number, _vector(home, number)), lacking, jobs=jobs)
    for batch in batched(shown(made, len(lacking), "objects"), BATCH):
        home.catalog.backgrounds.keep({number: {home.object_embedder.part: raw} for number, raw in batch})


def _vector(home: Home, background_id: int) -> bytes:
    thumb = home.catalog.blobs.read(Owner.BACKGROUND, [background_id], THUMB)[background_id]
    return packed(home.object_embedder.recall({THUMB: thumb}))


def object_scores(home: Home, gallery: str, clean: tuple[Background, ...]) -> Mapping[int, BackgroundScore]:
    """The scores of clean pictures against a gallery of objects, by background id, brought up to date.

    Args:
        home: Whose; its background is described.
        gallery: Name of the gallery.
        clean: The calibrating half.
    """
    calibrations = home.catalog.calibrations
    scorer = _scorer(home)
    last = calibrations.get(gallery, OBJECTS)
    changes = home.catalog.references.changes_since(last.revision if last else 0, gallery=gallery, kind=OBJECTS)
    stale = last is None or json.loads(last.text)["scorer"] != scorer or changes.added or changes.removed
    stored = {} if stale else calibrations.scores(gallery, OBJECTS)
    lacking = [picture.id for picture in clean if picture.id not in stored]
    if lacking:
        known = home.object_library.of_gallery(gallery)
        vectors = home.catalog.blobs.read(Owner.BACKGROUND, lacking, home.object_embedder.part)
        scores: list[BackgroundScore] = []
        for number in lacking:
            found = home.objects.recognise(unpacked(vectors[number]), known)
            same = bool(found) and _same(home, number, found[0].reference_id, found[0].evidence.cosine or 0.0)
            scores.append(
                BackgroundScore(
                    background_id=number,
                    score=found[0].score if found else NOTHING_ALIKE,
                    up_to_revision=changes.stamp.revision,
                    reference_id=found[0].reference_id if found else None,
                    excluded=same,
                    reason=SAME if same else "",
                )
            )
        calibrations.put_scores(gallery, OBJECTS, scores)
    if stale or lacking:
        text = json.dumps({"scorer": scorer})
        calibrations.put(gallery, OBJECTS, revision=changes.stamp.revision, text=text)
    return calibrations.scores(gallery, OBJECTS)


def _same(home: Home, background_id: int, reference_id: int, cosine: float) -> bool:
    """Whether a clean picture is a reference over again."""
    items = {
        part: raw for part in KEPT for raw in home.catalog.blobs.read(Owner.BACKGROUND, [background_id], part).values()
    }
    return same_object_picture(home, items, reference_id, cosine)


def _scorer(home: Home) -> str:
    """Names everything that a raw score depends on beside the two pictures."""
    card = home.object_embedder.card
    digest = hashlib.sha256(f"{card.version}\n{card.name} {card.sha256}".encode())
    digest.update(home.objects.calm.tobytes())
    return digest.hexdigest()
