"""The laboratory's commands on a recipe that takes a second."""

import json
from pathlib import Path

import pytest

pytest.importorskip("lightning_fabric", reason="needs the extra lynkeus[train]")

from commands import rows
from commands import run as command
from toy_recipe import TRAINED

from lynkeus.recipes import RECIPES
from lynkeus.report.laboratory.evaluation import load_evaluation

pytestmark = pytest.mark.torch


@pytest.fixture(autouse=True)
def _toy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(RECIPES, "toy", "toy_recipe")
    TRAINED.clear()


def run(home: Path, *words: str | Path, code: int = 0) -> str:
    """The output of a command: standard output after success, all output after failure."""
    result = command(home, *words, code=code)
    return result.stdout if code == 0 else result.output


def _train(folder: Path, *words: str | Path, code: int = 0) -> str:
    return run(folder / "home", "train", "toy", "--data", folder, "--accelerator", "cpu", *words, code=code)


def test_trains_evaluates_and_leaves_a_run_that_says_what_it_is(tmp_path: Path) -> None:
    out = tmp_path / "runs" / "a"
    said = json.loads(_train(tmp_path, "--set", "loss.pull=0.7", "--set", "name=x", "--out", out, "--json"))
    assert said["run"] == str(out)
    assert set(said["figures"]) == {"mAP"}
    config = json.loads((out / "config.json").read_text())
    assert config["loss"] == {"pull": 0.7, "push": 1.2}
    assert config["name"] == "x"
    assert {path.name for path in out.iterdir()} >= {
        "request.json",
        "versions.json",
        "log.jsonl",
        "checkpoint.ckpt",
        "curves.png",
        "distances.png",
        "tensorboard",
        "evaluation",
    }
    assert all((out / name).read_bytes().startswith(b"\x89PNG") for name in ("curves.png", "distances.png"))


def test_goes_on_with_a_run_that_was_cut_off(tmp_path: Path) -> None:
    _train(tmp_path, "--out", tmp_path / "whole")
    _train(tmp_path, "--out", tmp_path / "cut", "--stop-after", "2")
    assert load_evaluation(tmp_path / "cut") is None
    _train(tmp_path, "--out", tmp_path / "cut")
    found = [load_evaluation(tmp_path / name) for name in ("whole", "cut")]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].figures == found[1].figures


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("loss.pul=0.7", "Margins has no field 'pul'; did you mean pull?"),
        ("loss=0.7", "no '0.7' in lynkeus.losses; known: angular, margins, semi_hard"),
        ("loss.pull=much", "loss.pull takes a finite number, not 'much'"),
        ("loss.pull=1.5", "pull is 1.5, must be below push, 1.2"),
        ("steps=2.5", "steps takes a whole number, not '2.5'"),
        ("steps.deeper=1", "has no fields"),
        ("whiten=perhaps", "whiten takes true or false"),
        ("rates=[1", "rates takes"),
        ("rates.2=1", "write 0 to 1"),
        ("steps", "write FIELD=VALUE"),
    ],
)
def test_a_setting_that_fits_no_field_is_refused_and_leaves_nothing(tmp_path: Path, setting: str, message: str) -> None:
    assert message in _train(tmp_path, "--set", setting, "--out", tmp_path / "run", code=2)
    assert not (tmp_path / "run").exists()


def test_settings_read_texts_as_the_types_of_their_fields(tmp_path: Path) -> None:
    words = [f"--set={one}" for one in ("whiten=true", "rates=[0.5, 1]", "rates.0=0.25", "name=none", "seed=3")]
    _train(tmp_path, *words, "--out", tmp_path / "run", "--no-eval")
    config = json.loads((tmp_path / "run/config.json").read_text())
    assert (config["whiten"], config["rates"], config["name"], config["seed"]) == (True, [0.25, 1.0], None, 3)


def test_an_unknown_recipe_lists_those_that_are_known(tmp_path: Path) -> None:
    said = run(tmp_path, "train", "toi", "--data", tmp_path, "--out", tmp_path / "run", code=2)
    assert "copies_all" in said
    assert "toy" in said


