"""Read the bytes of a file at a hostile path: a pipe, a device, a loop of links, a huge file.

Only regular files are read, and no call blocks. The path is checked first, then opened without waiting, then checked
again through the open file; a path that changes in between gains nothing.
"""

import errno
import os
import stat
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from lynkeus.core.containers import HEAD_BYTES
from lynkeus.core.errors import UnreadableError

# Words for the user: what a path names instead of a file, and why the system refuses a path.
_KINDS = {
    stat.S_IFDIR: "a folder",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
_REASONS = {
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a loop of links",
    errno.ENAMETOOLONG: "a name too long for a file",
    errno.ENOTDIR: "no such file: a part of the path is not a folder",
    errno.ENXIO: "a pipe, socket or device",
}


def file_bytes(path: Path, most: int) -> bytes:
    """All bytes of a regular file.

    Args:
        path: The file; symbolic links are followed.
        most: Largest file size that is read, bytes.

    Raises:
        UnreadableError: The path names no readable regular file, or the file is larger than ``most``.
    """
    with _opened(path) as handle:
        size = os.fstat(handle).st_size
        if size > most:
            raise _too_large(size, most)
        return _read(handle, size, most)


def head_bytes(path: Path, most: int = HEAD_BYTES) -> bytes:
    """The first bytes of a regular file.

    Raises:
        UnreadableError: The path names no readable regular file.
    """
    with _opened(path) as handle:
        return os.read(handle, most)


@contextmanager
def _opened(path: Path) -> Generator[int]:
    """A regular file, open for reading."""
    try:
        _check_regular(path.stat())
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        try:
            _check_regular(os.fstat(handle))
            yield handle
        finally:
            os.close(handle)
    except OSError as error:
        raise UnreadableError(reason(path, error)) from error
    except ValueError as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError("an invalid file name") from error


def reason(path: Path, error: OSError) -> str:
    """Why the system refused a path: a few words, without the path."""
    if error.errno == errno.ENOENT:
        return "a broken link" if path.is_symlink() else "no such file"
    return _REASONS.get(error.errno or 0, f"cannot be read: {os.strerror(error.errno or 0).lower()}")


def kind_error(status: os.stat_result) -> str | None:
    """Why a path is not a regular file; None for a regular file."""
    if stat.S_ISREG(status.st_mode):
        return None
    return f"not a file but {_KINDS.get(stat.S_IFMT(status.st_mode), 'something else')}"


def _check_regular(status: os.stat_result) -> None:
    if error := kind_error(status):
        raise UnreadableError(error)


def _read(handle: int, size: int, most: int) -> bytes:
    """All bytes up to the end of the file, which may have grown since its size was read."""
    parts: list[bytes] = []
    total = 0
    while part := os.read(handle, max(size - total, 0) + 1):
        parts.append(part)
        total += len(part)
        if total > most:
            raise _too_large(total, most)
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _too_large(size: int, most: int) -> UnreadableError:
    return UnreadableError(f"too large: {size:,} bytes or more, at most {most:,} are read")
