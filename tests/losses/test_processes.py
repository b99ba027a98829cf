"""The counts of losses over a batch do not depend on the number of processes."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

from lynkeus.losses.processes import summed

pytestmark = pytest.mark.torch

SCRIPT = Path(__file__).parent / "two_processes.py"


def _run(folder: Path, world: int) -> list[dict[str, Any]]:
    out = [folder / f"{world}-{rank}.json" for rank in range(world)]
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}
    words = [[str(rank), str(world), str(folder / f"store-{world}"), str(path)] for rank, path in enumerate(out)]
    running = [subprocess.Popen([sys.executable, str(SCRIPT), *each], env=alone) for each in words]
    assert [process.wait(timeout=120) for process in running] == [0] * world
    return [json.loads(path.read_text()) for path in out]


def test_two_processes_count_what_one_counts(tmp_path: Path) -> None:
    (one,), two = _run(tmp_path, 1), _run(tmp_path, 2)
    for counted in two:
        assert counted["ratio"] == pytest.approx(one["ratio"], rel=1e-12)
        assert counted["t"] == pytest.approx(one["t"], rel=1e-12)


def test_one_process_alone_has_its_own_sum() -> None:
    values = torch.tensor([1.0, 2.0], requires_grad=True)
    total = summed(values)
    assert total.tolist() == [1.0, 2.0]
    assert not total.requires_grad
