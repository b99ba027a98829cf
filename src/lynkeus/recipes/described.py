"""Descriptions of recipes: the docstring of a recipe's module with its four lines, and the fields by path."""

import ast
import re
from dataclasses import dataclass, fields, is_dataclass
from importlib.abc import InspectLoader
from importlib.util import find_spec
from typing import Any

from lynkeus.recipes.lookup import module_of

LINES = ("Source", "Expected", "Cost", "Run")
NOT_SAID = "not said"


@dataclass(frozen=True, kw_only=True, slots=True)
class Description:
    """The description of a recipe.

    Attributes:
        text: The docstring of the recipe's module.
        summary: The first line of the docstring.
        lines: ``Source``, ``Expected``, ``Cost`` and ``Run``; a missing line is "not said".
    """

    text: str
    summary: str
    lines: dict[str, str]


def described(name: str) -> Description:
    """Describe a recipe. The docstring is read from the source file; the recipe is not imported.

    Raises:
        UnknownNameError: No recipe has the name.
    """
    text = _docstring(module_of(name))
    summary = next((line for line in text.strip().splitlines() if line), "")
    return Description(text=text, summary=summary, lines={word: _line(text, word) for word in LINES})


def flat(value: Any, path: str = "") -> dict[str, Any]:
    """Every field of a recipe, by its path for ``--set``.

    >>> from lynkeus.recipes.retrieval.stages import Angular
    >>> flat(Angular(scale=32.0, margin=0.3))["margin"]
    0.3
    """
    if is_dataclass(value) and not isinstance(value, type):
        parts = [(each.name, getattr(value, each.name)) for each in fields(value)]
    elif isinstance(value, tuple) and any(map(is_dataclass, value)):
        parts = [(str(place), one) for place, one in enumerate(value)]
    else:
        return {path: value}
    return {name: one for step, part in parts for name, one in flat(part, f"{path}.{step}" if path else step).items()}


def _docstring(module: str) -> str:
    """Read the docstring of a module without importing the module; on an error, give the reason instead.

    Finding a module imports the packages that contain the module. Another package may need libraries that are missing.
    """
    try:
        spec = find_spec(module)
        source = spec.loader.get_source(module) if spec and isinstance(spec.loader, InspectLoader) else None
        return ast.get_docstring(ast.parse(source or "")) or ""
    except Exception as error:  # noqa: BLE001  code of another package runs here; a failure must not hide the other recipes
        return f"{module} cannot be read: {type(error).__name__}: {error}"


def _line(text: str, word: str) -> str:
    found = re.search(rf"^{word}: (.*?)(?=^(?:{'|'.join(LINES)}): |\n\s*\n|\Z)", text, re.MULTILINE | re.DOTALL)
    return " ".join(found[1].split()) if found else NOT_SAID
