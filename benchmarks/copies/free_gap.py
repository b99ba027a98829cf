"""What research data buys the copy descriptor, and what int8 costs it: the same network from free data, and untrained.

``python -m benchmarks.copies.free_gap --data DATA --work DIR``, after ``python -m benchmarks.copies --half tune``
made the sets in DIR. Trains ``lynkeus.recipes.copies.copies_free`` there (about 10 minutes; it resumes), exports it
to int8 and ranks the first 1,000 references of the gallery by cosine for every third query of both suites.
Nothing else of the product takes part. The shipped network trained on the tune half's *train* pictures, so that its
figures flatter it a little where copies were made of those; the free one trained on the garments among them alone.
"""

import argparse
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import torch
from tqdm import tqdm

from benchmarks.copies.candidates import table
from benchmarks.copies.lists import SUITES
from benchmarks.copies.make import read
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.engine.launch import make_fabric
from lynkeus.metrics import micro_average_precision, recall_at_precision
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.copies.copies_free import RECIPE
from lynkeus.recipes.copies.publish import Release, publish
from lynkeus.recipes.copies.recipe import open_training_cache, start_model
from lynkeus.recipes.held_out import barred_by_lists
from lynkeus.recipes.protocol import Places
from lynkeus.runtime.cards import card
from lynkeus.runtime.sessions import PixelModel

LISTS = Path(__file__).parent / "csv"
SIDE, GALLERY, EVERY, GIVEN = 192, 1_000, 3, 10


def networks(data: Path, work: Path) -> dict[str, Path]:
    """Files: untrained (ImageNet's backbone, whitened) and trained on free data, each in fp32, too; shipped."""
    barred = barred_by_lists(LISTS)
    places = Places(data=data, out=work / "copies_free", caches=work / "caches", barred=barred)
    cache = open_training_cache(RECIPE, places)

    def exported(name: str, make: Callable[[], CopyDescriptor]) -> Path:
        file = work / "free_gap" / f"{name}.int8.onnx"
        if not file.exists():
            release = Release(name=name, version="0", recipe="lynkeus.recipes.copies.copies_free", side=SIDE)
            publish(make().eval(), release, cache, file.parent)
        return file

    small = {
        "untrained": exported("untrained", lambda: start_model(RECIPE, cache, runs=work)),
        "free": exported("free", lambda: RECIPE.train(places, make_fabric(accelerator="cpu"))),
    }
    plain = {f"{name}, fp32": file.with_name(f"{name}.onnx") for name, file in small.items()}
    return {**small, **plain, "shipped": card("copy-descriptor").path}


def measured(model: PixelModel, work: Path) -> dict[str, dict[str, float]]:
    """Figures of each suite."""
    bench = work / f"tune_{SUITES[0]}"
    truths = {suite: table(work / f"tune_{suite}" / "truth.csv", "query_id", "reference_id") for suite in SUITES}
    wanted = {name for truth in truths.values() for name in truth.values() if name}
    files = {name: Path(path) for path, name in table(bench / "gallery.csv", "path", "name").items()}
    others = [name for name in files if name not in wanted]
    names = [*sorted(wanted), *others][:GALLERY]
    gallery = np.stack([model(read(files[name]))[0][0] for name in tqdm(names, desc="gallery", disable=None)])
    figures: dict[str, dict[str, float]] = {}
    for suite, truth in truths.items():
        queries = sorted((work / f"tune_{suite}" / "queries").iterdir(), key=lambda file: file.name)[::EVERY]
        score, hit = [], []
        for query in tqdm(queries, desc=suite, disable=None):
            alike = gallery @ model(read(query))[0][0]
            for place in np.argsort(-alike, kind="stable")[:GIVEN]:
                score.append(float(alike[place]))
                hit.append(names[int(place)] == truth[query.stem])
        copies = sum(bool(truth[query.stem]) for query in queries)
        scores, hits = np.array(score), np.array(hit)
        figures[suite] = {
            "copies": copies,
            "micro_ap": micro_average_precision(scores, hits, copies),
            "recall_p90": recall_at_precision(scores, hits, copies, precision=0.9).recall,
            "among_ten": float(hits.sum()) / copies,
        }
    return figures


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    arms = {
        name: measured(PixelModel(file), options.work) for name, file in networks(options.data, options.work).items()
    }
    for name, suites in arms.items():
        print(
            name, {suite: {key: round(value, 3) for key, value in figures.items()} for suite, figures in suites.items()}
        )
    write_results(results_file("copies", "free-gap.json"), {"about": about(), "arms": arms})


if __name__ == "__main__":
    main()
