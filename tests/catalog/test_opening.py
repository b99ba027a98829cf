import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine

from lynkeus.catalog import Catalog, Owner, schema, upgrade
from lynkeus.catalog.connect import WRITES, server_engine, sqlite_engine
from lynkeus.core import CorruptError, LynkeusError, UnknownNameError
from lynkeus.testing.catalog_rows import new_reference


def _structure(path: Path) -> list[tuple[str, str, list[str]]]:
    with sqlite3.connect(path) as connection:
        rows = connection.execute("SELECT type, name, sql FROM sqlite_master ORDER BY 1, 2").fetchall()
    connection.close()
    rows = [(kind, name, (sql or "").replace('"', "")) for kind, name, sql in rows]  # a renamed table has quotes
    return [
        (kind, name, sorted(part.strip() for part in " ".join(sql.removesuffix(")").split()).split(", ")))
        for kind, name, sql in rows
    ]


def _migrated(path: Path, target: str = "head") -> None:
    """A database that only the migrations made."""
    path.touch()
    engine = sqlite_engine(path)
    with engine.connect() as connection, connection.execution_options(**{WRITES: True}).begin():
        connection.exec_driver_sql(f"PRAGMA application_id={schema.APPLICATION_ID}")
        upgrade.upgrade(connection, target=target)
    engine.dispose()


def test_a_new_catalog_equals_what_the_migrations_make(tmp_path: Path, path: Path) -> None:
    Catalog.open(path).close()
    _migrated(tmp_path / "migrated.db")
    assert _structure(path) == _structure(tmp_path / "migrated.db")
    engine = create_engine(f"sqlite:///{tmp_path / 'migrated.db'}")
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
        stamped = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one()
    engine.dispose()
    with sqlite3.connect(path) as plain:
        assert plain.execute("SELECT version_num FROM alembic_version").fetchone()[0] == stamped
    plain.close()


def test_the_migrations_make_the_same_on_postgresql(postgres_url: str) -> None:
    engine = server_engine(postgres_url)
    with engine.begin() as connection:
        upgrade.upgrade(connection)
        assert compare_metadata(MigrationContext.configure(connection), schema.metadata) == []
    engine.dispose()


def test_opening_again_finds_everything(where: str) -> None:
    with Catalog.open(where) as catalog:
        catalog.galleries.create("brands", kind="copy")
        (added,) = catalog.references.add("brands", [new_reference("a")])
        stamp = catalog.stamp()
    with Catalog.open(where, create=False) as catalog:
        assert catalog.stamp() == stamp
        assert catalog.blobs.read(Owner.REFERENCE, [added.id], "local") == {added.id: b"local of a"}


def test_two_catalogs_have_different_ids(tmp_path: Path) -> None:
    with Catalog.open(tmp_path / "a.db") as a, Catalog.open(tmp_path / "b.db") as b:
        assert a.stamp().database_id != b.stamp().database_id


def test_what_is_not_there_is_made_only_if_wanted(where: str, tmp_path: Path) -> None:
    with pytest.raises(UnknownNameError, match="there is no catalog"):
        Catalog.open(where, create=False)
    assert list(tmp_path.iterdir()) == []


def test_folders_are_made_and_nothing_is_left_beside(tmp_path: Path) -> None:
    Catalog.open(tmp_path / "a" / "b" / "catalog.db").close()
    assert [each.name for each in (tmp_path / "a" / "b").iterdir()] == ["catalog.db"]


def test_the_promised_settings_hold_on_every_connection(file_catalog: Catalog) -> None:
    wanted = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "foreign_keys": 1}
    engine = file_catalog._store.engine  # pyright: ignore[reportPrivateUsage]  settings show nowhere else
    with engine.connect() as one, engine.connect() as other:
        for connection in (one, other):
            found = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in wanted}
            assert found == wanted


def test_a_folder_of_processes_may_make_it_at_once(path: Path) -> None:
    opened: list[str] = []
    barrier = threading.Barrier(8)

    def make() -> None:
        barrier.wait()
        with Catalog.open(path) as catalog:
            opened.append(catalog.stamp().database_id)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 8
    assert len(set(opened)) == 1


