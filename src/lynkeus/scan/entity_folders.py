"""One folder an entity: how pictures of objects are named after the folders that they lie in."""

from collections.abc import Iterable, Sequence
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
    for root in roots:
        if path != root and path.is_relative_to(root):
            below = path.relative_to(root).parts
            name = below[0] if len(below) > 1 else (root.name or root.resolve().name)
            return display(Path(name))
    return path.stem and display(Path(path.stem))


def empty_folders(roots: Sequence[Path], seen: Iterable[Path]) -> list[Path]:
    """Folders directly below the named ones that gave no file at all, in byte order.

    Args:
        roots: Files and folders that were named.
        seen: The files that a walk of them gave.
    """
    reached = {parent for path in seen for parent in path.parents}
    below = [child for root in roots if root.is_dir() for child in sorted(root.iterdir()) if child.is_dir()]
    return [child for child in below if child not in reached and not child.name.startswith(".")]
