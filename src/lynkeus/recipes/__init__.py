"""Recipes: what is trained, how, from what. A recipe is a value; a name from outside is looked up here."""

from lynkeus.recipes.config import CopyRecipe as CopyRecipe
from lynkeus.recipes.copies import barred_by_lists as barred_by_lists
from lynkeus.recipes.copies import train as train
from lynkeus.recipes.copies_all import RECIPE as COPIES_ALL
from lynkeus.recipes.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.copies_free import RECIPE as COPIES_FREE
from lynkeus.recipes.deepfirearm import RECIPE as DEEPFIREARM
from lynkeus.recipes.deepfirearm_arcface import RECIPE as DEEPFIREARM_ARCFACE
from lynkeus.recipes.deepfirearm_cls import RECIPE as DEEPFIREARM_CLS
from lynkeus.recipes.deepfirearm_cls_retr_s import RECIPE as DEEPFIREARM_CLS_RETR_S
from lynkeus.recipes.deepfirearm_off_the_shelf import RECIPE as DEEPFIREARM_OFF_THE_SHELF
from lynkeus.recipes.deepfirearm_retr_d import RECIPE as DEEPFIREARM_RETR_D
from lynkeus.recipes.deepfirearm_retr_s import RECIPE as DEEPFIREARM_RETR_S
from lynkeus.recipes.deepfirearm_triplet import RECIPE as DEEPFIREARM_TRIPLET
from lynkeus.recipes.protocol import Places as Places
from lynkeus.recipes.protocol import Recipe as Recipe
from lynkeus.recipes.publish import Release as Release
from lynkeus.recipes.publish import load_model as load_model
from lynkeus.recipes.publish import publish as publish
from lynkeus.recipes.retrieval import RetrievalRecipe as RetrievalRecipe

RECIPES: dict[str, CopyRecipe | RetrievalRecipe] = {
    "copies_first": COPIES_FIRST,
    "copies_all": COPIES_ALL,
    "copies_free": COPIES_FREE,
    "deepfirearm": DEEPFIREARM,
    "deepfirearm_arcface": DEEPFIREARM_ARCFACE,
    "deepfirearm_cls": DEEPFIREARM_CLS,
    "deepfirearm_cls_retr_s": DEEPFIREARM_CLS_RETR_S,
    "deepfirearm_off_the_shelf": DEEPFIREARM_OFF_THE_SHELF,
    "deepfirearm_retr_d": DEEPFIREARM_RETR_D,
    "deepfirearm_retr_s": DEEPFIREARM_RETR_S,
    "deepfirearm_triplet": DEEPFIREARM_TRIPLET,
}
