"""Reading the committed lists, and the gallery's filler that follows from them.

The lists hold paths below the data folder, with ``/``. ``split.csv``: path, source, role, half of every
copydet picture. ``hosts.csv``, ``strangers.csv``: path, half. ``near_copies.csv``: pictures that look like a
query's source and are therefore kept out of the gallery.
"""

import csv
import hashlib
from collections import defaultdict
from pathlib import Path

LISTS = Path(__file__).parent / "csv"
SUITES = ("listed", "further")
HALVES = ("tune", "test")
GALLERY = 5000
_ENDINGS = (".jpg", ".jpeg", ".png")
NO_PICTURES = ("copydet", "cases", "videos", "audio", "temporal_annotations")  # cases: copies of test pictures


def read_list(name: str) -> list[dict[str, str]]:
    """The rows of one committed list."""
    with (LISTS / name).open(newline="") as file:
        return list(csv.DictReader(file))


def write_list(path: Path, rows: list[dict[str, str]]) -> None:
    """Write rows with a heading; all have the keys of the first."""
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]) if rows else ["path"], lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def pictures_below(data: Path, folder: str) -> list[str]:
    """All pictures of a folder and those below it, as paths below ``data``, sorted."""
    found = (path for path in (data / folder).rglob("*") if path.suffix.lower() in _ENDINGS)
    return sorted(path.relative_to(data).as_posix() for path in found)


def folder_of(path: str) -> str:
    """The first part of a path."""
    return path.split("/", 1)[0]


def references(half: str) -> list[str]:
    """The references of a half, in an order that mixes the sources."""
    own = [row["path"] for row in read_list("split.csv") if (row["half"], row["role"]) == (half, "reference")]
    return sorted(own, key=_mixed)


def hosts(half: str) -> list[str]:
    """The pictures of a half that others are pasted into."""
    return [row["path"] for row in read_list("hosts.csv") if row["half"] == half]


def strangers(half: str) -> list[str]:
    """The pictures of a half without a reference: the nearest kinds first."""
    return [row["path"] for row in read_list("strangers.csv") if row["half"] == half]


def gallery(data: Path, half: str, size: int = GALLERY) -> list[str]:
    """The half's references and filler of every other kind of picture, ``size`` in all.

    The filler takes as evenly from all folders as their sizes allow, and no host, no stranger of either half
    and none that looks like one.
    """
    own = references(half)
    kept_out = {row["path"] for name in ("hosts", "strangers", "near_copies") for row in read_list(f"{name}.csv")}
    queues: dict[str, list[str]] = defaultdict(list)
    for path in pictures_below(data, ""):
        if folder_of(path) not in NO_PICTURES and path not in kept_out and half_of(path) == half:
            queues["/".join(path.split("/")[:2])].append(path)
    filler: list[str] = []
    waiting = [sorted(queue, key=_mixed) for queue in queues.values()]
    depth = 0
    while len(own) + len(filler) < size:
        layer = [queue[depth] for queue in waiting if depth < len(queue)]
        if not layer:
            raise ValueError(f"only {len(own) + len(filler)} pictures for a gallery of {size}")
        filler += layer
        depth += 1
    return (own + filler)[:size]


def stable(name: str) -> int:
    """A number that follows from the name alone."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")


def half_of(path: str) -> str:
    """The half of a picture outside of copydet."""
    return HALVES[stable(path) % 2]


def _mixed(path: str) -> int:
    return stable(f"order {path}")
