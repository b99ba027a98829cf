"""The model card: a JSON file beside a published model, which ``lynkeus.runtime.cards`` reads."""

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int

from lynkeus.data.cache import PictureCache
from lynkeus.data.sources import Listing
from lynkeus.report.laboratory.evaluation import load_evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Agreement:
    """Agreement of the exported files with the model, over training pictures.

    Attributes:
        onnx_error: Largest difference of an output between PyTorch and ONNX fp32.
        int8_cosine: Mean cosine of fp32 and int8.
        int8_cosine_lowest: Lowest cosine.
    """

    onnx_error: float
    int8_cosine: float
    int8_cosine_lowest: float


def known_figures(run: Path) -> dict[str, float]:
    """The figures of a run's evaluation; empty for a run without an evaluation."""
    found = load_evaluation(run)
    return {} if found is None else dict(found.figures)


def write_card(
    card: Path,
    model: Path,
    cache: PictureCache | Listing,
    *,
    trained: Int[np.ndarray, " m"] | None = None,
    backbone: str,
    **words: Any,
) -> None:
    """Write a model's card. This function computes digest, licence, terms, training data and date.

    Args:
        card: File to write.
        model: The model file, in the same folder.
        cache: The training pictures, or the list of the training files.
        trained: Numbers of the training pictures; None means all pictures of the cache.
        backbone: Name of the backbone, whose weights are Apache-2.0.
        words: The other fields: name, version, input, output, figures, recipe.
    """
    source = np.asarray(cache.source)
    source = source if trained is None else source[trained]
    counts = np.bincount(source, minlength=len(cache.sources))
    used = [(source, int(count)) for source, count in zip(cache.sources, counts, strict=True) if count]
    fields = {
        "name": words.pop("name"),
        "version": words.pop("version"),
        "file": model.name,
        "sha256": hashlib.sha256(model.read_bytes()).hexdigest(),
        "licence": f"Apache-2.0 (backbone: {backbone}, Apache-2.0)",
        "terms": "free" if all(source.terms == "free" for source, _ in used) else "research",
        "training_data": [
            {"folder": source.folder, "terms": source.terms, "pictures": count} for source, count in used
        ],
        **words,
        "trained": datetime.now(UTC).date().isoformat(),
    }
    card.write_text(json.dumps(fields, indent=1) + "\n")
