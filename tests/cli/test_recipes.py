"""Recipes, ours and other packages', are listed without the libraries that train them."""

import json
from pathlib import Path

import pytest
from commands import run, run_process

from lynkeus.recipes import RECIPES

BARE = "import sys\nsys.modules |= dict.fromkeys(('torch', 'lightning_fabric', 'onnx', 'tensorboardX'))\n"
"""Content of ``sitecustomize``: a process that loads this text cannot import the libraries of the laboratory."""
FOREIGN = '''"""Moths by their wings.

Source: made for this test.
Cost: 1 s.
"""

import torch

RECIPE = torch.nn.Identity()
'''


@pytest.fixture
def without_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on the path of new processes without the extra; another package in it has a good and a broken recipe."""
    (tmp_path / "sitecustomize.py").write_text(BARE)
    (tmp_path / "moths.py").write_text(FOREIGN)
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "__init__.py").write_text("import torch\n")
    information = tmp_path / "moths-1.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: moths\nVersion: 1\n")
    points = "[lynkeus.recipes]\nmoths = moths:RECIPE\nbroken = broken.recipe:RECIPE\n"
    (information / "entry_points.txt").write_text(points)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def test_lists_recipes_without_the_extra(without_extra: Path) -> None:
    answer = run_process("recipes", "list", "--json", cwd=without_extra)
    assert answer.returncode == 0, answer.stderr
    rows = {row["recipe"]: row for row in map(json.loads, answer.stdout.splitlines())}
    assert list(rows) == [*RECIPES, "broken", "moths"]
    assert all(rows[name][word] != "not said" for name in RECIPES for word in ("Source", "Expected", "Cost", "Run"))
    assert rows["copies_free"]["Cost"] == "about 10 min, one CPU core, 2 GiB."
    assert (rows["moths"]["summary"], rows["moths"]["Cost"]) == ("Moths by their wings.", "1 s.")
    assert "broken.recipe cannot be read: ModuleNotFoundError: " in rows["broken"]["summary"]


def test_shows_what_a_recipe_says_without_the_extra_and_names_the_extra_for_its_fields(without_extra: Path) -> None:
    answer = run_process("recipes", "show", "moths", cwd=without_extra)
    assert answer.returncode == 2
    assert answer.stdout.startswith("Moths by their wings.\n\nSource: made for this test.")
    assert "pip install 'lynkeus[train]'" in answer.stderr


def test_an_unknown_recipe_is_named_with_the_known_ones(tmp_path: Path) -> None:
    assert "known: copies_all" in run(tmp_path, "recipes", "show", "copies", code=2).stderr
