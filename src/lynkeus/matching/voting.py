"""Votes of matched points: candidate references, each with the similarity that the votes agree on.

Every upload point with distinctive nearest reference points votes for their references. A pair of points defines a
similarity (scale, rotation, position, mirrored or not). Votes are counted in bins of this similarity, as in Lowe's
Hough transform (IJCV 2004, section 7.3): points of a copy agree on one bin, and chance matches scatter. The weight of a
vote follows the local naive-Bayes nearest-neighbour rule (McCann and Lowe, CVPR 2012): how much nearer the reference's
point is than the last of the nearest points.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64, Int64

# A 64-bit id holds owner, x, y, scale, angle and permutation (2 bits); the steps are finer than the bins of votes.
_X_BITS = _Y_BITS = 10
_SCALE_BITS = _TURN_BITS = 6
_OWNER_SHIFT = 2 + _X_BITS + _Y_BITS + _SCALE_BITS + _TURN_BITS
_SCALE_STEPS = 5  # per octave; 6 bits then span 12 octaves
MAX_OWNERS = 1 << (63 - _OWNER_SHIFT)
"""Largest number of references in one index: the bits that the geometry leaves free."""


@dataclass(frozen=True, slots=True, eq=False)
class PointIds:
    """Owner and geometry of indexed points, packed into their 64-bit ids.

    Attributes:
        owner: Number of the reference, below ``MAX_OWNERS``.
        place: Position relative to the reference's centre, in units of the reference's longer side.
        scale: Scale of the point, in units of the reference's longer side.
        angle: Dominant orientation, radians.
        permutation: Canonical permutation, ``mirrored + 2 * negative``.
    """

    owner: Int64[np.ndarray, "*n"]
    place: Float64[np.ndarray, "*n 2"]
    scale: Float64[np.ndarray, "*n"]
    angle: Float64[np.ndarray, "*n"]
    permutation: Int64[np.ndarray, "*n"]

    @classmethod
    def unpack(cls, ids: Int64[np.ndarray, "*n"]) -> "PointIds":
        """Read packed ids."""
        rest = ids >> (2 + _TURN_BITS)
        scale = 2 ** ((rest & ((1 << _SCALE_BITS) - 1)) / _SCALE_STEPS) / 4096
        rest = rest >> _SCALE_BITS
        y = (rest & ((1 << _Y_BITS) - 1)) / (1 << _Y_BITS) - 0.5
        x = ((rest >> _Y_BITS) & ((1 << _X_BITS) - 1)) / (1 << _X_BITS) - 0.5
        return cls(
            owner=ids >> _OWNER_SHIFT,
            place=np.stack([x, y], -1),
            scale=scale,
            angle=((ids >> 2) & ((1 << _TURN_BITS) - 1)) * (2 * np.pi / (1 << _TURN_BITS)),
            permutation=ids & 3,
        )


def pack_point_ids(
    owner: int,
    points: Float32[np.ndarray, "n 2"],
    scale: Float32[np.ndarray, " n"],
    angle: Float32[np.ndarray, " n"],
    permutation: Int64[np.ndarray, " n"],
    *,
    width: int,
    height: int,
) -> Int64[np.ndarray, " n"]:
    """Pack the points of one reference into ids for the index; ``PointIds.unpack`` reads the ids."""
    longest = max(width, height)
    place = (points - np.array([width, height], np.float32) / 2) / longest + 0.5
    x = np.clip(place[:, 0] * (1 << _X_BITS), 0, (1 << _X_BITS) - 1).astype(np.int64)
    y = np.clip(place[:, 1] * (1 << _Y_BITS), 0, (1 << _Y_BITS) - 1).astype(np.int64)
    step = np.rint(np.log2(np.maximum(scale / longest * 4096, 1)) * _SCALE_STEPS)
    turn = np.rint(angle * ((1 << _TURN_BITS) / (2 * np.pi))).astype(np.int64) % (1 << _TURN_BITS)
    packed = (owner << _X_BITS) + x
    packed = (packed << _Y_BITS) + y
    packed = (packed << _SCALE_BITS) + np.clip(step, 0, (1 << _SCALE_BITS) - 1).astype(np.int64)
    return (((packed << _TURN_BITS) + turn) << 2) + permutation


@dataclass(frozen=True, slots=True, eq=False)
class Similarity:
    """The position of a reference in the upload: ``upload = centre + zoom * turn * (mirror of) place``.

    Attributes:
        centre: Centre of the reference in the upload, pixels.
        zoom: Longer side of the reference in the upload, pixels.
        turn: Rotation, radians.
        mirrored: The reference is flipped upside down before the rotation.
        negative: The colours are inverted.
    """

    centre: Float64[np.ndarray, "2"]
    zoom: float
    turn: float
    mirrored: bool
    negative: bool


@dataclass(frozen=True, slots=True, eq=False)
class Candidate:
    """A reference with votes, and the similarity that most of the votes agree on."""

    owner: int
    votes: float
    similarity: Similarity


@dataclass(frozen=True, kw_only=True, slots=True)
class Voting:
    """Counts the votes of matched points.

    Attributes:
        farthest: Squared RootSIFT distance from which a match has no weight.
        turn_bins: Rotation bins per full turn; a vote counts in the two nearest bins.
        zoom_bins: Scale bins per octave; a vote counts in the two nearest bins.
        spread: Votes agree on a position within this share of the reference's size in the upload.
        crowd: Cells along the upload's longer side; a cell counts at most once per bin.
    """

    farthest: float = 0.45
    turn_bins: int = 12
    zoom_bins: int = 1
    spread: float = 0.3
    crowd: int = 96

    def __call__(
        self,
        points: Float32[np.ndarray, "n 2"],
        scale: Float32[np.ndarray, " n"],
        angle: Float32[np.ndarray, " n"],
        permutation: Int64[np.ndarray, " n"],
        ids: Int64[np.ndarray, "n k"],
        distance: Float32[np.ndarray, "n k"],
        *,
        longest: int,
        most: int,
    ) -> list[Candidate]:
        """Candidates, most votes first.

        Args:
            points: Upload points, pixels; a point that was searched under two permutations appears twice.
            scale: Scale of each point, pixels.
            angle: Orientation of each point, radians.
            permutation: The permutation under which each point was searched.
            ids: Packed ids of the nearest indexed points, nearest first; -1 if there are no more.
            distance: Squared distances, in the same order.
            longest: Longer side of the upload, pixels.
            most: Largest number of candidates.
        """
        row, column, weight = self._weights(ids, distance)
        hit = PointIds.unpack(ids[row, column])
        relative = permutation[row] ^ hit.permutation
        mirrored, negative = (relative & 1).astype(bool), (relative >> 1).astype(bool)
        turn = angle[row] - np.where(mirrored, -hit.angle, hit.angle) - np.pi * negative
        zoom = scale[row] / hit.scale
        votes = _Votes(
            owner=hit.owner,
            relative=relative,
            turn=turn,
            zoom=zoom,
            centre=points[row] - place_under(hit.place, zoom, turn, mirrored),
            weight=weight,
            cell=np.floor(points[row] * (self.crowd / longest)).astype(np.int64) @ np.array([4096, 1]),
        )
        bins, vote = self._bins(votes)
        agreed = [self._agree(votes, vote[bins == number]) for number in self._fullest(votes, bins, vote, 3 * most)]
        return sorted(agreed, key=lambda c: -c.votes)[:most]

    def _weights(
        self, ids: Int64[np.ndarray, "n k"], distance: Float32[np.ndarray, "n k"]
    ) -> tuple[Int64[np.ndarray, " m"], Int64[np.ndarray, " m"], Float64[np.ndarray, " m"]]:
        """Row, column and weight, 0 to 1, of the matches that are nearer than the last neighbour."""
        behind = np.minimum(np.where(ids[:, -1] < 0, self.farthest, distance[:, -1]), self.farthest)
        lead = np.where(ids < 0, 0.0, (behind[:, None] - distance) / self.farthest)
        row, column = np.nonzero(lead > 0)
        return row, column, lead[row, column].astype(np.float64)

    def _bins(self, votes: "_Votes") -> tuple[Int64[np.ndarray, " b"], Int64[np.ndarray, " b"]]:
        """Put each vote into its four nearest bins; gives the bin numbers and the vote of each entry."""
        turn = votes.turn * (self.turn_bins / (2 * np.pi))
        zoom = np.log2(votes.zoom) * self.zoom_bins + 64
        bins = [
            (((votes.owner * 4 + votes.relative) * 256 + np.floor(zoom + dz).astype(np.int64)) * 64)
            + np.floor(turn + dt).astype(np.int64) % self.turn_bins
            for dz in (0.0, 0.5)
            for dt in (0.0, 0.5)
        ]
        shifted = [b * 4 + number for number, b in enumerate(bins)]
        return np.concatenate(shifted), np.tile(np.arange(len(votes.weight)), 4)

    def _fullest(
        self, votes: "_Votes", bins: Int64[np.ndarray, " b"], vote: Int64[np.ndarray, " b"], most: int
    ) -> list[int]:
        """The fullest bin of each of the ``most`` best owners."""
        if not len(bins):
            return []
        order = np.lexsort((-votes.weight[vote], votes.cell[vote], bins))
        bins, vote = bins[order], vote[order]
        cell = votes.cell[vote]
        first = np.ones(len(bins), bool)
        first[1:] = (bins[1:] != bins[:-1]) | (cell[1:] != cell[:-1])
        numbers, group = np.unique(bins[first], return_inverse=True)
        total = np.bincount(group, votes.weight[vote[first]])
        owner = numbers // (4 * 64 * 256 * 4)
        best = np.lexsort((-total, owner))
        best = best[np.concatenate([[True], owner[best][1:] != owner[best][:-1]])]
        return [int(numbers[i]) for i in best[np.argsort(-total[best], kind="stable")[:most]]]

    def _agree(self, votes: "_Votes", inside: Int64[np.ndarray, " m"]) -> Candidate:
        """The similarity that most votes of one bin agree on, and the weight of these votes."""
        centre, weight = votes.centre[inside], votes.weight[inside]
        apart = np.linalg.norm(centre[:, None] - centre[None, :], axis=2)
        near = apart < self.spread * votes.zoom[inside][:, None]
        chosen = near[int((near @ weight).argmax())]
        inside, weight, centre = inside[chosen], weight[chosen], centre[chosen]
        strongest: dict[int, float] = {}
        for cell, value in zip(votes.cell[inside].tolist(), weight.tolist(), strict=True):
            strongest[cell] = max(value, strongest.get(cell, 0.0))
        turn = np.angle(np.sum(weight * np.exp(1j * votes.turn[inside])))
        relative = int(votes.relative[inside[0]])
        return Candidate(
            owner=int(votes.owner[inside[0]]),
            votes=float(sum(strongest.values())),
            similarity=Similarity(
                centre=np.average(centre, axis=0, weights=weight),
                zoom=float(np.exp2(np.average(np.log2(votes.zoom[inside]), weights=weight))),
                turn=float(turn),
                mirrored=bool(relative & 1),
                negative=bool(relative >> 1),
            ),
        )


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class _Votes:
    """One row per counted match; ``cell`` is the number of the upload's cell that holds the point."""

    owner: Int64[np.ndarray, " m"]
    relative: Int64[np.ndarray, " m"]
    turn: Float64[np.ndarray, " m"]
    zoom: Float64[np.ndarray, " m"]
    centre: Float64[np.ndarray, "m 2"]
    weight: Float64[np.ndarray, " m"]
    cell: Int64[np.ndarray, " m"]


def place_under(
    place: Float[np.ndarray, "n 2"],
    zoom: Float[np.ndarray, " n"],
    turn: Float[np.ndarray, " n"],
    mirrored: Bool[np.ndarray, " n"],
) -> Float64[np.ndarray, "n 2"]:
    """Positions relative to the reference's centre, flipped, rotated and scaled into the upload."""
    y = np.where(mirrored, -place[:, 1], place[:, 1])
    cos, sin = np.cos(turn) * zoom, np.sin(turn) * zoom
    return np.stack([cos * place[:, 0] - sin * y, sin * place[:, 0] + cos * y], 1)
