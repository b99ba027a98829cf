"""Recipes: what is trained, how, from what. A recipe is a value; a name from outside is looked up here."""

from lynkeus.recipes.config import CopyRecipe as CopyRecipe
from lynkeus.recipes.copies import barred_by_lists as barred_by_lists
from lynkeus.recipes.copies import train as train
from lynkeus.recipes.copies_all import RECIPE as COPIES_ALL
from lynkeus.recipes.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.copies_free import RECIPE as COPIES_FREE
from lynkeus.recipes.protocol import Places as Places
from lynkeus.recipes.protocol import Recipe as Recipe
from lynkeus.recipes.publish import Release as Release
from lynkeus.recipes.publish import load_model as load_model
from lynkeus.recipes.publish import publish as publish

RECIPES: dict[str, CopyRecipe] = {
    "copies_first": COPIES_FIRST,
    "copies_all": COPIES_ALL,
    "copies_free": COPIES_FREE,
}
