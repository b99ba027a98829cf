"""The arms: what is changed of which recipe. The arms of a family have one budget, and none was tuned to its tests.

Sizes of the wsol family are those of the paper (16, 32, 44 and 56 of 224 pixels) at its 96 pixels.
"""

from dataclasses import dataclass, replace

from lynkeus.augment import Transform
from lynkeus.augment.hiding import CutOut, HideAndSeek, Hiding, RandomErasing
from lynkeus.data.hiding_batches import MapHiding
from lynkeus.data.splices import TimeHiding
from lynkeus.recipes.hiding.hiding_actions import RECIPE as ACTIONS
from lynkeus.recipes.hiding.hiding_age import RECIPE as AGE
from lynkeus.recipes.hiding.hiding_cars import RECIPE as CARS
from lynkeus.recipes.hiding.hiding_cifar10 import RECIPE as CIFAR10
from lynkeus.recipes.hiding.hiding_emotion import RECIPE as EMOTION
from lynkeus.recipes.hiding.hiding_localisation import RECIPE as LOCALISATION
from lynkeus.recipes.hiding.hiding_sex import RECIPE as SEX
from lynkeus.recipes.hiding.recipe import HidingRecipe
from lynkeus.recipes.hiding.time_recipe import TimeRecipe

SEEDS = (0, 1, 2)
SIZES = (7, 14, 19, 24)
NOTHING = HideAndSeek(p=0.0, sides=(0,))
ERASING = RandomErasing(p=0.5)
MIXED = HideAndSeek(p=0.5, sides=(0, *SIZES))
BASE = replace(LOCALISATION, descent=replace(LOCALISATION.descent, steps=60, cooldown=30))


@dataclass(frozen=True, kw_only=True, slots=True)
class Arm:
    """One arm.

    Attributes:
        family: Name of its family.
        name: Of the arm.
        recipe: With seed 0.
    """

    family: str
    name: str
    recipe: HidingRecipe | TimeRecipe


def _wsol(**changed: HidingRecipe) -> list[Arm]:
    return [Arm(family="wsol", name=name, recipe=recipe) for name, recipe in changed.items()]


def _shares_and_peers() -> list[Arm]:
    return _wsol(
        none=replace(BASE, augment=NOTHING),
        mixed=BASE,
        cutout=replace(BASE, augment=CutOut(side=48)),
        erasing=replace(BASE, augment=ERASING),
        p25=replace(BASE, augment=replace(MIXED, p=0.25)),
        p75=replace(BASE, augment=replace(MIXED, p=0.75)),
    )


def _fills_and_poolings() -> list[Arm]:
    return _wsol(
        black=replace(BASE, augment=replace(MIXED, fill=(0, 0, 0))),
        white=replace(BASE, augment=replace(MIXED, fill=(255, 255, 255))),
        max_none=replace(BASE, augment=NOTHING, pooling="max"),
        max_mixed=replace(BASE, pooling="max"),
    )


def _sizes() -> list[Arm]:
    return _wsol(**{f"s{size}": replace(BASE, augment=HideAndSeek(p=0.5, sides=(size,))) for size in reversed(SIZES)})


def _maps_and_pixels() -> list[Arm]:
    return _wsol(
        maps5=replace(BASE, augment=NOTHING, maps=MapHiding(p=0.5, side=5)),
        maps11=replace(BASE, augment=NOTHING, maps=MapHiding(p=0.5, side=11)),
        pixels=replace(BASE, augment=HideAndSeek(p=0.5, sides=(1,))),
    )


def _long(**hidden: Hiding) -> list[Arm]:
    """The recipe itself, with two and a half times the steps of the other arms: hiding makes training slower."""
    return [
        Arm(family="wsol_long", name=name, recipe=replace(LOCALISATION, augment=one)) for name, one in hidden.items()
    ]


def _plain(name: str) -> list[Arm]:
    """One arm of each family that names the whole picture alone."""
    hidden: dict[str, Hiding] = {"none": NOTHING, "erasing": ERASING}
    families = {"cifar10": CIFAR10, "emotion": EMOTION, "sex": SEX, "age": AGE}
    return [
        Arm(family=family, name=name, recipe=replace(recipe, augment=hidden.get(name, recipe.augment)))
        for family, recipe in families.items()
    ]


def _cars(**hidden: Transform) -> list[Arm]:
    return [Arm(family="cars", name=name, recipe=replace(CARS, augment=one)) for name, one in hidden.items()]


def _time() -> list[Arm]:
    return [
        Arm(family="actions", name=name, recipe=replace(ACTIONS, augment=TimeHiding(p=p, segment=segment)))
        for name, p, segment in (("none", 0.0, 4), ("s4", 0.5, 4), ("s8", 0.5, 8), ("s16", 0.5, 16))
    ]


ARMS: tuple[Arm, ...] = (
    *_shares_and_peers(),
    *_time(),
    *_cars(none=NOTHING, mixed=CARS.augment),
    *_fills_and_poolings(),
    *_long(none=NOTHING, mixed=MIXED),
    *_plain("none"),
    *_plain("mixed"),
    *_sizes(),
    *_long(cutout=CutOut(side=48), erasing=ERASING),
    *_cars(cutout=CutOut(side=48), erasing=ERASING),
    *_maps_and_pixels(),
    *_plain("erasing"),
)
"""All arms in the order in which they are run: the most telling first."""
