"""List the pictures that may train: folders with their terms, without the halves kept for tests.

Conventions: paths are relative to the data root, with forward slashes. Terms are ``free`` or ``research``, as in the
model cards.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from lynkeus.core import DataError

Terms = Literal["free", "research"]

# Suffixes of the picture formats that lynkeus reads.
_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".avif"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """One folder of pictures.

    Attributes:
        folder: Folder, relative to the data root; includes all subfolders.
        terms: ``free`` or ``research``.
        share: Probability of this source relative to the other sources.
        role: Only pictures with this role in ``roles.csv`` of the parent folder; None takes all pictures.
    """

    folder: str
    terms: Terms
    share: float
    role: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Listing:
    """The pictures of some sources, in a fixed order.

    Attributes:
        paths: Paths of the pictures, relative to the data root.
        source: Number of the source of each picture.
        sources: The sources.
    """

    paths: tuple[str, ...]
    source: tuple[int, ...]
    sources: tuple[Source, ...]

    def part(self, numbers: Sequence[int]) -> "Listing":
        """The listing of some of the pictures."""
        return replace(
            self,
            paths=tuple(self.paths[number] for number in numbers),
            source=tuple(self.source[number] for number in numbers),
        )


def list_pictures(root: Path, sources: Sequence[Source], *, barred: frozenset[str] = frozenset()) -> Listing:
    """List the pictures that may train, sorted within each source.

    Args:
        root: The data root.
        sources: Folders to take.
        barred: Paths that must not train, such as the test half of a benchmark.

    Raises:
        DataError: A folder holds no picture that may train.
    """
    paths: list[str] = []
    owner: list[int] = []
    for number, source in enumerate(sources):
        found = [path for path in _in_folder(root, source) if path not in barred]
        if not found:
            raise DataError(f"no picture to train with in {source.folder}")
        paths += found
        owner += [number] * len(found)
    return Listing(paths=tuple(paths), source=tuple(owner), sources=tuple(sources))


def _in_folder(root: Path, source: Source) -> list[str]:
    folder = root / source.folder
    found = sorted(path.relative_to(root).as_posix() for path in folder.rglob("*") if path.suffix.lower() in _SUFFIXES)
    if source.role is None:
        return found
    with (folder.parent / "roles.csv").open(newline="") as file:
        prefix = folder.parent.relative_to(root).as_posix()
        role = {f"{prefix}/{row['path']}": row["role"] for row in csv.DictReader(file)}
    return [path for path in found if role.get(path) == source.role]
