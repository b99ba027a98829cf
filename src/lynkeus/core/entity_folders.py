"""Name entities after the folders of their pictures: one folder per entity."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lynkeus.core.folders import display


def folder_entity(path: Path, roots: Sequence[Path]) -> str:
    """Name of the entity that a file shows.

    The user gives files and folders, the roots. A file in a subfolder of a root has the name of the root's direct
    subfolder. A file directly in a root has the name of the root. A file that is itself a root has its stem as name.

    Args:
        path: The file, as a walk of the roots gives it.
        roots: Files and folders that the user gave.

    >>> folder_entity(Path("all/AR15/side/1.jpg"), [Path("all")]), folder_entity(Path("all/1.jpg"), [Path("all")])
    ('AR15', 'all')
    """
    for root, below in _below(path, roots):
        name = below[0] if len(below) > 1 else (root.name if root.name not in ("", "..") else root.resolve().name)
        return display(Path(name))
    return path.stem and display(Path(path.stem))


def entity_place(path: Path, roots: Sequence[Path]) -> Path:
    """The folder or the file after which ``folder_entity`` names the entity of a file.

    Args:
        path: The file, as a walk of the roots gives it.
        roots: Files and folders that the user gave.

    >>> str(entity_place(Path("all/AR15/side/1.jpg"), [Path("all")])), str(entity_place(Path("1.jpg"), [Path("1.jpg")]))
    ('all/AR15', '1.jpg')
    """
    for root, below in _below(path, roots):
        return root / below[0] if len(below) > 1 else root
    return path


def _below(path: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Each root that contains a file, with the path from the root to the file."""
    return ((root, path.relative_to(root).parts) for root in roots if path != root and path.is_relative_to(root))


def empty_folders(roots: Sequence[Path], seen: Collection[Path]) -> list[Path]:
    """The entity folders without a file: the direct subfolders of each root, or the root itself without subfolders.

    Args:
        roots: Files and folders that the user gave.
        seen: The paths that a walk of the roots gave, unreadable folders included.
    """
    reached = {each for path in seen for each in (path, *path.parents)}
    empty: list[Path] = []
    for root in roots:
        if root in seen or not root.is_dir():
            continue
        below = [child for child in sorted(root.iterdir()) if child.is_dir() and not child.name.startswith(".")]
        empty += [each for each in below or [root] if each not in reached]
    return empty
