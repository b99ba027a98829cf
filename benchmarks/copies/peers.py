"""Accuracy and cost of lynkeus and its peers on the same queries and gallery, by the same metric, in one run.

``python -m benchmarks.copies.peers --work DIR --sscd FILE --perception PYTHON``, after ``python -m benchmarks.copies
--half test --work DIR``, which makes the sets and registers the gallery. ``--only NAME`` measures some systems again;
the results of all others stay. SSCD's vectors of the gallery are kept in DIR.
"""

import argparse
import json
import os
import subprocess
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.copies import lists
from benchmarks.copies.candidates import findings, open_gallery, table
from benchmarks.copies.lists import SUITES
from benchmarks.copies.part import queries_of, scored
from benchmarks.copies.peer_systems import Pdq, Peer, Ranked, Sscd, sscd_describer, sscd_vectors
from benchmarks.copies.score import Figures
from benchmarks.harness.about import about
from benchmarks.harness.results import change_results, results_file
from benchmarks.harness.rounds import Cost, Rounds, cost_against, open_floor
from lynkeus.kinds.copies.kind import COPIES
from lynkeus.scan.home import Home

NAMES = ("lynkeus", "pdq", "pdq_turned", "perception_hash", "perception_local", "sscd", "sscd_normalised")
_PERCEPTION = {"perception_hash": "hash", "perception_local": "local"}
_WORKER = Path(__file__).parent / "perception_peer.py"
_CLEAN = 600  # strangers that normalise SSCD: nearly all of the 630 listed in a half


@dataclass(frozen=True, kw_only=True, slots=True)
class Task:
    """What is measured.

    Attributes:
        work: Folder with the sets and the registered gallery.
        half: ``tune`` or ``test``.
        every: Use each so many-th query.
        sscd: SSCD's network; None leaves it out.
        perception: Interpreter of an environment with `perception`; None leaves it out.
        data: Folder with all pictures: strangers of the other half normalise SSCD's scores.
    """

    work: Path
    half: str
    every: int
    sscd: Path | None
    perception: Path | None
    data: Path | None

    def bench(self, suite: str) -> Path:
        """The folder of a suite."""
        return self.work / f"{self.half}_{suite}"

    def queries(self, suite: str) -> list[Path]:
        """The queries of a suite."""
        return queries_of(self.bench(suite), self.every)

    def gallery(self) -> dict[str, str]:
        """Path to name of all references; both suites have the same."""
        return table(self.bench(SUITES[0]) / "gallery.csv", "path", "name")


@contextmanager
def peer(name: str, task: Task) -> Generator[Callable[[Path], list[tuple[str, float]]], None, None]:
    """A system, ready: from a query to names of references with scores."""
    if name == "lynkeus":
        with _ours(task) as ours:
            yield ours
        return
    names = list(task.gallery().values())
    system = _gallery_of(name, task)

    def ask(query: Path) -> list[tuple[str, float]]:
        ranked: Ranked = system(query)
        return [(names[place], score) for place, score in ranked]

    yield ask


@contextmanager
def _ours(task: Task) -> Generator[Callable[[Path], list[tuple[str, float]]], None, None]:
    with Home(task.work / f"home-{task.half}") as home:
        names = open_gallery(home, task.bench(SUITES[0]))
        lane = home.lane(COPIES.name)

        def ask(query: Path) -> list[tuple[str, float]]:
            return [(names[f.reference_id], f.score) for f in findings(lane, query)]

        yield ask


def _gallery_of(name: str, task: Task) -> Peer:
    paths = [Path(path) for path in task.gallery()]
    if name in ("pdq", "pdq_turned"):
        return Pdq.of(paths, turned=name == "pdq_turned")
    if task.sscd is None:
        raise ValueError("SSCD needs --sscd FILE")
    describe = sscd_describer(task.sscd)
    gallery = sscd_vectors(describe, paths, task.work / f"sscd-{task.half}.npy")
    if name == "sscd":
        return Sscd(describe, gallery, gallery[:0])
    if task.data is None:
        raise ValueError("normalised SSCD needs --data DIR")
    other = next(half for half in lists.HALVES if half != task.half)
    strangers = [task.data / path for path in lists.strangers(other)[:_CLEAN]]
    return Sscd(describe, gallery, sscd_vectors(describe, strangers, task.work / f"sscd-clean-{task.half}.npy"))


