"""The catalog: one object with a door for each kind of row."""

from pathlib import Path
from types import TracebackType
from typing import final

from sqlalchemy import func, select

from lynkeus.catalog.backgrounds import Backgrounds, Calibrations
from lynkeus.catalog.backup import back_up, restore
from lynkeus.catalog.blobs import Blobs
from lynkeus.catalog.entities import Entities
from lynkeus.catalog.files import Files
from lynkeus.catalog.galleries import Galleries
from lynkeus.catalog.opening import open_store
from lynkeus.catalog.purges import Purges
from lynkeus.catalog.references import References
from lynkeus.catalog.reviews import Reviews
from lynkeus.catalog.rows import Owner, Restored, Stamp
from lynkeus.catalog.schema import background, blob, reference, review, upload
from lynkeus.catalog.store import Store
from lynkeus.catalog.uploads import Uploads

_OWNERS = {
    Owner.REFERENCE: reference,
    Owner.BACKGROUND: background,
    Owner.UPLOAD: upload,
    Owner.REVIEW: review,
}


@final
class Catalog:
    """The truth about what is protected, what was scanned and what was decided.

    May be shared by threads; a forked child may go on using it, too. Each method of a door is one
    transaction: when it returns, what it did is on the disk and seen by all processes.

    Attributes:
        where: Its path, or its URL without the password.
        galleries: Named sets of entities.
        entities: What is protected.
        references: Pictures that show them.
        blobs: Opaque bytes of all of these, for reading.
        backgrounds: Pictures known to hold nothing protected.
        calibrations: What was fitted to them.
        uploads: What was scanned, and found.
        reviews: What people decided.
        files: A memo of files that were read.
        purges: What other files may still have to forget.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.where = store.where
        self.galleries = Galleries(store)
        self.entities = Entities(store)
        self.references = References(store)
        self.blobs = Blobs(store)
        self.backgrounds = Backgrounds(store)
        self.calibrations = Calibrations(store)
        self.uploads = Uploads(store)
        self.reviews = Reviews(store)
        self.files = Files(store)
        self.purges = Purges(store)

    @classmethod
    def open(cls, where: str | Path, *, create: bool = True) -> "Catalog":
        """Open a catalog; an old one is brought up to date.

        Args:
            where: Path of a SQLite file, or ``postgresql://user@host/database``.
            create: Make it, and its folder, when it is not there.

        Raises:
            CorruptError: It is damaged, not ours, or of a newer version; the text names it.
            UnknownNameError: It is not there and ``create`` is false.
            LynkeusError: It cannot be made, reached or written.
        """
        return cls(open_store(where, create=create))

    def close(self) -> None:
        """Close all connections."""
        self._store.engine.dispose()

    def __enter__(self) -> "Catalog":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def stamp(self) -> Stamp:
        """The current state; cheap enough to ask for at every scan, and what other processes did shows."""
        return self._store.stamp()

    def revision(self) -> int:
        """The current revision within the epoch."""
        return self._store.stamp().revision

    def check(self) -> list[str]:
        """Look for damage, reading everything; a sentence for each problem, none when sound."""
        problems: list[str] = []
        with self._store.read() as connection:
            if self._store.is_sqlite:
                told = connection.exec_driver_sql("PRAGMA integrity_check").scalars()
                problems += [f"integrity: {each}" for each in told if each != "ok"]
                broken = connection.exec_driver_sql("PRAGMA foreign_key_check").all()
                problems += [f"table {row[0]}: row {row[1]} points at a missing {row[2]}" for row in broken]
            for owner, table in _OWNERS.items():
                living = select(table.c.id)
                if owner is Owner.REFERENCE:
                    living = living.where(table.c.removed_revision.is_(None))
                lost = select(func.count()).where(blob.c.owner == owner.value, blob.c.owner_id.not_in(living))
                if count := connection.execute(lost).scalar_one():
                    problems.append(f"{count} blobs belong to no {owner.value}")
        return problems

    def truncate_log(self) -> bool:
        """Empty SQLite's write-ahead log, which may hold deleted bytes; False while a reader needs it."""
        return self._store.truncate_log() if self._store.is_sqlite else True

    def backup(self, file: Path) -> Stamp:
        """Write a consistent copy into one file, renamed when whole, while others read and write.

        Args:
            file: An older backup under this name is replaced, anything else is not.

        Returns:
            The state that the backup holds.

        Raises:
            ConflictError: The file is there and is no backup.
            LynkeusError: It cannot be written, or the catalog is on a server.
        """
        return back_up(self._store, file)

    @staticmethod
    def restore(where: str | Path, file: Path) -> Restored:
        """Put a backup in the place of a catalog, also of one that is open or damaged.

        The old database is set aside beside it, as ``NAME.before-restore``. The epoch is raised above both;
        what was purged since the backup is purged again. What others write or purge while it runs is lost
        with the rest.

        Args:
            where: Path of the catalog; need not exist.
            file: The backup.

        Raises:
            CorruptError: The backup is damaged, not ours, or of a newer version; nothing has changed then.
            LynkeusError: Something cannot be read or written, or the catalog is on a server.
        """
        return restore(where, file)
