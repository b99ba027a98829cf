"""A kind of another package, the whole way: the page that teaches it is the code that runs here."""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from click.testing import CliRunner, Result
from made_pictures import made_picture, write_picture

from lynkeus import kinds
from lynkeus.cli import main
from lynkeus.core import Picture
from lynkeus.scan.home import Home

PAGE = Path(__file__).parent.parent / "docs" / "howto" / "write-a-kind.md"
_ENTRY = "[lynkeus.kinds]\ntint = tint:TINT\n"


@pytest.fixture
def tint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the page, installed; the folder with pictures."""
    package = tmp_path / "package"
    (package / "tint-1.0.dist-info").mkdir(parents=True)
    (package / "tint-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: tint\nVersion: 1.0\n")
    (package / "tint-1.0.dist-info" / "entry_points.txt").write_text(_ENTRY)
    (package / "tint.py").write_text(_blocks()[0])
    monkeypatch.syspath_prepend(str(package))
    write_picture(tmp_path / "pictures" / "red.png", _tinted(1, (1.0, 0.4, 0.4)))
    write_picture(tmp_path / "pictures" / "green.png", _tinted(2, (0.4, 1.0, 0.4)))
    write_picture(tmp_path / "uploads" / "red.png", np.ascontiguousarray(_tinted(1, (1.0, 0.4, 0.4))[::-1]))
    write_picture(tmp_path / "uploads" / "blue.png", _tinted(3, (0.3, 0.3, 1.0)))
    yield tmp_path
    sys.modules.pop("tint", None)


def _blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)


def _tinted(seed: int, tint: tuple[float, float, float]) -> np.ndarray:
    return np.clip(made_picture(seed) * np.array(tint), 0, 255).astype(np.uint8)


def _run(home: Path, *words: str | Path, code: int = 0) -> Result:
    done = CliRunner().invoke(main, ["--home", str(home / "home"), *map(str, words)])
    assert done.exit_code == code, (done.output, done.exception)
    return done


def _register(folder: Path, *words: str, code: int = 0) -> Result:
    stated = ("--attribute", "palette=autumn")
    return _run(
        folder, "register", folder / "pictures", "--gallery", "tints", "--kind", "tint", *stated, *words, code=code
    )


def _rows(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("tint")
def test_it_keeps_the_promises_of_a_kind() -> None:
    def picture(rgb: np.ndarray) -> Picture:
        return Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="0" * 64)

    names: dict[str, Any] = {
        "TINT": kinds.find_kind("tint"),
        "shown": picture(_tinted(1, (1.0, 0.4, 0.4))),
        "again": picture(np.ascontiguousarray(_tinted(1, (1.0, 0.4, 0.4))[::-1])),
        "stranger": picture(_tinted(3, (0.3, 0.3, 1.0))),
    }
    exec(compile(_blocks()[1], str(PAGE), "exec"), names)  # the page is ours


def test_it_is_found_by_name_and_refused_without_what_it_requires(tint: Path) -> None:
    assert "tint" in kinds.kind_names()
    words = ("register", tint / "pictures", "--gallery", "tints", "--kind", "tint")
    refused = _run(tint, *words, code=2)
    assert "needs palette: state it with `--attribute palette=TEXT`" in refused.stderr
    _register(tint)
    with Home(tint / "home") as home:
        assert home.catalog.entities.get("tints", "red").attributes == {"palette": "autumn"}
    other = _run(tint, "register", tint / "pictures", "--gallery", "tints", "--kind", "copy", code=2)
    assert "holds pictures whose colours are looked for" in other.stderr


def test_it_is_registered_scanned_reported_calibrated_rescanned_and_purged(tint: Path) -> None:
    _register(tint)
    report, table = tint / "out.html", tint / "out.csv"
    told = _run(
        tint, "scan", tint / "uploads", "--json", "-", "--report", report, "--csv", table, "--keep", "2", code=1
    )
    found = {Path(row["upload"]).stem: row["findings"] for row in _rows(told)}
    assert found["blue"] == []
    (finding,) = found["red"]
    assert (finding["kind"], finding["reference"], finding["belief"]) == ("tint", "red.png", "likely")
    assert finding["evidence"]["facts"] == {"colours": "shared"}
    assert "colours" in report.read_text("utf-8")
    assert "shared" in table.read_text("utf-8")
    for number in range(20, 60):
        write_picture(tint / "clean" / f"{number}.png", _tinted(number, (0.2 + number / 100, 0.9, 0.7)))
    _run(tint, "background", "add", tint / "clean")
    scored = _rows(_run(tint, "background", "list", "--gallery", "tints", "--json"))
    assert len(scored) >= 25
    assert all(row["score"] is not None for row in scored)
    _run(tint, "gallery", "policy", "tints", "--review", "1/5")
    (row,) = _rows(_run(tint, "scan", tint / "uploads" / "red.png", "--json", "-", code=1))
    assert row["findings"][0]["rate"] is not None
    write_picture(tint / "later" / "blue.png", np.ascontiguousarray(_tinted(3, (0.3, 0.3, 1.0))[:, ::-1]))
    words = ("--gallery", "tints", "--attribute", "palette=winter")
    _run(tint, "register", tint / "later", *words)
    (tint / "uploads" / "blue.png").unlink()
    again = {Path(row["upload"]).stem: row["findings"] for row in _rows(_run(tint, "rescan", "--json", "-", code=1))}
    assert [each["reference"] for each in again["blue"]] == ["blue.png"]
    assert again["red"] == []
    assert _rows(_run(tint, "rescan", "--json", "-")) == []
    receipt = _rows(_run(tint, "gallery", "remove", "tints", "--entity", "red", "--purge", "--json"))[0]
    assert receipt["purged"]
    assert _rows(_run(tint, "scan", tint / "uploads", "--json", "-"))[0]["findings"] == []
    assert "2 references of tints" in _run(tint, "gallery", "list").stdout
    assert "tint" in _run(tint, "models", "refresh").stdout


def test_nearly_the_same_picture_is_named(tint: Path) -> None:
    _register(tint)
    near = write_picture(tint / "near" / "nearly.png", np.asarray(cv2.flip(_tinted(1, (1.0, 0.4, 0.4)), 1)))
    words = ("register", near, "--gallery", "tints", "--attribute", "palette=autumn", "--json")
    assert [(row["outcome"], row["detail"]) for row in _rows(_run(tint, *words))] == [("near-copy", "tints/red.png")]
