"""Files of results in JSON. The tables of the docs are made from these files."""

import json
from pathlib import Path
from typing import Any

_BENCHMARKS = Path(__file__).parents[1]


def results_file(benchmark: str, name: str) -> Path:
    """Where a benchmark keeps what it publishes.

    Args:
        benchmark: Its folder, such as ``copies``.
        name: Of the file.
    """
    return _BENCHMARKS / benchmark / "results" / name


def write_results(file: Path, report: dict[str, Any]) -> None:
    """Write a results file."""
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def read_results(file: Path) -> dict[str, Any]:
    """Read a results file; nothing where there is none."""
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def change_results(file: Path, parts: dict[str, Any]) -> None:
    """Replace parts of a results file and keep the others."""
    write_results(file, read_results(file) | parts)
