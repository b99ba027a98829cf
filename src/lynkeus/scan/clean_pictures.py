"""Clean pictures: which of them serve which purpose, and describing them for a kind."""

from collections.abc import Sequence
from dataclasses import dataclass

from lynkeus.catalog import Background, Owner
from lynkeus.core import CorruptError, Picture, UnreadableError
from lynkeus.core.parallel import batched, in_order
from lynkeus.core.progress import Progress, silently
from lynkeus.core.sources import Source, picture_again
from lynkeus.kinds.items import THUMB, Items
from lynkeus.scan.lane import AnyLane

NORMALISING = 256
"""Clean pictures that normalise at most; more change no score by .01 (docs/methods/copies.md)."""

_EVERY = 5  # every fifth clean picture normalises: rates need the others more
_BATCH = 64  # pictures stored at once


@dataclass(frozen=True, slots=True)
class Halves:
    """The background, split: no picture serves both purposes.

    Attributes:
        normalising: Pictures that scores are normalised with.
        calibrating: Pictures that rates are measured on.
    """

    normalising: tuple[Background, ...]
    calibrating: tuple[Background, ...]


def halves(pictures: Sequence[Background]) -> Halves:
    """Split the background by digest: every fifth picture, at most 256, normalises; the rest calibrate.

    Args:
        pictures: By ascending id, so that pictures added later never change what an earlier one serves.
    """
    chosen = [p for p in pictures if int(p.digest[:8], 16) % _EVERY == 0][:NORMALISING]
    taken = {p.id for p in chosen}
    return Halves(tuple(chosen), tuple(p for p in pictures if p.id not in taken))


def describe(lane: AnyLane, pictures: Sequence[Background], *, jobs: int = 1, shown: Progress = silently) -> None:
    """Store what a kind keeps of those clean pictures that the models in use have not described.

    Args:
        lane: The kind.
        pictures: Clean pictures.
        jobs: Threads.
        shown: Shows progress.
    """
    blobs = lane.catalog.blobs
    there = blobs.having(Owner.BACKGROUND, [picture.id for picture in pictures], lane.recogniser.traits.keeps[0])
    lacking = [picture for picture in pictures if picture.id not in there]
    if not lacking:
        return

    def one(picture: Background) -> tuple[int, Items]:
        thumb = blobs.read(Owner.BACKGROUND, [picture.id], THUMB).get(picture.id)
        try:
            seen = picture_again(Source(path=picture.source, digest=picture.digest, thumb=thumb))
            return picture.id, {} if seen is None else kept(lane, seen)
        except (CorruptError, UnreadableError):  # such as a damaged thumbnail: the picture serves no purpose
            return picture.id, {}

    made = in_order(one, lacking, jobs=jobs)
    for batch in batched(shown(made, len(lacking), lane.kind.name), _BATCH):
        lane.catalog.backgrounds.keep(dict(batch))


def kept(lane: AnyLane, picture: Picture) -> Items:
    """What a kind keeps of a picture."""
    return lane.recogniser.keep(lane.recogniser.observe(picture))
