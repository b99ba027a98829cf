"""Find rows by the names that users give them, and convert values to a form that every database accepts."""

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
    r"""The text in a form that every database accepts; a byte that is not UTF-8 becomes an escape.

    >>> storable("caf\udce9.jpg")
    'caf\\udce9.jpg'
    """
    if value.isprintable():  # nearly all texts are printable, and this check is fast
        return value
    return value.encode("utf-8", "backslashreplace").decode("utf-8").replace("\x00", "\\x00")


def numbers(ids: Iterable[SupportsIndex]) -> list[int]:
    """The ids as plain integers, ascending and without repeats. Database drivers refuse NumPy integers."""
    return sorted({index(number) for number in ids})


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Split the items into pieces that fit into one SQL statement."""
    return (items[start : start + _CHUNK] for start in range(0, len(items), _CHUNK))


def hold(connection: Connection, table: Table, ids: Iterable[int], *conditions: ColumnElement[bool]) -> set[int]:
    """Lock the rows that exist and meet the conditions until the transaction ends. Gives the ids of these rows.

    Args:
        connection: In a writing transaction.
        table: A table with a column ``id``.
        ids: Ids of the rows.
        conditions: Conditions that the rows must meet.
    """
    there: set[int] = set()
    for part in chunks(numbers(ids)):
        query = select(table.c.id).where(table.c.id.in_(part), *conditions).order_by(table.c.id)
        there.update(connection.execute(query.with_for_update(read=True)).scalars())
    return there


def put_rows(connection: Connection, table: Table, rows: Sequence[dict[str, Any]], *, replace: bool) -> None:
    """Insert rows. An existing row of the same primary key is replaced, or stays.

    Args:
        connection: In a writing transaction.
        table: Table to insert into.
        rows: Rows with the same columns. With ``replace``, each key occurs at most once.
        replace: Replace existing rows; without, existing rows stay.
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
    in_order = sorted(rows, key=lambda row: [row[name] for name in keys])  # one order: no deadlock
    connection.execute(made, in_order)


def gallery_id(connection: Connection, name: str) -> int:
    """The number of the living gallery of that name.

    Raises:
        UnknownNameError: There is no such gallery; the message lists up to ten galleries.
    """
    living = select(gallery.c.id, gallery.c.name).where(gallery.c.removed_revision.is_(None))
    row = connection.execute(living.where(gallery.c.name == storable(name))).one_or_none()
    if row is None:
        known = [each.name for each in connection.execute(living.order_by(gallery.c.name).limit(10))]
        raise UnknownNameError(f"no gallery {name!r}; there are: {', '.join(known) or 'none yet'}")
    return row.id
