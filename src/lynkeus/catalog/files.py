"""Files that were read, with their digests; registering a folder again need not read unchanged files again."""

from collections.abc import Iterable, Sequence

from sqlalchemy import delete, select

from lynkeus.catalog.lookup import chunks, put_rows, storable
from lynkeus.catalog.rows import SeenFile
from lynkeus.catalog.schema import seen_file
from lynkeus.catalog.store import Store


class Files:
    """The digests of files. A digest is valid while the file's size and modification time are the same."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, paths: Iterable[str]) -> dict[str, SeenFile]:
        """The stored files by path, as given. The caller compares size and modification time."""
        given = {storable(path): path for path in paths}
        found: dict[str, SeenFile] = {}
        with self._store.read() as connection:
            for part in chunks(list(given)):
                for row in connection.execute(select(seen_file).where(seen_file.c.path.in_(part))):
                    path = given[row.path]
                    found[path] = SeenFile(path=path, size=row.size, mtime_ns=row.mtime_ns, digest=row.digest)
        return found

    def remember(self, batch: Sequence[SeenFile]) -> None:
        """Store files; a file replaces an earlier one of the same path."""
        rows = {storable(each.path): each for each in batch}
        if not rows:
            return
        values = [
            {"path": path, "size": each.size, "mtime_ns": each.mtime_ns, "digest": each.digest}
            for path, each in rows.items()
        ]
        with self._store.append() as connection:
            put_rows(connection, seen_file, values, replace=True)

    def forget(self, paths: Iterable[str]) -> None:
        """Delete files by path; unknown paths are skipped."""
        with self._store.append() as connection:
            for part in chunks(sorted({storable(path) for path in paths})):
                wanted = seen_file.c.path.in_(part)
                held = select(seen_file.c.path).where(wanted).order_by(seen_file.c.path).with_for_update()
                connection.execute(held)
                connection.execute(delete(seen_file).where(wanted))
