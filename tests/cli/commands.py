"""Run commands of the command line in this process or in a new process."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from click.testing import CliRunner, Result

from lynkeus.cli import main
from lynkeus.cli.demo_pictures import demo_pictures
from lynkeus.core import read_picture


def run(home: Path, *words: str | Path, code: int = 0) -> Result:
    """Run a command in this process and check its exit code."""
    result = CliRunner().invoke(main, ["--home", str(home), *map(str, words)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == code, (result.exit_code, result.output, result.stderr)
    return result


def rows(result: Result) -> list[dict[str, Any]]:
    """The rows of the JSON lines that a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


def command(*words: str | bytes | Path) -> list[str | bytes | Path]:
    """The command line for a new process."""
    return [sys.executable, "-m", "lynkeus", *words]


def run_process(*words: str | bytes | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a new process."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p), "OMP_NUM_THREADS": "1"}
    return subprocess.run(command(*words), cwd=cwd, env=environment, capture_output=True, text=True, check=False)


def demo_photograph(number: int) -> np.ndarray:
    """One of the demo's photographs, at most 480 pixels."""
    return read_picture(demo_pictures().references[number], max_side=480).rgb
