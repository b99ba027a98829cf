"""List the files that a scan covers, in a stable order, with a reason for each path that cannot be read.

Source: ours. Rules:

- Every path that the caller names is an entry. A folder is walked instead, its names in byte order.
- The content decides, not the name. In a folder, a file is skipped only if its suffix means text, table or code
  *and* its first bytes are not a picture. Skipped files are counted. A film, an archive or a text called
  ``x.jpg`` is an entry, and reading that file gives the reason.
- Names that start with a dot are skipped and counted.
- Links are followed. A folder that contains itself through a link is an entry with a reason. A folder that is
  reached twice is walked once and counted.
"""

import os
import stat
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lynkeus.core.containers import picture_format
from lynkeus.core.errors import UnreadableError
from lynkeus.core.file_bytes import head_bytes, kind_error, reason

# Common suffixes of text, tables and code; a missing suffix only costs one more unreadable entry.
# fmt: off
_NO_PICTURE = frozenset({
    ".txt", ".md", ".rst", ".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm",
    ".css", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf", ".log", ".lock", ".py", ".pyc",
    ".js", ".ts", ".sh", ".bat", ".c", ".h", ".cpp", ".java", ".go", ".rs", ".sql", ".db",
    ".sqlite", ".npy", ".npz", ".parquet", ".sha256", ".md5", ".srt", ".vtt", ".tex", ".bib",
    ".ipynb",
})
# fmt: on


@dataclass(frozen=True, slots=True)
class Entry:
    """A file to read, or a path that cannot be read with the reason."""

    path: Path
    error: str | None = None


class Walk(Iterator[Entry]):
    """The entries in order; the walk reads each folder only when it gets there.

    Attributes:
        skipped: Number of files skipped so far because suffix and content are not a picture's.
        hidden: Number of hidden files and folders skipped so far.
        repeated: Number of folders skipped so far because they were walked under another name.
    """

    def __init__(self, paths: Sequence[Path], *, all_files: bool) -> None:
        self.skipped = 0
        self.hidden = 0
        self.repeated = 0
        self._all_files = all_files
        self._entries = self._walk(paths)

    def __next__(self) -> Entry:
        return next(self._entries)

    def _walk(self, paths: Sequence[Path]) -> Iterator[Entry]:
        for path in paths:
            status = _status(path)
            if isinstance(status, str):
                yield Entry(path, status)
            elif stat.S_ISDIR(status.st_mode):
                yield from self._walk_folder(path, status)
            else:
                yield _file_entry(path, status)

    def _walk_folder(self, top: Path, status: os.stat_result) -> Iterator[Entry]:
        """All entries below one folder, without recursion, so that any depth works."""
        above = [_identity(status)]
        walked = set(above)
        pending = [_names(top)]
        while pending:
            path = next(pending[-1], None)
            if path is None:
                pending.pop()
                above.pop()
                continue
            if isinstance(path, Entry):
                yield path
                continue
            if path.name.startswith(".") and not self._all_files:
                self.hidden += 1
                continue
            status_or_error = _status(path)
            if isinstance(status_or_error, str):
                yield Entry(path, status_or_error)
            elif not stat.S_ISDIR(status_or_error.st_mode):
                yield from self._file(path, status_or_error)
            elif (identity := _identity(status_or_error)) in above:
                yield Entry(path, "a loop of links: this folder contains itself")
            elif identity in walked:
                self.repeated += 1
            else:
                walked.add(identity)
                above.append(identity)
                pending.append(_names(path))

    def _file(self, path: Path, status: os.stat_result) -> Iterator[Entry]:
        """The entry of a file in a folder, unless the file is obviously not a picture."""
        if not self._all_files and _obviously_no_picture(path, status):
            self.skipped += 1
        else:
            yield _file_entry(path, status)


def walk(paths: Sequence[Path], *, all_files: bool = False) -> Walk:
    """List the files that some paths cover.

    Args:
        paths: Files and folders, in the wanted order.
        all_files: Skip nothing: hidden files and obvious non-pictures are entries, too.

    Returns:
        An iterator of entries that counts the skipped files. A path that is missing or cannot be read raises nothing;
        the path becomes an entry with a reason.
    """
    return Walk(paths, all_files=all_files)


def display(path: Path) -> str:
    r"""A path as text that is safe to print and to write to JSON.

    Bytes that are not UTF-8, control characters and marks that reverse the direction of writing become escapes, so
    a name can neither break the output nor hide its suffix.

    >>> display(Path("caf\udce9\n.jpg"))
    'caf\\xe9\\n.jpg'
    """
    return "".join(_shown(letter) for letter in str(path))


def _shown(letter: str) -> str:
    if "\udc80" <= letter <= "\udcff":
        return f"\\x{ord(letter) - 0xDC00:02x}"
    if letter.isprintable() or unicodedata.category(letter) == "Zs":
        return letter
    return letter.encode("unicode_escape").decode("ascii")


def _names(folder: Path) -> Iterator[Path | Entry]:
    """The names in a folder, in byte order; or one entry that says why the folder cannot be read."""
    try:
        return iter(sorted(folder.iterdir(), key=os.fsencode))
    except OSError as error:
        return iter([Entry(folder, f"a folder: {reason(folder, error)}")])


def _status(path: Path) -> os.stat_result | str:
    """The status of a path, or the reason why there is none."""
    try:
        return path.stat()
    except OSError as error:
        return reason(path, error)
    except ValueError:
        return "an invalid file name"


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _file_entry(path: Path, status: os.stat_result) -> Entry:
    """The entry of a path that is not a folder."""
    return Entry(path, kind_error(status))


def _obviously_no_picture(path: Path, status: os.stat_result) -> bool:
    if path.suffix.lower() not in _NO_PICTURE or not stat.S_ISREG(status.st_mode):
        return False
    try:
        return picture_format(head_bytes(path)) is None
    except UnreadableError:
        return False
