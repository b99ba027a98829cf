"""Objects in a scan: are they named, are strangers left alone, do rates hold, does the box lie on the thing?

Galleries are drawn five times, with 1, 3 and 5 references an entity; the other pictures of the entities are uploads.
``wsol`` and the logos trained nothing that is used here; firearms, cars and birds trained the descriptor, their figures
only show that what trained is known. Strangers are the pictures of ``copydet`` in the test half of
``benchmarks/copies``, less those that show a registered kind of thing; the tune half made what ships. Everything that
was chosen was chosen on the train part of ``wsol``, of which references are drawn here, and on the tune half.

Run: ``python -m benchmarks.objects.open_set DATA CACHE``; 10 min, one CPU core. CACHE keeps the vectors.
With ``--cost`` at the end, it times an upload instead; with ``--unseen RUNS CACHES``, the folders of
``benchmarks.objects``, it measures firearms, cars and birds held out of the training of its folds (15 min).
"""

import csv
import json
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from benchmarks.harness.about import about
from benchmarks.harness.results import change_results, results_file
from benchmarks.harness.rounds import Rounds, open_floor
from benchmarks.objects.folds import FOLDS, held_out
from benchmarks.objects.reached import mean, spread
from lynkeus.calibration.rates import RateModel, needed
from lynkeus.core import Belief, Evidence, Picture, read_picture
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.core.thumbnails import encode_thumbnail, read_thumbnail
from lynkeus.kinds.items import packed, unpacked
from lynkeus.kinds.objects.embedder import DESCRIPTOR, ObjectEmbedder
from lynkeus.kinds.objects.heat import Place
from lynkeus.kinds.objects.index import ObjectView
from lynkeus.kinds.objects.recogniser import OPEN, ObjectRecogniser, load
from lynkeus.kinds.protocol import RawFinding
from lynkeus.metrics.localisation import best_overlap
from lynkeus.recipes.objects.centres import HALF
from lynkeus.recipes.objects.centres import train as centres
from lynkeus.recipes.objects.object_descriptor_all import RECIPE
from lynkeus.recipes.objects.publish import FILE, publish_objects
from lynkeus.recipes.objects.recipe import load_embedder, open_object_pictures
from lynkeus.recipes.protocol import Places
from lynkeus.runtime.cards import ModelCard, card, exported_card

RESULTS = results_file("objects", "open_set.json")
SPLIT = Path(__file__).parents[1] / "copies" / "csv" / "split.csv"
REFERENCES, DRAWS, ALARMS, PARTS = (1, 3, 5), 5, (100, 10), 4
TRAINED = frozenset({"firearms", "cars", "birds"})
_DOGS = ("n02085620", "n02113978")
_WORDS = {
    "wsol": ("Granny_Smith", "orange", "banana", "strawberry", "wallaby"),
    "logos": (),
    "firearms": ("_rifle", "revolver", "holster"),
    "cars": ("_cab.", "limousine", "wagon", "jeep", "minivan", "convertible", "racer", "sports_car", "car_mirror"),
    "birds": ("finch", "jay", "owl", "hummingbird", "bunting", "robin", "bulbul", "ouzel", "chickadee", "junco"),
}

Labelled = list[tuple[str, str]]


def entities(data: Path) -> Iterator[tuple[str, Labelled, Labelled]]:
    """Name of each set; pictures that may be references, and those that are uploads, with their entities."""
    parted: dict[str, dict[str, str]] = {"train": {}, "val": {}}
    for row in _rows(data / "wsol" / "boxes.csv"):
        parted[row["split"]]["wsol/" + row["path"]] = row["class"]
    yield "wsol", list(parted["train"].items()), list(parted["val"].items())
    logos = _logos(data / "logos" / "flickrlogos27")
    yield "logos", logos, logos
    for name, file, folder, column in (
        ("firearms", "firearms/models.csv", "firearms", "model"),
        ("cars", "finegrained/cars.csv", "finegrained", "class_name"),
        ("birds", "finegrained/birds.csv", "finegrained", "class_name"),
    ):
        known = [(f"{folder}/{row['path']}", row[column]) for row in _rows(data / file)]
        yield name, known, known


def _rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as lines:
        return list(csv.DictReader(lines))


def _logos(folder: Path) -> Labelled:
    """Pictures that show one brand."""
    coco = json.loads((folder / "coco.json").read_text("utf-8"))
    names = {each["id"]: each["name"] for each in coco["categories"]}
    shown: dict[int, set[str]] = defaultdict(set)
    for box in coco["annotations"]:
        shown[box["image_id"]].add(names[box["category_id"]])
    files = {each["id"]: f"logos/flickrlogos27/{each['file_name']}" for each in coco["images"]}
    return [(files[number], brands.pop()) for number, brands in sorted(shown.items()) if len(brands) == 1]


