"""What the recogniser of objects sees of the galleries: vectors of references, grouped by entity. No database."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float32, Int64


@dataclass(frozen=True, slots=True, eq=False)
class KnownObjects:
    """References with their vectors, those of one entity side by side.

    Attributes:
        references: Ids of the references.
        owners: Id of each one's entity, ascending.
        groups: Number of each one's gallery.
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
    ) -> "KnownObjects":
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

    def only(self, kept: Bool[np.ndarray, " n"]) -> "KnownObjects":
        """Some of the references."""
        return self.of(self.references[kept], self.owners[kept], self.groups[kept], self.vectors[kept])
