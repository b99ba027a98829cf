"""Compact local features: canonical under mirror and negative, 64 dimensions, 16 bytes.

Mirroring a picture, inverting its colours, and both together permute the SIFT descriptor. The *canonical* form is the
one of the four permutations that is nearest to a fixed template. Reference and upload both use the canonical form, so
one search covers all four cases, and the difference between the two permutations tells how the upload was made. On
real edits the two sides choose the same form for 93 % of the matching descriptors. A second search with the second-best
form of the least certain 30 % raises this to 98 %.

The canonical descriptor is centred and projected on 64 principal axes (95 % of the variance). A product quantiser of
32 pairs x 4 bits (Jegou et al., TPAMI 2011) codes the result. The codebook is shipped and fixed.
"""

from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
from jaxtyping import Float32, Int64, UInt8

from lynkeus.core.errors import CorruptError
from lynkeus.matching.sift import DIMENSIONS, PERMUTATIONS

SUBSPACES, CENTROIDS = 32, 16
"""Pairs of dimensions and centres per pair: 4 bits, as Faiss's fast scan of product codes needs."""
PROJECTED = 2 * SUBSPACES
"""Dimensions of a projected descriptor."""
CODE_BYTES = SUBSPACES // 2
"""Bytes of a code: two pairs per byte."""


@dataclass(frozen=True, slots=True, eq=False)
class Codebook:
    """The fixed numbers that turn RootSIFT into codes.

    Attributes:
        template: Unit vector; the canonical form is the permutation nearest to it.
        mean: Mean of canonical descriptors.
        axes: Principal axes, one per column.
        coarse: Centres of the inverted lists, in projected dimensions.
        fine: Centres of each pair of projected dimensions.
    """

    template: Float32[np.ndarray, "128"]
    mean: Float32[np.ndarray, "128"]
    axes: Float32[np.ndarray, "128 64"]
    coarse: Float32[np.ndarray, "lists 64"]
    fine: Float32[np.ndarray, "32 16 2"]

    def canonical(
        self, vectors: Float32[np.ndarray, "n 128"]
    ) -> tuple[Int64[np.ndarray, "n 4"], Float32[np.ndarray, " n"]]:
        """Permutations of each descriptor, the canonical one first, and its lead over the second."""
        score = vectors @ self.template[PERMUTATIONS].T
        order = np.argsort(-score, axis=1, kind="stable")
        best = np.take_along_axis(score, order[:, :2], 1)
        return order, best[:, 0] - best[:, 1]

    def project(
        self, vectors: Float32[np.ndarray, "n 128"], permutation: Int64[np.ndarray, " n"]
    ) -> Float32[np.ndarray, "n 64"]:
        """Permuted descriptors in 64 dimensions; squared distances are close to those of RootSIFT."""
        permuted = np.take_along_axis(vectors, PERMUTATIONS[permutation], 1)
        return ((permuted - self.mean) @ self.axes).astype(np.float32)

    def project_all(self, vectors: Float32[np.ndarray, "n 128"], permutation: int) -> Float32[np.ndarray, "n 64"]:
        """``project`` with one permutation for all rows; permutes the axes instead of the descriptors."""
        turned = self.axes[np.argsort(PERMUTATIONS[permutation])]
        return (vectors @ turned - self.mean @ self.axes).astype(np.float32)

    def assign(self, projected: Float32[np.ndarray, "n 64"]) -> Int64[np.ndarray, " n"]:
        """The inverted list of each descriptor: the nearest coarse centre."""
        return (0.5 * (self.coarse**2).sum(1) - projected @ self.coarse.T).argmin(1)

    def encode(self, projected: Float32[np.ndarray, "n 64"]) -> UInt8[np.ndarray, "n 16"]:
        """Codes of 16 bytes: two pairs per byte, the earlier pair in the low half."""
        pairs = projected.reshape(-1, SUBSPACES, 1, 2)
        nearest = ((pairs - self.fine[None]) ** 2).sum(-1).argmin(-1).astype(np.uint8)
        return (nearest[:, 0::2] | (nearest[:, 1::2] << 4)).astype(np.uint8)

    def decode(self, codes: UInt8[np.ndarray, "n 16"]) -> Float32[np.ndarray, "n 64"]:
        """The centres that the codes represent."""
        index = np.empty((len(codes), SUBSPACES), np.int64)
        index[:, 0::2], index[:, 1::2] = codes & 15, codes >> 4
        return self.fine[np.arange(SUBSPACES)[None, :], index].reshape(len(codes), PROJECTED)

    def save(self, file: Path) -> None:
        """Write the codebook in half precision as an ``.npz`` file."""
        np.savez_compressed(
            file,
            format=np.array(1),
            **{name: getattr(self, name).astype(np.float16) for name in ("template", "mean", "axes", "coarse", "fine")},
        )

    @classmethod
    def load(cls, file: Path) -> "Codebook":
        """Read what ``save`` wrote.

        Raises:
            CorruptError: The file is missing or is not a codebook of this format.
        """
        try:
            with np.load(file, allow_pickle=False) as stored:
                if int(stored["format"]) != 1:
                    raise CorruptError(f"{file}: codebook format {stored['format']}, wanted 1")
                return cls(
                    *(stored[name].astype(np.float32) for name in ("template", "mean", "axes", "coarse", "fine"))
                )
        except (OSError, KeyError, ValueError) as error:
            raise CorruptError(f"{file}: not a codebook: {error}") from error

    @classmethod
    def train(cls, vectors: Float32[np.ndarray, "n 128"], *, lists: int, seed: int) -> "Codebook":
        """Fit a codebook to RootSIFT descriptors of many pictures; a million rows take a few minutes."""
        template = _fit_template(vectors, seed)
        score = vectors @ template[PERMUTATIONS].T
        canonical = np.take_along_axis(vectors, PERMUTATIONS[score.argmax(1)], 1)
        mean = canonical.mean(0)
        _, axes = np.linalg.eigh(np.cov(canonical, rowvar=False))
        axes = _equal_variance(axes[:, ::-1][:, :PROJECTED].astype(np.float32), seed)
        projected = ((canonical - mean) @ axes).astype(np.float32)
        coarse = faiss.Kmeans(PROJECTED, lists, niter=12, seed=seed, max_points_per_centroid=128)
        coarse.train(projected)
        fine = [
            _pair_centres(np.ascontiguousarray(projected[:, 2 * k : 2 * k + 2]), seed + k) for k in range(SUBSPACES)
        ]
        parts = (template, mean, axes, coarse.centroids, np.stack(fine))
        return cls(*(np.asarray(part).astype(np.float16).astype(np.float32) for part in parts))


