"""Toy descriptor of made vectors: trains in a second.

Source: none, made for the tests.
Expected: mAP above 0.5.
Cost: 1 s.
Run: ``lynkeus train toy --out runs/toy``
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from lynkeus.core import DataError
from lynkeus.engine.checkpoint import Training, read_checkpoint
from lynkeus.engine.launch import set_up
from lynkeus.engine.loop import LoopOptions, fit
from lynkeus.engine.run import open_run
from lynkeus.engine.schedule import Trapezoid
from lynkeus.recipes.protocol import Places
from lynkeus.report.laboratory.evaluation import Confusion, Evaluation, HeatMap, Histogram, Hit, Neighbours

TRAINED: list[str] = []


@dataclass(frozen=True, kw_only=True, slots=True)
class Margins:
    pull: float
    push: float

    def __post_init__(self) -> None:
        if self.pull >= self.push:
            raise ValueError(f"pull is {self.pull}, must be below push, {self.push}")


@dataclass(frozen=True, kw_only=True, slots=True)
class ToyRecipe:
    loss: Margins
    rates: tuple[float, ...]
    steps: int
    name: str | None
    whiten: bool
    seed: int

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> nn.Module:
        TRAINED.append(places.out.name)
        if self.seed == 13:
            raise DataError("class 'empty' has no picture")
        torch.manual_seed(self.seed)
        model = nn.Linear(4, 2)
        wrapped, optimiser = set_up(fabric, model, torch.optim.SGD(model.parameters(), lr=self.rates[0]))

        def batches(start: int, stop: int) -> Iterable[Tensor]:
            return (torch.randn(8, 4, generator=torch.Generator().manual_seed(step)) for step in range(start, stop))

        def terms(batch: Tensor) -> Mapping[str, Tensor]:
            return {"loss": (wrapped(batch) - self.loss.pull).square().mean()}

        fit(
            fabric,
            Training(model=wrapped, optimiser=optimiser, loss=nn.Identity()),
            run=open_run(places.out, self, extra={"barred": sorted(places.barred)}),
            batches=batches,
            terms=terms,
            options=LoopOptions(
                steps=self.steps,
                rate=Trapezoid(warmup=0, cooldown=0, steps=self.steps),
                log_every=1,
                stop_after=stop_after,
            ),
        )
        return model

    def evaluate(self, places: Places) -> Evaluation:
        weight = read_checkpoint(places.out)["model"]["weight"]
        picture = np.full((60, 80, 3), 90, np.uint8)
        hits = tuple(Hit(picture=picture, label=name, score=0.5, right=name == "uzi") for name in ("uzi", "<b>mp5"))
        return Evaluation(
            figures={"mAP": float(weight.abs().mean())},
            histograms=(
                Histogram(
                    name="after", edges=np.linspace(0, 1, 4), same=np.array([5, 2, 0]), different=np.array([0, 3, 9])
                ),
            ),
            neighbours=(Neighbours(picture=picture, label="uzi", hits=hits),),
            heat_maps=(
                HeatMap(
                    picture=picture,
                    heat=np.eye(3, dtype=np.float32),
                    label="apple",
                    predicted="pear",
                    box=(0.0, 0.0, 0.5, 0.5),
                    truth=((0.25, 0.25, 1.0, 1.0),),
                ),
            ),
            confusion=Confusion(names=("apple", "pear"), counts=np.array([[7, 1], [0, 8]])),
        )

    def export(self, places: Places, target: Path) -> Path:
        target.mkdir(parents=True, exist_ok=True)
        file = target / "toy.onnx"
        file.write_text(str(read_checkpoint(places.out)["step"]))
        return file


RECIPE = ToyRecipe(loss=Margins(pull=0.8, push=1.2), rates=(0.1, 0.2), steps=4, name=None, whiten=False, seed=0)
