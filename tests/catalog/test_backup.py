import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from lynkeus.catalog import Catalog, Owner
from lynkeus.core import ConflictError, CorruptError, LynkeusError
from lynkeus.testing.catalog_rows import digest_of, new_background, new_finding, new_reference, new_upload


def _fill(catalog: Catalog, *names: str) -> list[int]:
    return [each.id for each in catalog.references.add("brands", [new_reference(name) for name in names])]


def test_a_backup_is_one_file_that_opens_as_a_catalog(file_catalog: Catalog, tmp_path: Path) -> None:
    ids = _fill(file_catalog, "a", "b")
    stamp = file_catalog.backup(tmp_path / "new" / "b.backup")
    assert stamp == file_catalog.stamp()
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["b.backup"]
    _fill(file_catalog, "c")
    with Catalog.open(tmp_path / "new" / "b.backup") as copy:
        assert copy.stamp() == stamp
        assert [each.id for each in copy.references.page("brands")] == ids
        assert copy.check() == []


def test_a_backup_while_others_write_is_one_state(file_catalog: Catalog, tmp_path: Path) -> None:
    stop = threading.Event()

    def write() -> None:
        step = 0
        while not stop.is_set():
            _fill(file_catalog, *(f"{step}-{number}" for number in range(5)))
            step += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            file = tmp_path / f"{number}.backup"
            stamp = file_catalog.backup(file)
            with Catalog.open(file) as copy:
                assert copy.stamp() == stamp
                assert copy.references.count() == 5 * (stamp.revision - 1)
                assert copy.check() == []
    finally:
        stop.set()
        writer.join()


