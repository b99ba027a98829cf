"""What users wait for: a picture's cost against 10,000 references, registering, starting, a cold process.

``python -m benchmarks.copies.speed --data DATA --work DIR [--uploads 1000]``, after
``python -m benchmarks.copies.growth --work DIR``, which makes the galleries. Uploads are strangers of both halves, in
no gallery, filling 1,024 x 768 pixels, every second one under a listed disguise. CPU is that of one thread, in forwards
of the floor, timed in turns; seconds of the clock are those of this machine as it was, with its load beside.
"""

import argparse
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from tqdm import tqdm

from benchmarks.copies import lists
from benchmarks.copies.candidates import findings
from benchmarks.copies.disguises import Props, listed
from benchmarks.copies.make import read, seeded
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.harness.rounds import Cost, Rounds, open_floor
from lynkeus.core.folders import walk
from lynkeus.core.parallel import default_jobs
from lynkeus.kinds.copies.kind import COPIES
from lynkeus.scan.home import Home
from lynkeus.scan.register import Registration

WIDTH, HEIGHT = 1024, 768
REFERENCES, FEW_REFERENCES = 10_000, 1_000
HELPED, COLD = 7, 5
_HOSTS = 20


def make_uploads(data: Path, folder: Path, count: int) -> list[Path]:
    """Write uploads, each second one disguised."""
    half = lists.HALVES[0]
    disguises = listed(Props(hosts=[read(data / path) for path in lists.hosts(half)[:_HOSTS]], stickers=_stickers()))
    names = list(disguises)
    paths = [path for half in lists.HALVES for path in lists.strangers(half)]
    made: list[Path] = []
    for number in range(count):
        rgb = read(data / paths[number * len(paths) // count])
        if number % 2:
            name = names[number // 2 % len(names)]
            rgb = disguises[name](rgb, seeded(half, "speed", name, number))
        made.append(folder / f"{number:05}.jpg")
        cv2.imwrite(str(made[-1]), covering(rgb)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
    return made


def covering(rgb: np.ndarray) -> np.ndarray:
    """The middle of a picture, resized so that it fills 1,024 x 768 pixels."""
    zoom = max(WIDTH / rgb.shape[1], HEIGHT / rgb.shape[0])
    size = (max(WIDTH, round(rgb.shape[1] * zoom)), max(HEIGHT, round(rgb.shape[0] * zoom)))
    large = cv2.resize(rgb, size, interpolation=cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC)
    left, top = (size[0] - WIDTH) // 2, (size[1] - HEIGHT) // 2
    return np.asarray(large[top : top + HEIGHT, left : left + WIDTH])


def _stickers() -> list[np.ndarray]:
    """One sticker, drawn: a disc."""
    sticker = np.zeros((128, 128, 4), np.uint8)
    cv2.circle(sticker, (64, 64), 60, (250, 200, 40, 255), -1)
    return [sticker]


def scanning(home: Path, work: Path, uploads: list[Path]) -> Cost:
    """CPU of reading and recognising an upload, one thread."""
    rounds = Rounds(open_floor(work), size=10)
    with Home(home, create=False) as opened:
        lane = opened.lane(COPIES.name)
        findings(lane, uploads[0])  # opens the index, which is not part of an upload's cost
        for upload in tqdm(uploads, desc="scanning", disable=None):
            with rounds.picture():
                findings(lane, upload)
    return rounds.cost()


def registering(uploads: list[Path], folder: Path, forward_ms: float) -> dict[str, Any]:
    """Pictures a second on all cores, and the CPU of each."""
    jobs = default_jobs()
    with Home(folder) as home:
        home.lane(COPIES.name)  # loads the models
        wall, cpu = time.perf_counter(), time.process_time()
        done = sum(1 for _ in Registration(gallery="speed", names={}, jobs=jobs)(home, walk(uploads)))
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    milliseconds = 1000 * cpu / done
    return {
        "pictures": done,
        "jobs": jobs,
        "a_second": round(done / wall, 2),
        "cpu_ms": round(milliseconds, 1),
        "forwards": round(milliseconds / forward_ms, 3),
    }


def repeated(words: list[str], times: int, *, codes: tuple[int, ...]) -> dict[str, Any]:
    """Median seconds and CPU seconds of a command of ours in a new process.

    Args:
        words: What follows ``lynkeus``.
        times: How often it is run.
        codes: How it may end.
    """
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    taken: list[tuple[float, float]] = []
    for _ in range(times):
        before, started = _children(), time.perf_counter()
        command = [sys.executable, "-m", "lynkeus", *words]
        done = subprocess.run(command, env=environment, capture_output=True, check=False)
        taken.append((time.perf_counter() - started, _children() - before))
        if done.returncode not in codes:
            raise RuntimeError(f"lynkeus {' '.join(words)} ended with {done.returncode}: {done.stderr.decode()}")
    wall, cpu = np.median(np.array(taken), axis=0).tolist()
    return {"times": times, "wall_s": round(wall, 3), "cpu_s": round(cpu, 3)}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder of `python -m benchmarks.copies.growth`")
    parser.add_argument("--uploads", type=int, default=200, help="pictures that are scanned and registered (200)")
    parser.add_argument("--quick", action="store_true", help="20 uploads; nothing is written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        (folder / "uploads").mkdir()
        uploads = make_uploads(options.data, folder / "uploads", 20 if options.quick else options.uploads)
        cost = scanning(options.work / f"home-{REFERENCES}", options.work, uploads)
        shutil.copytree(options.work / f"home-{FEW_REFERENCES}", folder / "few")
        one = ["--home", str(folder / "few"), "scan", str(uploads[1])]
        report = {
            "load": round(os.getloadavg()[1], 2),
            "uploads": len(uploads),
            "references": REFERENCES,
            "scan": asdict(cost),
            "register": registering(uploads, folder / "new", cost.forward_ms),
            "help": repeated(["--help"], HELPED, codes=(0,)),
            "cold": {"references": FEW_REFERENCES, **repeated(one, COLD, codes=(0, 1))},
        }
    print(report)
    if not options.quick:
        write_results(results_file("copies", "speed.json"), {"about": about(), **report})


if __name__ == "__main__":
    main()
