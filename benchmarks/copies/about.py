"""What every results file says about its making, and writing these files."""

import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cv2
import faiss
import numpy as np
import onnxruntime

from lynkeus import __version__
from lynkeus.runtime.cards import cards

RESULTS = Path(__file__).parent / "results"


def about() -> dict[str, Any]:
    """Date, versions, models and machine."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "version": __version__,
        "models": {card.name: card.sha256 for card in cards()},
        "libraries": {
            "numpy": np.__version__,
            "opencv": cv2.__version__,
            "faiss": faiss.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
    }


def write_results(name: str, report: dict[str, Any], *, folder: Path = RESULTS) -> None:
    """Write a results file."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(json.dumps(report, indent=1) + "\n", "utf-8")


def read_results(name: str, *, folder: Path = RESULTS) -> dict[str, Any]:
    """Read a results file; nothing where there is none."""
    file = folder / name
    return json.loads(file.read_text("utf-8")) if file.exists() else {}


def changed_results(name: str, parts: dict[str, Any]) -> None:
    """Put parts of a results file anew and leave the others as they are."""
    write_results(name, read_results(name) | parts)