def test_an_older_backup_is_replaced_and_nothing_else(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    file = tmp_path / "b.backup"
    file_catalog.backup(file)
    _fill(file_catalog, "a")
    assert file_catalog.backup(file) == file_catalog.stamp()
    letter = tmp_path / "letter.txt"
    letter.write_text("dear ada\n" * 100)
    with pytest.raises(ConflictError, match=r"letter\.txt exists and is not a lynkeus backup"):
        file_catalog.backup(letter)
    assert letter.read_text().startswith("dear ada")
    with pytest.raises(ConflictError, match="is a catalog, not a backup"):
        file_catalog.backup(path)
    assert file_catalog.references.count() == 1


def test_a_backup_that_fails_leaves_nothing(file_catalog: Catalog, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(LynkeusError, match="cannot write"):
        file_catalog.backup(tmp_path / "file" / "b.backup")
    assert not list(tmp_path.glob("*.part"))
    assert not list(tmp_path.glob(".*.part"))


def test_a_restore_brings_back_what_was(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    ids = _fill(file_catalog, "a", "b")
    file_catalog.backgrounds.add([new_background("sky")])
    file_catalog.uploads.record([new_upload("/u", new_finding(ids[0]))])
    backed_up = file_catalog.backup(tmp_path / "b.backup")
    file_catalog.references.remove(ids)
    file_catalog.galleries.rename("brands", "logos")
    file_catalog.close()
    restored = Catalog.restore(path, tmp_path / "b.backup")
    assert (restored.references, restored.purged_again, restored.log_known) == (2, (), True)
    with Catalog.open(path) as catalog:
        assert catalog.stamp() == restored.stamp
        assert catalog.stamp().database_id == backed_up.database_id
        assert catalog.stamp().epoch > backed_up.epoch
        assert [each.id for each in catalog.references.page("brands")] == ids
        assert catalog.blobs.read(Owner.REFERENCE, ids, "local")[ids[0]] == b"local of a"
        assert len(catalog.uploads.queue()) == 1
        assert catalog.check() == []


def test_who_has_the_catalog_open_sees_the_restored_state(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    _fill(file_catalog, "b", "c")
    before = file_catalog.stamp()
    restored = Catalog.restore(path, tmp_path / "b.backup")
    assert file_catalog.stamp() == restored.stamp != before
    assert file_catalog.references.count() == 1
    _fill(file_catalog, "d")
    with Catalog.open(path) as other:
        assert other.references.count() == 2
        assert other.check() == []


def test_the_database_from_before_is_set_aside_each_time(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    file_catalog.backup(tmp_path / "b.backup")
    _fill(file_catalog, "a")
    first = Catalog.restore(path, tmp_path / "b.backup")
    second = Catalog.restore(path, tmp_path / "b.backup")
    assert first.set_aside == f"{path}.before-restore"
    assert second.set_aside == f"{path}.before-restore-2"
    with Catalog.open(f"{path}.before-restore") as old:
        assert old.references.count() == 1
    with Catalog.open(f"{path}.before-restore-2") as old:
        assert old.references.count() == 0


def test_the_epoch_rises_above_both(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    file_catalog.backup(tmp_path / "old.backup")
    for _ in range(3):
        Catalog.restore(path, tmp_path / "old.backup")
    high = file_catalog.backup(tmp_path / "new.backup").epoch
    assert high == 4
    assert Catalog.restore(path, tmp_path / "old.backup").stamp.epoch == 5
    elsewhere = tmp_path / "elsewhere.db"
    Catalog.open(elsewhere).close()
    assert Catalog.restore(elsewhere, tmp_path / "new.backup").stamp.epoch == 5


def test_a_restore_may_go_where_nothing_is(file_catalog: Catalog, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    restored = Catalog.restore(tmp_path / "new" / "catalog.db", tmp_path / "b.backup")
    assert restored.set_aside is None
    assert [each.name for each in (tmp_path / "new").iterdir()] == ["catalog.db"]
    with Catalog.open(tmp_path / "new" / "catalog.db") as catalog:
        assert catalog.references.count() == 1


def test_a_damaged_catalog_is_exchanged_and_its_epoch_passed(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    for _ in range(2):
        Catalog.restore(path, tmp_path / "b.backup")
    file_catalog.close()
    path.write_bytes(b"\xff" * path.stat().st_size)
    restored = Catalog.restore(path, tmp_path / "b.backup")
    assert not restored.log_known
    assert restored.stamp.epoch > 3
    assert restored.set_aside is not None
    assert Path(restored.set_aside).read_bytes().startswith(b"\xff")
    with Catalog.open(path) as catalog:
        assert catalog.references.count() == 1
        assert catalog.check() == []


def test_a_restore_after_one_that_was_killed_passes_the_lost_epoch(
    file_catalog: Catalog, path: Path, tmp_path: Path
) -> None:
    file_catalog.backup(tmp_path / "b.backup")
    for _ in range(2):
        Catalog.restore(path, tmp_path / "b.backup")
    file_catalog.close()
    path.unlink()
    restored = Catalog.restore(path, tmp_path / "b.backup")
    assert restored.stamp.epoch > 3
    assert (restored.set_aside, restored.log_known) == (None, False)


def test_numbers_given_after_the_backup_are_not_given_again(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    later = _fill(file_catalog, "b", "c")
    (upload,) = file_catalog.uploads.record([new_upload("/first")])
    Catalog.restore(path, tmp_path / "b.backup")
    assert _fill(file_catalog, "d")[0] > max(later)
    assert file_catalog.uploads.record([new_upload("/second")])[0] > upload


def test_what_was_purged_after_the_backup_is_purged_again(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    a, b, c = _fill(file_catalog, "secret-a", "b", "c")
    file_catalog.backup(tmp_path / "b.backup")
    file_catalog.references.remove([a], purge=True)
    file_catalog.references.remove([b])
    late = _fill(file_catalog, "late")
    file_catalog.references.remove(late, purge=True)
    file_catalog.purges.finish(file_catalog.purges.pending())
    restored = Catalog.restore(path, tmp_path / "b.backup")
    assert restored.purged_again == (a,)
    assert [each.id for each in file_catalog.references.page("brands")] == [b, c]
    assert file_catalog.references.get(a).name == ""
    assert a in file_catalog.purges.pending()
    assert file_catalog.references.known("brands", [digest_of("secret-a")]) == {}
    assert b"secret-a" not in path.read_bytes()
    again = Catalog.restore(path, tmp_path / "b.backup")
    assert again.purged_again == (a,)
    assert file_catalog.check() == []


def test_purges_of_another_database_do_not_count(tmp_path: Path, file_catalog: Catalog) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    with Catalog.open(tmp_path / "other.db") as other:
        other.galleries.create("brands", kind="copy")
        other.references.remove(_fill(other, "x"), purge=True)
    restored = Catalog.restore(tmp_path / "other.db", tmp_path / "b.backup")
    assert (restored.purged_again, restored.references) == ((), 1)


def _unseal(file: Path) -> None:
    """Leave the database unchanged, so that its own checks must detect the damage."""
    content = file.read_bytes()
    file.write_bytes(content[: content.rindex(b"lynkeus-backup-1:")])


def _spoil_index(file: Path) -> None:
    """Make an index lack a row; every row can still be read."""
    _unseal(file)
    with sqlite3.connect(file) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        sql = "UPDATE sqlite_master SET sql = replace(sql, '(gallery_id, name)', '(gallery_id, source)') "
        connection.execute(sql + "WHERE name = 'ix_reference_gallery_id_name'")
    connection.close()


def _flip_a_bit_of_a_blob(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[content.index(b"local of 50")] ^= 1
    file.write_bytes(content)


def _newer_format(file: Path) -> None:
    file.write_bytes(file.read_bytes().replace(b"lynkeus-backup-1:", b"lynkeus-backup-2:"))


def _spoil_middle(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.seek(file.stat().st_size // 2)
        opened.write(b"\xff" * 5000)


def _cut(file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size // 2)


def _to_text(file: Path) -> None:
    file.write_text("shopping\n" * 100)


def _to_nothing(file: Path) -> None:
    file.write_bytes(b"")


def _to_foreign(file: Path) -> None:
    file.unlink()
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TABLE x (id)")
    connection.close()


def _to_newer(file: Path) -> None:
    _unseal(file)
    with sqlite3.connect(file) as connection:
        connection.execute("UPDATE meta SET schema_version = 99")
    connection.close()


def _add_trigger(file: Path) -> None:
    _unseal(file)
    with sqlite3.connect(file) as connection:
        connection.execute("CREATE TRIGGER t AFTER INSERT ON gallery BEGIN DELETE FROM reference; END")
    connection.close()


def _drop_row(file: Path) -> None:
    _unseal(file)
    with sqlite3.connect(file) as connection:
        connection.execute("DELETE FROM gallery")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (_spoil_middle, "damaged"),
        (_flip_a_bit_of_a_blob, "checksum"),
        (_spoil_index, "damaged: "),
        (_cut, "damaged"),
        (_to_text, "not a SQLite file"),
        (_to_nothing, "empty"),
        (_to_foreign, "another program"),
        (_to_newer, "schema 99"),
        (_newer_format, "format 2"),
        (_add_trigger, "triggers"),
        (_drop_row, "point at missing rows"),
    ],
)
def test_a_bad_backup_is_refused_by_name_and_nothing_changes(
    file_catalog: Catalog, path: Path, tmp_path: Path, spoil: Callable[[Path], None], why: str
) -> None:
    _fill(file_catalog, *(str(number) for number in range(100)))
    file = tmp_path / "bad.backup"
    file_catalog.backup(file)
    spoil(file)
    before = file_catalog.stamp()
    with pytest.raises(CorruptError, match=why) as caught:
        Catalog.restore(path, file)
    assert "bad.backup" in str(caught.value)
    assert file_catalog.stamp() == before
    assert file_catalog.check() == []
    assert not list(tmp_path.glob("*before-restore*"))
    assert not list(tmp_path.glob(".*.part*"))


def test_a_copy_that_sqlite_made_can_be_restored(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    file_catalog.backup(tmp_path / "b.backup")
    _unseal(tmp_path / "b.backup")
    assert Catalog.restore(path, tmp_path / "b.backup").references == 1


def test_a_backup_that_is_not_there_is_told(path: Path, tmp_path: Path) -> None:
    with pytest.raises(LynkeusError, match=r"no backup .*none\.backup"):
        Catalog.restore(path, tmp_path / "none.backup")
    assert not path.exists()


def test_a_server_has_its_own_tools(tmp_path: Path, postgres_url: str) -> None:
    with Catalog.open(postgres_url) as catalog, pytest.raises(LynkeusError, match="pg_dump"):
        catalog.backup(tmp_path / "b.backup")
    with pytest.raises(LynkeusError, match="pg_restore"):
        Catalog.restore(postgres_url, tmp_path / "b.backup")


def test_a_backup_that_lies_in_use_can_be_restored(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    _fill(file_catalog, "a")
    used = tmp_path / "used.db"
    file_catalog.backup(used)
    with Catalog.open(used) as catalog:
        _fill(catalog, "b")
        assert Catalog.restore(path, used).references == 2
