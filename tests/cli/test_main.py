"""The whole command line, in new processes."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from commands import command, rows, run, run_process
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus import __version__
from lynkeus.cli import main

_HEAVY = ("numpy", "cv2", "faiss", "onnxruntime", "sqlalchemy", "PIL", "torch")
_MANY = 100


def test_help_imports_nothing_heavy() -> None:
    code = f"import sys, lynkeus.cli; print([m for m in {_HEAVY} if m in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("words", [["--help"], *([name, "--help"] for name in main.commands)])
def test_each_command_has_help_with_an_example(tmp_path: Path, words: list[str]) -> None:
    assert "lynkeus " in run(tmp_path, *words).stdout


def test_the_version_is_the_packages(tmp_path: Path) -> None:
    assert __version__ in run(tmp_path, "--version").stdout


def test_the_home_can_be_given_by_environment(
    made: Path, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LYNKEUS_HOME", str(home))
    done = run_process("scan", made / "uploads" / "copy.jpg", cwd=tmp_path)
    assert done.returncode == 1
    assert list(tmp_path.glob(".lynkeus")) == []


def test_our_errors_are_one_line_without_a_traceback(tmp_path: Path) -> None:
    done = run_process("--home", tmp_path / "none", "gallery", "list", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("lynkeus: nothing is registered in")
    assert len(done.stderr.splitlines()) == 1


def test_a_damaged_catalog_is_named(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite").write_bytes(b"nothing of ours" * 100)
    refused = run(tmp_path, "gallery", "list", code=2)
    assert "catalog.sqlite" in refused.stderr


def test_killed_while_registering_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    for seed in range(_MANY):
        write_picture(tmp_path / "in" / f"{seed}.jpg", made_picture(seed, width=160, height=120))
    home = tmp_path / "home"
    words = command("--home", home, "register", tmp_path / "in", "--gallery", "mine", "--json", "--jobs", "1")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        acknowledged = [process.stdout.readline() for _ in range(10)]
        time.sleep(0.3)
        process.send_signal(signal.SIGKILL)
        acknowledged += process.stdout.readlines()
    whole = [line for line in acknowledged if line.endswith("\n")]
    shown = rows(run(home, "gallery", "show", "mine", "--limit", "1000", "--json"))
    assert len(whole) <= len(shown) < _MANY
    assert {row["source"] for row in shown} >= {json.loads(line)["path"] for line in whole}
    done = run(home, "register", tmp_path / "in", "--gallery", "mine")
    assert f"registered {_MANY - len(shown)} in mine" in done.stdout
    assert f"{len(shown)} known before" in done.stdout


def test_a_reference_of_another_process_is_found_at_once(home: Path, tmp_path: Path) -> None:
    later = write_pictures(tmp_path / "later", [90])
    run(home, "scan", *later, code=0)
    assert run_process("--home", home, "register", *later, "--gallery", "mine", cwd=tmp_path).returncode == 0
    run(home, "scan", *later, code=1)


def test_the_demo_finds_its_copies_and_its_object(tmp_path: Path) -> None:
    done = run(tmp_path / "home", "demo", "--out", tmp_path / "demo")
    assert (tmp_path / "demo" / "report.html").stat().st_size > 100_000
    assert "12 of 12 disguised copies found" in done.stdout
    shown = {line.split()[0]: line.split()[2:5] for line in done.stdout.splitlines() if ".jpg " in line}
    assert shown["other-jeans.jpg"][:2] == ["shows", "jeans"]
    assert all(shown[name][0] == "nothing" for name in ("camera.jpg", "crab-shirt.jpg"))
    assert not (tmp_path / "home").exists()
