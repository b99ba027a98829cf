"""Kill a registering process again and again, and check each time that nothing was lost.

Run by ``test_crash.py`` in an interpreter of its own, which forks: python crash_loop.py CATALOG ROUNDS SEED
"""

import os
import select
import signal
import sys
import time
from collections import Counter

import numpy as np

from lynkeus.catalog import Catalog, NewReference, Owner
from lynkeus.testing.catalog_rows import digest_of

BATCH = 3
PARTS = {"local": 9000, "global": 256, "thumb": 3000}


def content(name: str, part: str) -> bytes:
    return (f"{name} {part} " * 1000).encode()[: PARTS[part]]


def register(where: str, round_number: int, told: int) -> None:
    """Register and remove without end; print a line each time a call has returned."""
    with Catalog.open(where) as catalog:
        step = 0
        while True:
            names = [f"{round_number}-{step}-{place}" for place in range(BATCH)]
            new = [
                NewReference(
                    entity=name,
                    name=name,
                    digest=digest_of(name),
                    blobs={part: content(name, part) for part in PARTS},
                )
                for name in names
            ]
            added = catalog.references.add("brands", new)
            os.write(
                told,
                "".join(f"+{each.id} {name}\n" for each, name in zip(added, names, strict=True)).encode(),
            )
            if step % 2:
                receipt = catalog.references.remove([added[0].id], purge=step % 4 == 3)
                os.write(told, f"-{receipt.ids[0]}\n".encode())
            step += 1


def kill_one(where: str, round_number: int, delay: float) -> list[str]:
    """Fork a registering process and kill the process. Gives the lines that the process printed."""
    hear, told = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(hear)
        register(where, round_number, told)
    os.close(told)
    if round_number % 5:  # in every fifth round the process may die while opening the catalog
        select.select([hear], [], [])
    time.sleep(delay)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    with os.fdopen(hear) as file:
        lines = file.read().split("\n")
    return lines[:-1]  # the last line is empty, or cut off


def check(where: str, alive: dict[int, str], gone: set[int]) -> None:
    with Catalog.open(where) as catalog:
        rows = {each.id: each for each in catalog.references.page("brands", limit=10**6)}
        assert set(alive) <= set(rows), "an acknowledged reference is lost"
        assert not gone & set(rows), "an acknowledged removal is undone"
        assert all(rows[number].name == name for number, name in alive.items())
        blobs = {part: catalog.blobs.read(Owner.REFERENCE, rows, part) for part in PARTS}
        for number, row in rows.items():
            for part in PARTS:
                assert blobs[part].get(number) == content(row.name, part), "a blob is missing or wrong"
        everything = catalog.references.many(range(1, max(rows, default=0) + 2))
        sizes = Counter(each.added_revision for each in everything.values())
        assert set(sizes.values()) <= {BATCH}, "a batch is there in part"
        assert catalog.check() == []


def main(where: str, rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    with Catalog.open(where) as catalog:
        catalog.galleries.create("brands", kind="copy")
    alive: dict[int, str] = {}
    gone: set[int] = set()
    for round_number in range(rounds):
        for line in kill_one(where, round_number, float(rng.uniform(0, 0.06))):
            if line.startswith("+"):
                number, name = line[1:].split()
                alive[int(number)] = name
            else:
                gone.add(int(line[1:]))
                alive.pop(int(line[1:]))
        # A removal may be complete although the process died before printing the line.
        with Catalog.open(where) as catalog:
            for number, row in catalog.references.many(alive).items():
                untold = row.removed_revision == catalog.revision()
                if row.removed_revision is not None and untold:
                    gone.add(number)
                    alive.pop(number)
        check(where, alive, gone)
    print(f"{rounds} kills, {len(alive)} references, {len(gone)} removals")  # noqa: T201  the test reads it


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
