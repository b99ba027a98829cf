"""Finding rows by what users call them, and bringing values into a form that every database takes."""

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import SupportsIndex, TypeVar

from sqlalchemy import Connection, select

from lynkeus.catalog.schema import gallery
from lynkeus.core import UnknownNameError

T = TypeVar("T")

_CHUNK = 1000  # ids in one statement; SQLite takes 32,766


def storable(value: str) -> str:
    r"""The text as any database takes it; a file name that is no UTF-8 keeps its odd bytes as escapes.

    >>> storable("caf\udce9.jpg")
    'caf\\udce9.jpg'
    """
    if value.isprintable():  # quick, and true of nearly all
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def numbers(ids: Iterable[SupportsIndex]) -> list[int]:
    """The ids as plain integers (NumPy's are none to a driver), ascending and each once."""
    return sorted({index(number) for number in ids})


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items in pieces short enough for one statement."""
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def gallery_id(connection: Connection, name: str) -> int:
    """The number of the living gallery of that name.

    Raises:
        UnknownNameError: There is none; the text lists some that there are.
    """
    living = select(gallery.c.id, gallery.c.name).where(gallery.c.removed_revision.is_(None))
    row = connection.execute(living.where(gallery.c.name == storable(name))).one_or_none()
    if row is None:
        known = [each.name for each in connection.execute(living.order_by(gallery.c.name).limit(10))]
        raise UnknownNameError(f"no gallery {name!r}; there are: {', '.join(known) or 'none yet'}")
    return row.id
