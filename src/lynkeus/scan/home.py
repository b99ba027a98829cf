"""One folder of state: the catalog, the index, and the recognisers that work on them.

Nothing else is written anywhere. Opening a home opens the catalog alone; models and index are loaded when
first asked for.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import final

import cv2
import faiss
import numpy as np
from jaxtyping import Float32
from threadpoolctl import threadpool_limits

from lynkeus.catalog import Background, Catalog, Owner
from lynkeus.core import ConflictError
from lynkeus.kinds.copies.overlays import OverlayFinder
from lynkeus.kinds.copies.recogniser import CopyRecogniser
from lynkeus.kinds.copies.score import CopyScore
from lynkeus.kinds.objects.recogniser import ObjectEmbedder, ObjectRecogniser, unpacked, vector_part
from lynkeus.kinds.protocol import GLOBAL
from lynkeus.matching.codebook import Codebook
from lynkeus.runtime.cards import card
from lynkeus.runtime.sessions import PixelModel
from lynkeus.scan.library import Library
from lynkeus.scan.object_library import ObjectLibrary
from lynkeus.scan.object_model import ObjectModel, own_folder

CATALOG = "catalog.sqlite"
VECTOR_LENGTH = 256
NORMALISING = 256
_NORMALISING_SHARE = 5


@dataclass(frozen=True, slots=True)
class Halves:
    """The background, parted: no picture serves both purposes.

    Attributes:
        normalising: Pictures that scores are normalised with.
        calibrating: Pictures that rates are measured on.
    """

    normalising: tuple[Background, ...]
    calibrating: tuple[Background, ...]


def halves(pictures: list[Background]) -> Halves:
    """Part a background by the pictures' digests: every fifth normalises, at most 256 of them.

    Args:
        pictures: By ascending id, so that what is added later never changes what an earlier one serves.
    """
    chosen = [p for p in pictures if int(p.digest[:8], 16) % _NORMALISING_SHARE == 0][:NORMALISING]
    taken = {p.id for p in chosen}
    return Halves(tuple(chosen), tuple(p for p in pictures if p.id not in taken))


@final
class Home:
    """An open home.

    Args:
        folder: Where state lives; made when missing.
        create: False refuses a folder without a catalog.

    Raises:
        UnknownNameError: There is no catalog and ``create`` is False.
        CorruptError: The catalog or a model is damaged.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        cv2.setNumThreads(1)
        faiss.omp_set_num_threads(1)
        threadpool_limits(1, user_api="blas")
        self.folder = folder
        self.catalog = Catalog.open(folder / CATALOG, create=create)

    def close(self) -> None:
        """Close the catalog."""
        self.catalog.close()

    def __enter__(self) -> "Home":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @cached_property
    def codebook(self) -> Codebook:
        """The shipped codebook of local features."""
        return Codebook.load(card("local-codebook").path)

    @cached_property
    def copies(self) -> CopyRecogniser:
        """The recogniser of copies, normalised with the background as it was when first asked for."""
        return load_copies(self.codebook, np.concatenate([shipped_calm(), self._normalising_vectors()]))

    def _normalising_vectors(self) -> Float32[np.ndarray, "n 256"]:
        chosen = halves(self.catalog.backgrounds.all()).normalising
        stored = self.catalog.blobs.read(Owner.BACKGROUND, [b.id for b in chosen], GLOBAL)
        rows = [np.frombuffer(stored[number], np.float16, count=VECTOR_LENGTH) for number in sorted(stored)]
        return np.array(rows, np.float32).reshape(-1, VECTOR_LENGTH)

    @cached_property
    def object_model(self) -> ObjectModel:
        """The network of objects that is in use, as it was when first asked for."""
        return ObjectModel.of(self.folder)

    def check_object_model(self) -> None:
        """Do nothing where the network of objects is still in use that was when it was first asked for.

        Raises:
            ConflictError: Another one was put into use meanwhile.
        """
        if own_folder(self.folder) != self.object_model.folder:
            raise ConflictError("another network of objects was put into use while this ran: run it again")

    @cached_property
    def object_embedder(self) -> ObjectEmbedder:
        """The network that describes objects."""
        return ObjectEmbedder(self.object_model.card)

    @cached_property
    def objects(self) -> ObjectRecogniser:
        """The recogniser of objects, normalised with the background as it was when first asked for."""
        background = self.catalog.backgrounds.all()
        chosen = [b.id for b in halves(background).normalising]
        stored = self.catalog.blobs.read(Owner.BACKGROUND, chosen, self.object_embedder.part)
        calm = self.object_model.calm(b.digest for b in background)
        rows = np.array([unpacked(stored[number]) for number in sorted(stored)], np.float32).reshape(-1, calm.shape[1])
        return ObjectRecogniser(embed=self.object_embedder, calm=np.concatenate([calm, rows]))

    @cached_property
    def object_library(self) -> ObjectLibrary:
        """The registered references of objects."""
        return ObjectLibrary(self.catalog, vector_part(self.object_model.card))

    @cached_property
    def library(self) -> Library:
        """The registered references of copies, searchable."""
        return Library(self.catalog, self.folder / "index", codebook=self.codebook, dim=VECTOR_LENGTH)


def shipped_calm() -> Float32[np.ndarray, "n 256"]:
    """Global vectors of clean pictures that come with the package."""
    return np.load(card("copy-calm").path, allow_pickle=False).astype(np.float32)


def load_copies(codebook: Codebook, calm: Float32[np.ndarray, "n 256"]) -> CopyRecogniser:
    """The shipped recogniser of copies.

    Args:
        codebook: The shipped codebook.
        calm: Global vectors of clean pictures that scores are normalised with.

    Raises:
        CorruptError: A model is damaged.
    """
    return CopyRecogniser(
        codebook=codebook,
        model=PixelModel(card("copy-descriptor").path),
        score=CopyScore.loads(card("copy-score").path.read_text("utf-8")),
        calm=calm,
        pasted=OverlayFinder.load(),
    )
