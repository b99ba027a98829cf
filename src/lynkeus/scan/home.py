"""One folder of state: the catalog, the index, and a lane for each kind that works on them.

Nothing else is written anywhere. Opening a home opens the catalog alone; a lane is opened when it is first asked for.
"""

import tempfile
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, final

import cv2
import faiss
from threadpoolctl import threadpool_limits

from lynkeus.catalog import Catalog, Gallery, Owner, Stamp
from lynkeus.core import ConflictError
from lynkeus.kinds import find_kind
from lynkeus.kinds.protocol import Recogniser
from lynkeus.runtime.models_in_use import ModelsInUse
from lynkeus.scan.clean_pictures import describe, halves
from lynkeus.scan.lane import AnyLane, Lane
from lynkeus.scan.library import Library

CATALOG, INDEX = "catalog.sqlite", "index"


@dataclass(frozen=True, slots=True)
class _Opened:
    """A lane, and what it was opened with."""

    lane: AnyLane
    plain: Recogniser[Any, Any, Any]
    models: frozenset[tuple[str, str]]
    stamp: tuple[str, int, int]


@final
class Home:
    """An open home.

    Args:
        folder: Where state lives; made when missing.
        create: False refuses a folder without a catalog.

    Raises:
        UnknownNameError: There is no catalog and ``create`` is False.
        CorruptError: The catalog is damaged.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        cv2.setNumThreads(1)
        faiss.omp_set_num_threads(1)
        threadpool_limits(1, user_api="blas")
        self.folder = folder
        self.catalog = Catalog.open(folder / CATALOG, create=create)
        self._lock = threading.RLock()
        self._opened: dict[str, _Opened] = {}
        self._galleries: tuple[Stamp, dict[str, Gallery]] | None = None

    def close(self) -> None:
        """Close the catalog."""
        self.catalog.close()

    def __enter__(self) -> "Home":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def index(self) -> Path:
        """The folder of the index."""
        return self.folder / INDEX

    @property
    def models(self) -> ModelsInUse:
        """The models in use as of now."""
        return ModelsInUse(self.folder)

    @property
    def opened(self) -> frozenset[str]:
        """Names of the kinds whose lanes are open."""
        return frozenset(self._opened)

    def galleries(self) -> Mapping[str, Gallery]:
        """The galleries by name, as of now."""
        stamp = self.catalog.stamp()
        with self._lock:
            if self._galleries is None or self._galleries[0] != stamp:
                self._galleries = stamp, {gallery.name: gallery for gallery in self.catalog.galleries.all()}
            return self._galleries[1]

    def lane(self, name: str) -> AnyLane:
        """The lane of a kind, with the models in use and the normalising clean pictures as of now.

        Raises:
            UnknownNameError: There is no such kind.
            CorruptError: A model is damaged.
        """
        with self._lock:
            models, now = self.models, self.catalog.stamp()
            stamp = (now.database_id, now.epoch, now.backgrounds)
            last = self._opened.get(name)
            if last is not None and (last.models, last.stamp) == (models.key, stamp):
                return last.lane
            pictures = self.catalog.backgrounds.all()
            normalising = tuple(picture.id for picture in halves(pictures).normalising)
            if last is None or last.models != models.key:
                kind = find_kind(name)
                plain = kind.load(models)
                library = Library(self.catalog, self.index / name, kind=name, index=plain.index)
                last = _Opened(Lane(kind, plain, library, self.catalog), plain, models.key, stamp)
            plain = Lane(last.lane.kind, last.plain, last.lane.library, self.catalog)
            describe(plain, [picture for picture in pictures if picture.id in set(normalising)])
            known = {picture.digest for picture in pictures}
            shipped = models.clean_items(last.lane.kind.describes)
            clean = [items for digest, items in shipped.items() if digest not in known]
            stored = [plain.stored(Owner.BACKGROUND, number) for number in normalising]
            clean += [items for items in stored if plain.described(items)]
            recogniser = last.plain.normalised(clean) if clean else last.plain
            lane = Lane(plain.kind, recogniser, plain.library, self.catalog)
            self._opened[name] = _Opened(lane, last.plain, models.key, stamp)
            return lane

    def check_unchanged(self, lane: AnyLane) -> None:
        """Do nothing where a lane still uses the models in use.

        Raises:
            ConflictError: Another model was put into use meanwhile.
        """
        used, now = (each.recogniser.traits.models for each in (lane, self.lane(lane.kind.name)))
        if [card.sha256 for card in used] != [card.sha256 for card in now]:
            raise ConflictError("another model was put into use while this ran: run it again")


@contextmanager
def home_or_trial(folder: Path, *, trial: bool) -> Generator[Home]:
    """The home in a folder, made when missing.

    Args:
        folder: Where it lies.
        trial: A missing home is made elsewhere and thrown away.
    """
    if trial and not (folder / CATALOG).exists():
        with tempfile.TemporaryDirectory(prefix="lynkeus-") as away, Home(Path(away)) as opened:
            yield opened
    else:
        with Home(folder) as opened:
            yield opened
