"""What each part of the recogniser is worth: the tune half, with parts left out.

``python -m benchmarks.copies.ablation --work DIR``, after ``python -m benchmarks.copies --half tune --work DIR``. Every
third query of both suites. The shipped score expects all signals, so that each arm has its own: ``fit`` is run on the
arm's candidates by cross-validation over four folds of the queries, the same folds for all arms, and a query is scored
by what was fitted without its fold. The figures are therefore not those of the shipped score.

Most arms change the configuration. Where the product has no switch, this module has one: ``_without_pixels`` hides
pixels, ``_UprightVoting`` and ``_UprightVerification`` drop what matches as mirrored or negative (filling the frame is
still tried mirrored). Arms that observe a query alike share the observation. Its CPU time is measured once and counts
for each of them.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tqdm import tqdm

from benchmarks.copies import lists
from benchmarks.copies.candidates import Candidate, open_gallery, table
from benchmarks.copies.fit import fit, signals_of
from benchmarks.copies.lists import SUITES
from benchmarks.copies.part import queries_of, scored
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from benchmarks.harness.rounds import Rounds, open_floor
from lynkeus.core import Picture, read_picture
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.index.protocol import Neighbours
from lynkeus.kinds.copies.index import CopyView
from lynkeus.kinds.copies.kind import COPIES
from lynkeus.kinds.copies.observation import Observation
from lynkeus.kinds.copies.recogniser import CopyRecogniser, load
from lynkeus.kinds.copies.rivals import explain_away
from lynkeus.kinds.items import THUMB
from lynkeus.kinds.protocol import RawFinding
from lynkeus.matching.verification import Verification
from lynkeus.matching.voting import Candidate as VotedFor
from lynkeus.matching.voting import PointIds, Voting
from lynkeus.scan.home import Home

HALF = "tune"
FOLDS = 4
GIVEN = 10
COSINE, NORMALISED = "global, cosine", "global, normalised"
NO_RIVALS = "everything but rivals"
Key = tuple[str, str]
"""Suite and query."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _UprightVoting(Voting):
    """Votes only of points under the same permutation; the last neighbour, which weighs the others, stays."""

    def __call__(
        self,
        points: np.ndarray,
        scale: np.ndarray,
        angle: np.ndarray,
        permutation: np.ndarray,
        ids: np.ndarray,
        distance: np.ndarray,
        *,
        longest: int,
        most: int,
    ) -> list[VotedFor]:
        other = PointIds.unpack(ids).permutation != permutation[:, None]
        other[:, -1] = False
        ids = np.where(other, -1, ids)
        return Voting.__call__(self, points, scale, angle, permutation, ids, distance, longest=longest, most=most)


@dataclass(frozen=True, kw_only=True, slots=True)
class _UprightVerification(Verification):
    """A reference without votes is tried as it is, not mirrored or negative."""

    def permutation(self, upload: Any, reference: Any, decoded: Any) -> int | None:
        return None if Verification.permutation(self, upload, reference, decoded) is None else 0


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Arm:
    """The recogniser with something left out.

    Attributes:
        copies: The recogniser.
        finder: It looks for pasted pictures.
        vectors: It uses global vectors.
        pixels: It compares pixels.
    """

    copies: CopyRecogniser
    finder: bool = True
    vectors: bool = True
    pixels: bool = True


