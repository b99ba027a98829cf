"""Pictures a second of our loop beside a bare PyTorch loop, and how busy a real training keeps the cores.

``python -m benchmarks.training --data DATA --work DIR [--quick]``. Both loops train the same network on the same
batches with one thread, in turns, each for some steps; the first of them do not count, nor does the checkpoint at the
end. The second part trains ``copies_free`` on all cores, as the command does, with one loader process, and adds up the
CPU of both.
"""

import argparse
import json
import os
import resource
import shutil
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.engine.checkpoint import Training
from lynkeus.engine.launch import make_fabric, set_up
from lynkeus.engine.loop import LoopOptions, fit
from lynkeus.engine.run import open_run
from lynkeus.engine.schedule import Trapezoid
from lynkeus.models.embedders.copy_descriptor import CopyDescriptor
from lynkeus.recipes.copies.copies_free import RECIPE
from lynkeus.recipes.held_out import barred_by_lists
from lynkeus.recipes.protocol import Places

LISTS = Path(__file__).parent.parent / "copies" / "csv"
SIDE, PICTURES, CLASSES = 96, 8, 16
WARM = 3


@dataclass(frozen=True, kw_only=True)
class _Config:
    steps: int


def _network() -> tuple[nn.Module, torch.optim.Optimizer]:
    torch.manual_seed(0)
    model = CopyDescriptor(dim=CLASSES, frozen_blocks=3)
    return model, torch.optim.AdamW([w for w in model.parameters() if w.requires_grad], lr=1e-4)


def _batches(start: int, stop: int) -> Iterable[tuple[Tensor, Tensor]]:
    for step in range(start, stop):
        generator = torch.Generator().manual_seed(step)
        pixels = torch.randint(0, 256, (PICTURES, SIDE, SIDE, 3), generator=generator, dtype=torch.uint8)
        yield pixels, torch.randint(0, CLASSES, (PICTURES,), generator=generator)


def bare(steps: int) -> float:
    """CPU seconds a step of a loop of eight lines."""
    model, optimiser = _network()
    model.train()
    began = 0.0
    for step, (pixels, label) in enumerate(_batches(0, steps)):
        if step == WARM:
            began = time.process_time()
        loss = functional.cross_entropy(20 * model(pixels), label)
        loss.backward()
        optimiser.step()
        optimiser.zero_grad()
    return (time.process_time() - began) / (steps - WARM)


def ours(steps: int) -> float:
    """CPU seconds a step of ``fit``: schedule, log, TensorBoard, checks and all."""
    model, optimiser = _network()
    fabric = make_fabric(accelerator="cpu")
    wrapped, optimiser = set_up(fabric, model, optimiser)
    times: list[float] = []

    def terms(batch: tuple[Tensor, Tensor]) -> Mapping[str, Tensor]:
        times.append(time.process_time())
        return {"loss": functional.cross_entropy(20 * wrapped(batch[0]), batch[1])}

    with tempfile.TemporaryDirectory() as folder:
        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=nn.Identity()),
            run=open_run(Path(folder), _Config(steps=steps + 1)),
            batches=_batches,
            terms=terms,
            options=LoopOptions(steps=steps + 1, rate=Trapezoid(warmup=2, cooldown=2, steps=steps + 1), log_every=1),
        )
    return (times[steps] - times[WARM]) / (steps - WARM)


def ratio(rounds: int, steps: int) -> dict[str, Any]:
    """Pictures a second of ours over those of the bare loop: median and quartiles over rounds."""
    pairs: list[tuple[float, float]] = []
    for number in range(rounds):
        first, second = (ours, bare) if number % 2 else (bare, ours)
        taken = {first: first(steps), second: second(steps)}
        pairs.append((taken[bare], taken[ours]))
    ratios = np.array([plain / own for plain, own in pairs])
    low, middle, high = np.quantile(ratios, (0.25, 0.5, 0.75)).round(3).tolist()
    return {
        "rounds": rounds,
        "steps": steps,
        "ratio": middle,
        "quartiles": [low, high],
        "pictures_a_second": round(PICTURES / float(np.median([own for _, own in pairs])), 1),
    }


def busy(data: Path, work: Path, steps: int) -> dict[str, Any]:
    """CPU seconds of trainer and loader over those of the clock, while ``copies_free`` trains."""
    out = work / "busy"
    shutil.rmtree(out, ignore_errors=True)
    recipe = replace(RECIPE, whiten_pictures=0, descent=replace(RECIPE.descent, steps=steps, warmup=1, cooldown=1))
    places = Places(data=data, out=out, caches=work / "caches", barred=barred_by_lists(LISTS))
    fabric = make_fabric(accelerator="cpu")
    recipe.train(places, fabric, workers=0, stop_after=0)
    before, wall = _cpu(), time.perf_counter()
    recipe.train(places, fabric, workers=1)
    wall, after = time.perf_counter() - wall, _cpu()
    return {
        "steps": steps,
        "seconds": round(wall, 1),
        "trainer_cores": round((after[0] - before[0]) / wall, 2),
        "loader_cores": round((after[1] - before[1]) / wall, 2),
    }


def _cpu() -> tuple[float, float]:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    own, children = (one.ru_utime + one.ru_stime for one in used)
    return own, children


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--work", type=Path, required=True, help="folder of caches and of a run")
    parser.add_argument("--quick", action="store_true", help="few steps; nothing is written")
    options = parser.parse_args()
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    loop = ratio(2 if options.quick else 14, 8 if options.quick else 20)
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    report = {
        "about": about(),
        "load": round(os.getloadavg()[1], 2),
        "loop": loop,
        "loader": busy(options.data, options.work, 3 if options.quick else 30),
    }
    print(json.dumps(report, indent=1))
    if not options.quick:
        write_results(results_file("training", "training.json"), report)


if __name__ == "__main__":
    main()
