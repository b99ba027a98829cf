"""Temporary names beside a file, and what killed processes left under them."""

import contextlib
import os
import re
import uuid
from pathlib import Path

_OWNER = re.compile(r"\.(\d+)-[0-9a-f]{8}\.part(-wal|-shm|-journal)?$")


def new_part(file: Path) -> Path:
    """A temporary name in the file's folder that tells which process it belongs to."""
    return file.with_name(f".{file.name}.{os.getpid()}-{uuid.uuid4().hex[:8]}.part")


def remove_part(part: Path) -> None:
    """Remove a temporary database with all that SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with contextlib.suppress(OSError):
            part.with_name(part.name + suffix).unlink(missing_ok=True)


def sweep(file: Path) -> None:
    """Remove the temporary files beside a file whose processes are no more."""
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
    except PermissionError:  # it belongs to another user
        return True
    return True
