"""Kill a restoring process again and again; the catalog must hold either the old state or the restored state.

Run by ``test_crash.py`` in an interpreter of its own, which forks: python crash_restore.py FOLDER ROUNDS SEED
"""

import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

from lynkeus.catalog import Catalog
from lynkeus.testing.catalog_rows import new_reference


def fill(catalog: Catalog, prefix: str, count: int) -> None:
    catalog.references.add("brands", [new_reference(f"{prefix}{number}") for number in range(count)])


def main(folder: Path, rounds: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    path, file = folder / "catalog.db", folder / "b.backup"
    with Catalog.open(path) as catalog:
        catalog.galleries.create("brands", kind="copy")
        fill(catalog, "old", 2000)
        catalog.backup(file)
        fill(catalog, "new", 1000)
        outcomes = {2000: 0, 3000: 0}
        started = time.perf_counter()
        if (child := os.fork()) == 0:
            Catalog.restore(path, file)
            os._exit(0)
        os.waitpid(child, 0)
        whole = time.perf_counter() - started
        fill(catalog, "new", 1000)
        half_way = 0
        for _ in range(rounds):
            before = catalog.stamp()
            if (child := os.fork()) == 0:
                Catalog.restore(path, file)
                time.sleep(60)
            time.sleep(float(rng.uniform(0, whole)))
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
            half_way += bool(list(folder.glob(".*.part")))
            count, after = catalog.references.count(), catalog.stamp()
            restored = after.epoch > before.epoch
            assert count == (2000 if restored else 3000), "the catalog is a mixture"
            assert catalog.check() == []
            outcomes[count] += 1
            if restored:
                fill(catalog, "new", 1000)
        print(outcomes[2000], outcomes[3000], half_way)  # noqa: T201  the test reads it


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
