"""Whether pre-training by self-distillation makes a better start of the copy descriptor.

``python -m benchmarks.copies.self_distillation --data DATA --work DIR --runs DIR --caches DIR``, after
``python -m benchmarks.copies --half tune`` made the sets in the first DIR. Trains
``lynkeus.recipes.copies.copies_self_distilled`` (it resumes), whitens a new linear layer and compares, as
``benchmarks.copies.free_gap``, with the same network whitened on the same pictures without that training.
"""

import argparse
import json
from dataclasses import replace
from pathlib import Path

import cv2
import torch

from benchmarks.copies.free_gap import LISTS, SIDE, measured
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.engine.launch import make_fabric
from lynkeus.models.export import export_onnx
from lynkeus.recipes.copies.copies_self_distilled import RECIPE
from lynkeus.recipes.copies.recipe import open_training_cache, start_model
from lynkeus.recipes.held_out import barred_by_lists
from lynkeus.recipes.protocol import Places
from lynkeus.runtime.sessions import PixelModel


def networks(places: Places) -> dict[str, Path]:
    """fp32 files: ImageNet's backbone and the pre-trained one, both whitened on the same pictures."""
    RECIPE.train(places, make_fabric(accelerator="cpu"))
    cache = open_training_cache(RECIPE.network, places)
    files: dict[str, Path] = {}
    for name, start in (("untrained", None), ("self_distilled", places.out.name)):
        files[name] = places.out / f"{name}.onnx"
        if not files[name].exists():
            model = start_model(replace(RECIPE.network, start=start), cache, runs=places.out.parent)
            export_onnx(model, files[name], side=SIDE)
    return files


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--caches", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    places = Places(
        data=options.data,
        out=options.runs / "self_distilled",
        caches=options.caches,
        barred=barred_by_lists(LISTS),
    )
    arms = {name: measured(PixelModel(file), options.work) for name, file in networks(places).items()}
    for name, suites in arms.items():
        print(name, {suite: {k: round(v, 3) for k, v in figures.items()} for suite, figures in suites.items()})
    log = [json.loads(line) for line in (places.out / "log.jsonl").read_text("utf-8").splitlines()]
    report = {"about": about(), "side": SIDE, "log": [log[0], log[-1]], "arms": arms}
    write_results(results_file("copies", "self-distillation.json"), report)


if __name__ == "__main__":
    main()