def test_a_folder_of_another_run_or_of_other_files_is_refused_and_left(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _train(tmp_path, "--out", out)
    before = {path: path.read_bytes() for path in out.rglob("*") if path.is_file()}
    assert "changes differ" in _train(tmp_path, "--set", "seed=1", "--out", out, code=2)
    other = run(tmp_path, "train", "copies_free", "--data", tmp_path, "--out", out, code=2)
    assert "recipe" in other
    assert {path: path.read_bytes() for path in out.rglob("*") if path.is_file()} == before
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine")
    assert "is not empty and holds no run" in _train(tmp_path, "--out", tmp_path / "full", code=2)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["letter.txt"]


def test_a_grid_makes_a_run_of_each_combination_and_goes_on_past_one_that_fails(tmp_path: Path) -> None:
    out = tmp_path / "sweep"
    said = _train(tmp_path, "--grid", "loss.pull=0.5,0.6", "--grid", "seed=0,13", "--out", out, code=1)
    assert said.count("class 'empty' has no picture") == 2
    assert [f"loss.pull={pull},seed={seed}" for pull in ("0.5", "0.6") for seed in (0, 13)] == TRAINED
    assert sorted(path.name for path in out.iterdir() if load_evaluation(path)) == [
        "loss.pull=0.5,seed=0",
        "loss.pull=0.6,seed=0",
    ]


def test_compares_runs_and_their_seeds(tmp_path: Path) -> None:
    out, plot, table = tmp_path / "sweep", tmp_path / "plot.png", tmp_path / "table.csv"
    _train(tmp_path, "--grid", "loss.pull=0.5,0.6", "--grid", "seed=0,1,2", "--out", out)
    lines = rows(command(tmp_path, "compare-runs", out, "--plot", plot, "--csv", table, "--json"))
    assert len(lines) == 6 + 2
    means = [row for row in lines if row["seeds"] == 3]
    assert [row["changes"] for row in means] == [{"loss.pull": "0.5"}, {"loss.pull": "0.6"}]
    singles = [row["values"]["mAP"] for row in lines if row["changes"].get("loss.pull") == "0.5" and row["seeds"] == 1]
    assert means[0]["values"]["mAP"] == pytest.approx(sum(singles) / 3)
    assert means[0]["spread"]["mAP"] > 0
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert len(table.read_text().splitlines()) == 9
    shown = run(tmp_path, "compare-runs", out).splitlines()
    assert shown[0].split()[:4] == ["run", "recipe", "loss.pull", "seed"]
    assert "±" in shown[-2]
    assert shown[-1] == "expected of toy without changes: mAP above 0.5."


def test_the_report_is_one_page_with_all_that_was_found_and_nothing_unescaped(tmp_path: Path) -> None:
    _train(tmp_path, "--out", tmp_path / "runs" / "a")
    _train(tmp_path, "--out", tmp_path / "runs" / "b", "--set", "seed=1", "--no-eval")
    page = tmp_path / "lab.html"
    run(tmp_path, "lab", "report", tmp_path / "runs", "--out", page)
    text = page.read_text()
    assert text.count('<section class="run">') == 2
    assert text.count("data:image/png") == 2
    assert text.count("data:image/jpeg") == 1 + 2 + 1
    assert "&lt;b&gt;mp5" in text
    assert "<b>" not in text
    assert "apple, predicted: pear" in text
    assert "Not evaluated" in text
    assert "<script" not in text


def test_evaluates_and_exports_a_run_by_its_folder(tmp_path: Path) -> None:
    out = tmp_path / "run"
    _train(tmp_path, "--out", out, "--no-eval")
    short, long = (json.loads(run(tmp_path, "eval", *words, out, "--json")) for words in ((), ("run",)))
    assert short == long
    assert short["figures"]["mAP"] > 0
    assert short["expected"] == "mAP above 0.5."
    assert run(tmp_path, "eval", out).splitlines()[-1] == "expected of toy: mAP above 0.5."
    assert run(tmp_path, "export", out).strip() == str(out / "export" / "toy.onnx")
    assert (out / "export" / "toy.onnx").read_text() == "4"


def test_says_what_is_no_run_and_what_is_not_trained(tmp_path: Path) -> None:
    assert "no run in" in run(tmp_path, "eval", tmp_path, code=2)
    assert "holds no run" in run(tmp_path, "export", tmp_path, code=2)
    _train(tmp_path, "--set", "seed=13", "--out", tmp_path / "run", code=2)
    assert not (tmp_path / "run").exists()
    _train(tmp_path, "--out", tmp_path / "run")
    (tmp_path / "run" / "checkpoint.ckpt").unlink()
    assert "train it first" in run(tmp_path, "eval", tmp_path / "run", code=2)
    (tmp_path / "run" / "request.json").write_text("{")
    assert "request.json cannot be read" in run(tmp_path, "eval", tmp_path / "run", code=2)


def test_what_is_held_out_is_remembered_and_must_not_change(tmp_path: Path) -> None:
    listed, out = tmp_path / "held.txt", tmp_path / "run"
    listed.write_text("a.jpg\n")
    _train(tmp_path, "--hold-out", listed, "--out", out)
    assert json.loads((out / "config.json").read_text())["barred"] == ["a.jpg"]
    listed.write_text("b.jpg\n")
    assert "has changed since the run began" in run(tmp_path, "eval", out, code=2)


def test_lists_and_shows_recipes(tmp_path: Path) -> None:
    listed = run(tmp_path, "recipes", "list")
    assert "toy" in listed
    assert "cost: 1 s." in listed
    lines = rows(command(tmp_path, "recipes", "list", "--json"))
    assert all(row[word] != "not said" for row in lines for word in ("Source", "Expected", "Cost", "Run"))
    shown = json.loads(run(tmp_path, "recipes", "show", "toy", "--set", "loss.pull=0.6", "--json"))
    assert shown["fields"]["loss.pull"] == 0.6
    assert shown["Expected"] == "mAP above 0.5."
    assert "loss.push = 1.2" in run(tmp_path, "recipes", "show", "toy")


def test_a_grid_of_tuples_and_a_failing_file_are_said(tmp_path: Path) -> None:
    _train(tmp_path, "--grid", "rates=[0.1, 0.2],[0.3]", "--out", tmp_path / "sweep", "--no-eval")
    assert sorted(path.name for path in (tmp_path / "sweep").iterdir()) == ["rates=[0.1, 0.2]", "rates=[0.3]"]
    (tmp_path / "file").write_text("mine")
    assert "Not a directory" in _train(tmp_path, "--out", tmp_path / "file", code=2)
    assert (tmp_path / "file").read_text() == "mine"


def test_damaged_runs_are_named_and_the_others_compared(tmp_path: Path) -> None:
    for name in ("a", "b", "c"):
        _train(tmp_path, "--out", tmp_path / "runs" / name, "--no-eval")
    (tmp_path / "runs" / "b" / "config.json").write_text("x")
    with (tmp_path / "runs" / "c" / "log.jsonl").open("a") as log:
        log.write("[1]\n")
    result = command(tmp_path, "compare-runs", tmp_path / "runs", "--json", code=1)
    assert "config.json cannot be read" in result.stderr
    assert [row["name"] for row in rows(result)] == ["a", "c"]
    assert "config.json cannot be read" in run(
        tmp_path, "lab", "report", tmp_path / "runs", "--out", tmp_path / "p.html", code=1
    )
    assert (tmp_path / "p.html").exists()


def test_the_same_seed_twice_is_no_spread(tmp_path: Path) -> None:
    for name in ("a", "b"):
        _train(tmp_path, "--out", tmp_path / name, "--no-eval")
    assert len(rows(command(tmp_path, "compare-runs", tmp_path / "a", tmp_path / "b", "--json"))) == 2


def test_a_run_begun_in_another_precision_is_refused(tmp_path: Path) -> None:
    _train(tmp_path, "--out", tmp_path / "run", "--stop-after", "1")
    assert "precision differ" in _train(tmp_path, "--out", tmp_path / "run", "--precision", "bf16-mixed", code=2)
