"""The folder of a run: its config, the versions used, and its results.

Files: ``config.json`` (the resolved config), ``versions.json`` (versions of libraries, and the commit), ``log.jsonl``
(one line per logged step), ``tensorboard/`` (the same log for TensorBoard), ``checkpoint.ckpt`` and ``best.ckpt``. A
run of an object descriptor also writes ``descriptor.pt``, the result, at its end. A folder belongs to one config; a run
with another config is refused.
"""

import dataclasses
import json
import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any, final

from tensorboardX import SummaryWriter

from lynkeus.core import ConflictError, StorageError

CONFIG, LOG = "config.json", "log.jsonl"
"""Names of files in the folder of a run."""
_PACKAGES = ("torch", "lightning-fabric", "numpy", "opencv-python-headless")  # can change the result of a run


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFolder:
    """The folder with the files of one run."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint."""
        return self.folder / "checkpoint.ckpt"

    @property
    def best(self) -> Path:
        """The weights of the step with the best validation figure, if the run validates."""
        return self.folder / "best.ckpt"

    def log(self, step: int, *, write: bool = True) -> "RunLog":
        """The log as a context manager; rows after ``step`` are removed, because those steps run again."""
        return RunLog(self.folder, step, write=write)


@final
class RunLog:
    """Writes the log of a run as JSON lines and for TensorBoard.

    Args:
        folder: Folder of the run.
        step: Step of the checkpoint.
        write: False writes nothing; only one process writes the log.
    """

    def __init__(self, folder: Path, step: int, *, write: bool) -> None:
        self._path, self._first, self._write = folder / LOG, step, write
        self._board: SummaryWriter | None = None
        self._began = time.monotonic()

    def __enter__(self) -> "RunLog":
        if self._write:
            if self._path.exists():
                rows = [row for row in read_log(self._path.parent) if row["step"] <= self._first]
                unfinished = self._path.with_suffix(".tmp")
                unfinished.write_text("".join(_line(row) for row in rows))
                unfinished.replace(self._path)
            self._board = SummaryWriter(
                str(self._path.parent / "tensorboard"), purge_step=self._first + 1, write_to_disk=True
            )
        self._began = time.monotonic()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._board is not None:
            self._board.close()

    def write(self, step: int, row: Mapping[str, float], *, per_step: bool = False) -> None:
        """Append one row.

        Args:
            step: Number of finished steps.
            row: Figures by name.
            per_step: Add the mean seconds per step since the log was opened.

        Raises:
            StorageError: The log cannot be written.
        """
        if self._board is None:
            return
        shown = {name: round(float(value), 6) for name, value in row.items()}
        if per_step:
            shown["seconds"] = round((time.monotonic() - self._began) / (step - self._first), 4)
        try:
            with self._path.open("a") as file:
                file.write(_line({"step": step, **shown}))
            for name, value in shown.items():
                self._board.add_scalar(name, value, step)
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error}; the last checkpoint stays") from error


def _line(row: Mapping[str, float | int]) -> str:
    return json.dumps({**row, "step": int(row["step"])}) + "\n"


def read_log(folder: Path) -> list[dict[str, float]]:
    """Read the rows of a run's log; damaged lines are skipped."""
    rows: list[dict[str, float]] = []
    path = folder / LOG
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            rows.append({name: float(value) for name, value in json.loads(line).items()})
        except (ValueError, TypeError, AttributeError):
            continue
    return rows


def open_run(folder: Path, config: object, *, extra: Mapping[str, Any] | None = None) -> RunFolder:
    """Create the folder of a run, or reopen an existing folder.

    Args:
        folder: Created if missing.
        config: A frozen dataclass.
        extra: More values that must not change when a run resumes, such as the digest of the data.

    Raises:
        ConflictError: The folder holds a run with another config; the text names the fields.
        StorageError: The folder cannot be written.
    """
    resolved = json.loads(json.dumps({**_fields(config), **(extra or {})}))
    path = folder / CONFIG
    if path.exists():
        before = json.loads(path.read_text())
        changed = sorted(key for key in before.keys() | resolved.keys() if before.get(key) != resolved.get(key))
        if changed:
            raise ConflictError(f"{folder.name} holds a run of another config: {', '.join(changed)} differ")
    else:
        keep(path, resolved)
        keep(folder / "versions.json", _versions())
    return RunFolder(folder=folder)


def keep(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON file of a run, completely or not at all.

    Raises:
        StorageError: The file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(json.dumps(value, indent=1) + "\n")
        unfinished.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error}") from error


def _fields(config: object) -> dict[str, Any]:
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise TypeError(f"a config is a dataclass, not {type(config).__name__}")
    return dataclasses.asdict(config)


def _versions() -> dict[str, str]:
    return {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        "commit": _commit(),
        **{name: version(name) for name in ("lynkeus", *_PACKAGES) if _installed(name)},
    }


def _commit() -> str:
    """The commit of the checkout that runs, with "+" if files differ from the commit; empty outside a checkout."""
    git = shutil.which("git")
    if git is None:
        return ""
    this = Path(__file__)
    if not _said(git, this.parent, "ls-files", this.name):
        return ""
    return _said(git, this.parent, "describe", "--always", "--dirty=+")


def _said(git: str, folder: Path, *words: str) -> str:
    done = subprocess.run([git, "-C", str(folder), *words], capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() if done.returncode == 0 else ""


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
