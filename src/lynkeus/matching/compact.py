"""The stored form of the local features of a picture: at most 8 KiB.

A point takes 24 bytes: 16 bytes of product code, 2 x 14 bits of position with the 2 bits of the canonical permutation,
8 bits of scale, 8 bits of angle, and 16 bits for the number of the inverted list. The stored list number allows
building an index without any search.
Format 1: magic ``LKF1``, width and height (uint32), number of points (uint16), then the points.
"""

import struct
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32, Int64, UInt8

from lynkeus.core.errors import CorruptError
from lynkeus.matching.codebook import CODE_BYTES, Codebook
from lynkeus.matching.sift import PERMUTATIONS, LocalFeatures

MAX_BYTES = 8192
"""Largest stored size; room for 340 points, and the size of a catalog follows from this limit."""
# Layout of format 1, described above.
_HEADER = struct.Struct("<4sIIH")
_MAGIC = b"LKF1"  # lynkeus features, format 1
_POINT = np.dtype(
    [("code", "u1", CODE_BYTES), ("x", "<u2"), ("y", "<u2"), ("scale", "u1"), ("turn", "u1"), ("list", "<u2")]
)
MAX_POINTS = (MAX_BYTES - _HEADER.size) // _POINT.itemsize
"""Largest number of points that fit into ``MAX_BYTES``."""
_POSITION_STEPS, _SCALE_STEPS, _TURN_STEPS = 1 << 14, 20, 256  # per longer side, per octave, per full turn


@dataclass(frozen=True, slots=True, eq=False)
class CompactFeatures:
    """Local features of a picture as they are stored.

    Attributes:
        codes: Product codes of the canonical descriptors.
        points: Positions (x, y), pixels of the full-size picture.
        scale: Standard deviation of the Gaussian of the point, pixels of the full-size picture.
        angle: Dominant orientation, radians.
        permutation: The permutation that made the descriptor canonical, ``mirrored + 2 * negative``.
        lists: Number of the inverted list of each descriptor.
        width: Width of the full-size picture, pixels.
        height: Height of the full-size picture, pixels.
    """

    codes: UInt8[np.ndarray, "n 16"]
    points: Float32[np.ndarray, "n 2"]
    scale: Float32[np.ndarray, " n"]
    angle: Float32[np.ndarray, " n"]
    permutation: Int64[np.ndarray, " n"]
    lists: Int64[np.ndarray, " n"]
    width: int
    height: int

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)

    @classmethod
    def of(cls, features: LocalFeatures, codebook: Codebook, *, most: int = MAX_POINTS) -> "CompactFeatures":
        """Encode the first ``most`` features; the default fills ``MAX_BYTES``."""
        keep = slice(most)
        order, _ = codebook.canonical(features.vectors[keep])
        projected = codebook.project(features.vectors[keep], order[:, 0])
        return cls(
            codes=codebook.encode(projected),
            points=features.points[keep],
            scale=features.scale[keep],
            angle=features.angle[keep],
            permutation=order[:, 0],
            lists=codebook.assign(projected),
            width=features.width,
            height=features.height,
        )

    def expand(self, codebook: Codebook) -> LocalFeatures:
        """Features with approximate descriptors; the mean replaces the part that the projection lost."""
        canonical = codebook.decode(self.codes) @ codebook.axes.T + codebook.mean
        vectors = np.take_along_axis(canonical, PERMUTATIONS[self.permutation], 1)
        return LocalFeatures(self.points, self.scale, self.angle, vectors.astype(np.float32), self.width, self.height)

    def pack(self) -> bytes:
        """The stored bytes; positions are rounded to 1/16384 of the longer side, scales to 3.5 %, angles to 1.4°."""
        table = np.zeros(len(self), _POINT)
        place = np.clip(self.points / max(self.width, self.height) * _POSITION_STEPS, 0, _POSITION_STEPS - 1)
        position = np.rint(place).astype(np.uint16)
        table["code"] = self.codes
        table["x"] = position[:, 0] | ((self.permutation & 1) << 15).astype(np.uint16)
        table["y"] = position[:, 1] | ((self.permutation >> 1) << 15).astype(np.uint16)
        relative = self.scale / max(self.width, self.height) * 4096
        table["scale"] = np.clip(np.rint(np.log2(np.maximum(relative, 1)) * _SCALE_STEPS), 0, 255)
        table["turn"] = np.rint(self.angle * (_TURN_STEPS / (2 * np.pi))).astype(np.int64) % _TURN_STEPS
        table["list"] = self.lists
        return _HEADER.pack(_MAGIC, self.width, self.height, len(self)) + table.tobytes()

    @classmethod
    def unpack(cls, raw: bytes) -> "CompactFeatures":
        """Read what ``pack`` wrote.

        Raises:
            CorruptError: The bytes are not of this format.
        """
        if len(raw) < _HEADER.size or raw[:4] != _MAGIC:
            raise CorruptError(f"stored local features start with {raw[:4]!r}, wanted {_MAGIC!r}")
        _, width, height, count = _HEADER.unpack_from(raw)
        if len(raw) != _HEADER.size + count * _POINT.itemsize:
            raise CorruptError(f"stored local features hold {len(raw)} bytes, wanted {count} points")
        table = np.frombuffer(raw, _POINT, count, _HEADER.size)
        longest = max(width, height)
        position = np.stack([table["x"], table["y"]], 1) & (_POSITION_STEPS - 1)
        return cls(
            codes=table["code"],
            points=(position * np.float32(longest / _POSITION_STEPS)).astype(np.float32),
            scale=(2 ** (table["scale"].astype(np.float32) / _SCALE_STEPS) * np.float32(longest / 4096)).astype(
                np.float32
            ),
            angle=(table["turn"] * np.float32(2 * np.pi / _TURN_STEPS)).astype(np.float32),
            permutation=(table["x"] >> 15).astype(np.int64) + 2 * (table["y"] >> 15),
            lists=table["list"].astype(np.int64),
            width=width,
            height=height,
        )
