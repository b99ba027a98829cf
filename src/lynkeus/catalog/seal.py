"""The seal of a backup: a format number and a checksum, appended after the last page of the SQLite file.

SQLite's own check detects broken pages, but no flipped bit inside a blob; the seal detects both. SQLite ignores bytes
after the pages that its header counts. Layout, 81 bytes: ``lynkeus-backup-``, one digit, ``:``, and the SHA-256, in
hexadecimal, of all bytes before the seal.
"""

import hashlib
import os
from pathlib import Path

from lynkeus.core import CorruptError

FORMAT = 1  # the only format so far
_MARK = b"lynkeus-backup-"
_LENGTH = len(_MARK) + 2 + 64


def seal(file: Path) -> None:
    """Append the seal to a finished backup and flush the file to the disk."""
    digest = _digest(file, file.stat().st_size)
    with file.open("ab") as opened:
        opened.write(_MARK + f"{FORMAT}:{digest}".encode())
        opened.flush()
        os.fsync(opened.fileno())


def check_seal(file: Path, label: str) -> None:
    """Compare a backup with its seal. A file without a seal passes, since other tools can copy a database as well.

    Raises:
        CorruptError: The checksum is wrong, or the backup has a newer format.
    """
    size = file.stat().st_size
    with file.open("rb") as opened:
        opened.seek(max(0, size - _LENGTH))
        found = opened.read()
    if not found.startswith(_MARK):
        return
    number, _, digest = found.removeprefix(_MARK).partition(b":")
    if number != str(FORMAT).encode():
        raise CorruptError(f"the backup {label} has format {number.decode('ascii', 'replace')}; update lynkeus")
    if digest != _digest(file, size - _LENGTH).encode():
        raise CorruptError(f"the backup {label} is damaged: its checksum is wrong")


def _digest(file: Path, size: int) -> str:
    whole = hashlib.sha256()
    with file.open("rb") as opened:
        while size > 0 and (piece := opened.read(min(size, 1 << 20))):
            whole.update(piece)
            size -= len(piece)
    return whole.hexdigest()
