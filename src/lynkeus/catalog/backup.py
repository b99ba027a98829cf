"""Back up a catalog in use into one file, and restore a backup into a catalog in use.

A backup is itself a catalog: a SQLite file without a write-ahead log, with our application id and the schema number
in ``meta``. SQLite's backup API makes the backup under a temporary name, ``seal`` adds a checksum, and the complete
file takes its final name. A restore first prepares a copy of the backup: check the integrity, upgrade the schema,
raise the epoch above the epochs of the backup and of the database, and repeat the purges noted since the backup. The
restore then copies the prepared file over the database in one transaction. Processes that have the database open
continue with the restored state. A database that is too damaged for this transaction is replaced by renaming files.
"""

import contextlib
import sqlite3
import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import Connection, func, select, text, update

from lynkeus.catalog.connect import BUSY_SECONDS, is_url, set_up
from lynkeus.catalog.lookup import chunks
from lynkeus.catalog.opening import check_ours, open_file, read_only, sync_folder
from lynkeus.catalog.parts import new_part, remove_part, sweep
from lynkeus.catalog.removal import SET_ASIDE, note_purged, remove_references
from lynkeus.catalog.rows import Restored, Stamp
from lynkeus.catalog.schema import meta, metadata, purge, reference
from lynkeus.catalog.seal import check_seal, seal
from lynkeus.catalog.store import Store, translate
from lynkeus.core import ConflictError, CorruptError, LynkeusError

_SERVER = "backup and restore are for SQLite; for PostgreSQL use pg_dump and pg_restore"


def back_up(store: Store, file: Path) -> Stamp:
    """Write a consistent copy of the database. Other processes may read and write the database meanwhile.

    Raises:
        ConflictError: The file exists and is not a backup.
        LynkeusError: The file cannot be written, or the catalog is on a server.
    """
    if not store.is_sqlite:
        raise LynkeusError(_SERVER)
    if file.exists():
        _check_replaceable(file)
    with _part_of(file) as part:
        with _errors(str(file)), contextlib.closing(read_only(Path(store.where))) as source:
            _copy(source, part)
        with contextlib.closing(read_only(part)) as copied:
            row = copied.execute("SELECT database_id, epoch, revision, backgrounds_revision FROM meta").fetchone()
        seal(part)
        part.replace(file)
        sync_folder(file.parent)
    return Stamp(database_id=row[0], epoch=row[1], revision=row[2], backgrounds=row[3])


