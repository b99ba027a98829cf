"""One folder an entity: how entities are named after the folders that their pictures lie in."""

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from lynkeus.core.folders import display


def folder_entity(path: Path, roots: Sequence[Path]) -> str:
    """Name of the entity that a file shows.

    Below a folder that was named, that is the first folder on the way to the file; directly in it, the folder itself; a
    file that was named is called by its stem.

    Args:
        path: The file, as a walk of the roots gives it.
        roots: Files and folders that were named.

    >>> folder_entity(Path("all/AR15/side/1.jpg"), [Path("all")]), folder_entity(Path("all/1.jpg"), [Path("all")])
    ('AR15', 'all')
    """
    for root, below in _below(path, roots):
        name = below[0] if len(below) > 1 else (root.name if root.name not in ("", "..") else root.resolve().name)
        return display(Path(name))
    return path.stem and display(Path(path.stem))


def entity_place(path: Path, roots: Sequence[Path]) -> Path:
    """The folder, or the file, that stands for the entity that a file shows.

    Args:
        path: As for ``folder_entity``.
        roots: Likewise.

    >>> str(entity_place(Path("all/AR15/side/1.jpg"), [Path("all")])), str(entity_place(Path("1.jpg"), [Path("1.jpg")]))
    ('all/AR15', '1.jpg')
    """
    for root, below in _below(path, roots):
        return root / below[0] if len(below) > 1 else root
    return path


def _below(path: Path, roots: Sequence[Path]) -> Iterator[tuple[Path, tuple[str, ...]]]:
    """Each named folder that a file lies in, with the way from there."""
    return ((root, path.relative_to(root).parts) for root in roots if path != root and path.is_relative_to(root))


def empty_folders(roots: Sequence[Path], seen: Collection[Path]) -> list[Path]:
    """Folders directly below the named ones, or without any such the named ones, that gave no file at all.

    Args:
        roots: Files and folders that were named.
        seen: What a walk of them gave; folders that cannot be read are among it.
    """
    reached = {each for path in seen for each in (path, *path.parents)}
    empty: list[Path] = []
    for root in roots:
        if root in seen or not root.is_dir():
            continue
        below = [child for child in sorted(root.iterdir()) if child.is_dir() and not child.name.startswith(".")]
        empty += [each for each in below or [root] if each not in reached]
    return empty
