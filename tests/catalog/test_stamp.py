import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from lynkeus.catalog import Catalog, Owner
from lynkeus.testing.catalog_rows import new_reference

_WRITER = """
import sys
from lynkeus.testing.catalog_rows import new_reference
from lynkeus.catalog import Catalog
where, name = sys.argv[1:]
with Catalog.open(where) as catalog:
    for step in range(15):
        names = [f"{name}-{step}-{number}" for number in range(3)] + [f"both-{step}"]
        added = catalog.references.add("brands", [new_reference(each) for each in names])
        catalog.references.remove([added[0].id])
"""


def _start_writer(where: str, name: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([sys.executable, "-c", _WRITER, where, name])


def test_two_processes_write_while_this_one_reads(where: str) -> None:
    with Catalog.open(where) as catalog:
        catalog.galleries.create("brands", kind="copy")
        start = catalog.revision()
        writers = [_start_writer(where, name) for name in ("one", "two")]
        index: set[int] = set()
        revision, slowest = start, 0.0
        while any(writer.poll() is None for writer in writers):
            begun = time.perf_counter()
            changes = catalog.references.changes_since(revision)
            slowest = max(slowest, time.perf_counter() - begun)
            assert changes.stamp.revision >= revision
            revision = changes.stamp.revision
            index = (index | set(changes.added)) - set(changes.removed)
            assert set(catalog.blobs.read(Owner.REFERENCE, changes.added, "local")) <= set(changes.added)
        assert [writer.returncode for writer in writers] == [0, 0]
        changes = catalog.references.changes_since(revision)
        index = (index | set(changes.added)) - set(changes.removed)
        living = {each.id for each in catalog.references.page("brands")}
        assert index == living
        assert len(living) == 2 * 15 * 2 + 15
        assert catalog.revision() == start + 2 * 15 * 2
        assert slowest < 5
        assert catalog.check() == []


def test_a_commit_of_another_connection_shows_at_once(where: str) -> None:
    with Catalog.open(where) as writer, Catalog.open(where) as reader:
        writer.galleries.create("brands", kind="copy")
        for name in "abc":
            writer.references.add("brands", [new_reference(name)])
            assert reader.stamp() == writer.stamp()
            assert reader.references.count() == writer.references.count()


def test_threads_may_share_a_catalog(catalog: Catalog) -> None:
    before = catalog.revision()
    failures: list[BaseException] = []

    def work(name: str) -> None:
        try:
            for step in range(10):
                catalog.references.add("brands", [new_reference(f"{name}{step}")])
                catalog.stamp()
        except BaseException as error:  # noqa: BLE001  shown by the assertion below
            failures.append(error)

    threads = [threading.Thread(target=work, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert catalog.references.count() == 40
    assert catalog.revision() == before + 40


_FORKED = """
import os, sys
from lynkeus.testing.catalog_rows import new_reference
from lynkeus.catalog import Catalog
with Catalog.open(sys.argv[1]) as catalog:
    catalog.galleries.create("brands", kind="copy")
    for child in range(3):
        if os.fork() == 0:
            for step in range(5):
                catalog.references.add("brands", [new_reference(f"{child}-{step}")])
            os._exit(0)
        catalog.references.add("brands", [new_reference(f"parent-{child}")])
    statuses = [os.wait()[1] for _ in range(3)]
    print(statuses, catalog.references.count(), catalog.check())
"""


def test_a_forked_child_goes_on_with_the_catalog(where: str) -> None:
    call = [sys.executable, "-c", _FORKED, where]
    told = subprocess.run(call, capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[0, 0, 0] 18 []", told.stderr


def test_asking_for_the_stamp_costs_little_more_than_the_query(file_catalog: Catalog, path: Path) -> None:
    plain = sqlite3.connect(path)
    query = "SELECT database_id, epoch, revision, backgrounds_revision FROM meta"
    floor, ours = [], []
    for _ in range(30):
        floor.append(_cost(lambda: plain.execute(query).fetchone()))
        ours.append(_cost(file_catalog.stamp))
    plain.close()
    assert min(ours) / min(floor) < 40  # about 4; more with the tests' type checks


def _cost(call: Callable[[], object]) -> float:
    begun = time.process_time()
    for _ in range(50):
        call()
    return time.process_time() - begun
