from pathlib import Path

import pytest

from lynkeus.index.segments import SegmentFolder


def _fill(folder: Path) -> None:
    (folder / "data").write_bytes(b"x")


def test_the_newest_segment_replaces_the_older(tmp_path: Path) -> None:
    segments = SegmentFolder(tmp_path, database="d", epoch=1)
    assert segments.newest() is None
    segments.write(3, _fill)
    segments.write(12, _fill)
    newest = segments.newest()
    assert newest is not None
    assert newest.revision == 12
    assert (newest.folder / "data").exists()
    assert len([path for path in tmp_path.iterdir() if path.is_dir()]) == 1


def test_another_epoch_or_database_sees_nothing(tmp_path: Path) -> None:
    SegmentFolder(tmp_path, database="d", epoch=1).write(3, _fill)
    assert SegmentFolder(tmp_path, database="d", epoch=2).newest() is None
    assert SegmentFolder(tmp_path, database="e", epoch=1).newest() is None


def test_a_failed_write_leaves_the_old_segment_and_no_draft(tmp_path: Path) -> None:
    segments = SegmentFolder(tmp_path, database="d", epoch=1)
    segments.write(3, _fill)

    def broken(folder: Path) -> None:
        _fill(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        segments.write(4, broken)
    newest = segments.newest()
    assert newest is not None
    assert newest.revision == 3
    assert not list(tmp_path.glob(".draft*"))


def test_one_process_at_a_time_writes(tmp_path: Path) -> None:
    segments = SegmentFolder(tmp_path, database="d", epoch=1)
    inner: list[object] = []

    def fill(folder: Path) -> None:
        _fill(folder)
        inner.append(SegmentFolder(tmp_path, database="d", epoch=1).write(9, _fill))

    assert segments.write(5, fill) is not None
    assert inner == [None]
