import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lynkeus.core import ConflictError
from lynkeus.engine.run import open_run, read_log

pytestmark = pytest.mark.torch


@dataclass(frozen=True, kw_only=True)
class _Config:
    steps: int
    rates: tuple[float, ...]


CONFIG = _Config(steps=3, rates=(0.1, 0.2))


def test_writes_the_config_and_the_versions(tmp_path: Path) -> None:
    open_run(tmp_path / "run", CONFIG, extra={"digest": "abc"})
    written = json.loads((tmp_path / "run/config.json").read_text())
    assert written == {"steps": 3, "rates": [0.1, 0.2], "digest": "abc"}
    versions = json.loads((tmp_path / "run/versions.json").read_text())
    assert {"torch", "commit", "python"} <= versions.keys()


def test_comes_back_under_the_same_config(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG).log(0) as log:
        log.write(1, {"loss": 0.5})
    with open_run(tmp_path, CONFIG).log(1) as log:
        log.write(2, {"loss": 0.4})
    assert read_log(tmp_path) == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.4}]


def test_takes_away_the_rows_of_steps_that_are_done_again(tmp_path: Path) -> None:
    run = open_run(tmp_path, CONFIG)
    with run.log(0) as log:
        for step in range(1, 6):
            log.write(step, {"loss": 1 / step})
    with (tmp_path / "log.jsonl").open("a") as file:
        file.write('{"step": 6, "lo')
    with run.log(3) as log:
        log.write(4, {"loss": 9.0})
    assert [(row["step"], row["loss"]) for row in read_log(tmp_path)][-2:] == [(3, 0.333333), (4, 9.0)]


def test_writes_for_tensorboard_what_it_logs(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG).log(0) as log:
        log.write(1, {"loss": 0.5}, per_step=True)
    written = b"".join(path.read_bytes() for path in (tmp_path / "tensorboard").iterdir())
    assert b"loss" in written
    assert b"seconds" in written
    assert read_log(tmp_path)[0]["seconds"] >= 0


def test_a_process_that_does_not_report_writes_nothing(tmp_path: Path) -> None:
    with open_run(tmp_path, CONFIG).log(0, write=False) as log:
        log.write(1, {"loss": 0.5})
    assert sorted(path.name for path in tmp_path.iterdir()) == ["config.json", "versions.json"]


def test_refuses_another_config_and_names_the_field(tmp_path: Path) -> None:
    open_run(tmp_path, CONFIG, extra={"digest": "abc"})
    with pytest.raises(ConflictError, match="steps"):
        open_run(tmp_path, replace(CONFIG, steps=4), extra={"digest": "abc"})
    with pytest.raises(ConflictError, match="digest"):
        open_run(tmp_path, CONFIG, extra={"digest": "xyz"})


def test_refuses_what_is_no_dataclass(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="dict"):
        open_run(tmp_path, {"steps": 3})
