"""What a recipe says of itself: its module's docstring with the four lines, and its fields by their paths."""

import re
import sys
from dataclasses import dataclass, fields, is_dataclass
from importlib.metadata import entry_points
from types import ModuleType
from typing import Any

from lynkeus.core.plugins import find
from lynkeus.recipes import GROUP, RECIPES

LINES = ("Source", "Expected", "Cost", "Run")
NOT_SAID = "not said"


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """What a recipe says of itself.

    Attributes:
        text: The docstring of its module.
        summary: The first line.
        lines: ``Source``, ``Expected``, ``Cost`` and ``Run``; "not said" where one is missing.
    """

    text: str
    summary: str
    lines: dict[str, str]


def known() -> list[str]:
    """The names of all recipes, ours first."""
    return [*RECIPES, *sorted({point.name for point in entry_points(group=GROUP)} - set(RECIPES))]


def described(name: str) -> Description:
    """What the recipe of a name says.

    Raises:
        UnknownNameError: No recipe has the name.
    """
    recipe = find(RECIPES, GROUP, name)
    text = _module_of(recipe, name).__doc__ or ""
    summary = next((line for line in text.strip().splitlines() if line), "")
    return Description(text=text, summary=summary, lines={word: _line(text, word) for word in LINES})


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every field of a recipe by the path that ``--set`` takes.

    >>> from lynkeus.recipes.config import Objective
    >>> flat(Objective(temperature=0.1, entropy_weight=5.0, memory=0, momentum=None))["temperature"]
    0.1
    """
    if is_dataclass(value) and not isinstance(value, type):
        parts = [(each.name, getattr(value, each.name)) for each in fields(value)]
    elif isinstance(value, tuple) and any(map(is_dataclass, value)):
        parts = [(str(place), one) for place, one in enumerate(value)]
    else:
        return {path: value}
    return {name: one for step, part in parts for name, one in flat(part, f"{path}.{step}" if path else step).items()}


def _module_of(recipe: object, name: str) -> ModuleType:
    """The module of a recipe: of its name, of its entry point, whose own it is, or the first that has it."""
    own = sys.modules.get(f"lynkeus.recipes.{name}")
    if own is not None:
        return own
    if name not in RECIPES:
        return sys.modules[next(point.module for point in entry_points(group=GROUP) if point.name == name)]
    modules = [module for path, module in sys.modules.items() if path.startswith("lynkeus.recipes.")]
    owners = [module for module in modules if vars(module).get("RECIPE") is recipe]
    return owners[0] if owners else next(m for m in modules if any(one is recipe for one in _values(m)))


def _values(module: ModuleType) -> list[object]:
    values: list[object] = []
    for value in vars(module).values():
        values += [value, *(value.values() if isinstance(value, dict) else ())]
    return values


def _line(text: str, word: str) -> str:
    found = re.search(rf"^{word}: (.*?)(?=^(?:{'|'.join(LINES)}): |\n\s*\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else NOT_SAID
