import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from lynkeus.core import ConflictError
from lynkeus.engine.run import open_run

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
    assert "torch" in json.loads((tmp_path / "run/versions.json").read_text())


def test_comes_back_under_the_same_config(tmp_path: Path) -> None:
    first = open_run(tmp_path, CONFIG)
    first.log({"step": 1, "loss": 0.5})
    again = open_run(tmp_path, CONFIG)
    again.log({"step": 2, "loss": 0.4})
    lines = (tmp_path / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [1, 2]


def test_refuses_another_config_and_names_the_field(tmp_path: Path) -> None:
    open_run(tmp_path, CONFIG, extra={"digest": "abc"})
    with pytest.raises(ConflictError, match="steps"):
        open_run(tmp_path, replace(CONFIG, steps=4), extra={"digest": "abc"})
    with pytest.raises(ConflictError, match="digest"):
        open_run(tmp_path, CONFIG, extra={"digest": "xyz"})


def test_refuses_what_is_no_dataclass(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="dict"):
        open_run(tmp_path, {"steps": 3})
