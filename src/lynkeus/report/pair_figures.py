"""Evaluation of copy detection: compare predicted pairs of query and reference with the true pairs.

Source: Douze et al. 2021, https://arxiv.org/abs/2106.09672 (formats and metrics of ISC 2021). An id is the stem of a
file name.
"""

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lynkeus.core import UnreadableError
from lynkeus.metrics import micro_average_precision, recall_at_precision
from lynkeus.report import Pair

WORST = 5  # disguises in the mean of the weakest; the published figures use five


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """The figures of one list of predicted pairs.

    Attributes:
        copies: Number of true pairs.
        strangers: Number of queries without a true pair.
        micro_ap: Micro average precision over all queries, 0 to 1.
        recall_p90: Highest recall at 90 % precision, 0 to 1.
        recall_p99: Highest recall at 99 % precision, 0 to 1.
        threshold_p99: Score that gives 99 % precision; None when no score does.
        disguises: Recall of each disguise at 99 % precision; empty when disguises are unknown.
        worst_five: Mean of the five lowest values of ``disguises``; None when disguises are unknown.
    """

    copies: int
    strangers: int
    micro_ap: float
    recall_p90: float
    recall_p99: float
    threshold_p99: float | None
    disguises: Mapping[str, float]
    worst_five: float | None


def figures(predicted: Sequence[Pair], truth: "Truth", disguises: Mapping[str, str] | None = None) -> Figures:
    """All figures of predicted pairs.

    Args:
        predicted: The predicted pairs; each pair occurs once.
        truth: The queries and the true pairs.
        disguises: Disguise of each query; None when disguises are unknown.

    Raises:
        UnreadableError: A query is missing in the truth or has no disguise, or there is no true pair.
    """
    _check(predicted, truth, disguises)
    scores = np.array([pair.score for pair in predicted], np.float64)
    hits = np.array([(pair.query_id, pair.reference_id) in truth.pairs for pair in predicted], bool)
    positives = len(truth.pairs)
    point = recall_at_precision(scores, hits, positives, precision=0.99)
    found = [predicted[int(index)].query_id for index in np.flatnonzero(hits & (scores >= point.threshold))]
    per_disguise = _per_disguise(found, truth, disguises) if disguises else {}
    weakest = sorted(per_disguise.values())[:WORST]
    return Figures(
        copies=positives,
        strangers=len(truth.queries - {query for query, _ in truth.pairs}),
        micro_ap=micro_average_precision(scores, hits, positives),
        recall_p90=recall_at_precision(scores, hits, positives, precision=0.9).recall,
        recall_p99=point.recall,
        threshold_p99=point.threshold if np.isfinite(point.threshold) else None,
        disguises=per_disguise,
        worst_five=float(np.mean(weakest)) if weakest else None,
    )


@dataclass(frozen=True, slots=True)
class Truth:
    """All queries, and the true pairs of query and reference."""

    queries: frozenset[str]
    pairs: frozenset[tuple[str, str]]


def read_truth(file: Path) -> Truth:
    """Read the truth from a csv file with the columns query_id and reference_id.

    An empty reference_id means that the query has no true pair.

    Raises:
        UnreadableError: The file cannot be read, is not csv text, or lacks a column.
    """
    rows = _rows(file, ("query_id", "reference_id"))
    pairs = {(row["query_id"], row["reference_id"]) for row in rows if row["reference_id"]}
    return Truth(frozenset(row["query_id"] for row in rows), frozenset(pairs))


def read_disguises(file: Path) -> dict[str, str]:
    """Read the disguise of each query from a csv file with the columns query_id and disguise.

    Raises:
        UnreadableError: The file cannot be read, is not csv text, or lacks a column.
    """
    return {row["query_id"]: row["disguise"] for row in _rows(file, ("query_id", "disguise"))}


def _rows(file: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if not set(columns) <= set(reader.fieldnames or ()):
                got = ", ".join(reader.fieldnames or ()) or "none"
                raise UnreadableError(f"{file}: wanted the columns {', '.join(columns)}, got {got}")
            return [{name: row[name] or "" for name in columns} for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"{file}: not csv text: {error}") from error
    except OSError as error:
        raise UnreadableError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from error


def _check(predicted: Sequence[Pair], truth: Truth, disguises: Mapping[str, str] | None) -> None:
    unknown = sorted({pair.query_id for pair in predicted} - truth.queries)
    if unknown:
        raise UnreadableError(f"{len(unknown):,} queries are not in the truth, such as {unknown[0]}")
    if not truth.pairs:
        raise UnreadableError("the truth holds no pair, so nothing can be found")
    bare = sorted({query for query, _ in truth.pairs} - set(disguises)) if disguises is not None else []
    if bare:
        raise UnreadableError(f"{len(bare):,} copies have no disguise, such as {bare[0]}")


def _per_disguise(found: Sequence[str], truth: Truth, disguises: Mapping[str, str]) -> dict[str, float]:
    there = Counter(disguises[query] for query, _ in truth.pairs)
    got = Counter(disguises[query] for query in found)
    return {kind: got[kind] / count for kind, count in sorted(there.items())}