def restore(where: str | Path, file: Path) -> Restored:
    """Replace a database with a backup. The old database is kept beside the new one under another name.

    Other processes may read and write meanwhile, but the restore discards what they write or purge.

    Raises:
        CorruptError: The file is damaged, is not our backup, or has a newer version; then nothing has changed.
        LynkeusError: The backup cannot be read, the database cannot be written, or the catalog is on a server.
    """
    if is_url(where):
        raise LynkeusError(_SERVER)
    path = Path(where).absolute()
    if not file.exists():
        raise LynkeusError(f"there is no backup {file}")
    before = _before(path)
    with _part_of(path) as part:
        check_ours(file, label=str(file))
        with _errors(str(file)), contextlib.closing(read_only(file)) as source:
            if not _in_use(source):
                check_seal(file, str(file))
            _copy(source, part)
            _check_sound(part, str(file))
        restored = _prepare(part, str(file), before)
        aside = _exchange(part, path, before)
        sync_folder(path.parent)
    return Restored(
        stamp=restored.stamp,
        references=restored.references,
        purged_again=restored.purged_again,
        set_aside=aside and str(aside),
        log_known=before is None or before.sound,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Before:
    """Facts that could be read from the database before the restore replaces the database."""

    sound: bool
    database_id: str = ""
    epoch: int = 0
    purged: tuple[int, ...] = ()
    highest: dict[str, int] = field(default_factory=dict[str, int])


def _before(path: Path) -> _Before | None:
    if not path.exists():  # a killed restore set the file aside, or the file never existed
        return _Before(sound=False) if _free_name(path) != _aside(path) else None
    try:
        with contextlib.closing(read_only(path)) as connection:
            database_id, epoch = connection.execute("SELECT database_id, epoch FROM meta").fetchone()
            purged = [row[0] for row in connection.execute("SELECT reference_id FROM purge")]
            highest = dict(connection.execute("SELECT name, seq FROM sqlite_sequence").fetchall())
            sound = connection.execute("PRAGMA quick_check(1)").fetchone()[0] == "ok"
    except (sqlite3.Error, TypeError):
        return _Before(sound=False)
    return _Before(sound=sound, database_id=database_id, epoch=epoch, purged=tuple(purged), highest=highest)


def _check_sound(part: Path, label: str) -> None:
    with contextlib.closing(read_only(part)) as connection:
        problem = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
        if problem != "ok":
            raise CorruptError(f"the backup {label} is damaged: {problem}")
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise CorruptError(f"the backup {label} is damaged: rows point at missing rows")
        strange = "SELECT name FROM sqlite_master WHERE type IN ('trigger', 'view')"
        if connection.execute(strange).fetchone():
            raise CorruptError(f"{label} is not a lynkeus backup: it holds triggers or views")


def _prepare(part: Path, label: str, before: _Before | None) -> Restored:
    """Prepare the copy: upgrade the schema, raise the epoch, repeat the purges, and reserve numbers given since."""
    store = open_file(part, label=label)
    try:
        with store.write() as writing:
            connection = writing.connection
            known = before or _Before(sound=True)
            database_id, epoch = connection.execute(select(meta.c.database_id, meta.c.epoch)).one()
            epoch = max(epoch, known.epoch) + 1
            if not known.sound and not known.epoch:
                epoch = max(epoch, int(time.time()))  # above any epoch that the damaged database had
            connection.execute(update(meta).values(epoch=epoch))
            purged = known.purged if known.database_id == database_id else ()
            again: list[int] = []
            for some in chunks(purged):
                done = select(purge.c.reference_id).where(purge.c.reference_id.in_(some))
                there = select(reference.c.id).where(reference.c.id.in_(some), reference.c.id.not_in(done))
                again += connection.execute(there).scalars()
            remove_references(writing, again, blank=True)
            note_purged(connection, purged)
            _raise_numbers(connection, known.highest)
            living = select(func.count()).where(reference.c.removed_revision.is_(None))
            references = connection.execute(living).scalar_one()
        store.truncate_log()
        stamp = store.stamp()
    finally:
        store.engine.dispose()
    return Restored(
        stamp=stamp, references=references, purged_again=tuple(sorted(again)), set_aside=None, log_known=True
    )


def _raise_numbers(connection: Connection, highest: Mapping[str, int]) -> None:
    """Raise SQLite's counters so that no row gets a number that was given since the backup."""
    given = dict(connection.exec_driver_sql("SELECT name, seq FROM sqlite_sequence").all())
    for table in metadata.tables.keys() & highest.keys():
        values = {"table": table, "highest": max(highest[table], given.get(table, 0))}
        connection.execute(text("DELETE FROM sqlite_sequence WHERE name = :table"), values)
        connection.execute(text("INSERT INTO sqlite_sequence (name, seq) VALUES (:table, :highest)"), values)


def _exchange(part: Path, path: Path, before: _Before | None) -> Path | None:
    """Put the prepared copy in place of the database. Gives the new path of the old database."""
    if before is None or not path.exists():
        part.replace(path)
        return None
    aside = _free_name(path)
    if not before.sound:
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
        part.replace(path)
        return aside
    with _errors(str(path)), contextlib.closing(read_only(path)) as living, _part_of(aside) as copied:
        _copy(living, copied)
        copied.replace(aside)
    with _errors(str(path)), contextlib.closing(read_only(part)) as source:
        _copy_into_living(source, path)
    return aside


def _copy(source: sqlite3.Connection, part: Path) -> None:
    """Copy a database into a new file that needs no write-ahead log."""
    with contextlib.closing(sqlite3.connect(part)) as target:
        source.backup(target)
        target.execute("PRAGMA journal_mode=DELETE").fetchone()


def _copy_into_living(source: sqlite3.Connection, path: Path) -> None:
    """Overwrite a database with another one, in one transaction of the overwritten database."""
    deadline = time.monotonic() + BUSY_SECONDS

    def wait(status: int, _remaining: int, _total: int) -> None:
        if status in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED) and time.monotonic() > deadline:
            raise LynkeusError(f"another process kept the catalog {path} locked; nothing was restored")

    with contextlib.closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as target:
        set_up(target)
        source.backup(target, progress=wait, sleep=0.05)
        target.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()


def _check_replaceable(file: Path) -> None:
    """Refuse to overwrite any file but an older backup: a file of ours that uses no write-ahead log."""
    try:
        check_ours(file, label=str(file))
        with contextlib.closing(read_only(file)) as connection:
            in_use = _in_use(connection)
    except (CorruptError, sqlite3.Error) as error:
        raise ConflictError(f"{file} exists and is not a lynkeus backup; it is not overwritten") from error
    if in_use:
        raise ConflictError(f"{file} is a catalog, not a backup; it is not overwritten")


def _in_use(connection: sqlite3.Connection) -> bool:
    """Whether a backup file has been opened as a catalog."""
    return connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def _aside(path: Path) -> Path:
    return path.with_name(path.name + SET_ASIDE)


def _free_name(path: Path) -> Path:
    aside = _aside(path)
    number = 1
    while aside.exists():
        number += 1
        aside = path.with_name(f"{path.name}{SET_ASIDE}-{number}")
    return aside


@contextlib.contextmanager
def _part_of(file: Path) -> Generator[Path, None, None]:
    """A temporary name beside a file. A file left under this name is removed at the end."""
    part = new_part(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        sweep(file)
        yield part
    except LynkeusError:
        raise
    except OSError as error:
        raise LynkeusError(f"cannot write {file}: {error.strerror}") from error
    finally:
        remove_part(part)


@contextlib.contextmanager
def _errors(label: str) -> Generator[None, None, None]:
    try:
        yield
    except sqlite3.Error as error:
        raise translate(error, label) from error
