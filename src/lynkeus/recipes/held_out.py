"""Held-out pictures, which must not train: a text file of paths, or the lists of a benchmark."""

import csv
import hashlib
from pathlib import Path

from lynkeus.core import UnreadableError

_LISTS = ("split", "hosts", "strangers")  # csv files of a benchmark's folder of lists


def read_held_out(path: Path) -> frozenset[str]:
    """Read held-out paths, relative to the data root, from the lines of a file or from a benchmark's folder of lists.

    Raises:
        UnreadableError: The file or the lists cannot be read.
    """
    try:
        if path.is_dir():
            return barred_by_lists(path)
        return frozenset(line.strip() for line in path.read_text("utf-8").splitlines() if line.strip())
    except (OSError, UnicodeDecodeError, KeyError) as error:
        raise UnreadableError(f"{path} lists no held-out pictures: {error}") from error


def digest_of(path: Path) -> str:
    """SHA-256 of the paths that ``read_held_out`` gives.

    Raises:
        UnreadableError: The file or the lists cannot be read.
    """
    return hashlib.sha256("\n".join(sorted(read_held_out(path))).encode()).hexdigest()


def barred_by_lists(lists: Path) -> frozenset[str]:
    """The pictures that a benchmark keeps for evaluation.

    These are the test half and all references of ``split.csv``, and the hosts and strangers of both halves. The
    pictures of the tune half with the role "train" may train.

    Args:
        lists: Folder with ``split.csv`` (path, role, half), ``hosts.csv`` and ``strangers.csv`` (path).
    """
    split, *others = (_rows(lists / f"{name}.csv") for name in _LISTS)
    free = {row["path"] for row in split if (row["half"], row["role"]) == ("tune", "train")}
    listed = [row["path"] for rows in others for row in rows]
    return frozenset({row["path"] for row in split} | set(listed)) - free


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