def strangers(name: str, *, half: str = "test") -> list[str]:
    """Pictures of a half that show nothing of a set."""
    listed = [row["path"] for row in _rows(SPLIT) if row["half"] == half]
    return [path for path in listed if not _shows(path, name)]


def _shows(path: str, name: str) -> bool:
    file = Path(path).name
    dog = name == "wsol" and _DOGS[0] <= file.split("_")[0] <= _DOGS[1]
    return "imagenet_sample" in path and (dog or any(word in file for word in _WORDS[name]))


class Vectors:
    """Vectors of pictures, kept in a file."""

    def __init__(self, data: Path, cache: Path, embedder: ObjectEmbedder) -> None:
        self._data, self._cache, self._embedder = data, cache, embedder

    def __call__(self, name: str, paths: list[str], *, thumbnails: bool = False) -> np.ndarray:
        """The vectors as they are stored; of thumbnails as the background has them."""
        file = self._cache / f"{name}-{self._embedder.card.sha256[:12]}.npz"
        if file.exists():
            held = np.load(file)
            if held["paths"].tolist() == paths:
                return held["vectors"]
        found: list[np.ndarray] = []
        for path in paths:
            rgb = read_picture(self._data / path, max_side=WORKING_SIDE).rgb
            rgb = read_thumbnail(encode_thumbnail(rgb)) if thumbnails else rgb
            found.append(unpacked(packed(self._embedder.describe(rgb))))
        self._cache.mkdir(parents=True, exist_ok=True)
        np.savez(file, paths=np.array(paths), vectors=np.stack(found))
        return np.stack(found)


def gallery(labels: np.ndarray, vectors: np.ndarray, chosen: np.ndarray) -> ObjectView:
    """A gallery of some pictures; reference ids are their places."""
    owners = np.unique(labels, return_inverse=True)[1]
    return ObjectView.of(chosen, owners[chosen], np.zeros(len(chosen), np.int64), vectors[chosen])


def drawn(labels: np.ndarray, count: int, rng: np.random.Generator) -> np.ndarray:
    """So many pictures of each entity."""
    members = [np.flatnonzero(labels == name) for name in np.unique(labels)]
    return np.concatenate([rng.permutation(each)[:count] for each in members])


def best(recogniser: ObjectRecogniser, vector: np.ndarray, view: ObjectView) -> tuple[float, int]:
    """Score and reference of what leads."""
    found = recogniser.match(vector, view)[0]
    return found.score, found.reference_id


def place(recogniser: ObjectRecogniser, picture: Picture, reference: int, view: ObjectView) -> Place:
    """Where the entity of a reference is seen in a picture, whatever its score."""
    asked = RawFinding(reference_id=reference, score=0.0, belief=Belief.UNLIKELY, evidence=Evidence())
    return recogniser.places(picture, [asked], view)[0]


def main(data: Path, cache: Path) -> None:
    """Measure all sets and write the results."""
    recogniser = load(card)
    vectors = Vectors(data, cache, recogniser.embed)
    sets: dict[str, Any] = {}
    for name, references, uploads in entities(data):
        draws, sizes = drawn_figures(recogniser, vectors, name, references, uploads)
        sets[name] = sizes | {"trained": name in TRAINED, "references": {n: spread(each) for n, each in draws.items()}}
    change_results(RESULTS, {"sets": sets, "boxes": boxes(data, recogniser, vectors), **about()})


def unseen(data: Path, cache: Path, runs: Path, caches: Path) -> None:
    """Measure firearms, cars and birds that did not train, fold by fold, with what each fold's run gives."""
    places = Places(data=data, out=runs, caches=caches)
    pictures = open_object_pictures(RECIPE, places)
    tune = [data / row["path"] for row in _rows(SPLIT) if row["half"] == HALF]
    draws: dict[str, dict[str, list[dict[str, float]]]] = defaultdict(lambda: defaultdict(list))
    sizes: dict[str, list[dict[str, int]]] = defaultdict(list)
    for fold in range(FOLDS):
        held = held_out(fold)
        model = load_embedder(runs / f"fold{fold}", replace(RECIPE, held_out=tuple(sorted(held))))
        trained = np.flatnonzero(pictures.without(held))
        publish_objects(model, RECIPE.release, pictures.cache, cache / f"fold{fold}", trained=trained)
        recogniser = _trained(exported_card(cache / f"fold{fold}" / f"{FILE}.json"), tune)
        vectors = Vectors(data, cache, recogniser.embed)
        names = {name for _, name in held}
        for name, references, _ in entities(data):
            if name in TRAINED:
                kept = [each for each in references if each[1] in names]
                found, size = drawn_figures(recogniser, vectors, name, kept, kept)
                sizes[name].append(size)
                for count, figures in found.items():
                    draws[name][count] += figures
    counted = {
        name: {key: round(np.mean([each[key] for each in of]).item()) for key in of[0]} for name, of in sizes.items()
    }
    spreads = {name: {n: spread(each) for n, each in found.items()} for name, found in draws.items()}
    change_results(
        RESULTS, {"unseen": {name: counted[name] | {"references": found} for name, found in spreads.items()}}
    )


