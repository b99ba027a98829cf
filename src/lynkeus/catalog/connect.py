"""Connections to SQLite files, with durable commits and overwritten deletions, and to PostgreSQL by URL.

SQLite: write-ahead log, ``synchronous=FULL`` (a commit that returned survives a crash), ``secure_delete``
(deleted bytes are overwritten), foreign keys, a busy time-out. Python's own transaction handling is off:
a reading transaction begins with BEGIN, a writing transaction with BEGIN IMMEDIATE. A writing transaction therefore
waits for the lock at its start, and cannot fail half-way because another process holds the lock.
"""

import os
import sqlite3
import weakref
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from lynkeus.core import LynkeusError, MissingExtraError

BUSY_SECONDS = 30.0
"""How long a connection waits for another process's lock; a generous limit, chosen by hand."""

WRITES = "lynkeus_writes"  # execution option of a connection whose transaction writes

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    "PRAGMA synchronous=FULL",
    "PRAGMA secure_delete=ON",
    "PRAGMA foreign_keys=ON",
    "PRAGMA cell_size_check=ON",
    "PRAGMA trusted_schema=OFF",
    "PRAGMA temp_store=MEMORY",
)

_engines: "weakref.WeakSet[Engine]" = weakref.WeakSet()
_hooked: list[bool] = []  # whether the fork handler is registered, at most once per process
_inherited: list[object] = []  # keeps a parent's connections alive and unused: a child must not even close them


def is_url(where: str | Path) -> bool:
    """Whether ``where`` names a database server, not a file."""
    return isinstance(where, str) and "://" in where


def sqlite_engine(path: Path) -> Engine:
    """An engine for an existing SQLite file."""
    url = URL.create("sqlite+pysqlite", database=str(path))
    engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=16, max_overflow=-1)
    event.listen(engine, "connect", _set_up_pooled)
    event.listen(engine, "begin", _begin)
    return _safe_in_children(engine)


def set_up(connection: sqlite3.Connection) -> None:
    """Set the pragmas of a new SQLite connection and turn off Python's transaction handling."""
    connection.isolation_level = None
    for pragma in _PRAGMAS:
        connection.execute(pragma).close()


def foreign_keys(connection: Connection, *, on: bool) -> None:
    """Turn SQLite's check of foreign keys on or off. SQLite ignores the change inside a transaction."""
    plain: Any = connection.connection.dbapi_connection
    plain.execute(f"PRAGMA foreign_keys={'ON' if on else 'OFF'}").close()


def server_engine(url: str) -> Engine:
    """An engine for a database server; ``postgresql://`` means the pg8000 driver.

    As in libpq, a ``host`` in the URL's query that begins with a slash is the folder of the server's socket.

    Raises:
        LynkeusError: The URL cannot be parsed, or names another kind of database.
        MissingExtraError: The driver is not installed.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise LynkeusError("the catalog's URL cannot be read; wanted postgresql://user@host/database") from error
    if parsed.drivername == "postgresql":
        parsed = _by_socket(parsed.set(drivername="postgresql+pg8000"))
    if parsed.get_backend_name() != "postgresql":
        raise LynkeusError(f"a catalog can be a SQLite file or postgresql://..., not {parsed.drivername}://")
    try:
        engine = create_engine(parsed, pool_pre_ping=True, pool_size=16, max_overflow=-1)
    except (ImportError, NoSuchModuleError) as error:
        raise MissingExtraError("PostgreSQL needs its driver: pip install 'lynkeus[postgresql]'") from error
    return _safe_in_children(engine)


def _by_socket(url: URL) -> URL:
    """Replace libpq's folder of sockets with the path of the socket that pg8000 expects."""
    folder = url.query.get("host")
    if not isinstance(folder, str) or not folder.startswith("/"):
        return url
    socket = f"{folder}/.s.PGSQL.{url.port or 5432}"
    return url.difference_update_query(["host"]).update_query_dict({"unix_sock": socket})


def _set_up_pooled(connection: sqlite3.Connection, _record: Any) -> None:
    set_up(connection)


def _safe_in_children(engine: Engine) -> Engine:
    """Make the engine open new connections in a forked child."""
    if not _hooked:
        os.register_at_fork(after_in_child=_leave_connections_to_parent)
        _hooked.append(True)
    _engines.add(engine)
    return engine


def _leave_connections_to_parent() -> None:
    for engine in list(_engines):
        _inherited.append(engine.pool)
        engine.dispose(close=False)


def _begin(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get(WRITES) else "BEGIN")
