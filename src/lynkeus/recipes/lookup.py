"""Find recipes by name: our recipes in the table, recipes of other packages through their entry points.

Only ``load_recipe`` imports a recipe, and with it PyTorch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from lynkeus.core.plugins import entry_point, load, offered
from lynkeus.recipes import GROUP, RECIPES

if TYPE_CHECKING:
    from lynkeus.recipes.protocol import Recipe


def known() -> list[str]:
    """The names of all recipes, ours first."""
    return [*RECIPES, *sorted(set(offered(GROUP)) - set(RECIPES))]


def module_of(name: str) -> str:
    """Path of a recipe's module; the module is not imported.

    Raises:
        UnknownNameError: No recipe has the name.
    """
    return RECIPES[name] if name in RECIPES else entry_point(RECIPES, GROUP, name).module


def load_recipe(name: str) -> "Recipe":
    """Load the recipe of a name.

    Raises:
        UnknownNameError: No recipe has the name, or another package's recipe cannot be loaded.
    """
    if name in RECIPES:
        return import_module(RECIPES[name]).RECIPE
    return load(entry_point(RECIPES, GROUP, name))
