import os
from pathlib import Path

import pytest

from lynkeus.index.segments import SegmentFolder

_DIGEST, _OTHER = "ab" * 32, "cd" * 32


def _fill(folder: Path) -> None:
    (folder / "data").write_bytes(b"x")


def _write(segments: SegmentFolder, revision: int, *, epoch: int = 1, content: str = _DIGEST) -> None:
    segments.write(_fill, database="d", epoch=epoch, revision=revision, content=content)


def _revisions(segments: SegmentFolder, *, database: str = "d", epoch: int = 1) -> list[int]:
    return [each.revision for each in segments.newest_first(database=database, epoch=epoch)]


@pytest.fixture
def segments(tmp_path: Path) -> SegmentFolder:
    (tmp_path / "index").mkdir()
    return SegmentFolder(tmp_path / "index")


def test_the_newest_segment_replaces_the_older(segments: SegmentFolder) -> None:
    assert _revisions(segments) == []
    _write(segments, 3)
    _write(segments, 12)
    (newest,) = segments.newest_first(database="d", epoch=1)
    assert newest.revision == 12
    assert (newest.folder / "data").exists()
    assert len([path for path in segments.folder.iterdir() if path.is_dir()]) == 1


def test_another_epoch_or_database_sees_nothing(segments: SegmentFolder) -> None:
    _write(segments, 3)
    assert _revisions(segments, epoch=2) == _revisions(segments, database="e") == []


def test_a_segment_says_what_it_was_built_from(segments: SegmentFolder) -> None:
    _write(segments, 3)
    (segment,) = segments.newest_first(database="d", epoch=1)
    assert segment.holds(_DIGEST)
    assert not segment.holds(_OTHER)


def test_a_segment_of_another_history_is_written_over(segments: SegmentFolder) -> None:
    _write(segments, 3)
    _write(segments, 3, content=_OTHER)
    (segment,) = segments.newest_first(database="d", epoch=1)
    assert segment.holds(_OTHER)


def test_a_failed_write_leaves_the_old_segment_and_no_draft(segments: SegmentFolder) -> None:
    _write(segments, 3)

    def broken(folder: Path) -> None:
        _fill(folder)
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        segments.write(broken, database="d", epoch=1, revision=4, content=_DIGEST)
    assert _revisions(segments) == [3]
    assert not list(segments.folder.glob(".draft*"))


def test_what_is_written_is_on_the_disk_before_it_has_its_name(
    segments: SegmentFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    plain, rename = os.fsync, Path.rename

    def fsync(handle: int) -> None:
        synced.append(Path(f"/proc/self/fd/{handle}").resolve().name)
        plain(handle)

    def renamed(path: Path, target: Path) -> Path:
        synced.append("renamed")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(Path, "rename", renamed)
    _write(segments, 3)
    assert synced == ["data", f".draft-{os.getpid()}", "renamed", "index"]


def test_one_process_at_a_time_writes(segments: SegmentFolder) -> None:
    with segments.locked(wait=False) as held:
        assert held
        with SegmentFolder(segments.folder).locked(wait=False) as other:
            assert not other
    with segments.locked(wait=True) as held:
        assert held


def test_clearing_removes_segments_and_what_killed_processes_left(segments: SegmentFolder) -> None:
    _write(segments, 3)
    (segments.folder / ".draft-99999").mkdir()
    with segments.locked(wait=True):
        segments.clear()
        assert [path for path in segments.folder.iterdir() if path.is_dir()] == []