def _fit_template(vectors: Float32[np.ndarray, "n 128"], seed: int) -> Float32[np.ndarray, "128"]:
    """The direction that best separates the best of the four permutations (alternating maximisation)."""
    sample = np.random.default_rng(seed).permutation(vectors)[:100_000]
    middle = np.mean([sample.mean(0)[p] for p in PERMUTATIONS], axis=0)
    template = np.random.default_rng(seed).standard_normal(DIMENSIONS)
    for _ in range(40):
        best = ((sample - middle) @ template[PERMUTATIONS].T).argmax(1)
        template = (np.take_along_axis(sample, PERMUTATIONS[best], 1) - middle).mean(0)
        template /= np.linalg.norm(template)
    return template.astype(np.float32)


def _equal_variance(axes: Float32[np.ndarray, "128 64"], seed: int) -> Float32[np.ndarray, "128 64"]:
    """Randomly rotated axes of the same subspace, so that every pair of dimensions has similar variance."""
    turn = np.linalg.qr(np.random.default_rng(seed).standard_normal((PROJECTED, PROJECTED)))[0]
    return axes @ turn.astype(np.float32)


def _pair_centres(pairs: Float32[np.ndarray, "n 2"], seed: int) -> Float32[np.ndarray, "16 2"]:
    quantiser = faiss.Kmeans(2, CENTROIDS, niter=25, seed=seed, max_points_per_centroid=4000)
    quantiser.train(pairs)
    return np.asarray(quantiser.centroids)
