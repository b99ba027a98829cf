"""The copy benchmark: its lists are apart, its scorer counts what it says."""

import csv
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LISTS = ROOT / "benchmarks/copies/csv"


def rows(name: str) -> list[dict[str, str]]:
    with (LISTS / name).open(newline="") as file:
        return list(csv.DictReader(file))


def run(tmp_path: Path, predictions: str) -> subprocess.CompletedProcess[str]:
    (tmp_path / "truth.csv").write_text("query_id,reference_id\nq0,r0\nq1,r1\nq2,r2\nq3,\nq4,\n")
    (tmp_path / "disguises.csv").write_text("query_id,disguise\nq0,blur\nq1,blur\nq2,crop\nq3,none\nq4,crop\n")
    (tmp_path / "predictions.csv").write_text("query_id,reference_id,score\n" + predictions)
    command = [sys.executable, "-m", "benchmarks.copies.score", "--bench", str(tmp_path)]
    command += ["--predictions", str(tmp_path / "predictions.csv"), "--json", str(tmp_path / "out.json")]
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'src'}", "PATH": ""}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def test_the_scorer_counts_a_stranger_against_the_list(tmp_path: Path) -> None:
    done = run(tmp_path, "q0,r0,0.9\nq3,r9,0.8\nq1,r1,0.7\nq1,r5,0.1\n")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "out.json").read_text())
    assert figures["micro_ap"] == pytest.approx((1 + 2 / 3) / 3)
    assert figures["recall_p99"] == pytest.approx(1 / 3)
    assert figures["disguises"] == {"blur": 0.5, "crop": 0.0}
    assert figures["strangers_found"] == 0
    assert (figures["copies"], figures["strangers"]) == (3, 2)
    assert json.loads(done.stdout.splitlines()[-1]) == figures


def test_the_scorer_refuses_a_pair_given_twice(tmp_path: Path) -> None:
    done = run(tmp_path, "q0,r0,0.9\nq0,r0,0.8\n")
    assert done.returncode != 0
    assert "given twice" in done.stderr


def test_the_halves_and_the_roles_do_not_overlap() -> None:
    split, hosts, strangers = rows("split.csv"), rows("hosts.csv"), rows("strangers.csv")
    references = {row["path"] for row in split if row["role"] == "reference"}
    half = {row["path"]: row["half"] for row in split}
    assert len(half) == len(split) == 1132
    assert not references & {row["path"] for row in strangers}
    assert not {row["path"] for row in hosts} & ({row["path"] for row in strangers} | references)
    assert all(half.get(row["path"], row["half"]) == row["half"] for row in strangers)
    assert len({row["path"] for row in strangers}) == len(strangers) == 1260


def test_each_half_has_the_same_number_of_each_kind() -> None:
    counts: dict[tuple[str, str], dict[str, int]] = {}
    for row in rows("split.csv"):
        kind = counts.setdefault((row["source"], row["role"]), {"tune": 0, "test": 0})
        kind[row["half"]] += 1
    assert all(abs(kind["tune"] - kind["test"]) <= 1 for kind in counts.values())
