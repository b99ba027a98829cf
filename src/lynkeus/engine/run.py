"""The folder of a run: what was asked for, with which versions, and what came of it.

``config.json`` (the resolved config), ``versions.json``, ``log.jsonl`` (one line a logged step) and
``checkpoint.ckpt``. A folder belongs to one config: another one is refused.
"""

import dataclasses
import json
import platform
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from lynkeus.core import ConflictError

_PACKAGES = ("torch", "lightning-fabric", "numpy", "opencv-python-headless")


@dataclass(frozen=True, kw_only=True, slots=True)
class RunFolder:
    """Where one run keeps its files."""

    folder: Path

    @property
    def checkpoint(self) -> Path:
        """The last checkpoint."""
        return self.folder / "checkpoint.ckpt"

    def log(self, row: Mapping[str, float | int]) -> None:
        """Append one line to the log."""
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(dict(row)) + "\n")


def open_run(folder: Path, config: object, *, extra: Mapping[str, Any] | None = None) -> RunFolder:
    """Make the folder of a run, or come back to it.

    Args:
        folder: Made where missing.
        config: A frozen dataclass.
        extra: More that must not change between a run and its resumption, such as the data's digest.

    Raises:
        ConflictError: The folder holds a run of another config; the text names the fields.
    """
    folder.mkdir(parents=True, exist_ok=True)
    resolved = json.loads(json.dumps({**_fields(config), **(extra or {})}))
    path = folder / "config.json"
    if path.exists():
        before = json.loads(path.read_text())
        changed = sorted(key for key in before.keys() | resolved.keys() if before.get(key) != resolved.get(key))
        if changed:
            raise ConflictError(f"{folder.name} holds a run of another config: {', '.join(changed)} differ")
    else:
        path.write_text(json.dumps(resolved, indent=1) + "\n")
        (folder / "versions.json").write_text(json.dumps(_versions(), indent=1) + "\n")
    return RunFolder(folder=folder)


def _fields(config: object) -> dict[str, Any]:
    if not dataclasses.is_dataclass(config) or isinstance(config, type):
        raise TypeError(f"a config is a dataclass, not {type(config).__name__}")
    return dataclasses.asdict(config)


def _versions() -> dict[str, str]:
    return {
        "python": sys.version.split()[0],
        "machine": platform.machine(),
        **{name: version(name) for name in ("lynkeus", *_PACKAGES) if _installed(name)},
    }


def _installed(name: str) -> bool:
    try:
        version(name)
    except PackageNotFoundError:
        return False
    return True
