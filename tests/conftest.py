"""Lets all tests import ``made_pictures``, in every import mode of pytest, and gives each the same chance."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def _same_chance() -> None:
    """Start PyTorch's own generator anew before each test.

    New layers draw their weights from this generator. All tests of a process share it, so that a test would otherwise
    depend on those before it.
    """
    if (torch := sys.modules.get("torch")) is not None:
        torch.manual_seed(0)
