"""Averages, clipping, accumulation, validation, half precision, and failures during training."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from lightning_fabric import Fabric
from torch import Tensor, nn
from toy import STEPS, Toy, train_toy

from lynkeus.core import ConflictError, CorruptError, DivergedError, StorageError
from lynkeus.engine.launch import forward_method, make_fabric, refuse_separate_statistics, set_up
from lynkeus.engine.run import read_log

pytestmark = pytest.mark.torch


def _one() -> Fabric:
    return Fabric(accelerator="cpu", devices=1)


def _same(one: Mapping[str, Tensor], other: Mapping[str, Tensor], *, atol: float = 0.0) -> bool:
    assert one.keys() == other.keys()
    return all(torch.allclose(value, other[name], rtol=0, atol=atol) for name, value in one.items())


def test_accumulated_steps_take_as_many_batches_and_average_their_gradients(tmp_path: Path) -> None:
    halved = Toy(memory=0, accumulate=2, changed=lambda number, loss: loss * (number % 2))
    train_toy(_one(), tmp_path / "run", halved)
    rows = read_log(tmp_path / "run")
    assert [row["step"] for row in rows] == list(range(1, STEPS + 1))

    seen: list[int] = []

    def note(number: int, loss: Tensor) -> Tensor:
        seen.append(number)
        return loss * 2 if number % 2 else loss * 0

    doubled = train_toy(_one(), tmp_path / "doubled", Toy(memory=0, accumulate=2, changed=note))
    assert seen == list(range(2 * STEPS))
    odd = [number for number in range(2 * STEPS) if number % 2]
    assert len(odd) == STEPS
    losses = [row["loss"] for row in read_log(tmp_path / "doubled")]
    assert losses[0] == pytest.approx(2 * rows[0]["loss"], rel=1e-5)
    assert all(torch.isfinite(value).all() for value in doubled.values())


def test_a_resumed_run_goes_on_at_the_right_batch_when_it_accumulates(tmp_path: Path) -> None:
    unbroken = train_toy(_one(), tmp_path / "unbroken", Toy(accumulate=3))
    train_toy(_one(), tmp_path / "broken", Toy(accumulate=3, stop_after=5))
    assert _same(unbroken, train_toy(_one(), tmp_path / "broken", Toy(accumulate=3)))
    assert not _same(unbroken, train_toy(_one(), tmp_path / "single"))


def test_clipping_changes_long_gradients_alone(tmp_path: Path) -> None:
    plain = train_toy(_one(), tmp_path / "plain")
    assert _same(plain, train_toy(_one(), tmp_path / "high", Toy(clip_norm=1e6)))
    assert not _same(plain, train_toy(_one(), tmp_path / "low", Toy(clip_norm=1e-3)))


def test_the_average_is_the_recursion_over_the_steps_and_survives_an_interruption(tmp_path: Path) -> None:
    steps = [train_toy(_one(), tmp_path / f"{stop}", Toy(stop_after=stop)) for stop in range(STEPS + 1)]
    wanted = steps[0]
    for step in steps[1:]:
        wanted = {name: 0.7 * value + 0.3 * step[name] for name, value in wanted.items()}
    averaged = train_toy(_one(), tmp_path / "whole", Toy(momentum=0.7))
    assert _same(averaged, wanted, atol=1e-6)
    train_toy(_one(), tmp_path / "broken", Toy(momentum=0.7, stop_after=5))
    assert _same(averaged, train_toy(_one(), tmp_path / "broken", Toy(momentum=0.7)))


def test_keeps_the_weights_of_the_best_validation_also_over_an_interruption(tmp_path: Path) -> None:
    def measured(out: Path, *, stop_after: int | None = None) -> dict[str, Tensor]:
        qualities = iter([0.2, 0.9, 0.5] if stop_after else [0.5])

        def validate(model: nn.Module) -> Mapping[str, float]:
            assert not model.training
            return {"quality": next(qualities), "other": 1.0}

        return train_toy(_one(), out, Toy(validate=validate, stop_after=stop_after))

    at_six = train_toy(_one(), tmp_path / "six", Toy(stop_after=6))
    measured(tmp_path / "run", stop_after=7)
    measured(tmp_path / "run")
    best = torch.load(tmp_path / "run/best.ckpt", weights_only=True)
    assert (best["step"], best["best"]) == (6, 0.9)
    assert _same(best["model"], at_six)
    assert [(row["step"], row["quality"]) for row in read_log(tmp_path / "run") if "quality" in row] == [
        (3, 0.2),
        (6, 0.9),
        (8, 0.5),
    ]


def test_half_precision_stays_near_full_precision(tmp_path: Path) -> None:
    full = train_toy(_one(), tmp_path / "full")
    half = train_toy(make_fabric(accelerator="cpu", precision="bf16-mixed"), tmp_path / "half")
    assert all(value.dtype == torch.float32 for value in half.values())
    assert not _same(full, half)
    starts = [read_log(tmp_path / name)[0]["loss"] for name in ("full", "half")]
    assert starts[1] == pytest.approx(starts[0], rel=0.02)


def test_a_loss_that_is_no_number_ends_the_run_and_leaves_the_checkpoint(tmp_path: Path) -> None:
    def broken(number: int, loss: Tensor) -> Tensor:
        return loss * float("nan") if number == 5 else loss

    with pytest.raises(DivergedError, match=r"the loss is nan at step 6; what was saved before stays"):
        train_toy(_one(), tmp_path / "run", Toy(changed=broken))
    assert torch.load(tmp_path / "run/checkpoint.ckpt", weights_only=True)["step"] == 5
    assert _same(train_toy(_one(), tmp_path / "run"), train_toy(_one(), tmp_path / "whole"))


def test_a_checkpoint_that_cannot_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train_toy(_one(), tmp_path / "run", Toy(stop_after=2))
    before = (tmp_path / "run/checkpoint.ckpt").read_bytes()
    fabric = _one()

    def full(path: Path, state: object) -> None:
        del state
        path.write_bytes(b"half of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(fabric, "save", full)
    with pytest.raises(StorageError, match=r"step 3 cannot be written to .*No space left.*the one before stays"):
        train_toy(fabric, tmp_path / "run")
    assert (tmp_path / "run/checkpoint.ckpt").read_bytes() == before
    assert not list((tmp_path / "run").glob("*.tmp"))


def test_refuses_the_checkpoint_of_another_model_and_leaves_it(tmp_path: Path) -> None:
    train_toy(_one(), tmp_path / "run")
    before = (tmp_path / "run/checkpoint.ckpt").read_bytes()
    with pytest.raises(ConflictError, match=r"checkpoint\.ckpt is of another model"):
        train_toy(_one(), tmp_path / "run", Toy(width=9))
    with pytest.raises(ConflictError, match=r"checkpoint\.ckpt is of another model"):
        train_toy(_one(), tmp_path / "run", Toy(momentum=0.5))
    assert (tmp_path / "run/checkpoint.ckpt").read_bytes() == before


@pytest.mark.parametrize("damage", [b"", b"no checkpoint at all", None])
def test_names_a_damaged_checkpoint(tmp_path: Path, damage: bytes | None) -> None:
    train_toy(_one(), tmp_path / "run", Toy(stop_after=2))
    path = tmp_path / "run/checkpoint.ckpt"
    path.write_bytes(path.read_bytes()[:-200] if damage is None else damage)
    with pytest.raises(CorruptError, match=r"checkpoint\.ckpt cannot be read"):
        train_toy(_one(), tmp_path / "run")


@pytest.mark.parametrize(("number", "saves"), [(signal.SIGKILL, "0"), (signal.SIGTERM, "9"), (signal.SIGINT, "9")])
def test_a_run_that_was_killed_goes_on_to_the_same_end(tmp_path: Path, number: int, saves: str) -> None:
    out = tmp_path / "run"
    command = [sys.executable, str(Path(__file__).with_name("toy.py")), str(out), saves]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    for _ in range(600):
        if len(read_log(out)) >= 3:
            break
        time.sleep(0.05)
    running.send_signal(number)
    assert running.wait(timeout=30) != 0
    done = torch.load(out / "checkpoint.ckpt", weights_only=True)["step"]
    assert 2 <= done < STEPS
    assert _same(train_toy(_one(), out), train_toy(_one(), tmp_path / "whole"))
    assert [row["step"] for row in read_log(out)] == list(range(1, STEPS + 1))


def test_refuses_statistics_that_several_processes_would_keep_apart() -> None:
    model = nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))
    with pytest.raises(ConflictError, match=r"1 batch-norm layers \(1, \.\.\.\).*SyncBatchNorm needs GPUs"):
        refuse_separate_statistics(model, processes=2)
    refuse_separate_statistics(model, processes=1)
    refuse_separate_statistics(model.eval(), processes=2)
    refuse_separate_statistics(nn.Sequential(nn.GroupNorm(2, 4)).train(), processes=2)


def test_the_rates_of_a_schedule_start_anew_from_the_full_rate(tmp_path: Path) -> None:
    train_toy(_one(), tmp_path / "run", Toy(stop_after=7))
    group = torch.load(tmp_path / "run/checkpoint.ckpt", weights_only=True)["optimiser"]
    assert group["param_groups"][0]["full_lr"] == 0.05
    assert json.loads((tmp_path / "run/config.json").read_text()) == {"steps": STEPS}


class _Model(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(16, 4)

    def describe(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        return self.layer(rows), rows.long()


def test_a_method_that_is_not_forward_runs_in_the_precision_asked_for_and_gives_full_numbers() -> None:
    torch.manual_seed(0)
    model, rows = _Model(), torch.rand(8, 16)
    exact = model.describe(rows)[0]
    fabrics = (make_fabric(accelerator="cpu"), make_fabric(accelerator="cpu", precision="bf16-mixed"))
    for fabric, same in zip(fabrics, (True, False), strict=True):
        wrapped, _ = set_up(fabric, model, torch.optim.SGD(model.parameters(), lr=0.1))
        found, whole = forward_method(fabric, wrapped, "describe")(rows)
        assert found.dtype == torch.float32
        assert whole.dtype == torch.int64
        assert torch.equal(found, exact) == same
        torch.testing.assert_close(found, exact, rtol=0, atol=0.02)