def arms_of(copies: CopyRecogniser) -> dict[str, Arm]:
    """The arms that verify candidates, by name."""
    bare = replace(copies, pasted=None)
    upright = replace(copies.check, verification=_UprightVerification(**asdict(copies.check.verification)))
    stiff = replace(copies.check, agreement=replace(copies.check.agreement, bend_below=0.0))
    return {
        "local, no pixels": Arm(copies=replace(bare, similar=0), finder=False, vectors=False, pixels=False),
        "both, no pixels": Arm(copies=bare, finder=False, pixels=False),
        "both, with pixels": Arm(copies=bare, finder=False),
        "everything (overlay finder, too)": Arm(copies=copies),
        "everything but mirror and negative": Arm(
            copies=replace(copies, voting=_UprightVoting(**asdict(copies.voting)), check=upright)
        ),
        "everything but bending": Arm(copies=replace(copies, check=stiff)),
    }


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What all arms made of all queries.

    Attributes:
        findings: Of each arm and query.
        cosines: Of each query: the nearest references with their cosines, and the baseline.
        costs: Of each arm.
    """

    findings: dict[str, dict[Key, list[RawFinding]]] = field(default_factory=lambda: defaultdict(dict))
    cosines: dict[Key, tuple[Neighbours, float]] = field(default_factory=dict)
    costs: dict[str, Rounds] = field(default_factory=dict)


def look(home: Home, work: Path, every: int) -> Seen:
    """Run all arms on the queries, the arms in turns."""
    copies, view = load(home.models), home.lane(COPIES.name).library.snapshot().view
    blind = _without_pixels(view)
    arms = arms_of(copies)
    floor = open_floor(work)
    seen = Seen(costs={name: Rounds(floor, size=66) for name in (COSINE, *arms)})
    for suite in SUITES:
        for query in tqdm(queries_of(work / f"{HALF}_{suite}", every), desc=suite, disable=None):
            key = suite, query.stem
            picture, reading = _timed(lambda file=query: read_picture(file, max_side=WORKING_SIDE))
            vector, describing = _timed(lambda shown=picture: copies.describe(shown.rgb))
            near, searching = _timed(lambda v=vector: view.nearest(v[None], GIVEN))
            seen.costs[COSINE].add(reading + describing + searching)
            observed = {finder: _timed(_observer(arms, finder, picture)) for finder in (True, False)}
            seen.cosines[key] = near, observed[True][0].looks[0].baseline
            for name, arm in arms.items():
                observation, observing = observed[arm.finder]
                if not arm.vectors:
                    observation, observing = _without_vectors(observation), observing - describing
                found, matching = _timed(lambda a=arm, o=observation: a.copies.match(o, view if a.pixels else blind))
                seen.findings[name][key] = found
                seen.costs[name].add(reading + observing + matching)
    return seen


def _observer(arms: dict[str, Arm], finder: bool, picture: Picture) -> Callable[[], Observation]:  # noqa: FBT001
    first = next(arm for arm in arms.values() if arm.finder == finder)
    return lambda: first.copies.observe(picture)


def _without_pixels(view: CopyView) -> CopyView:
    """The same references without thumbnails."""

    def read(reference_ids: Iterable[int], item: str) -> Mapping[int, bytes]:
        return {} if item == THUMB else view.read(reference_ids, item)

    return replace(view, read=read)


def _without_vectors(observation: Observation) -> Observation:
    whole = observation.looks[0]
    return replace(observation, looks=(replace(whole, vector=np.zeros_like(whole.vector), baseline=0.0),))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.process_time()
    return work(), time.process_time() - started


def rescored(findings: dict[Key, list[RawFinding]], true: Callable[[Key, int], bool]) -> dict[Key, list[RawFinding]]:
    """The findings with scores by cross-validation, before rivals count."""
    rows = {
        key: [
            Candidate(key[1], str(f.reference_id), f.score, dict(f.figures), true(key, f.reference_id)) for f in found
        ]
        for key, found in findings.items()
    }
    scored_anew: dict[Key, list[RawFinding]] = {}
    for fold in range(FOLDS):
        model = fit([row for key, some in rows.items() if _fold(key) != fold for row in some])
        for key in filter(lambda key: _fold(key) == fold, findings):
            scored_anew[key] = [replace(f, score=model(signals_of(f.figures))) for f in findings[key]]
    return scored_anew


def _fold(key: Key) -> int:
    return lists.stable(f"fold {key[0]} {key[1]}") % FOLDS


def figures(seen: Seen, work: Path, every: int, names: dict[int, str]) -> dict[str, dict[str, Any]]:
    """Figures of all arms, in the order of the table."""
    truth = {suite: table(work / f"{HALF}_{suite}/truth.csv", "query_id", "reference_id") for suite in SUITES}
    ranked: dict[str, dict[Key, list[tuple[int, float]]]] = {COSINE: {}, NORMALISED: {}}
    for key, (near, baseline) in seen.cosines.items():
        pairs = [(int(n), float(s)) for n, s in zip(near.ids[0], near.score[0], strict=True) if n >= 0]
        ranked[COSINE][key] = pairs
        ranked[NORMALISED][key] = [(number, cosine - baseline) for number, cosine in pairs]
    for arm, findings in seen.findings.items():
        anew = rescored(findings, lambda key, number: names[number] == truth[key[0]][key[1]])
        ranked[arm] = {k: [(f.reference_id, f.score) for f in explain_away(found)] for k, found in anew.items()}
        if arm.startswith("everything ("):
            ranked[NO_RIVALS] = {k: [(f.reference_id, f.score) for f in found] for k, found in anew.items()}
    costs = {name: asdict(rounds.cost()) for name, rounds in seen.costs.items()}
    costs |= {NORMALISED: costs[COSINE], NO_RIVALS: costs[next(n for n in costs if n.startswith("everything ("))]}
    report: dict[str, dict[str, Any]] = {}
    for arm, found in ranked.items():
        report[arm] = {"cost": costs[arm]}
        for suite in SUITES:
            rows = [(q, names[n], s) for (of, q), pairs in found.items() if of == suite for n, s in pairs]
            report[arm][suite] = asdict(scored(work / f"{HALF}_{suite}", every, rows))
    return report


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of `python -m benchmarks.copies --half tune`")
    parser.add_argument("--every", type=int, default=3, help="use each so many-th query (3)")
    parser.add_argument("--quick", action="store_true", help="each 30th query; nothing is written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    every = 30 if options.quick else options.every
    with Home(options.work / f"home-{HALF}") as home:
        names = open_gallery(home, options.work / f"{HALF}_{SUITES[0]}")
        seen = look(home, options.work, every)
    report = figures(seen, options.work, every, names)
    for arm, row in report.items():
        cells = [f"{row[suite][name]:.3f}" for suite in SUITES for name in ("micro_ap", "recall_p99", "worst_five")]
        print(f"{arm:36s}", *cells, row["cost"]["forwards"])
    if not options.quick:
        write_results(
            results_file("copies", f"ablation-{HALF}.json"),
            {"about": about(), "every": every, "folds": FOLDS, "arms": report},
        )


if __name__ == "__main__":
    main()
