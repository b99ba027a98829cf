"""Recipes: what is trained, how, from what. A recipe is a value; a name from outside is looked up here."""

from lynkeus.recipes.config import CopyRecipe as CopyRecipe
from lynkeus.recipes.copies import barred_by_lists as barred_by_lists
from lynkeus.recipes.copies import train as train
from lynkeus.recipes.copies_all import RECIPE as COPIES_ALL
from lynkeus.recipes.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.copies_free import RECIPE as COPIES_FREE
from lynkeus.recipes.hiding_actions import RECIPE as HIDING_ACTIONS
from lynkeus.recipes.hiding_age import RECIPE as HIDING_AGE
from lynkeus.recipes.hiding_cars import RECIPE as HIDING_CARS
from lynkeus.recipes.hiding_cifar10 import RECIPE as HIDING_CIFAR10
from lynkeus.recipes.hiding_emotion import RECIPE as HIDING_EMOTION
from lynkeus.recipes.hiding_localisation import RECIPE as HIDING_LOCALISATION
from lynkeus.recipes.hiding_masks import RECIPE as HIDING_MASKS
from lynkeus.recipes.hiding_sex import RECIPE as HIDING_SEX
from lynkeus.recipes.protocol import Places as Places
from lynkeus.recipes.protocol import Recipe as Recipe
from lynkeus.recipes.publish import Release as Release
from lynkeus.recipes.publish import load_model as load_model
from lynkeus.recipes.publish import publish as publish

RECIPES: dict[str, CopyRecipe | Recipe] = {
    "copies_first": COPIES_FIRST,
    "copies_all": COPIES_ALL,
    "copies_free": COPIES_FREE,
    "wsol": HIDING_LOCALISATION,
    "masks": HIDING_MASKS,
    "cars": HIDING_CARS,
    "cifar10": HIDING_CIFAR10,
    "emotion": HIDING_EMOTION,
    "age": HIDING_AGE,
    "sex": HIDING_SEX,
    "actions": HIDING_ACTIONS,
}
