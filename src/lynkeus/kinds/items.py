"""What a kind stores of a picture: named bytes. The name says which model made them, so that two models never meet."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float32

from lynkeus.runtime.cards import ModelCard

Items = Mapping[str, bytes]
"""Name of each stored item to its bytes: ``item`` or ``item@maker``."""

THUMB = "thumb"
"""The thumbnail. ``lynkeus.scan`` stores one for all kinds; a kind never does."""


def made_by(item: str, model: ModelCard) -> str:
    """The name of an item that a model made.

    Args:
        item: What it is, such as ``vector``.
        model: Card of the model.
    """
    return f"{item}@{model.maker}"


def packed(vectors: Float32[np.ndarray, "..."]) -> bytes:
    """One vector or several as they are stored, in half precision."""
    return vectors.astype(np.float16).tobytes()


def unpacked(raw: bytes) -> Float32[np.ndarray, " d"]:
    """All stored numbers in a row."""
    return np.frombuffer(raw, np.float16).astype(np.float32)
