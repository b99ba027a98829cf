"""Objects: the upload shows a registered thing, such as a model of firearm, in another picture of it.

An entity's similarity is the mean of two similarities, to its most similar reference and to the middle of its
references, less the similarity of an unrelated picture (score normalisation). The class activation map of the entity
(``lynkeus.models.embedders.object_heat``) says where in the upload it is seen. ``docs/methods/objects.md`` says on
which pictures the choices were made; no figure is of these pictures.
"""

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Float, Float32

from lynkeus.core import Belief, CorruptError, Evidence, Heat, Picture, Sample, similarity_of
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.kinds.items import THUMB, Items, packed, unpacked
from lynkeus.kinds.normalisation import CleanVectors
from lynkeus.kinds.objects.embedder import DESCRIPTOR, ObjectEmbedder
from lynkeus.kinds.objects.heat import Place, place_of
from lynkeus.kinds.objects.index import ObjectIndex, ObjectPart, ObjectView
from lynkeus.kinds.protocol import RawFinding, Recogniser, Traits
from lynkeus.kinds.same_picture import SamePicture
from lynkeus.matching.codebook import Codebook
from lynkeus.runtime.cards import ModelCard

CLEAN, CODEBOOK = "object-calm", "local-codebook"
"""Names of the models beside the descriptor: clean vectors, and the codebook that near-copies are compared with."""

SLOPE, OFFSET = 18.7, -1.1
"""From a similarity above the baseline to log odds; fitted by ``benchmarks.objects.choices``."""

OPEN, LIKELY, CERTAIN = 0.0, 1.0, math.log(99)
"""Log odds from which a finding is possible, likely, certain. One in 100 of the strangers that chose the score is
likely by it; beyond the last bound the odds are 99 to 1."""

