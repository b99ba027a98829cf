"""Temporary files beside a file: their names, and the removal of files that killed processes left."""

import contextlib
import os
import re
import uuid
from pathlib import Path

_OWNER = re.compile(r"\.(\d+)-[0-9a-f]{8}\.part(-wal|-shm|-journal)?$")


def new_part(file: Path) -> Path:
    """A temporary name in the file's folder; the name contains the number of this process."""
    return file.with_name(f".{file.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


def remove_part(part: Path) -> None:
    """Remove a temporary database and the files that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def sweep(file: Path) -> None:
    """Remove the temporary files, beside a file, of processes that have ended."""
    for each in file.parent.glob(f".{file.name}.*.part*"):
        owner = _OWNER.search(each.name)
        if owner and not _runs(int(owner[1])):
            with contextlib.suppress(OSError):
                each.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # the process belongs to another user
        return True
    return True
