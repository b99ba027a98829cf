"""Transactions on the catalog's database, its revision, and the translation of its errors into ours."""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, select, update
from sqlalchemy.exc import DBAPIError

from lynkeus.catalog import schema
from lynkeus.catalog.connect import BUSY_SECONDS, WRITES
from lynkeus.catalog.rows import Stamp
from lynkeus.core import CorruptError, LynkeusError

LOG_SECONDS = 5.0  # how long a purge waits for readers of the log; a generous limit, chosen by hand

_STAMP = select(
    schema.meta.c.database_id, schema.meta.c.epoch, schema.meta.c.revision, schema.meta.c.backgrounds_revision
)
_STAMP_SQL = "SELECT database_id, epoch, revision, backgrounds_revision FROM meta"


class Writing:
    """A transaction that may change the catalog and its revision; only one such transaction runs at a time."""

    def __init__(self, connection: Connection, before: int) -> None:
        self.connection = connection
        self._before = before
        self._raised = False

    @property
    def before(self) -> int:
        """The revision at the start of the transaction."""
        return self._before

    @property
    def current(self) -> int:
        """The revision that a commit would leave now."""
        return self._before + self._raised

    def raise_revision(self, *, backgrounds: bool = False) -> int:
        """Raise the revision by one. Gives the new revision; later calls in the transaction give the same number."""
        if not self._raised or backgrounds:
            values = {"revision": self._before + 1}
            if backgrounds:
                values["backgrounds_revision"] = self._before + 1
            self.connection.execute(update(schema.meta).values(values))
            self._raised = True
        return self._before + 1


class Store:
    """An opened database. All attributes of a catalog share one store."""

    def __init__(self, engine: Engine, where: str) -> None:
        self.engine = engine
        self.where = where
        self.is_sqlite = engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Generator[Connection, None, None]:
        """A transaction that reads one consistent state and never waits for writers."""
        with self.errors(), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection = connection.execution_options(isolation_level="REPEATABLE READ")  # noqa: PLW2901
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Generator[Writing, None, None]:
        """A transaction that waits for other writers; its changes are on the disk when it ends without an error."""
        with self.append() as connection:
            # On PostgreSQL, the lock on this row serialises writers.
            revision = connection.execute(select(schema.meta.c.revision).with_for_update()).scalar_one()
            yield Writing(connection, revision)

    @contextmanager
    def append(self) -> Generator[Connection, None, None]:
        """A transaction that writes rows without raising the revision; on the disk when it ends without an error.

        On PostgreSQL, an append waits neither for writers nor for other appends. An append that depends on rows that
        others may change locks these rows, in ascending order of their keys.
        """
        with (
            self.errors(),
            self.engine.connect() as connection,
            connection.execution_options(**{WRITES: True}).begin(),
        ):
            yield connection

    def stamp(self) -> Stamp:
        """The state that a new transaction would see."""
        with self.errors():
            if not self.is_sqlite:
                with self.engine.connect() as connection:
                    return stamp_of(connection)
            pooled = self.engine.raw_connection()  # takes a third of the time of a SQLAlchemy connection
            try:
                plain: Any = pooled.dbapi_connection
                row = plain.execute(_STAMP_SQL).fetchone()
            finally:
                pooled.close()
        return Stamp(database_id=row[0], epoch=row[1], revision=row[2], backgrounds=row[3])

    def truncate_log(self) -> bool:
        """Empty SQLite's write-ahead log. False when a reader holds the log for longer than ``LOG_SECONDS``."""
        with self.errors():
            pooled = self.engine.raw_connection()
            try:
                plain: Any = pooled.dbapi_connection
                plain.execute(f"PRAGMA busy_timeout={LOG_SECONDS * 1000:.0f}").close()
                busy = plain.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
                plain.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000:.0f}").close()
            finally:
                pooled.close()
        return not busy

    @contextmanager
    def errors(self) -> Generator[None, None, None]:
        """Turn the driver's errors into ours.

        Raises:
            CorruptError: The file is damaged, or is not a catalog.
            LynkeusError: The disk is full, the folder read-only, the database locked or not reachable.
        """
        try:
            yield
        except DBAPIError as error:
            raise translate(error.orig or error, self.where) from error
        except sqlite3.Error as error:
            raise translate(error, self.where) from error


def stamp_of(connection: Connection) -> Stamp:
    """The state that this transaction sees."""
    row = connection.execute(_STAMP).one()
    return Stamp(
        database_id=row.database_id, epoch=row.epoch, revision=row.revision, backgrounds=row.backgrounds_revision
    )


_SQLITE_SAYS = {
    sqlite3.SQLITE_FULL: "the disk is full: nothing of the last step was stored in",
    sqlite3.SQLITE_READONLY: "no permission to write to",
    sqlite3.SQLITE_PERM: "no permission to open",
    sqlite3.SQLITE_CANTOPEN: "cannot open or write to (is its folder there and writable?)",
    sqlite3.SQLITE_IOERR: "the disk failed or is full, at",
    sqlite3.SQLITE_BUSY: f"another process kept it locked for more than {BUSY_SECONDS:.0f} s:",
    sqlite3.SQLITE_LOCKED: "it is locked:",
}


def translate(error: BaseException, where: str) -> LynkeusError:
    """The error of ours that matches an error of the database driver."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is None:
        if isinstance(error, sqlite3.Error):
            return CorruptError(f"the catalog {where} cannot be used: {error}")
        return LynkeusError(f"the catalog {where} answers: {str(error).strip()}")
    primary = code & 0xFF
    if primary == sqlite3.SQLITE_NOTADB:
        return CorruptError(f"{where} is not a lynkeus catalog, or is damaged: it is not a SQLite file")
    if primary == sqlite3.SQLITE_CORRUPT:
        return CorruptError(f"the catalog {where} is damaged: {error}; restore a backup")
    if primary == sqlite3.SQLITE_ERROR and "no such" in str(error):
        return CorruptError(f"the catalog {where} lacks a part ({error}); restore a backup")
    return LynkeusError(f"{_SQLITE_SAYS.get(primary, 'error of')} the catalog {where} ({error})")