def _trained(descriptor: ModelCard, tune: list[Path]) -> ObjectRecogniser:
    """The recogniser with another network, normalised with centres of that network's vectors of some pictures."""
    recogniser = load(lambda name: descriptor if name == DESCRIPTOR else card(name))
    vectors = centres(tune, recogniser.embed).astype(np.float32)
    return replace(recogniser, clean=replace(recogniser.clean, vectors=vectors))


def drawn_figures(
    recogniser: ObjectRecogniser, vectors: Vectors, name: str, references: Labelled, uploads: Labelled
) -> tuple[dict[str, list[dict[str, float]]], dict[str, int]]:
    """Figures of each draw by the number of references, and how many entities, uploads and strangers there were."""
    clean = strangers(name)
    full, small = vectors(f"{name}-clean", clean), vectors(f"{name}-thumbs", clean, thumbnails=True)
    labels = np.array([label for _, label in references])
    known = vectors(f"{name}-references", [path for path, _ in references])
    apart = uploads is not references
    asked = vectors(f"{name}-uploads", [path for path, _ in uploads]) if apart else known
    found: dict[str, list[dict[str, float]]] = {}
    left = np.arange(len(uploads))
    for count in REFERENCES:
        draws: list[dict[str, float]] = []
        for draw in range(DRAWS):
            chosen = drawn(labels, count, np.random.default_rng((draw, count)))
            view = gallery(labels, known, chosen)
            left = np.arange(len(uploads)) if apart else np.setdiff1d(np.arange(len(uploads)), chosen)
            told = [best(recogniser, asked[number], view) for number in left]
            right = np.array(
                [labels[reference] == uploads[number][1] for (_, reference), number in zip(told, left, strict=True)]
            )
            score = np.array([each for each, _ in told])
            high = np.array([best(recogniser, vector, view)[0] for vector in full])
            low = np.array([best(recogniser, vector, view)[0] for vector in small])
            garments = np.array(["clothing_cc0" in path for path in clean])
            figures = open_set(score, right, high) | kept_by_policies(score, right, high, low)
            draws.append(figures | foreign(high[~garments], low[garments]))
        found[str(count)] = draws
        print(name, count, json.dumps({key: mean(draws, key) for key in draws[0]}), flush=True)
    return found, {"entities": len(np.unique(labels)), "uploads": len(left), "strangers": len(clean)}


