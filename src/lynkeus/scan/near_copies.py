"""Naming new pictures that are nearly the same as registered ones.

Nearly the same: the global vectors are alike, four fifths of the reference lie in the picture, and four fifths of its
blocks agree. Two pictures of one object are not: of objects the pictures themselves, by their thumbnails, decide.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float32

from lynkeus.catalog import NewReference, Owner, Reference
from lynkeus.core import Evidence, Picture
from lynkeus.core.thumbnails import read_thumbnail
from lynkeus.kinds.copies.single_view import SingleView
from lynkeus.kinds.objects.gallery import KnownObjects
from lynkeus.kinds.objects.recogniser import unpacked
from lynkeus.kinds.protocol import GLOBAL, OBJECTS, THUMB, RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.library import View

_COSINE, _OBJECT_COSINE, _SAME_OBJECT_COSINE = 0.88, 0.8, 0.95
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
    near = view.nearest(unpacked(items[GLOBAL])[None], 1)
    if near.ids[0, 0] < 0 or near.score[0, 0] < _COSINE:
        return ""
    same = _same(home.copies.recognise([picture], view)[0])
    return "" if same is None else _name(home, same.reference_id)


def near_object(home: Home, items: Mapping[str, bytes], known: KnownObjects) -> str:
    """Name of the reference of an object that a picture is nearly the same as; empty for none.

    Args:
        home: Knows the references.
        items: What was enrolled of the new picture.
        known: What is registered.
    """
    if not len(known):
        return ""
    near = known.vectors @ unpacked(items[home.object_embedder.part])
    best = int(np.argmax(near))
    number = int(known.references[best])
    return _name(home, number) if same_object_picture(home, items, number, float(near[best])) else ""


def same_object_picture(home: Home, items: Mapping[str, bytes], reference_id: int, cosine: float) -> bool:
    """Whether stored items are of nearly the same picture as a reference of an object.

    Without a thumbnail of the reference its vector decides; equal thumbnails need no points, which plain pictures lack.

    Args:
        home: Knows the reference.
        items: Of the picture; with its thumbnail.
        reference_id: The reference.
        cosine: Similarity of the two.
    """
    if cosine < _OBJECT_COSINE:
        return False
    thumb = home.catalog.blobs.read(Owner.REFERENCE, [reference_id], THUMB).get(reference_id)
    if thumb is None:
        return cosine >= _SAME_OBJECT_COSINE
    return items[THUMB] == thumb or _same_thumbnails(home, items[THUMB], thumb)


@dataclass(frozen=True, slots=True, eq=False)
class _Held:
    name: str
    digest: str
    items: Mapping[str, bytes]
    vector: Float32[np.ndarray, " dim"]


class Recent:
    """The last enrolled pictures, which a view may not show yet.

    Args:
        part: Name of their vectors among the items: ``GLOBAL``, or that of vectors of objects.
    """

    def __init__(self, part: str) -> None:
        self._part = part
        self._held: deque[_Held] = deque(maxlen=_HELD)

    def add(self, name: str, digest: str, items: Mapping[str, bytes]) -> None:
        """Remember an enrolled picture with all its items; equal bytes are remembered once."""
        if all(held.digest != digest for held in self._held):
            self._held.append(_Held(name, digest, items, unpacked(items[self._part])))

    def near_copy(self, home: Home, items: Mapping[str, bytes]) -> str:
        """Name of the remembered picture that an enrolled one is nearly the same as; empty for none."""
        vector = unpacked(items[self._part])
        of_objects = self._part != GLOBAL
        alike = [(float(held.vector @ vector), held) for held in self._held]
        cosine, held = max(alike, key=lambda pair: pair[0], default=(0.0, None))
        if held is None or cosine < (_OBJECT_COSINE if of_objects else _COSINE):
            return ""
        if of_objects:
            return held.name if _same_thumbnails(home, items[THUMB], held.items[THUMB]) else ""
        found = home.copies.recognise_items(items, SingleView(held.items, home.codebook))
        return "" if _same(found) is None else held.name


def called(gallery: str, reference: NewReference | Reference) -> str:
    """What a reference is called to users; of an object with its name, since file names repeat.

    Args:
        gallery: Where it is, or is to be.
        reference: Which.
    """
    middle = f"{reference.entity}/" if reference.kind == OBJECTS else ""
    return f"{gallery}/{middle}{reference.name}"


def _name(home: Home, reference_id: int) -> str:
    stored = home.catalog.references.get(reference_id)
    return called(stored.gallery, stored)


def _same_thumbnails(home: Home, one: bytes, other: bytes) -> bool:
    found = home.copies.compare(*(_picture(raw) for raw in (one, other)))
    return found is not None and _covers(found.evidence)


def _picture(thumbnail: bytes) -> Picture:
    rgb = read_thumbnail(thumbnail)
    return Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="")


def _same(found: list[RawFinding]) -> RawFinding | None:
    """The best finding, if it says that the two are nearly the same."""
    best = found[0] if found else None
    return best if best is not None and _covers(best.evidence) else None


def _covers(evidence: Evidence) -> bool:
    return evidence.overlap > _OVERLAP and (evidence.agreement or 0.0) > _AGREEMENT
