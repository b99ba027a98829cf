"""Other systems that find copies, each as a gallery of vectors or hashes: the peers of the benchmark.

PDQ: Facebook, `pdqhash` (MIT). SSCD: Pizzi et al., CVPR 2022, an ONNX file that the user has; it takes RGB bytes of any
size and gives 512 numbers. Every peer reads pictures with our reader and gives its ten best references.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import cv2
import numpy as np
import pdqhash  # pyright: ignore[reportMissingImports] - only the extra lynkeus[bench] brings it
from tqdm import tqdm

from lynkeus.core import read_picture
from lynkeus.runtime.sessions import open_session

GIVEN = 10
Ranked = list[tuple[int, float]]
"""Places of references in the gallery with their scores, higher is more alike."""

_READ_SIDE = 1024
_PDQ_SIDE = 512
_SSCD_SHORT, _SSCD_LONGEST = 288, 1024
_SSCD_NEIGHBOURS = 3


class Peer(Protocol):
    """A system with its gallery."""

    def __call__(self, query: Path) -> Ranked:
        """The best references of a query."""
        ...


def pixels(file: Path) -> np.ndarray:
    """RGB pixels of a picture, longest side at most 1,024."""
    return read_picture(file, max_side=_READ_SIDE).rgb


def best(scores: np.ndarray) -> Ranked:
    """The ``GIVEN`` highest of a row of scores."""
    count = min(GIVEN, len(scores))
    places = np.argpartition(-scores, count - 1)[:count]
    return [(int(place), float(scores[place])) for place in places[np.argsort(-scores[places], kind="stable")]]


@dataclass(frozen=True, slots=True, eq=False)
class Pdq:
    """PDQ hashes, 256 bits; the score is minus the number of bits that differ.

    Attributes:
        gallery: Packed hashes of the references.
        turned: Compare the query's eight turns and mirrors as well; the nearest counts.
    """

    gallery: np.ndarray
    turned: bool = False

    @classmethod
    def of(cls, references: Iterable[Path], *, turned: bool = False) -> "Pdq":
        """Hash references."""
        rows = [np.packbits(pdqhash.compute(_for_pdq(file))[0]) for file in tqdm(references, desc="PDQ", disable=None)]
        return cls(np.stack(rows), turned)

    def __call__(self, query: Path) -> Ranked:
        """The best references of a query."""
        seen = _for_pdq(query)
        hashes = pdqhash.compute_dihedral(seen)[0] if self.turned else [pdqhash.compute(seen)[0]]
        apart = [np.bitwise_count(self.gallery ^ np.packbits(bits)).sum(1, dtype=np.int64) for bits in hashes]
        return best(-np.min(apart, axis=0).astype(np.float64))


@dataclass(frozen=True, slots=True, eq=False)
class Sscd:
    """SSCD vectors; the score is their cosine, normalised with strangers where there are any.

    Attributes:
        describe: Gives the vector of a picture, length 1.
        gallery: Vectors of the references.
        clean: Vectors of pictures that are no query and no reference; without any, scores are plain cosines.
    """

    describe: Callable[[Path], np.ndarray]
    gallery: np.ndarray
    clean: np.ndarray

    def __call__(self, query: Path) -> Ranked:
        """The best references of a query."""
        vector = self.describe(query)
        baseline = np.sort(self.clean @ vector)[-_SSCD_NEIGHBOURS:].mean() if len(self.clean) else 0.0
        return best(self.gallery @ vector - baseline)


def sscd_describer(file: Path) -> Callable[[Path], np.ndarray]:
    """The function that gives SSCD vectors: short side 288, as its authors use it.

    Args:
        file: The network.
    """
    session = open_session(file)
    name = session.get_inputs()[0].name

    def describe(picture: Path) -> np.ndarray:
        rgb = pixels(picture)
        zoom = min(_SSCD_SHORT / min(rgb.shape[:2]), _SSCD_LONGEST / max(rgb.shape[:2]))
        size = (max(32, round(rgb.shape[1] * zoom)), max(32, round(rgb.shape[0] * zoom)))
        small = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_LINEAR)
        vector = np.asarray(session.run(None, {name: small[None]})[0])[0]
        return vector / max(float(np.linalg.norm(vector)), 1e-9)

    return describe


def sscd_vectors(describe: Callable[[Path], np.ndarray], pictures: list[Path], kept: Path) -> np.ndarray:
    """Vectors of pictures, from a file where they were kept, else made and kept there."""
    if kept.exists():
        return np.load(kept, allow_pickle=False)
    rows = np.stack([describe(file) for file in tqdm(pictures, desc="SSCD", disable=None)]).astype(np.float32)
    np.save(kept, rows)
    return rows


def _for_pdq(file: Path) -> np.ndarray:
    """Pixels at most 512 wide or high, as PDQ's authors reduce them first."""
    rgb = pixels(file)
    zoom = min(1.0, _PDQ_SIDE / max(rgb.shape[:2]))
    size = (round(rgb.shape[1] * zoom), round(rgb.shape[0] * zoom))
    return np.ascontiguousarray(rgb if zoom == 1 else cv2.resize(rgb, size, interpolation=cv2.INTER_AREA))