def _text(path: Path) -> None:
    path.write_text("this is a list of shopping\n" * 100)


def _empty(path: Path) -> None:
    path.touch()


def _foreign(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE meta (id)")
    connection.close()


def _cut(path: Path) -> None:
    _with_references(path)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size // 3)


def _without_tables(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA application_id={schema.APPLICATION_ID}")
        connection.execute("CREATE TABLE x (id)")
    connection.close()


def _without_its_row(path: Path) -> None:
    Catalog.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM meta")
    connection.close()


def _with_references(path: Path) -> None:
    with Catalog.open(path) as catalog:
        catalog.galleries.create("brands", kind="copy")
        catalog.references.add("brands", [new_reference(str(number)) for number in range(200)])


@pytest.mark.parametrize("spoil", [_text, _empty, _foreign, _cut, _without_tables, _without_its_row])
def test_a_file_that_is_no_sound_catalog_is_refused_by_name(path: Path, spoil: object) -> None:
    assert callable(spoil)
    spoil(path)
    before = path.read_bytes()
    with pytest.raises(CorruptError, match=r"catalog\.db"):
        Catalog.open(path)
    if spoil in (_text, _empty, _foreign):
        assert path.read_bytes() == before


def test_damage_that_is_met_later_is_told_by_name(path: Path) -> None:
    _with_references(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(b"\xff" * (path.stat().st_size - 8192))
    with pytest.raises(CorruptError, match=r"catalog\.db"), Catalog.open(path) as catalog:
        catalog.references.page("brands")


def test_a_newer_schema_is_refused_with_both_numbers(path: Path) -> None:
    Catalog.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE meta SET schema_version = 99")
    connection.close()
    with pytest.raises(
        CorruptError, match=rf"catalog\.db has schema 99, this lynkeus knows schemas up to {schema.SCHEMA}"
    ):
        Catalog.open(path)


def test_a_foreign_database_on_a_server_is_refused(postgres_url: str) -> None:
    engine = server_engine(postgres_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE x (id int)")
    engine.dispose()
    with pytest.raises(CorruptError, match="holds other tables"):
        Catalog.open(postgres_url)


def test_a_server_that_does_not_answer_is_told_without_the_password(tmp_path: Path) -> None:
    pytest.importorskip("pg8000", reason="PostgreSQL is not tested: pg8000 is not installed")
    with pytest.raises(LynkeusError) as caught:
        Catalog.open(f"postgresql://me:secret@/x?host={tmp_path}")
    assert "secret" not in str(caught.value)
    with pytest.raises(LynkeusError, match="not mysql"):
        Catalog.open("mysql://me@host/x")


_NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "{next}"
down_revision = "{last}"

def upgrade() -> None:
    with op.batch_alter_table("gallery", recreate="always") as batch:
        batch.add_column(sa.Column("colour", sa.Text(), nullable=False, server_default="red"))
        {more}
"""


def _next_schema(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: str = "pass") -> None:
    """A later version of the code whose migration rebuilds a table that others point at."""
    folder = tmp_path / "migrations"
    shutil.copytree(upgrade.MIGRATIONS, folder)
    last, after = (schema.revision_name(number) for number in (schema.SCHEMA, schema.SCHEMA + 1))
    (folder / "versions" / f"{after}_next.py").write_text(_NEXT.format(more=more, next=after, last=last))
    monkeypatch.setattr(upgrade, "MIGRATIONS", folder)
    monkeypatch.setattr(schema, "SCHEMA", schema.SCHEMA + 1)


def test_galleries_of_the_first_schema_hold_copies(path: Path) -> None:
    _migrated(path, target="0001")
    with sqlite3.connect(path) as connection:
        connection.execute("INSERT INTO meta VALUES (1, 'old', 1, 7, 0, 1, 0)")
        connection.execute("INSERT INTO gallery (name, log_only, created) VALUES ('brands', 1, 5)")
    connection.close()
    with Catalog.open(path) as catalog:
        (old,) = catalog.galleries.all()
        assert (old.name, old.kind, old.log_only) == ("brands", "copy", True)
        assert catalog.galleries.create("firearms", kind="object").kind == "object"
        catalog.references.add("brands", [new_reference("new")])
        assert catalog.check() == []
        assert catalog.stamp().database_id == "old"


def test_an_older_catalog_is_brought_up_to_date(tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_references(path)
    with sqlite3.connect(path) as connection:
        stamp = connection.execute("SELECT database_id, revision FROM meta").fetchone()
    connection.close()
    _next_schema(tmp_path, monkeypatch)
    with Catalog.open(path) as catalog:
        assert catalog.references.count("brands") == 200
        assert (catalog.stamp().database_id, catalog.stamp().revision) == stamp
        assert catalog.check() == []
        catalog.references.add("brands", [new_reference("new")])
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT DISTINCT colour FROM gallery").fetchall() == [("red",)]
        assert connection.execute("SELECT schema_version FROM meta").fetchone() == (schema.SCHEMA,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (
            schema.revision_name(schema.SCHEMA),
        )
    connection.close()


def test_a_migration_that_fails_leaves_the_old_schema_whole(
    tmp_path: Path, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _with_references(path)
    before = _structure(path)
    with monkeypatch.context() as patch:
        _next_schema(tmp_path, patch, more='raise ValueError("half-way")')
        with pytest.raises(ValueError, match="half-way"):
            Catalog.open(path)
    assert _structure(path) == before
    with Catalog.open(path) as catalog:
        assert catalog.references.count() == 200


def test_opening_what_is_up_to_date_imports_no_alembic(path: Path) -> None:
    code = (
        "import sys; from lynkeus.catalog import Catalog\n"
        f"for _ in range(2): Catalog.open({str(path)!r}).close()\n"
        "print([name for name in sys.modules if name.split('.')[0] in ('alembic', 'mako')])\n"
        "print('sqlalchemy.orm' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.split("\n")[:2] == ["[]", "False"], told.stdout


def test_a_full_disk_is_told_and_harms_nothing(file_catalog: Catalog) -> None:
    (kept,) = file_catalog.references.add("brands", [new_reference("kept")])
    engine = file_catalog._store.engine  # pyright: ignore[reportPrivateUsage]  a disk cannot be filled here
    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 5}")
    before = file_catalog.stamp()
    with pytest.raises(LynkeusError, match="disk is full"):
        file_catalog.references.add("brands", [new_reference(str(number)) for number in range(500)])
    assert file_catalog.stamp() == before
    assert file_catalog.references.page("brands") == [file_catalog.references.get(kept.id)]
    assert file_catalog.check() == []


def test_a_path_through_a_file_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LynkeusError, match=r"file/catalog\.db"):
        Catalog.open(tmp_path / "file" / "catalog.db")


_LOCKED = """
import os, sys
from lynkeus.catalog import Catalog, NewReference
from lynkeus.core import CorruptError, LynkeusError
if os.geteuid() == 0:
    os.setuid(65534)
for number, where in enumerate(sys.argv[1:]):
    try:
        with Catalog.open(where) as catalog:
            catalog.galleries.create("new", kind="copy")
        print("no error")
    except CorruptError as error:
        print("wrong:", error)
    except LynkeusError as error:
        print("told:", error)
"""


def test_a_folder_that_cannot_be_written_is_told() -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name, "locked")
        folder.mkdir()
        Catalog.open(folder / "old.db").close()
        Path(name).chmod(0o755)
        folder.chmod(0o555)
        (folder / "old.db").chmod(0o444)
        call = [sys.executable, "-c", _LOCKED, str(folder / "new.db"), str(folder / "old.db")]
        told = subprocess.run(call, capture_output=True, text=True, check=True)
        folder.chmod(0o755)
        new, old = told.stdout.splitlines()
        assert new.startswith("told: cannot make the catalog"), new
        assert "new.db" in new
        assert old.startswith("told:"), old
        assert "old.db" in old
