"""Text files that are either complete or missing."""

import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole_file(path: Path, *, encoding: str = "utf-8") -> Generator[TextIO]:
    """Open a text file that takes its name only when complete; line ends stay as written.

    Args:
        path: Final name; an existing file is replaced.
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
        os.chmod(name, 0o666 & ~mask)  # noqa: PTH101 - a temporary file is private; the final file gets the usual permissions
        os.replace(name, path)  # noqa: PTH105 - the name is text here
    except BaseException:
        os.unlink(name)  # noqa: PTH108 - the name is text here
        raise
