"""Keeps libtiff from writing its complaints about damaged files to the standard error stream.

Pillow turns a failure of libtiff into an exception, but leaves libtiff's own printing on. Its handler can
only be taken off in C: the library that Pillow has loaded is looked up among this process's files. Where it
is not found (linked in statically, or no Linux), libtiff goes on printing, and nothing else changes.
"""

import ctypes
import re
from functools import cache
from pathlib import Path

_LIBRARY = re.compile(r"(/\S*/libtiff[^/\s]*\.so\S*)$", re.MULTILINE)


@cache
def silence_libtiff() -> bool:
    """Take libtiff's printing off for this process, once.

    Returns:
        Whether the library was found.
    """
    try:
        found = set(_LIBRARY.findall(Path("/proc/self/maps").read_text()))
        for path in found:
            setter = ctypes.CDLL(path).TIFFSetErrorHandler
            setter.argtypes, setter.restype = [ctypes.c_void_p], ctypes.c_void_p
            setter(None)
    except (OSError, AttributeError):
        return False
    return bool(found)
