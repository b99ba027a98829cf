"""Stop libtiff from printing complaints about damaged files to standard error.

Pillow turns a failure of libtiff into an exception but leaves the printing of libtiff on. Only a C call can remove
the handler, so this module looks for the library that Pillow loaded among the mapped files of this process. If the
library is not found (statically linked, or not Linux), libtiff keeps printing and nothing else changes.
"""

import ctypes
import re
from functools import cache
from pathlib import Path

# The path of a loaded libtiff at the end of a line of /proc/self/maps.
_LIBRARY = re.compile(r"(/\S*/libtiff[^/\s]*\.so\S*)$", re.MULTILINE)


@cache
def silence_libtiff() -> bool:
    """Turn off libtiff's printing for this process; later calls do nothing.

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
