import json
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor
from toy import LONGER, STEPS, Toy, train_toy
from two_processes import run_two

from lynkeus.engine.loop import gather

pytestmark = pytest.mark.torch


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def _agree(one: dict[str, Tensor], other: dict[str, Tensor], *, atol: float) -> None:
    assert one.keys() == other.keys()
    for name, value in one.items():
        torch.testing.assert_close(value, other[name], rtol=0, atol=atol, msg=name)


def _losses(out: Path) -> list[tuple[int, float]]:
    rows = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    return [(row["step"], row["loss"]) for row in rows]


@pytest.mark.parametrize("at", [1, 5])
def test_a_resumed_run_gives_the_numbers_of_the_unbroken_one(tmp_path: Path, at: int) -> None:
    unbroken = train_toy(_one(), tmp_path / "unbroken")
    train_toy(_one(), tmp_path / "broken", Toy(stop_after=at))
    resumed = train_toy(_one(), tmp_path / "broken")
    _agree(unbroken, resumed, atol=0)
    assert _losses(tmp_path / "broken") == _losses(tmp_path / "unbroken")
    assert [step for step, _ in _losses(tmp_path / "unbroken")] == list(range(1, STEPS + 1))


def test_training_changes_the_weights_and_a_finished_run_trains_no_further(tmp_path: Path) -> None:
    untrained = train_toy(_one(), tmp_path / "none", Toy(stop_after=0))
    trained = train_toy(_one(), tmp_path / "run")
    assert any(not torch.equal(untrained[name], trained[name]) for name in trained)
    _agree(train_toy(_one(), tmp_path / "run"), trained, atol=0)
    assert len(_losses(tmp_path / "run")) == STEPS


def test_one_process_and_two_give_the_same_weights_after_20_steps(tmp_path: Path) -> None:
    alone = train_toy(_one(), tmp_path / "one", LONGER)
    run_two(Path(__file__).with_name("toy.py"), str(tmp_path / "two"), "two")
    together = torch.load(tmp_path / "two/weights.pt", weights_only=True)
    _agree(alone, together, atol=1e-5)
    pairs = zip(_losses(tmp_path / "one"), _losses(tmp_path / "two"), strict=True)
    assert all(one == pytest.approx(two, abs=1e-5) for one, two in pairs)


def test_gathering_in_one_process_is_the_identity() -> None:
    part = torch.arange(3)
    assert gather(_one(), part) is part