def measure(name: str, task: Task) -> dict[str, object]:
    """Figures and cost of one system on both suites, as JSON."""
    floor = open_floor(task.work)
    report: dict[str, object] = {}
    with peer(name, task) as ask:
        for suite in SUITES:
            rounds = Rounds(floor)
            pairs: list[tuple[str, str, float]] = []
            for query in tqdm(task.queries(suite), desc=f"{name}, {suite}", disable=None):
                with rounds.picture():
                    found = ask(query)
                pairs += [(query.stem, reference, score) for reference, score in found]
            report[suite] = _row(scored(task.bench(suite), task.every, pairs), rounds.cost())
    return report


def measure_perception(task: Task, names: list[str]) -> dict[str, dict[str, object]]:
    """The same for the tiers of `perception`, in its own environment; the floor is timed before and after."""
    floor = open_floor(task.work)
    gallery = task.gallery()
    order = {suite: task.queries(suite) for suite in SUITES}
    question = {"references": list(gallery), "suites": {s: [str(f) for f in files] for s, files in order.items()}}
    forwards = [floor() for _ in range(15)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [str(task.perception), str(_WORKER)]
    done = subprocess.run(
        command, input=json.dumps(question), env=environment, capture_output=True, text=True, check=True
    )
    forwards += [floor() for _ in range(15)]
    answers = json.loads(done.stdout)
    references = list(gallery.values())
    report: dict[str, dict[str, object]] = {name: {} for name in names}
    for name in names:
        for suite in SUITES:
            answer = answers[suite][_PERCEPTION[name]]
            pairs = [(order[suite][q].stem, references[r], s) for q, r, s in answer["pairs"]]
            cost = cost_against(answer["seconds"], forwards)
            report[name][suite] = _row(scored(task.bench(suite), task.every, pairs), cost)
    return report


def _row(figures: Figures, cost: Cost) -> dict[str, object]:
    return {"figures": asdict(figures), "cost": asdict(cost)}


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of `python -m benchmarks.copies`")
    parser.add_argument("--half", choices=lists.HALVES, default="test")
    parser.add_argument("--sscd", type=Path, help="SSCD as an ONNX file")
    parser.add_argument("--perception", type=Path, help="Python of an environment with `perception`")
    parser.add_argument("--data", type=Path, help="folder with all pictures: strangers that normalise SSCD's scores")
    parser.add_argument("--only", action="append", choices=NAMES, help="measure this system alone; may be repeated")
    parser.add_argument("--quick", action="store_true", help="each tenth query; nothing is written")
    options = parser.parse_args()
    task = Task(
        work=options.work,
        half=options.half,
        every=10 if options.quick else 1,
        sscd=options.sscd,
        perception=options.perception,
        data=options.data,
    )
    wanted = [name for name in NAMES if name in (options.only or NAMES) and _at_hand(name, task)]
    results = results_file("copies", f"peers-{task.half}.json")
    report: dict[str, dict[str, object]] = {}
    for name in [n for n in wanted if n not in _PERCEPTION]:
        report[name] = measure(name, task)
        print(name, json.dumps({suite: _brief(row) for suite, row in report[name].items()}))
        if not options.quick:
            change_results(results, {name: {"about": about(), **report[name]}})
    if tiers := [name for name in wanted if name in _PERCEPTION]:
        for name, row in measure_perception(task, tiers).items():
            print(name, json.dumps({suite: _brief(cell) for suite, cell in row.items()}))
            if not options.quick:
                change_results(results, {name: {"about": about(), **row}})


def _at_hand(name: str, task: Task) -> bool:
    if name.startswith("sscd"):
        return task.sscd is not None and (name == "sscd" or task.data is not None)
    return task.perception is not None or not name.startswith("perception")


def _brief(row: Any) -> dict[str, float]:
    figures = row["figures"]
    names = ("micro_ap", "recall_p90", "recall_p99", "worst_five")
    return {name: round(figures[name], 3) for name in names} | {"forwards": row["cost"]["forwards"]}


if __name__ == "__main__":
    main()
