from pathlib import Path

from commands import run


def test_a_backup_brings_back_what_was_removed(made: Path, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "saved.lynkeus"
    assert "3 references" in run(home, "backup", file).stdout
    run(home, "gallery", "remove", "mine", "--force")
    run(home, "scan", made / "uploads", code=0)
    assert "restored 3 references" in run(home, "restore", file).stdout
    run(home, "scan", made / "uploads", code=1)


def test_a_backup_is_restored_where_nothing_was(made: Path, home: Path, tmp_path: Path) -> None:
    run(home, "backup", tmp_path / "saved.lynkeus")
    run(tmp_path / "new" / "home", "restore", tmp_path / "saved.lynkeus")
    run(tmp_path / "new" / "home", "scan", made / "uploads", code=1)


def test_what_was_purged_since_stays_purged(made: Path, home: Path, tmp_path: Path) -> None:
    run(home, "backup", tmp_path / "saved.lynkeus")
    run(home, "gallery", "remove", "mine", "--reference", "picture1.jpg", "--purge")
    assert "1 references purged after" in run(home, "restore", tmp_path / "saved.lynkeus").stdout
    run(home, "scan", made / "uploads", code=0)


def test_what_is_no_backup_is_refused(home: Path, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("nothing")
    assert "not a lynkeus catalog" in run(home, "restore", tmp_path / "x", code=2).stderr
    assert "there is no backup" in run(home, "restore", tmp_path / "y", code=2).stderr
