"""How entities are named after the files that show them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from lynkeus.core.entity_folders import empty_folders, entity_place, folder_entity
from lynkeus.core.folders import display


@dataclass(frozen=True, kw_only=True, slots=True)
class Naming:
    """The entity of each file.

    Attributes:
        names: Entity of each path; the name of a folder holds for all files in it.
        roots: Files and folders that were named.
        by_folder: Below the roots each folder is an entity. Otherwise each file is one, named by its stem.
    """

    names: Mapping[str, str]
    roots: tuple[Path, ...]
    by_folder: bool

    def entity(self, path: Path) -> str:
        """Name of the entity that a file shows."""
        if (named := self.given(path)) is not None:
            return named
        return folder_entity(path, self.roots if self.by_folder else ())

    def given(self, path: Path) -> str | None:
        """The name that was given to a file, or to a folder that it lies in."""
        if not self.names:
            return None
        given = (self.names.get(display(each)) for each in (path, *path.parents))
        return next((name for name in given if name is not None), None)

    def unread(self, seen: Mapping[Path, bool]) -> Iterator[tuple[str, Path, int]]:
        """Entities of which no file could be read: name, the place that stands for the entity, files tried.

        Args:
            seen: Whether each file could be read.
        """
        read = {self.entity(path) for path, readable in seen.items() if readable}
        lost: dict[str, list[Path]] = {}
        for path in seen:
            if (entity := self.entity(path)) not in read and not path.is_dir():
                lost.setdefault(entity, []).append(path)
        for entity, paths in lost.items():
            yield entity, paths[0] if self.given(paths[0]) else entity_place(paths[0], self.roots), len(paths)

    def empty(self, seen: Mapping[Path, bool]) -> list[Path]:
        """Folders of entities that gave no file at all."""
        return empty_folders(self.roots, seen)
