"""What every results file says about its making."""

import os
import platform
from datetime import UTC, datetime
from typing import Any

import cv2
import faiss
import numpy as np
import onnxruntime

from lynkeus import __version__
from lynkeus.runtime.cards import cards


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
