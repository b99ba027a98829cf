"""Naming new pictures that are nearly the same as registered ones.

Nearly the same: the global vectors are alike, four fifths of the reference lie in the picture, and four fifths of its
blocks agree.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from lynkeus.core import Evidence, Picture
from lynkeus.recognisers.protocol import GLOBAL, RawFinding
from lynkeus.recognisers.single_view import SingleView
from lynkeus.scan.home import Home
from lynkeus.scan.library import View

_COSINE = 0.88
_OVERLAP = _AGREEMENT = 0.8
_HELD = 256


def near_copy(home: Home, picture: Picture, items: Mapping[str, bytes], view: View) -> str:
    """Name of the registered reference that a picture is nearly the same as; empty for none.

    Args:
        home: Knows the references.
        picture: The new picture.
        items: What was enrolled of it.
        view: What is registered.
    """
    near = view.nearest(_vector(items)[None], 1)
    if near.ids[0, 0] < 0 or near.score[0, 0] < _COSINE:
        return ""
    same = _same(home.copies.recognise([picture], view)[0])
    if same is None:
        return ""
    stored = home.catalog.references.get(same.reference_id)
    return f"{stored.gallery}/{stored.name}"


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    name: str
    digest: str
    items: Mapping[str, bytes]
    vector: Float32[np.ndarray, " dim"]


class Recent:
    """The last enrolled pictures, which a view may not show yet."""

    def __init__(self) -> None:
        self._held: deque[_Held] = deque(maxlen=_HELD)

    def add(self, name: str, digest: str, items: Mapping[str, bytes]) -> None:
        """Remember an enrolled picture with all its items; equal bytes are remembered once."""
        if all(held.digest != digest for held in self._held):
            self._held.append(_Held(name, digest, items, _vector(items)))

    def near_copy(self, home: Home, items: Mapping[str, bytes]) -> str:
        """Name of the remembered picture that an enrolled one is nearly the same as; empty for none."""
        vector = _vector(items)
        alike = [(float(held.vector @ vector), held) for held in self._held]
        cosine, held = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if held is None or cosine < _COSINE:
            return ""
        found = home.copies.recognise_items(items, SingleView(held.items, home.codebook))
        return "" if _same(found) is None else held.name


def _vector(items: Mapping[str, bytes]) -> Float32[np.ndarray, " dim"]:
    return np.frombuffer(items[GLOBAL], np.float16).astype(np.float32)


def _same(found: list[RawFinding]) -> RawFinding | None:
    """The best finding, if it says that the two are nearly the same."""
    best = found[0] if found else None
    return best if best is not None and _covers(best.evidence) else None


def _covers(evidence: Evidence) -> bool:
    return evidence.overlap > _OVERLAP and (evidence.agreement or 0.0) > _AGREEMENT
