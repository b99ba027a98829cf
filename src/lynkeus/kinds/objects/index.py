"""The layout of references of objects: vectors, those of one entity side by side; a search is one product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from tokenize import TokenError

import numpy as np
from jaxtyping import Bool, Float32, Int64

from lynkeus.core import CorruptError
from lynkeus.index.protocol import Neighbours
from lynkeus.kinds.items import unpacked
from lynkeus.kinds.protocol import Read, Row


@dataclass(frozen=True, slots=True, eq=False)
class ObjectPart:
    """Some references, one a row.

    Attributes:
        references: Ids of the references.
        entities: Id of the entity that each one shows.
        galleries: Id of the gallery of each one.
        vectors: Their vectors, length 1.
    """

    references: Int64[np.ndarray, " n"]
    entities: Int64[np.ndarray, " n"]
    galleries: Int64[np.ndarray, " n"]
    vectors: Float32[np.ndarray, "n d"]


@dataclass(frozen=True, slots=True, eq=False)
class ObjectView:
    """References with their vectors, those of one entity side by side.

    Attributes:
        references: Ids of the references.
        owners: Id of each one's entity, ascending.
        groups: Id of each one's gallery.
        vectors: Their vectors, length 1.
        starts: First row of each entity.
        middles: Sum of each entity's vectors at length 1.
    """

    references: Int64[np.ndarray, " n"]
    owners: Int64[np.ndarray, " n"]
    groups: Int64[np.ndarray, " n"]
    vectors: Float32[np.ndarray, "n d"]
    starts: Int64[np.ndarray, " e"]
    middles: Float32[np.ndarray, "e d"]

    @classmethod
    def of(
        cls,
        references: Int64[np.ndarray, " n"],
        owners: Int64[np.ndarray, " n"],
        groups: Int64[np.ndarray, " n"],
        vectors: Float32[np.ndarray, "n d"],
    ) -> "ObjectView":
        """From rows in any order."""
        order = np.lexsort((references, owners))
        references, owners, groups, vectors = references[order], owners[order], groups[order], vectors[order]
        starts = np.flatnonzero(np.diff(owners, prepend=-1)).astype(np.int64)
        sums = np.add.reduceat(vectors, starts) if len(starts) else vectors
        middles = sums / np.maximum(np.linalg.norm(sums, axis=1, keepdims=True), 1e-12)
        return cls(references, owners, groups, vectors, starts, np.asarray(middles, np.float32))

    def __len__(self) -> int:
        """Number of references."""
        return len(self.references)

    def nearest(self, vectors: Float32[np.ndarray, "queries d"], count: int) -> Neighbours:
        """The references with the most similar vectors."""
        found = np.full((len(vectors), count), -1)
        score = np.full((len(vectors), count), -np.inf, np.float32)
        if len(self):
            similarity = vectors @ self.vectors.T
            order = np.argsort(-similarity, axis=1, kind="stable")[:, :count]
            found[:, : order.shape[1]] = self.references[order]
            score[:, : order.shape[1]] = np.take_along_axis(similarity, order, 1)
        return Neighbours(found, score)

    def rows(self, entity: int) -> slice:
        """The rows of an entity, which is given by its place."""
        end = int(self.starts[entity + 1]) if entity + 1 < len(self.starts) else len(self)
        return slice(int(self.starts[entity]), end)

    def entity_of(self, reference_id: int) -> int:
        """The place of the entity that a reference shows."""
        row = int(np.flatnonzero(self.references == reference_id)[0])
        return int(np.searchsorted(self.starts, row, side="right")) - 1

    def leading(self, score: Float32[np.ndarray, " e"], most: int) -> list[int]:
        """Places of the entities with the highest scores, at most so many of each gallery."""
        group = self.groups[self.starts]
        taken: list[int] = []
        for number in np.unique(group):
            members = np.flatnonzero(group == number)
            taken += [int(member) for member in members[np.argsort(-score[members], kind="stable")[:most]]]
        return taken


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectIndex:
    """See ``lynkeus.kinds.protocol.KindIndex``.

    Attributes:
        name: Format and model.
        vector: Name of the stored vectors.
    """

    name: str
    vector: str

    @property
    def needs(self) -> tuple[str, ...]:
        """The vector."""
        return (self.vector,)

    def build(self, rows: Iterable[Row]) -> ObjectPart:
        """A part over some references."""
        taken = list(rows)
        return ObjectPart(
            np.array([row.reference for row in taken], np.int64),
            np.array([row.entity for row in taken], np.int64),
            np.array([row.gallery for row in taken], np.int64),
            np.stack([unpacked(row.items[self.vector]) for row in taken]) if taken else np.zeros((0, 0), np.float32),
        )

    def ids(self, part: ObjectPart) -> Int64[np.ndarray, " n"]:
        """Ids of the references of a part."""
        return part.references

    def save(self, part: ObjectPart, folder: Path) -> None:
        """Write a part into an empty folder."""
        for each in fields(ObjectPart):
            np.save(folder / f"{each.name}.npy", getattr(part, each.name))

    def load(self, folder: Path) -> ObjectPart:
        """Read what ``save`` wrote; the vectors are mapped into memory."""
        files = [folder / f"{each.name}.npy" for each in fields(ObjectPart)]
        try:
            columns = [np.load(file, mmap_mode="r", allow_pickle=False) for file in files]
        except (OSError, ValueError, EOFError, SyntaxError, TokenError) as error:
            raise CorruptError(f"{folder}: no references: {error}") from error
        if len({len(column) for column in columns}) > 1:
            raise CorruptError(f"{folder}: its files are of different lengths")
        return ObjectPart(*columns)

    def view(
        self,
        parts: Sequence[ObjectPart],
        gone: Int64[np.ndarray, " n"],
        read: Read,
        galleries: frozenset[int] | None,
    ) -> ObjectView:
        """References of some parts."""
        del read  # vectors are all that a match needs
        none = np.zeros(0, np.int64)
        kept = [_kept(part, none if number else gone, galleries) for number, part in enumerate(parts)]
        rows = [_rows(part, mask) for part, mask in zip(parts, kept, strict=True) if mask.any()]
        if not rows:
            return ObjectView.of(none, none, none, np.zeros((0, 0), np.float32))
        return ObjectView.of(*(np.concatenate(column) for column in zip(*rows, strict=True)))


def _kept(part: ObjectPart, gone: Int64[np.ndarray, " m"], galleries: frozenset[int] | None) -> Bool[np.ndarray, " n"]:
    """The rows of a part that count."""
    living = ~np.isin(part.references, gone)
    return living if galleries is None else living & np.isin(part.galleries, list(galleries))


def _rows(
    part: ObjectPart, kept: Bool[np.ndarray, " n"]
) -> tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " m"], Int64[np.ndarray, " m"], Float32[np.ndarray, "m d"]]:
    return part.references[kept], part.entities[kept], part.galleries[kept], part.vectors[kept]