def open_set(score: np.ndarray, right: np.ndarray, clean: np.ndarray) -> dict[str, float]:
    """Rank 1, and detection and identification where so many strangers score higher."""
    figures = {"rank_1": float(right.mean())}
    for one_in in ALARMS:
        threshold = np.sort(clean)[-1 - len(clean) // one_in]
        figures[f"detected at 1 in {one_in}"] = float((score > threshold).mean())
        figures[f"named at 1 in {one_in}"] = float(((score > threshold) & right).mean())
    return figures


def kept_by_policies(score: np.ndarray, right: np.ndarray, clean: np.ndarray, thumbs: np.ndarray) -> dict[str, float]:
    """What policies do: each quarter of the strangers is judged by a calibration on the thumbnails of the others."""
    part = np.random.default_rng(0).permutation(len(clean)) % PARTS
    figures: dict[str, float] = {}
    for one_in in ALARMS:
        stopped, named = 0, []
        for number in range(PARTS):
            calibrating = thumbs[part != number].astype(np.float64)
            model = RateModel.fit(calibrating)
            assert model is not None
            assert len(calibrating) >= needed(1 / one_in)
            stopped += sum(_acts(model, each, one_in) for each in clean[part == number])
            acted = np.array([_acts(model, each, one_in) for each in score])
            named.append(float((acted & right).mean()))
        figures[f"policy 1/{one_in}: clean stopped"] = stopped / len(clean)
        figures[f"policy 1/{one_in}: named"] = float(np.mean(named))
    return figures


def _acts(model: RateModel, score: float, one_in: int) -> bool:
    """Whether the product would act, see ``lynkeus.scan.judge`` and ``lynkeus.kinds.objects.recogniser``."""
    return score >= OPEN and model(float(score)).within(1 / one_in)


def foreign(clean: np.ndarray, garments: np.ndarray) -> dict[str, float]:
    """Share of other clean pictures that a policy stops which knows garments alone: a background unlike the traffic."""
    model = RateModel.fit(garments.astype(np.float64))
    assert model is not None
    rare = sum(model(float(each)).within(1 / 10) for each in clean)
    stopped = sum(_acts(model, each, 10) for each in clean)
    return {
        "policy 1/10 from garments: others stopped": stopped / len(clean),
        "the same by rates alone": rare / len(clean),
    }


def drawn_boxes(data: Path) -> dict[str, list[np.ndarray]]:
    """The boxes that people drew in the pictures of ``wsol``: left, top, right, bottom."""
    truth: dict[str, list[np.ndarray]] = defaultdict(list)
    for row in _rows(data / "wsol" / "boxes.csv"):
        truth["wsol/" + row["path"]].append(np.array([float(row[key]) for key in ("xmin", "ymin", "xmax", "ymax")]))
    return truth


def box_of(region: np.ndarray) -> np.ndarray:
    """Left, top, right, bottom of an outline with edges outside of the pixels; zeros where there is none."""
    return np.concatenate([region[0], region[2]]) + 0.5 if len(region) else np.zeros(4)


def boxes(data: Path, recogniser: ObjectRecogniser, vectors: Vectors) -> dict[str, Any]:
    """Share of the val pictures of ``wsol`` whose box has an overlap of at least one half with a drawn one."""
    (_, references, uploads) = next(entities(data))
    labels = np.array([label for _, label in references])
    known = vectors("wsol-references", [path for path, _ in references])
    truth = drawn_boxes(data)
    chosen = drawn(labels, max(REFERENCES), np.random.default_rng((0, max(REFERENCES))))
    view = gallery(labels, known, chosen)
    of_entity = {str(labels[number]): int(number) for number in chosen}
    reached: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for path, label in uploads:
        picture = read_picture(data / path, max_side=WORKING_SIDE)
        box = box_of(place(recogniser, picture, of_entity[label], view).region)
        wide, high = picture.width, picture.height
        tried = {
            "heat": box,
            "whole picture": np.array([0, 0, wide, high]),
            "middle, 0.8 of the sides": np.array([0.1 * wide, 0.1 * high, 0.9 * wide, 0.9 * high]),
        }
        for name, guess in tried.items():
            reached[name][label].append(best_overlap(guess.tolist(), np.stack(truth[path])))
    return {
        name: {
            "pictures": sum(map(len, by_class.values())),
            "overlap at least 0.5": round(float(np.mean([o >= 0.5 for each in by_class.values() for o in each])), 4),
            "by class": {c: round(float(np.mean([o >= 0.5 for o in each])), 3) for c, each in sorted(by_class.items())},
        }
        for name, by_class in reached.items()
    }


def cost(data: Path, cache: Path) -> None:
    """Time what an upload costs, found or not, and put that into the results."""
    recogniser = load(card)
    rng = np.random.default_rng(0)
    many = rng.normal(size=(1000, recogniser.clean.vectors.shape[1])).astype(np.float32)
    view = ObjectView.of(np.arange(1000), np.arange(1000) // 5, np.zeros(1000, np.int64), many)
    pictures = [read_picture(data / path, max_side=WORKING_SIDE) for path in strangers("logos")[:160]]

    def clear(picture: Picture) -> list[RawFinding]:
        return recogniser.match(recogniser.observe(picture), view)

    def found(picture: Picture) -> list[RawFinding | None]:
        return recogniser.locate(picture, clear(picture)[:1], view)

    steps: dict[str, Callable[[Picture], object]] = {"nothing found": clear, "found and located": found}
    costs: dict[str, Any] = {}
    for name, step in steps.items():
        rounds = Rounds(floor=open_floor(cache / "floor"), size=16)
        for picture in pictures:
            with rounds.picture():
                step(picture)
        costs[name] = asdict(rounds.cost())
    change_results(RESULTS, {"cost": costs})


if __name__ == "__main__":
    cv2.setNumThreads(1)
    folders = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    (cost if "--cost" in sys.argv else unseen if "--unseen" in sys.argv else main)(*folders)
