"""Recipes: what is trained, how, from what. A recipe is a value; a name from outside is looked up here."""

from lynkeus.recipes.copies_all import RECIPE as COPIES_ALL
from lynkeus.recipes.copies_first import RECIPE as COPIES_FIRST
from lynkeus.recipes.copies_free import RECIPE as COPIES_FREE
from lynkeus.recipes.copies_self_distilled import RECIPE as COPIES_SELF_DISTILLED
from lynkeus.recipes.deepfirearm import RECIPE as DEEPFIREARM
from lynkeus.recipes.deepfirearm_arcface import RECIPE as DEEPFIREARM_ARCFACE
from lynkeus.recipes.deepfirearm_cls import RECIPE as DEEPFIREARM_CLS
from lynkeus.recipes.deepfirearm_cls_retr_s import RECIPE as DEEPFIREARM_CLS_RETR_S
from lynkeus.recipes.deepfirearm_off_the_shelf import RECIPE as DEEPFIREARM_OFF_THE_SHELF
from lynkeus.recipes.deepfirearm_retr_d import RECIPE as DEEPFIREARM_RETR_D
from lynkeus.recipes.deepfirearm_retr_s import RECIPE as DEEPFIREARM_RETR_S
from lynkeus.recipes.deepfirearm_triplet import RECIPE as DEEPFIREARM_TRIPLET
from lynkeus.recipes.hiding_actions import RECIPE as HIDING_ACTIONS
from lynkeus.recipes.hiding_age import RECIPE as HIDING_AGE
from lynkeus.recipes.hiding_cars import RECIPE as HIDING_CARS
from lynkeus.recipes.hiding_cifar10 import RECIPE as HIDING_CIFAR10
from lynkeus.recipes.hiding_emotion import RECIPE as HIDING_EMOTION
from lynkeus.recipes.hiding_localisation import RECIPE as HIDING_LOCALISATION
from lynkeus.recipes.hiding_masks import RECIPE as HIDING_MASKS
from lynkeus.recipes.hiding_sex import RECIPE as HIDING_SEX
from lynkeus.recipes.object_descriptor_all import RECIPE as OBJECT_DESCRIPTOR_ALL
from lynkeus.recipes.object_descriptor_free import RECIPE as OBJECT_DESCRIPTOR_FREE
from lynkeus.recipes.object_descriptor_own import RECIPE as OBJECT_DESCRIPTOR_OWN
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
    "deepfirearm": DEEPFIREARM,
    "deepfirearm_arcface": DEEPFIREARM_ARCFACE,
    "deepfirearm_cls": DEEPFIREARM_CLS,
    "deepfirearm_cls_retr_s": DEEPFIREARM_CLS_RETR_S,
    "deepfirearm_off_the_shelf": DEEPFIREARM_OFF_THE_SHELF,
    "deepfirearm_retr_d": DEEPFIREARM_RETR_D,
    "deepfirearm_retr_s": DEEPFIREARM_RETR_S,
    "deepfirearm_triplet": DEEPFIREARM_TRIPLET,
    "hiding_localisation": HIDING_LOCALISATION,
    "hiding_masks": HIDING_MASKS,
    "hiding_cars": HIDING_CARS,
    "hiding_cifar10": HIDING_CIFAR10,
    "hiding_emotion": HIDING_EMOTION,
    "hiding_age": HIDING_AGE,
    "hiding_sex": HIDING_SEX,
    "hiding_actions": HIDING_ACTIONS,
    "object_descriptor_all": OBJECT_DESCRIPTOR_ALL,
    "object_descriptor_free": OBJECT_DESCRIPTOR_FREE,
    "object_descriptor_own": OBJECT_DESCRIPTOR_OWN,
    "overlay_finder": OVERLAY_FINDER,
}
