"""The catalog: one object with an attribute for each kind of row."""

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
    """The single source of truth about what is protected, what was scanned and what was decided.

    Threads may share a catalog, and a forked child may continue to use the catalog. Each method of an attribute is
    one transaction: when the method returns, its changes are on the disk and all processes see them.

    Attributes:
        where: Path of the catalog, or its URL without the password.
        galleries: Named sets of entities.
        entities: The protected things and persons.
        references: Registered pictures, videos and texts that show the entities.
        blobs: Opaque bytes of references, backgrounds, uploads and reviews.
        backgrounds: Pictures known to hold nothing protected.
        calibrations: Calibrations fitted to the backgrounds.
        uploads: Scanned uploads and their findings.
        reviews: Decisions of people about findings.
        files: Files that were read, with their digests.
        purges: Purged references that other files of the home may still hold.
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
        """Open a catalog and upgrade an old schema.

        Args:
            where: Path of a SQLite file, or ``postgresql://user@host/database``.
            create: Make a missing catalog, and its folder.

        Raises:
            CorruptError: The catalog is damaged, is not ours, or has a newer version; the message names the catalog.
            UnknownNameError: The catalog is missing and ``create`` is false.
            LynkeusError: The catalog cannot be made, reached or written.
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
        """The current state, changes of other processes included; cheap enough to read at every scan."""
        return self._store.stamp()

    def revision(self) -> int:
        """The current revision within the epoch."""
        return self._store.stamp().revision

    def check(self) -> list[str]:
        """Read everything and look for damage. Gives one sentence per problem; an empty list means no damage."""
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
        """Empty SQLite's write-ahead log, which may hold deleted bytes. False when a reader still needs the log."""
        return self._store.truncate_log() if self._store.is_sqlite else True

    def backup(self, file: Path) -> Stamp:
        """Write a consistent copy into one file, which takes its name only when complete.

        Other processes may read and write meanwhile.

        Args:
            file: File to write. An older backup of this name is replaced; any other file is not.

        Returns:
            The state that the backup holds.

        Raises:
            ConflictError: The file exists and is not a backup.
            LynkeusError: The file cannot be written, or the catalog is on a server.
        """
        return back_up(self._store, file)

    @staticmethod
    def restore(where: str | Path, file: Path) -> Restored:
        """Replace a catalog with a backup; the catalog may be open or damaged.

        The old database is kept beside the new one as ``NAME.before-restore``. The new epoch is above the epochs of
        the backup and of the old database. References purged since the backup are purged again. The restore discards
        what other processes write or purge meanwhile.

        Args:
            where: Path of the catalog; need not exist.
            file: The backup.

        Raises:
            CorruptError: The backup is damaged, is not ours, or has a newer version; then nothing has changed.
            LynkeusError: A file cannot be read or written, or the catalog is on a server.
        """
        return restore(where, file)
