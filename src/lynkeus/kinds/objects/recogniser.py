"""Objects: the upload shows a registered thing, such as a model of firearm, in another picture of it.

The network is ``lynkeus.models.embedders.object_descriptor``; its card names what trained it and the figures. A picture
is described by its vector and that of its middle, added. An entity's similarity is the mean of that to its most similar
reference and that to the middle of its references, less what unrelated pictures have anyway (score normalisation,
SSCD). Where in the upload it is seen says the class activation map of the entity
(``lynkeus.models.embedders.object_heat``). The choices were made on pictures that no figure is of, see
``docs/methods/objects.md``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Float32, UInt8

from lynkeus.core import Evidence, Picture, cosine_of, read_picture
from lynkeus.core.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.kinds.objects.gallery import KnownObjects
from lynkeus.kinds.protocol import OBJECT, OBJECTS, THUMB, RawFinding
from lynkeus.matching.heat_box import heat_box
from lynkeus.runtime.area import AreaModel
from lynkeus.runtime.cards import ModelCard, card

MODEL, CALM = "object-descriptor", "object-calm"
_LONGEST = 640
_MIDDLE = 0.7
_NEIGHBOURS = 5
SLOPE, OFFSET = 18.7, -1.1
"""From what is left of a similarity to log odds; fitted by ``benchmarks.objects.choices``, as is the share of boxes."""
_FINER = 4
_FINE, BOX_SHARE = 8, 0.45


class ObjectEmbedder:
    """Pictures to vectors of length 1.

    Args:
        model: The card of the network; None is the one that ships.

    Raises:
        CorruptError: The file is no such network.

    Attributes:
        card: The card of the network.
        part: Name of its vectors among stored items.
    """

    def __init__(self, model: ModelCard | None = None) -> None:
        self.card = card(MODEL) if model is None else model
        self.part = vector_part(self.card)
        self.model = AreaModel(self.card.path)

    def __call__(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The vector of a picture."""
        return self.model(rgb)

    def read(self, source: Path | bytes) -> Float32[np.ndarray, " d"]:
        """The vector of a file or of its bytes.

        Raises:
            UnreadableError: It is no picture that can be read.
        """
        return self(read_picture(source, max_side=_LONGEST).rgb)

    def describe(self, rgb: UInt8[np.ndarray, "h w 3"]) -> Float32[np.ndarray, " d"]:
        """The vector of a picture and its middle, length 1."""
        high, wide = rgb.shape[:2]
        tall, broad = max(1, int(high * _MIDDLE)), max(1, int(wide * _MIDDLE))
        top, left = (high - tall) // 2, (wide - broad) // 2
        both = self(rgb) + self(np.ascontiguousarray(rgb[top : top + tall, left : left + broad]))
        return np.asarray(both / max(float(np.linalg.norm(both)), 1e-12), np.float32)

    def enrol(self, picture: Picture) -> Mapping[str, bytes]:
        """Vector (half precision) and thumbnail (at most 16 KiB)."""
        return {self.part: packed(self.describe(picture.rgb)), THUMB: encode_thumbnail(picture.rgb)}

    def recall(self, items: Mapping[str, bytes]) -> Float32[np.ndarray, " d"]:
        """The vector among stored items, or that of the stored thumbnail."""
        return unpacked(items[self.part]) if self.part in items else self.describe(read_thumbnail(items[THUMB]))


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """Where an entity is seen in a picture.

    Attributes:
        region: Its box as an outline, full-size pixels, corners in order; empty where nothing speaks for it.
        heat: See ``Evidence.heat``.
    """

    region: Float[np.ndarray, "n 2"]
    heat: Float32[np.ndarray, "i j"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ObjectRecogniser:
    """Recognises objects.

    Attributes:
        embed: Pictures to vectors.
        calm: Vectors of clean pictures: what similarity an unrelated picture has anyway.
        most: Entities of each gallery that are candidates.
    """

    embed: ObjectEmbedder
    calm: Float32[np.ndarray, "n d"]
    most: int = 3
    kind: str = OBJECTS
    _calm_middle: Float32[np.ndarray, " d"] = field(init=False)

    def __post_init__(self) -> None:
        middle = self.calm.mean(axis=0) if len(self.calm) else np.zeros(self.calm.shape[1], np.float32)
        object.__setattr__(self, "_calm_middle", middle)

    def recognise(self, vector: Float32[np.ndarray, " d"], known: KnownObjects) -> list[RawFinding]:
        """The most similar entities of each gallery, best first, each with its most similar reference.

        Args:
            vector: What ``describe`` gave for the upload.
            known: The references.
        """
        if not len(known):
            return []
        near = known.vectors @ vector
        best = np.maximum.reduceat(near, known.starts)
        calm = self._calm_level(vector)
        score = SLOPE * ((best + known.middles @ vector) / 2 - calm) + OFFSET
        found: list[RawFinding] = []
        for entity in known.leading(score, self.most):
            row = int(known.starts[entity]) + int(np.argmax(near[known.rows(entity)]))
            none = np.zeros((0, 2))
            found.append(
                RawFinding(
                    reference_id=int(known.references[row]),
                    score=float(score[entity]),
                    evidence=Evidence(
                        transform=None, upload_points=none, reference_points=none, cosine=cosine_of(float(near[row]))
                    ),
                    figures={"similarity": float(best[entity]), "calm": calm},
                )
            )
        return sorted(found, key=lambda each: -each.score)

    def locate(self, picture: Picture, reference_ids: Sequence[int], known: KnownObjects) -> list[Place]:
        """Where the entities of some references are seen in a picture.

        The map is that of the middle of the entity's references less the middle of the clean pictures, on a grid
        finer than the descriptor's; its cube root is taken, since pooling cubes.

        Args:
            picture: The upload, or its thumbnail with the upload's full size.
            reference_ids: One of each entity.
            known: The references.
        """
        towards = np.stack([known.middles[known.entity_of(number)] for number in reference_ids]) - self._calm_middle
        parts = self.embed.model.heat(picture.rgb, towards, area=_FINER * self.embed.model.area)
        return [place_of(part, picture.width, picture.height) for part in np.moveaxis(parts, 2, 0)]

    def _calm_level(self, vector: Float32[np.ndarray, " d"]) -> float:
        if not len(self.calm):
            return 0.0
        return float(np.sort(self.calm @ vector)[-_NEIGHBOURS:].mean())


def place_of(part: Float32[np.ndarray, "i j"], width: int, height: int) -> Place:
    """Heat and box of what each place gives to a similarity.

    Args:
        part: What each place of a grid over the whole picture gives; negative where it speaks against.
        width: Of the picture, full-size pixels.
        height: Likewise.
    """
    heat = np.cbrt(np.maximum(part, 0))
    heat = np.asarray(heat / max(float(heat.max(initial=0.0)), 1e-12), np.float32)
    return Place(outline_of(heat, width, height, share=BOX_SHARE), heat)


def outline_of(heat: Float32[np.ndarray, "i j"], width: int, height: int, *, share: float) -> Float[np.ndarray, "n 2"]:
    """The box around the largest blob of a heat map, as ``Place.region``.

    Args:
        heat: The map, 0 to 1, over the whole picture.
        width: Of the picture, full-size pixels.
        height: Likewise.
        share: Of the maximum, from which on a place belongs to a blob.
    """
    high, wide = (_FINE * side for side in heat.shape)
    box = heat_box(cv2.resize(heat, (wide, high), interpolation=cv2.INTER_LINEAR), share=share)
    if box is None:
        return np.zeros((0, 2))
    left, top, right, bottom = np.array(box) / (wide, high, wide, high) * (width, height, width, height) - 0.5
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def vector_part(model: ModelCard) -> str:
    """Name, among stored items, of the vectors of a network: those of two networks never meet."""
    return f"{OBJECT}-{model.sha256[:12]}"


def packed(vector: Float32[np.ndarray, " d"]) -> bytes:
    """A vector as it is stored."""
    return vector.astype(np.float16).tobytes()


def unpacked(raw: bytes) -> Float32[np.ndarray, " d"]:
    """A vector of its stored form."""
    return np.frombuffer(raw, np.float16).astype(np.float32)