_NEIGHBOURS = 5  # nearest clean vectors whose mean similarity is the baseline
_FINER = 4  # the heat map is made at four times the descriptor's area: 16 x 16 places of a square picture
_ONE_PLACE = 0.5  # boxes that share half of the smaller one are one place
_ALIKE = 0.8  # similarity below which two pictures are not nearly the same
_THE_SAME = 0.95  # similarity from which they are where no thumbnail is kept


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class ObjectRecogniser:
    """Recognises objects; see ``lynkeus.kinds.protocol.Recogniser``.

    Attributes:
        embed: Pictures to vectors.
        clean: Vectors that scores are normalised with.
        index: The layout of the references.
        same: Compares thumbnails.
        cards: The models that are used, the descriptor first.
        most: Entities of each gallery that are candidates.
    """

    embed: ObjectEmbedder
    clean: CleanVectors
    index: ObjectIndex
    same: SamePicture
    cards: tuple[ModelCard, ...]
    most: int = 3

    @property
    def traits(self) -> Traits:
        """What is fixed of the recogniser."""
        card = self.embed.card
        digest = hashlib.sha256(f"{card.version}\n{card.name} {card.sha256}".encode())
        digest.update(self.clean.vectors.tobytes())
        return Traits(
            version=card.version,
            models=self.cards,
            scorer=digest.hexdigest(),
            keeps=(self.embed.item,),
            additive=False,
            alike=_ALIKE,
        )

    def enrol(self, sample: Sample) -> Items:
        """The vector, in half precision."""
        return {self.embed.item: packed(self.embed.describe(sample.picture().rgb))}

    def observe(self, source: Picture) -> Float32[np.ndarray, " d"]:
        """The vector of the upload."""
        return self.embed.describe(source.rgb)

    def keep(self, seen: Float32[np.ndarray, " d"]) -> Items:
        """The vector, in half precision."""
        return {self.embed.item: packed(seen)}

    def recall(self, items: Items) -> Float32[np.ndarray, " d"]:
        """The stored vector, or that of the stored thumbnail."""
        if self.embed.item in items:
            return self.vector(items)
        return self.embed.describe(read_thumbnail(items[THUMB]))

    def vector(self, items: Items) -> Float32[np.ndarray, " d"]:
        """The stored vector."""
        return unpacked(items[self.embed.item])

    def again(self, items: Items, other: Items) -> bool:
        """Whether two pictures are nearly the same: by their thumbnails, else by their vectors."""
        if THUMB in items and THUMB in other:
            return self.same(items[THUMB], other[THUMB])
        return float(self.vector(items) @ self.vector(other)) >= _THE_SAME

    def normalised(self, clean: Sequence[Items]) -> Recogniser[Float32[np.ndarray, " d"], ObjectPart, ObjectView]:
        """The same recogniser with more clean pictures."""
        dim = self.clean.vectors.shape[1]
        rows = np.array([self.vector(items) for items in clean], np.float32).reshape(-1, dim)
        return replace(self, clean=self.clean.joined(rows))

    def match(self, seen: Float32[np.ndarray, " d"], view: ObjectView) -> list[RawFinding]:
        """The most similar entities of each gallery, best first, each with its most similar reference."""
        if not len(view):
            return []
        near = view.vectors @ seen
        best = np.maximum.reduceat(near, view.starts)
        baseline = self.clean.baseline(seen)
        score = SLOPE * ((best + view.middles @ seen) / 2 - baseline) + OFFSET
        found: list[RawFinding] = []
        for entity in view.leading(score, self.most):
            row = int(view.starts[entity]) + int(np.argmax(near[view.rows(entity)]))
            found.append(
                RawFinding(
                    reference_id=int(view.references[row]),
                    score=float(score[entity]),
                    belief=belief_in(float(score[entity])),
                    evidence=Evidence(similarity=similarity_of(float(near[row]))),
                    figures={"similarity": float(best[entity]), "baseline": baseline},
                )
            )
        return sorted(found, key=lambda each: -each.score)

    def locate(self, source: Picture, found: Sequence[RawFinding], view: ObjectView) -> list[RawFinding | None]:
        """Heat and box of each finding; of one gallery's findings in one place the likeliest stays."""
        if not found:
            return []
        gallery = dict(zip(view.references.tolist(), view.groups.tolist(), strict=True))
        placed: list[RawFinding | None] = []
        for finding, place in zip(found, self.places(source, found, view), strict=True):
            rivals = [
                each.region
                for each in placed
                if each is not None and gallery[each.reference_id] == gallery[finding.reference_id]
            ]
            free = all(_common(place.region, region) < _ONE_PLACE for region in rivals)
            evidence = replace(finding.evidence, heat=Heat(grid=place.heat))
            placed.append(replace(finding, region=place.region, evidence=evidence) if free else None)
        return placed

    def places(self, source: Picture, found: Sequence[RawFinding], view: ObjectView) -> list[Place]:
        """Where the entities of some findings are seen.

        The map is that of the middle of the entity's references less the middle of the clean pictures, on a grid finer
        than the descriptor's. Its cube root is taken, since pooling cubes.

        Args:
            source: The upload, or its thumbnail with the full size of the upload.
            found: What was found in it.
            view: The references.
        """
        middles = [view.middles[view.entity_of(finding.reference_id)] for finding in found]
        towards = np.stack(middles) - self.clean.middle()
        parts = self.embed.model.heat(source.rgb, towards, area=_FINER * self.embed.model.area)
        return [place_of(part, source.width, source.height) for part in np.moveaxis(parts, 2, 0)]


def belief_in(score: float) -> Belief:
    """How far a finding convinces by its score alone, log odds."""
    if score < OPEN:
        return Belief.UNLIKELY
    if score < LIKELY:
        return Belief.POSSIBLE
    return Belief.LIKELY if score < CERTAIN else Belief.CERTAIN


def load(models: Callable[[str], ModelCard]) -> ObjectRecogniser:
    """The recogniser with the models in use.

    Args:
        models: Gives the card of the model that is in use under a name.

    Raises:
        CorruptError: A model is damaged, or cannot say where in a picture a thing is seen.
    """
    descriptor, clean, book = models(DESCRIPTOR), models(CLEAN), models(CODEBOOK)
    embedder = ObjectEmbedder(descriptor)
    if not embedder.model.gives_heat:
        raise CorruptError(f"{descriptor.path}: it cannot say where in a picture a thing is seen")
    return ObjectRecogniser(
        embed=embedder,
        clean=CleanVectors.load(clean.path, _NEIGHBOURS),
        index=ObjectIndex(name=f"vectors-1-{descriptor.maker}", vector=embedder.item),
        same=SamePicture(codebook=Codebook.load(book.path)),
        cards=(descriptor, clean, book),
    )


def _common(one: Float[np.ndarray, "n 2"], other: Float[np.ndarray, "n 2"]) -> float:
    """Common area of two boxes in shares of the smaller, 0 to 1; 1 where either is unknown."""
    if not (len(one) and len(other)):
        return 1.0
    inner = np.minimum(one[2], other[2]) - np.maximum(one[0], other[0])
    smaller = min(float((box[2] - box[0]).prod()) for box in (one, other))
    return float(np.maximum(inner, 0).prod()) / max(smaller, 1e-9)
