"""Score predictions: ``python -m benchmarks.copies.score --bench DIR --predictions FILE``.

Reads ``truth.csv`` and ``disguises.csv`` of the benchmark and predictions in the ISC form
(query_id,reference_id,score; any number of rows a query, no pair twice). Prints a table and, last, one line
of JSON; ``--json FILE`` writes the same into a file.
"""

import argparse
import csv
import json
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from lynkeus.metrics import micro_average_precision, recall_at_precision

WORST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one list of predictions reaches.

    Attributes:
        copies: Queries with a reference.
        strangers: Queries without one.
        micro_ap: Micro average precision over all queries, 0 to 1.
        recall_p90: Highest recall at 90 % precision.
        recall_p99: At 99 %.
        recall_p100: Before the first wrong pair.
        threshold_p99: Score that gives 99 % precision; None where no score does.
        worst_five: Mean recall at that threshold of the five weakest disguises.
        strangers_found: Strangers with a pair at or above that threshold.
        disguises: Recall at that threshold, a disguise.
    """

    copies: int
    strangers: int
    micro_ap: float
    recall_p90: float
    recall_p99: float
    recall_p100: float
    threshold_p99: float | None
    worst_five: float
    strangers_found: int
    disguises: dict[str, float]


def score(bench: Path, predictions: Path) -> Figures:
    """All figures of one list of predictions.

    Args:
        bench: Folder with truth.csv and disguises.csv.
        predictions: CSV file with query_id, reference_id, score.

    Raises:
        ValueError: A query is unknown, a pair is given twice or a score is not a number.
    """
    truth = {row["query_id"]: row["reference_id"] for row in rows_of(bench / "truth.csv")}
    worn = {row["query_id"]: row["disguise"] for row in rows_of(bench / "disguises.csv")}
    pairs = [(row["query_id"], row["reference_id"], float(row["score"])) for row in rows_of(predictions)]
    _check(pairs, truth)
    scores = np.array([value for _, _, value in pairs], np.float64)
    hits = np.array([truth[query] == reference for query, reference, _ in pairs], bool)
    copies = {query for query, reference in truth.items() if reference}
    point = recall_at_precision(scores, hits, len(copies), precision=0.99)
    accepted = [pairs[index][0] for index in np.flatnonzero(scores >= point.threshold)]
    found = {pairs[index][0] for index in np.flatnonzero(hits & (scores >= point.threshold))}
    kinds = Counter(worn[query] for query in copies)
    found_kinds = Counter(worn[query] for query in found)
    recall = {kind: found_kinds[kind] / count for kind, count in sorted(kinds.items())}
    return Figures(
        copies=len(copies),
        strangers=len(truth) - len(copies),
        micro_ap=micro_average_precision(scores, hits, len(copies)),
        recall_p90=recall_at_precision(scores, hits, len(copies), precision=0.9).recall,
        recall_p99=point.recall,
        recall_p100=recall_at_precision(scores, hits, len(copies), precision=1.0).recall,
        threshold_p99=point.threshold if np.isfinite(point.threshold) else None,
        worst_five=float(np.mean(sorted(recall.values())[:WORST])),
        strangers_found=len(set(accepted) - copies),
        disguises=recall,
    )


def table(figures: Figures) -> str:
    """The figures as text, the weakest disguises first."""
    threshold = "none" if figures.threshold_p99 is None else f"{figures.threshold_p99:.4f}"
    recalls = f"90 % precision {figures.recall_p90:.4f}, 99 % {figures.recall_p99:.4f} (score {threshold})"
    lines = [
        f"{figures.copies} copies, {figures.strangers} strangers, micro-AP {figures.micro_ap:.4f}",
        f"recall at {recalls}, 100 % {figures.recall_p100:.4f}",
        f"at 99 %: five weakest {figures.worst_five:.4f}, {figures.strangers_found} strangers found",
    ]
    weakest_first = sorted((recall, kind) for kind, recall in figures.disguises.items())
    return "\n".join([*lines, *(f"  {kind:42s} {recall:.3f}" for recall, kind in weakest_first)])


def _check(pairs: list[tuple[str, str, float]], truth: dict[str, str]) -> None:
    unknown = sorted({query for query, _, _ in pairs} - set(truth))
    if unknown:
        raise ValueError(f"{len(unknown)} queries are not of this benchmark, {unknown[0]} for one")
    twice = [pair for pair, count in Counter((query, name) for query, name, _ in pairs).items() if count > 1]
    if twice:
        raise ValueError(f"{len(twice)} pairs are given twice, {twice[0]} for one")


def rows_of(path: Path) -> list[dict[str, str]]:
    """The rows of a csv file."""
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def main() -> None:
    """Read the command line and print the figures."""
    parser = argparse.ArgumentParser(description="Score predictions.")
    parser.add_argument("--bench", type=Path, required=True, help="folder made by benchmarks.copies.make")
    parser.add_argument("--predictions", type=Path, required=True, help="CSV: query_id,reference_id,score")
    parser.add_argument("--json", type=Path, help="also write the figures to this file")
    options = parser.parse_args()
    figures = score(options.bench, options.predictions)
    text = json.dumps(asdict(figures))
    print(table(figures), text, sep="\n")
    if options.json:
        options.json.write_text(text + "\n")


if __name__ == "__main__":
    main()
