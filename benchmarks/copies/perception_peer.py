"""Both tiers of Thorn's `perception` (Apache-2.0), run by the interpreter of an environment of its own.

`perception` wants another build of OpenCV than we do, so it does not share our environment:
``python -m venv V && V/bin/pip install 'perception[approximate-deduplication,pdq]'``, then
``python -m benchmarks.copies.peers --perception V/bin/python``. This file imports nothing of lynkeus.

Reads a task from standard input (JSON: ``references``, ``suites`` with ``queries``; paths) and prints the pairs that
each tier gives, with its CPU seconds a query. The hash tier is PHash of 16 x 16 bits; its score is minus the distance.
The local tier (SIFT, ratio test, homography) says yes or no, all at its defaults; a yes scores its share of matches.
"""

import json
import os
import sys
import tempfile
import time
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import cv2
import faiss
import numpy as np
import perception.local_descriptor_deduplication as local  # pyright: ignore[reportMissingImports] - see above
from perception.hashers import PHash  # pyright: ignore[reportMissingImports] - see above

GIVEN = 10


def hash_tier(references: list[str], queries: list[str]) -> dict[str, Any]:
    """Pairs (place of the query, place of the reference, score) of the hash tier, and seconds of each query."""
    hasher = PHash(hash_size=16)
    gallery = np.stack([_bits(hasher, file) for file in references])
    pairs: list[tuple[int, int, float]] = []
    seconds: list[float] = []
    for number, file in enumerate(queries):
        started = time.process_time()
        apart = (gallery != _bits(hasher, file)).mean(1)
        nearest = np.argsort(apart, kind="stable")[:GIVEN]
        seconds.append(time.process_time() - started)
        pairs += [(number, int(place), -float(apart[place])) for place in nearest]
    return {"pairs": pairs, "seconds": seconds}


def local_tier(references: list[str], queries: list[str]) -> dict[str, Any]:
    """The same for the local tier. This tier takes all queries at once: each query gets an equal share of the time."""
    gallery = local.build_reference_df(references)
    places = {file: place for place, file in enumerate(references)}
    numbers = {file: number for number, file in enumerate(queries)}
    with tempfile.TemporaryDirectory() as folder:
        options: dict[str, Any] = {"max_workers": 1, "use_gpu": False, "faiss_cache_path": f"{folder}/index"}
        local.deduplicate_dfs(gallery, local.build_reference_df(queries[:1]), **options)  # builds the index
        started = time.process_time()
        searched = local.build_reference_df(queries)
        found = local.deduplicate_dfs(gallery, searched, verbose=True, **options)
        seconds = (time.process_time() - started) / len(queries)
    pairs = [(numbers[query], places[reference], float(stats["match"])) for query, reference, stats in found]
    return {"pairs": pairs, "seconds": [seconds] * len(queries)}


def _bits(hasher: PHash, file: str) -> np.ndarray:
    return np.asarray(hasher.compute(file, hash_format="vector"), bool)


def main() -> None:
    """Answer the task of standard input."""
    cv2.setNumThreads(1)
    faiss.omp_set_num_threads(1)
    task = json.load(sys.stdin)
    answers = {
        suite: {"hash": hash_tier(task["references"], queries), "local": local_tier(task["references"], queries)}
        for suite, queries in task["suites"].items()
    }
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
