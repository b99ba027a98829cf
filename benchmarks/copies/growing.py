"""References for galleries of any size: pictures first, then crops and edits of them.

Order: the tune half's references, then pictures that are no query's source, host, stranger, nor alike to
one; then *crops* (a part of one of these others, perhaps mirrored, recoloured and stored as JPEG, 256 pixels at most,
enrolled as any picture); then *cuts*, which are made from what was enrolled and so cost little: the points of such
a picture or crop within a rectangle, each with two of its 32 half-bytes of code drawn anew, the vector turned towards
another's until their cosine is .8, and the thumbnail cut likewise. Neither is made from a reference of the half: these
are the queries' sources, so that the queries would be copies of it. Everything follows from the reference's number.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from benchmarks.copies import lists
from benchmarks.copies.make import read
from lynkeus.catalog import NewReference, Owner
from lynkeus.core import Picture, Sample, UnreadableError, read_picture
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.kinds.copies.recogniser import CopyRecogniser, load
from lynkeus.kinds.items import THUMB, Items, unpacked
from lynkeus.matching.compact import CompactFeatures
from lynkeus.scan.home import Home

MOST_PICTURES = 10_000
_SALT = "growth"
_CROP_SIDE, _LEAST_SIDE = 256, 96
_REDRAWN, _HALF_BYTES = 2, 32
_KEPT_COSINE = 0.8
_LEAST_POINTS = 40


@dataclass(frozen=True, slots=True)
class Material:
    """What references are made from.

    Attributes:
        data: Folder with all pictures.
        sources: Paths below it of what queries are made from; registered first, and nothing is made of them.
        others: Paths of the pictures that follow, in their order.
        crops: Crops that follow the pictures; cuts follow these.
    """

    data: Path
    sources: tuple[str, ...]
    others: tuple[str, ...]
    crops: int

    @classmethod
    def of(cls, data: Path, half: str, crops: int) -> "Material":
        """``MOST_PICTURES`` pictures, none of them kin of a query; those of 32 x 32 pixels are left out."""
        taken = {
            row["path"] for name in ("hosts", "strangers", "near_copies") for row in lists.read_list(f"{name}.csv")
        }
        own = lists.references(half)
        others = [
            path
            for path in lists.pictures_below(data, "")
            if lists.folder_of(path) not in (*lists.NO_PICTURES, "cifar10") and path not in taken
        ]
        ordered = sorted(others, key=lambda path: lists.stable(f"{_SALT} {path}"))
        return cls(data, tuple(own), tuple(ordered[: MOST_PICTURES - len(own)]), crops)

    @property
    def pictures(self) -> tuple[str, ...]:
        """All pictures, in the order in which they are registered."""
        return self.sources + self.others

    def kind(self, number: int) -> str:
        """How the reference of a number is made: ``pictures``, ``crops`` or ``cuts``."""
        pictures = len(self.sources) + len(self.others)
        return "pictures" if number < pictures else "crops" if number < pictures + self.crops else "cuts"


@dataclass(frozen=True, eq=False)
class Maker:
    """Makes references.

    Attributes:
        copies: Enrols them.
        material: From what.
        stock: Pictures that were enrolled before, by path below the data folder.
        stored: Items of the references so far, of which cuts are made; filled while they are made.
    """

    copies: CopyRecogniser
    material: Material
    stock: Mapping[str, NewReference] = field(default_factory=dict[str, NewReference])
    stored: list[Items] = field(default_factory=list[Items])

    def __call__(self, first: int, behind: int) -> Iterator[tuple[NewReference, str]]:
        """The references from one number to before another, with how each was made; unreadable files are left out."""
        for number in range(first, behind):
            kind = self.material.kind(number)
            rng = np.random.default_rng(lists.stable(f"{_SALT} {number}"))
            if kind == "cuts":
                items = self._cut(rng)
                shown = CompactFeatures.unpack(items[self.copies.names.local])
                yield self._reference(f"cut {number}", items, width=shown.width, height=shown.height), kind
                continue
            name = self._pictures[number] if kind == "pictures" else f"crop {number}"
            try:
                made = self.stock.get(name) or self._enrolled(name, kind, rng)
            except UnreadableError:
                continue
            self.keep(name, made.blobs)
            yield made, kind

    def keep(self, name: str, items: Items) -> None:
        """Remember items for cuts, unless queries are made from that picture or it holds too few points."""
        if name not in self._sources and self._points(items) >= _LEAST_POINTS:
            self.stored.append(items)

    def _points(self, items: Items) -> int:
        return len(CompactFeatures.unpack(items[self.copies.names.local]))

    @cached_property
    def _sources(self) -> frozenset[str]:
        return frozenset(self.material.sources)

    @cached_property
    def _pictures(self) -> tuple[str, ...]:
        return self.material.pictures

    def _enrolled(self, name: str, kind: str, rng: np.random.Generator) -> NewReference:
        picture = self._picture(name) if kind == "pictures" else self._crop(rng)
        return self._reference(name, enrolled(self.copies, picture), width=picture.width, height=picture.height)

    def _picture(self, name: str) -> Picture:
        return read_picture(self.material.data / name, max_side=WORKING_SIDE)

    def _crop(self, rng: np.random.Generator) -> Picture:
        pictures = self.material.others
        rgb = read(self.material.data / pictures[int(rng.integers(len(pictures)))])
        keep = rng.uniform(0.5, 0.9)
        height, width = (max(_LEAST_SIDE, round(side * keep)) for side in rgb.shape[:2])
        top, left = (
            int(rng.integers(0, max(1, side - kept))) for side, kept in zip(rgb.shape, (height, width), strict=False)
        )
        part = rgb[top : top + height, left : left + width]
        zoom = min(1.0, _CROP_SIDE / max(part.shape[:2]))
        part = cv2.resize(part, None, fx=zoom, fy=zoom, interpolation=cv2.INTER_AREA)
        part = part[:, ::-1] if rng.random() < 0.5 else part
        gain, lift = rng.uniform(0.7, 1.3, 3), rng.uniform(-25, 25)
        part = np.clip(part * gain + lift, 0, 255).astype(np.uint8)
        _, raw = cv2.imencode(".jpg", part[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(60, 96))])
        return read_picture(raw.tobytes())

    def _cut(self, rng: np.random.Generator) -> Items:
        items, other = (self.stored[int(place)] for place in rng.integers(0, len(self.stored), 2))
        keep = rng.uniform(0.7, 0.95)
        corner = rng.uniform(0, 1 - keep, 2)
        local, vectors = self.copies.names.local, self.copies.names.vectors
        return {
            local: _cut_points(CompactFeatures.unpack(items[local]), corner, keep, rng).pack(),
            vectors: _turned(items[vectors], other[vectors]),
            THUMB: _cut_pixels(items[THUMB], corner, keep),
        }

    def _reference(self, name: str, items: Items, *, width: int, height: int) -> NewReference:
        return grown(name, items, self.copies.traits.version, width=width, height=height)


def enrolled(copies: CopyRecogniser, picture: Picture) -> Items:
    """What registering a picture stores of it, with the thumbnail."""
    return {**copies.enrol(Sample(source=picture)), THUMB: encode_thumbnail(picture.rgb)}


def stored_items(home: Home, copies: CopyRecogniser, reference_ids: Sequence[int]) -> Mapping[int, Items]:
    """What is stored of references, with the thumbnails, by reference id."""
    items = copies.names.local, copies.names.vectors, THUMB
    return home.catalog.blobs.items(Owner.REFERENCE, reference_ids, items)


def grown(name: str, items: Items, version: str, *, width: int | None, height: int | None) -> NewReference:
    """A reference under a name, which serves as its source and makes its digest, too."""
    return NewReference(
        entity=name,
        name=name,
        digest=f"{lists.stable(name):064x}",
        source=name,
        width=width,
        height=height,
        model_version=version,
        blobs=items,
    )


def stock(home: Home, data: Path, gallery: str) -> dict[str, NewReference]:
    """The references of a gallery by path below the data folder; none where the present code enrols otherwise."""
    found: dict[str, NewReference] = {}
    copies = load(home.models)
    after = 0
    while page := home.catalog.references.page(gallery, after=after):
        stored = stored_items(home, copies, [reference.id for reference in page])
        for reference in page:
            items = stored[reference.id]
            picture = Path(reference.source)
            if not found and enrolled(copies, read_picture(picture, max_side=WORKING_SIDE)) != items:
                return {}
            name = picture.relative_to(data.resolve()).as_posix()
            found[name] = grown(name, items, copies.traits.version, width=reference.width, height=reference.height)
        after = page[-1].id
    return found


def _cut_points(f: CompactFeatures, corner: np.ndarray, keep: float, rng: np.random.Generator) -> CompactFeatures:
    size = np.array([f.width, f.height], np.float32)
    low, high = corner * size, (corner + keep) * size
    inside = np.flatnonzero(((f.points >= low) & (f.points < high)).all(1))
    codes = f.codes[inside].copy()
    rows = np.arange(len(inside))
    for _ in range(_REDRAWN):
        place = rng.integers(0, _HALF_BYTES, len(inside))
        shift = 4 * (place % 2)
        drawn = rng.integers(0, 16, len(inside))
        codes[rows, place // 2] = (codes[rows, place // 2] & (0xF0 >> shift)) | (drawn << shift)
    width, height = (max(8, round(float(side))) for side in keep * size)
    return replace(
        f,
        codes=codes,
        points=(f.points[inside] - low).astype(np.float32),
        scale=f.scale[inside],
        angle=f.angle[inside],
        permutation=f.permutation[inside],
        lists=f.lists[inside],
        width=width,
        height=height,
    )


def _turned(raw: bytes, other: bytes) -> bytes:
    vector, towards = unpacked(raw), unpacked(other)
    aside = towards - (towards @ vector) * vector
    aside /= max(float(np.linalg.norm(aside)), 1e-6)
    turned = _KEPT_COSINE * vector + np.sqrt(1 - _KEPT_COSINE**2) * aside
    return (turned / np.linalg.norm(turned)).astype(np.float16).tobytes()


def _cut_pixels(raw: bytes, corner: np.ndarray, keep: float) -> bytes:
    rgb = read_thumbnail(raw)
    left, top = (corner * rgb.shape[1::-1]).astype(int)
    width, height = (max(8, round(side * keep)) for side in rgb.shape[1::-1])
    return encode_thumbnail(rgb[top : top + height, left : left + width])
