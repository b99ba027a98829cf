"""Prediction files of the Image Similarity Challenge: ``query_id,reference_id,score``.

Source: Douze et al. 2021, https://arxiv.org/abs/2106.09672, section 3 (matching track). An id is a file name without
folder and extension. Our addition: a finding that names an entity has the id ``gallery/entity``, which differs from
every file name because of the slash. Scores are raw and continuous; higher is more alike. A score has at least six
decimals, and as many as are needed to read back the same number, so that the order of the pairs is kept.
"""

import csv
import math
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePath

import numpy as np

from lynkeus.core.errors import CorruptError
from lynkeus.core.findings import Finding, UploadResult
from lynkeus.report.files import whole_file
from lynkeus.report.names import visible

HEADER = ("query_id", "reference_id", "score")


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """One predicted pair: id of the upload, id of the reference, and score; higher is more alike."""

    query_id: str
    reference_id: str
    score: float


def _stem(name: str) -> str:
    return visible(PurePath(name).stem)


def _reference_id(finding: Finding) -> str:
    if finding.names_entity:
        return visible(f"{finding.gallery}/{finding.entity}")
    return _stem(finding.reference)


def shared_ids(results: Iterable[UploadResult]) -> dict[str, list[str]]:
    """Each id that stands for several files, with the sorted names of these files. Pairs of equal ids count as one.

    Args:
        results: The uploads.
    """
    queries: dict[str, set[str]] = {}
    references: dict[str, set[str]] = {}
    for result in results:
        queries.setdefault(_stem(result.upload), set()).add(visible(result.upload))
        for finding in result.findings:
            if not finding.names_entity:
                shown = visible(f"{finding.gallery}/{finding.reference} ({finding.reference_id})")
                references.setdefault(_reference_id(finding), set()).add(shown)
    return {one: sorted(files) for ids in (queries, references) for one, files in ids.items() if len(files) > 1}


def pairs(results: Iterable[UploadResult]) -> list[Pair]:
    """The predicted pairs of a scan, best first; a pair found twice keeps the higher score.

    Suppressed findings count, because the evaluation measures the recogniser without reviews.

    Raises:
        ValueError: A score is not finite.
    """
    best: dict[tuple[str, str], float] = {}
    for result in results:
        for finding in result.findings:
            if not math.isfinite(finding.score):
                raise ValueError(f"score of {visible(result.upload)} is {finding.score}, must be finite")
            key = (_stem(result.upload), _reference_id(finding))
            best[key] = max(finding.score, best.get(key, -math.inf))
    found = [Pair(query, reference, score) for (query, reference), score in best.items()]
    return sorted(found, key=lambda pair: (-pair.score, pair.query_id, pair.reference_id))


def write_isc(path: Path, results: Iterable[UploadResult]) -> None:
    """Write the predicted pairs of a scan, best first.

    Args:
        path: File to write; the file takes its name only when complete.
        results: The uploads.

    Raises:
        ValueError: A score is not finite.
        OSError: The file cannot be written.
    """
    found = pairs(results)
    with whole_file(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(HEADER)
        for pair in found:
            score = np.format_float_positional(pair.score, unique=True, min_digits=6)
            writer.writerow((pair.query_id, pair.reference_id, score))


def read_isc(path: Path) -> list[Pair]:
    """Read predicted pairs in the order of the file; a pair that occurs twice keeps the higher score.

    Raises:
        CorruptError: The header is wrong, or a line does not have three cells with a finite score.
    """
    best: dict[tuple[str, str], float] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.reader(file)
        header = next(rows, [])
        if tuple(header) != HEADER:
            raise CorruptError(f"header is {','.join(header)!r}, must be {','.join(HEADER)!r}")
        for row in rows:
            try:
                query, reference, text = row
                score = float(text)
            except ValueError as error:
                raise CorruptError(f"line {rows.line_num}: {','.join(row)!r} is not a pair with a score") from error
            if not math.isfinite(score):
                raise CorruptError(f"line {rows.line_num}: score is {text}, must be finite")
            best[query, reference] = max(score, best.get((query, reference), -math.inf))
    return [Pair(query, reference, score) for (query, reference), score in best.items()]
