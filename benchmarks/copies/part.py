"""A part of a benchmark set: every n-th query, and the figures of predictions for these queries alone."""

import tempfile
from pathlib import Path

from benchmarks.copies.candidates import table
from benchmarks.copies.make import write_table
from benchmarks.copies.score import Figures, score


def queries_of(bench: Path, every: int = 1) -> list[Path]:
    """Each ``every``-th query of a set, by name."""
    return sorted((bench / "queries").iterdir(), key=lambda file: file.name)[::every]


def scored(bench: Path, every: int, pairs: list[tuple[str, str, float]]) -> Figures:
    """Figures of predicted pairs (query, reference, score) on these queries."""
    used = {file.stem for file in queries_of(bench, every)}
    with tempfile.TemporaryDirectory() as folder:
        part = Path(folder)
        for name, column in (("truth", "reference_id"), ("disguises", "disguise")):
            rows = table(bench / f"{name}.csv", "query_id", column)
            write_table(part / f"{name}.csv", ("query_id", column), [(k, v) for k, v in rows.items() if k in used])
        rows = [(query, reference, f"{value:.6f}") for query, reference, value in pairs]
        write_table(part / "predictions.csv", ("query_id", "reference_id", "score"), rows)
        return score(part, part / "predictions.csv")
