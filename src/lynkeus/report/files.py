"""Text files that are either whole or not there."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(path: Path, *, encoding: str = "utf-8") -> Generator[TextIO]:
    """A text file to write that takes its name only once it is complete; line ends stay as written.

    Args:
        path: Final name; what is there is replaced.
        encoding: Text encoding.

    Raises:
        OSError: The folder does not exist or cannot be written.
    """
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".lynkeus-", suffix=".part")
    try:
        with os.fdopen(handle, "w", encoding=encoding, newline="") as file:
            yield file
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(name, 0o666 & ~mask)  # noqa: PTH101 - a temporary file is private, the result is like any other
        os.replace(name, path)  # noqa: PTH105 - the name is text here
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - the same
        raise
