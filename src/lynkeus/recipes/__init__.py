"""Recipes: what is trained, how, from what. A recipe is a value; a name from outside is looked up here."""

from lynkeus.recipes.copies_all import RECIPE as COPIES_ALL
from lynkeus.recipes.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.copies_free import RECIPE as COPIES_FREE
from lynkeus.recipes.copies_self_distilled import RECIPE as COPIES_SELF_DISTILLED
from lynkeus.recipes.overlay_finder import RECIPE as OVERLAY_FINDER
from lynkeus.recipes.protocol import Places as Places
from lynkeus.recipes.protocol import Recipe as Recipe

GROUP = "lynkeus.recipes"
"""Entry point group of other packages' recipes."""

RECIPES: dict[str, Recipe] = {
    "copies_first": COPIES_FIRST,
    "copies_all": COPIES_ALL,
    "copies_free": COPIES_FREE,
    "copies_self_distilled": COPIES_SELF_DISTILLED,
    "overlay_finder": OVERLAY_FINDER,
}
