"""Recipes say what is trained, how, and from which data. A recipe is the value ``RECIPE`` of the module of its name.

``lynkeus.recipes.lookup`` finds a recipe by its name. This table holds module paths, not recipes, because importing a
recipe needs PyTorch and listing the names must not need PyTorch.
"""

GROUP = "lynkeus.recipes"
"""Entry point group of other packages' recipes."""

RECIPES: dict[str, str] = {
    "copies_first": "lynkeus.recipes.copies.copies_first",
    "copies_all": "lynkeus.recipes.copies.copies_all",
    "copies_free": "lynkeus.recipes.copies.copies_free",
    "copies_self_distilled": "lynkeus.recipes.copies.copies_self_distilled",
    "deepfirearm": "lynkeus.recipes.retrieval.deepfirearm",
    "deepfirearm_arcface": "lynkeus.recipes.retrieval.deepfirearm_arcface",
    "deepfirearm_cls": "lynkeus.recipes.retrieval.deepfirearm_cls",
    "deepfirearm_cls_retr_s": "lynkeus.recipes.retrieval.deepfirearm_cls_retr_s",
    "deepfirearm_off_the_shelf": "lynkeus.recipes.retrieval.deepfirearm_off_the_shelf",
    "deepfirearm_retr_d": "lynkeus.recipes.retrieval.deepfirearm_retr_d",
    "deepfirearm_retr_s": "lynkeus.recipes.retrieval.deepfirearm_retr_s",
    "deepfirearm_triplet": "lynkeus.recipes.retrieval.deepfirearm_triplet",
    "hiding_localisation": "lynkeus.recipes.hiding.hiding_localisation",
    "hiding_masks": "lynkeus.recipes.hiding.hiding_masks",
    "hiding_cars": "lynkeus.recipes.hiding.hiding_cars",
    "hiding_cifar10": "lynkeus.recipes.hiding.hiding_cifar10",
    "hiding_emotion": "lynkeus.recipes.hiding.hiding_emotion",
    "hiding_age": "lynkeus.recipes.hiding.hiding_age",
    "hiding_sex": "lynkeus.recipes.hiding.hiding_sex",
    "hiding_actions": "lynkeus.recipes.hiding.hiding_actions",
    "object_descriptor_all": "lynkeus.recipes.objects.object_descriptor_all",
    "object_descriptor_free": "lynkeus.recipes.objects.object_descriptor_free",
    "object_descriptor_own": "lynkeus.recipes.objects.object_descriptor_own",
    "overlay_finder": "lynkeus.recipes.overlays.overlay_finder",
}
"""The module of each of our recipes, by the recipe's name."""
