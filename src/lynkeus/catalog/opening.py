"""Open a database: create a missing one, check that an existing one is ours, and upgrade its schema.

A new SQLite file is completed under a temporary name and then linked to its final name. No process can therefore open
an incomplete file. The application id in the header marks a file as ours. We read the application id through SQLite,
because a process that opens and closes the file directly loses SQLite's locks on the file
(https://www.sqlite.org/howtocorrupt.html, section 2.2).
"""

import contextlib
import os
import sqlite3
import time
import uuid
from collections.abc import Generator
from pathlib import Path

from sqlalchemy import Connection, Engine, insert, inspect, select, text

from lynkeus.catalog import schema
from lynkeus.catalog.connect import BUSY_SECONDS, WRITES, foreign_keys, is_url, server_engine, sqlite_engine
from lynkeus.catalog.parts import new_part, remove_part
from lynkeus.catalog.store import Store, translate
from lynkeus.core import CorruptError, LynkeusError, UnknownNameError

_CREATION_LOCK = schema.APPLICATION_ID  # key of PostgreSQL's advisory lock; any number of ours serves


def open_store(where: str | Path, *, create: bool) -> Store:
    """Open the database; make or upgrade the database where needed.

    Raises:
        CorruptError: The database is damaged, is not ours, or has a newer version.
        UnknownNameError: The database is missing and ``create`` is false.
        LynkeusError: The database cannot be made, reached or written.
    """
    if is_url(where):
        return _open_server(str(where), create=create)
    path = Path(where).absolute()
    try:
        there = path.exists()
    except OSError as error:
        raise LynkeusError(f"cannot open the catalog {path}: {error.strerror}") from error
    if not there:
        if not create:
            raise UnknownNameError(f"there is no catalog {path}")
        _make(path)
    return open_file(path, label=str(path))


def open_file(path: Path, *, label: str) -> Store:
    """Open an existing SQLite file.

    Args:
        path: The file.
        label: Name of the file in messages.

    Raises:
        CorruptError: The file is damaged, is not ours, or has a newer version.
        LynkeusError: The file cannot be read or written.
    """
    check_ours(path, label=label)
    store = Store(sqlite_engine(path), label)
    with _disposed_on_error(store):
        _bring_up_to_date(store)
    return store


def check_ours(path: Path, *, label: str) -> None:
    """Refuse a file that is not a catalog. The file stays unchanged.

    Args:
        path: The file.
        label: Name of the file in messages.

    Raises:
        CorruptError: The file is empty, is not a SQLite file, or belongs to another program.
        LynkeusError: The file cannot be read.
    """
    try:
        size = path.stat().st_size
        with contextlib.closing(read_only(path)) as connection:
            mark = connection.execute("PRAGMA application_id").fetchone()[0]
    except OSError as error:
        raise LynkeusError(f"cannot read {label}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise translate(error, label) from error
    if not size:
        raise CorruptError(f"{label} is not a lynkeus catalog: it is empty")
    if mark != schema.APPLICATION_ID:
        raise CorruptError(f"{label} is not a lynkeus catalog: it is another program's SQLite file")


def read_only(path: Path) -> sqlite3.Connection:
    """A read-only connection of Python's ``sqlite3``."""
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=BUSY_SECONDS)


def fill(connection: Connection) -> None:
    """Create all tables, the single row of ``meta``, and Alembic's version."""
    schema.metadata.create_all(connection)
    connection.execute(insert(schema.alembic_version).values(version_num=schema.revision_name(schema.SCHEMA)))
    connection.execute(
        insert(schema.meta).values(
            id=1,
            database_id=str(uuid.uuid4()),
            epoch=1,
            revision=0,
            backgrounds_revision=0,
            schema_version=schema.SCHEMA,
            created=time.time(),
        )
    )


def sync_folder(folder: Path) -> None:
    """Make a rename or link in this folder survive a power loss."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    part = new_part(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.touch(exist_ok=False)
        engine = sqlite_engine(part)
        try:
            with (
                Store(engine, str(path)).errors(),
                engine.connect() as connection,
                connection.execution_options(**{WRITES: True}).begin(),
            ):
                connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
                fill(connection)
        finally:
            engine.dispose()
        with contextlib.suppress(FileExistsError):  # another process was faster; its file is equal
            os.link(part, path)
        sync_folder(path.parent)
    except OSError as error:
        if isinstance(error, LynkeusError):
            raise
        raise LynkeusError(f"cannot make the catalog {path}: {error.strerror}") from error
    finally:
        remove_part(part)


def _open_server(url: str, *, create: bool) -> Store:
    engine = server_engine(url)
    store = Store(engine, engine.url.render_as_string(hide_password=True))
    with _disposed_on_error(store), store.errors():
        with engine.begin() as connection:
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
            tables = inspect(connection).get_table_names()
            if schema.meta.name not in tables and not create:
                raise UnknownNameError(f"there is no catalog in {store.where}")
            if schema.meta.name not in tables and tables:
                raise CorruptError(f"{store.where} is not a lynkeus catalog: it holds other tables")
            if schema.meta.name not in tables:
                fill(connection)
        _bring_up_to_date(store)
    return store


def _bring_up_to_date(store: Store) -> None:
    with store.read() as connection:
        found = _schema_version(connection, store.where)
    if found < schema.SCHEMA:
        with store.errors():
            _upgrade(store.engine, store.where)


def _schema_version(connection: Connection, where: str) -> int:
    found = connection.execute(select(schema.meta.c.schema_version)).scalar_one_or_none()
    if found is None:
        raise CorruptError(f"the catalog {where} is damaged: its schema number is missing; restore a backup")
    if found > schema.SCHEMA:
        raise CorruptError(
            f"the catalog {where} has schema {found}, this lynkeus knows schemas up to {schema.SCHEMA}: update lynkeus"
        )
    return found


def _upgrade(engine: Engine, where: str) -> None:
    from lynkeus.catalog.upgrade import upgrade  # noqa: PLC0415  Alembic takes long to import

    is_sqlite = engine.dialect.name == "sqlite"
    with engine.connect() as connection:
        if is_sqlite:  # a migration may rebuild a table that others point at; has no effect in a transaction
            foreign_keys(connection, on=False)
        with connection.execution_options(**{WRITES: True}).begin():
            if not is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _CREATION_LOCK})
            if _schema_version(connection, where) < schema.SCHEMA:  # another process may have been faster
                upgrade(connection)
            if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise CorruptError(f"the catalog {where} is damaged: rows point at missing rows")
        if is_sqlite:
            foreign_keys(connection, on=True)


@contextlib.contextmanager
def _disposed_on_error(store: Store) -> Generator[None, None, None]:
    try:
        yield
    except BaseException:
        store.engine.dispose()
        raise
