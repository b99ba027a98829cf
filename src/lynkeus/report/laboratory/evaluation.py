"""The evaluation of a trained model: figures, and the data that explains them, kept in a run's folder.

``evaluation/evaluation.json`` holds figures, histograms and the confusion of classes. The pictures of the sheets lie in
the same folder.
"""

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float, Float32, Int64, UInt8

from lynkeus.core import CorruptError, StorageError
from lynkeus.report.pictures import reduce

FILE, FOLDER = "evaluation.json", "evaluation"
FORMAT = 1  # the only format so far
_SIDE, _QUALITY = 192, 85  # longest side in pixels and JPEG quality of the kept pictures; chosen by eye


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Histogram:
    """Histograms of the distances of pairs within one class and of pairs across two classes.

    Attributes:
        name: Title, such as "before training".
        edges: Edges of the bins, ascending; one more than there are bins.
        same: Number of pairs within one class, per bin.
        different: Number of pairs across two classes, per bin.
    """

    name: str
    edges: Float[np.ndarray, " bins_1"]
    same: Int64[np.ndarray, " bins"]
    different: Int64[np.ndarray, " bins"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Hit:
    """A found picture.

    Attributes:
        picture: RGB; stored with a longest side of at most 192 pixels.
        label: Class of the picture.
        score: Similarity to the query, higher is more alike.
        right: Whether the picture has the class of the query.
    """

    picture: UInt8[np.ndarray, "h w 3"]
    label: str
    score: float
    right: bool


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Neighbours:
    """A query and its first hits.

    Attributes:
        picture: RGB; stored with a longest side of at most 192 pixels.
        label: Class of the query.
        hits: The hits, most alike first.
    """

    picture: UInt8[np.ndarray, "h w 3"]
    label: str
    hits: tuple[Hit, ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class HeatMap:
    """A heat map that shows where a classifier saw a class in a picture.

    Attributes:
        picture: RGB; stored with a longest side of at most 192 pixels.
        heat: Heat, 0 to 1; a grid of any size over the whole picture.
        label: True class of the picture.
        predicted: Predicted class.
        box: Left, top, right, bottom of the box that the heat map gives, as shares of width and height, 0 to 1.
        truth: Boxes that people drew, in the same form.
    """

    picture: UInt8[np.ndarray, "h w 3"]
    heat: Float32[np.ndarray, "y x"]
    label: str
    predicted: str
    box: tuple[float, float, float, float]
    truth: tuple[tuple[float, float, float, float], ...]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Confusion:
    """The confusion matrix.

    Attributes:
        names: Names of the classes.
        counts: Number of pictures by true class (row) and predicted class (column).
    """

    names: tuple[str, ...]
    counts: Int64[np.ndarray, "c c"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Evaluation:
    """The figures of a model, and the data that explains them.

    Attributes:
        figures: Figures by name, such as "mAP" or "top-1"; shares from 0 to 1 unless the name gives a unit.
        histograms: For descriptors: histograms of distances, such as before and after training.
        neighbours: For descriptors: some queries with their first hits.
        heat_maps: For classifiers: some pictures with their heat maps.
        confusion: For classifiers: the confusion matrix.
    """

    figures: Mapping[str, float]
    histograms: tuple[Histogram, ...] = ()
    neighbours: tuple[Neighbours, ...] = ()
    heat_maps: tuple[HeatMap, ...] = ()
    confusion: Confusion | None = None


@dataclass(slots=True)
class _Pictures:
    """Write and read the numbered pictures of the sheets."""

    folder: Path
    count: int = field(default=0)

    def put(self, picture: np.ndarray) -> str:
        """Store a colour picture, reduced, as JPEG, or a one-channel picture as PNG. Gives the name of the file."""
        colour = picture.ndim == 3
        name = f"{self.count:04}.{'jpg' if colour else 'png'}"
        kept = np.ascontiguousarray(reduce(picture, _SIDE)[..., ::-1]) if colour else picture
        if not cv2.imwrite(str(self.folder / name), kept, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY] if colour else []):
            raise StorageError(f"cannot write {self.folder / name}")
        self.count += 1
        return name

    def get(self, name: str) -> np.ndarray:
        read = cv2.imread(str(self.folder / name), cv2.IMREAD_UNCHANGED)
        if read is None:
            raise CorruptError(f"{self.folder / name} cannot be read")
        return np.asarray(read) if read.ndim == 2 else np.ascontiguousarray(read[..., ::-1])


def save_evaluation(evaluation: Evaluation, run: Path) -> None:
    """Store an evaluation in a run's folder, completely or not at all; an earlier evaluation is replaced.

    Raises:
        StorageError: A picture cannot be written.
    """
    fresh = run / f"{FOLDER}.new"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    pictures = _Pictures(fresh)
    row = {
        "format": FORMAT,
        "figures": {name: float(value) for name, value in evaluation.figures.items()},
        "histograms": [
            {"name": h.name, "edges": h.edges.tolist(), "same": h.same.tolist(), "different": h.different.tolist()}
            for h in evaluation.histograms
        ],
        "neighbours": [
            {
                "picture": pictures.put(row.picture),
                "label": row.label,
                "hits": [
                    {"picture": pictures.put(h.picture), "label": h.label, "score": float(h.score), "right": h.right}
                    for h in row.hits
                ],
            }
            for row in evaluation.neighbours
        ],
        "heat_maps": [
            {
                "picture": pictures.put(m.picture),
                "heat": pictures.put(np.asarray(np.clip(m.heat, 0, 1) * 255, np.uint8)),
                "label": m.label,
                "predicted": m.predicted,
                "box": m.box,
                "truth": m.truth,
            }
            for m in evaluation.heat_maps
        ],
        "confusion": None
        if evaluation.confusion is None
        else {"names": evaluation.confusion.names, "counts": evaluation.confusion.counts.tolist()},
    }
    (fresh / FILE).write_text(json.dumps(row) + "\n")
    old = run / f"{FOLDER}.old"
    shutil.rmtree(old, ignore_errors=True)
    if (run / FOLDER).exists():
        (run / FOLDER).replace(old)
    fresh.replace(run / FOLDER)
    shutil.rmtree(old, ignore_errors=True)


def load_evaluation(run: Path) -> Evaluation | None:
    """Read the evaluation in a run's folder; None when there is no evaluation.

    Raises:
        CorruptError: The evaluation cannot be read.
    """
    path = run / FOLDER / FILE
    if not path.exists():
        return None
    pictures = _Pictures(run / FOLDER)
    try:
        row: dict[str, Any] = json.loads(path.read_text())
        return _evaluation(row, pictures)
    except (ValueError, KeyError, TypeError) as error:
        raise CorruptError(f"{path} cannot be read: {error}") from error


def _evaluation(row: Mapping[str, Any], pictures: _Pictures) -> Evaluation:
    confusion = row["confusion"]
    return Evaluation(
        figures=row["figures"],
        histograms=tuple(
            Histogram(
                name=h["name"],
                edges=np.array(h["edges"], np.float64),
                same=np.array(h["same"], np.int64),
                different=np.array(h["different"], np.int64),
            )
            for h in row["histograms"]
        ),
        neighbours=tuple(
            Neighbours(
                picture=pictures.get(n["picture"]),
                label=n["label"],
                hits=tuple(
                    Hit(picture=pictures.get(h["picture"]), label=h["label"], score=h["score"], right=h["right"])
                    for h in n["hits"]
                ),
            )
            for n in row["neighbours"]
        ),
        heat_maps=tuple(
            HeatMap(
                picture=pictures.get(m["picture"]),
                heat=np.asarray(pictures.get(m["heat"]), np.float32) / np.float32(255),
                label=m["label"],
                predicted=m["predicted"],
                box=tuple(m["box"]),
                truth=tuple(tuple(box) for box in m["truth"]),
            )
            for m in row["heat_maps"]
        ),
        confusion=None
        if confusion is None
        else Confusion(names=tuple(confusion["names"]), counts=np.array(confusion["counts"], np.int64)),
    )
