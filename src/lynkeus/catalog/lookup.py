"""Finding rows by what users call them, and bringing values into a form that every database takes."""

from collections.abc import Iterable, Iterator, Sequence
from operator import index
from typing import Any, SupportsIndex, TypeVar

from sqlalchemy import ColumnElement, Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite

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


def hold(connection: Connection, table: Table, ids: Iterable[int], *conditions: ColumnElement[bool]) -> set[int]:
    """Those of some rows that exist and fulfil the conditions; they stay as they are until the transaction ends.

    Args:
        connection: In a writing transaction.
        table: Has a column ``id``.
        ids: Which rows.
        conditions: Further ones.
    """
    there: set[int] = set()
    for part in chunks(numbers(ids)):
        query = select(table.c.id).where(table.c.id.in_(part), *conditions).order_by(table.c.id)
        there.update(connection.execute(query.with_for_update(read=True)).scalars())
    return there


def put_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, replace: bool) -> None:
    """Insert rows; where one of the same primary key is there already that one is replaced, or stays.

    Args:
        connection: In a writing transaction.
        table: Into which.
        rows: All with the same columns. Each key at most once, if rows are replaced.
        replace: Whether those that are there are replaced.
    """
    if not rows:
        return
    keys = [column.name for column in table.primary_key]
    made = (sqlite if connection.dialect.name == "sqlite" else postgresql).insert(table)
    if replace:
        values = {name: made.excluded[name] for name in rows[0] if name not in keys}
        made = made.on_conflict_do_update(index_elements=keys, set_=values)
    else:
        made = made.on_conflict_do_nothing(index_elements=keys)
    in_order = sorted(rows, key=lambda row: [row[name] for name in keys])  # so that two of us never wait in a circle
    connection.execute(made, in_order)


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
