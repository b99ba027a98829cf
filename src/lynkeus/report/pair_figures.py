"""Copy detection measured: register references, scan queries, score the pairs against the truth.

Source: Douze et al. 2021, https://arxiv.org/abs/2106.09672 (formats and measures of ISC 2021). Ids are file
stems.
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

WORST = 5


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """What one list of predicted pairs reaches.

    Attributes:
        copies: True pairs.
        strangers: Queries without a true pair.
        micro_ap: Micro average precision over all queries, 0 to 1.
        recall_p90: Highest recall at 90 % precision.
        recall_p99: At 99 %.
        threshold_p99: Score that gives 99 % precision; None where none does.
        disguises: Recall at 99 % precision of each disguise; empty where disguises are not known.
        worst_five: Mean of the five weakest of them; None likewise.
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
        predicted: No pair twice.
        truth: What is true.
        disguises: Disguise of each query; None where they are not known.

    Raises:
        UnreadableError: A query is not in the truth or has no disguise, or there is no true pair.
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
    """Which queries there are, and which pairs of query and reference are true."""

    queries: frozenset[str]
    pairs: frozenset[tuple[str, str]]


def read_truth(file: Path) -> Truth:
    """The truth from a csv file with the columns query_id and reference_id; an empty reference means none.

    Raises:
        UnreadableError: It is no such file.
    """
    rows = _rows(file, ("query_id", "reference_id"))
    pairs = {(row["query_id"], row["reference_id"]) for row in rows if row["reference_id"]}
    return Truth(frozenset(row["query_id"] for row in rows), frozenset(pairs))


def read_disguises(file: Path) -> dict[str, str]:
    """The disguise of each query from a csv file with the columns query_id and disguise.

    Raises:
        UnreadableError: It is no such file.
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
        raise UnreadableError(f"{file}: no csv text: {error}") from error
    except OSError as error:
        raise UnreadableError(f"{file}: {(error.strerror or 'cannot be read').lower()}") from error


def _check(predicted: Sequence[Pair], truth: Truth, disguises: Mapping[str, str] | None) -> None:
    unknown = sorted({pair.query_id for pair in predicted} - truth.queries)
    if unknown:
        raise UnreadableError(f"{len(unknown):,} queries are not in the truth, such as {unknown[0]}")
    if not truth.pairs:
        raise UnreadableError("the truth holds no pair: nothing can be found")
    bare = sorted({query for query, _ in truth.pairs} - set(disguises)) if disguises is not None else []
    if bare:
        raise UnreadableError(f"{len(bare):,} copies have no disguise, such as {bare[0]}")


def _per_disguise(found: Sequence[str], truth: Truth, disguises: Mapping[str, str]) -> dict[str, float]:
    there = Counter(disguises[query] for query, _ in truth.pairs)
    got = Counter(disguises[query] for query in found)
    return {kind: got[kind] / count for kind, count in sorted(there.items())}
