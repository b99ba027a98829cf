"""When a purge ends, no file of the home holds the vector, whatever was killed before."""

import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_pictures import write_pictures

from lynkeus.catalog import Owner
from lynkeus.core import UnknownNameError
from lynkeus.core.folders import walk
from lynkeus.scan.home import Home
from lynkeus.scan.register import Registration
from lynkeus.scan.removal import finish_purges, remove

_KILLED = """
import os, sys
from pathlib import Path
from lynkeus.index import segments
from lynkeus.catalog import store
from lynkeus.scan import library, removal
from lynkeus.scan.home import Home

def killed(*_args, **_options):
    os._exit(9)

where = sys.argv[2]
if where == "before the index":
    library.clear = killed
elif where == "within the index":
    segments.shutil.rmtree = killed
elif where == "before the log":
    store.Store.truncate_log = killed
elif where == "before it is noted":
    removal.finish_purges = lambda home, *rest: None if not rest else killed()
with Home(Path(sys.argv[1])) as home:
    removal.remove(home, "mine", entity="picture1", purge=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """Pictures in two galleries of copies and a gallery of objects, all with segments on the disk."""
    with Home(tmp_path / "home") as opened:
        for gallery, kind, seeds in (("mine", "copy", [1, 2]), ("yours", "copy", [3]), ("things", "object", [5, 4])):
            folder = tmp_path / gallery
            paths = write_pictures(folder, seeds)
            list(Registration(gallery=gallery, names={}, kind=kind, roots=tuple(paths))(opened, walk(paths)))
        for kind in ("copy", "object"):
            assert opened.lane(kind).library.compact(force=True)
        yield opened


def _needles(home: Home, gallery: str, name: str) -> list[bytes]:
    """Bytes that tell of a reference: pieces of all its stored items."""
    (number,) = [each.id for each in home.catalog.references.named(gallery, name)]
    items = home.catalog.blobs.items(Owner.REFERENCE, [number])[number]
    return [raw[len(raw) // 3 :][:48] for raw in items.values()]


def _holding(folder: Path, needles: list[bytes]) -> list[str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return [path.name for path in files if any(needle in path.read_bytes() for needle in needles)]


def _vectors(folder: Path) -> set[str]:
    return {path.name for path in (folder / "index").rglob("*") if path.is_file() and path.name != ".lock"}


@pytest.mark.parametrize(("gallery", "entity"), [("mine", "picture1"), ("things", "picture5")])
def test_no_file_of_the_home_holds_what_was_purged(home: Home, gallery: str, entity: str) -> None:
    needles = _needles(home, gallery, f"{entity}.jpg")
    assert _holding(home.folder, needles)
    receipt = remove(home, gallery, entity=entity, purge=True)
    assert receipt.purged
    assert receipt.wal_truncated
    assert home.catalog.purges.pending() == ()
    assert _holding(home.folder, needles) == []


@pytest.mark.parametrize("where", ["before the index", "within the index", "before the log", "before it is noted"])
def test_a_purge_that_was_killed_is_finished_by_the_same_call(home: Home, where: str) -> None:
    needles = _needles(home, "mine", "picture1.jpg")
    home.close()
    killed = subprocess.run([sys.executable, "-c", _KILLED, home.folder, where], check=False, capture_output=True)
    assert killed.returncode == 9, killed.stderr
    with Home(home.folder) as again:
        assert again.catalog.purges.pending()
        receipt = remove(again, "mine", entity="picture1", purge=True)
        assert len(receipt.ids) == 1
        assert again.catalog.purges.pending() == ()
        with pytest.raises(UnknownNameError):
            remove(again, "mine", entity="picture1", purge=True)
    assert _holding(home.folder, needles) == []


def test_a_purge_waits_for_a_process_that_writes_the_index(home: Home) -> None:
    needles = _needles(home, "mine", "picture1.jpg")
    (lock,) = (home.folder / "index" / "copy").glob("*/.lock")
    writes = (
        "import fcntl, sys, time\n"
        "handle = open(sys.argv[1], 'w')\n"
        "fcntl.flock(handle, fcntl.LOCK_EX)\n"
        "print('held', flush=True)\n"
        "time.sleep(1.5)\n"
    )
    with subprocess.Popen([sys.executable, "-c", writes, str(lock)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        started = time.monotonic()
        remove(home, "mine", entity="picture1", purge=True)
        assert time.monotonic() - started > 0.5
    assert _holding(home.folder, needles) == []


def test_an_index_of_the_layout_before_goes_with_a_purge(home: Home) -> None:
    needles = _needles(home, "mine", "picture1.jpg")
    old = home.folder / "index" / "v1-database-1-3"
    shutil.copytree(next(path for path in home.index.glob("copy/*/*") if path.is_dir()), old)
    (old / "points").write_bytes(b"".join(needles))
    remove(home, "mine", entity="picture1", purge=True)
    assert not old.exists()


def test_what_is_removed_without_a_purge_goes_with_the_next_compaction(home: Home) -> None:
    needles = _needles(home, "mine", "picture1.jpg")
    before = _vectors(home.folder)
    remove(home, "mine", entity="picture1")
    assert _vectors(home.folder) == before
    home.catalog.truncate_log()
    assert home.lane("copy").library.compact(force=True)
    assert _holding(home.folder / "index", needles) == []
    assert finish_purges(home) is None
