import re
import subprocess
import sys
from pathlib import Path

from lynkeus.catalog import Catalog


def _run(script: str, *arguments: str) -> str:
    call = [sys.executable, str(Path(__file__).parent / script), *arguments]
    done = subprocess.run(call, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_process_killed_at_any_point_loses_nothing_it_acknowledged(path: Path) -> None:
    done = _run("crash_loop.py", str(path), "50", "0")
    told = re.fullmatch(r"50 kills, (\d+) references, (\d+) removals\n", done)
    assert told
    assert int(told[1]) > 50
    assert int(told[2]) > 5


def test_a_restore_killed_at_any_point_has_happened_or_not(tmp_path: Path) -> None:
    told = re.fullmatch(r"(\d+) (\d+) (\d+)\n", _run("crash_restore.py", str(tmp_path), "20", "0"))
    assert told
    assert int(told[1]) + int(told[2]) == 20
    assert int(told[2]) > 0
    assert int(told[3]) > 0, "no process was killed half-way"
    assert Catalog.restore(tmp_path / "catalog.db", tmp_path / "b.backup").log_known
    assert not list(tmp_path.glob(".*"))
