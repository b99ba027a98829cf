"""Disguises made of other disguises: all in order, one at random, or a few at random."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import UInt8

from lynkeus.augment.placing import Placement, Placing, Transform, box_of, moved_box


@dataclass(frozen=True, slots=True, eq=False)
class Chain(Placing):
    """Apply several disguises in order and track where the copy lies.

    Attributes:
        steps: The disguises in order; an empty chain leaves the picture unchanged.
    """

    steps: tuple[Transform, ...]

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Apply all steps; a step that is no ``Placing`` keeps each point where it is."""
        before = (image.shape[0], image.shape[1])
        placement = _unmoved(image)
        for step in self.steps:
            placement = _after(placement, step, before, rng)
        return placement


@dataclass(frozen=True, slots=True, eq=False)
class OneOf(Placing):
    """Apply one of several disguises, each with the same probability.

    Attributes:
        choices: At least one.
    """

    choices: tuple[Transform, ...]

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Draw a disguise and apply it."""
        step = self.choices[rng.integers(len(self.choices))]
        return Chain((step,)).place(image, rng)


@dataclass(frozen=True, slots=True, eq=False)
class Sometimes(Placing):
    """Apply a disguise with a probability.

    Attributes:
        step: The disguise.
        p: Probability that the disguise is applied, 0 to 1.
    """

    step: Transform
    p: float

    def __post_init__(self) -> None:
        """Check the probability."""
        if not 0 <= self.p <= 1:
            raise ValueError(f"p is {self.p}, must be between 0 and 1")

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Apply the disguise, or leave the picture unchanged."""
        return Chain((self.step,) if rng.random() < self.p else ()).place(image, rng)


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Some(Placing):
    """Apply a few different disguises in random order.

    Attributes:
        choices: The disguises to draw from.
        fewest: Fewest disguises applied.
        most: Most disguises applied, at most ``len(choices)``.
        weights: Relative probability of each choice; None draws all with the same probability.
    """

    choices: tuple[Transform, ...]
    fewest: int = 1
    most: int = 4
    weights: Sequence[float] | None = None

    def __post_init__(self) -> None:
        """Check the numbers."""
        if not 0 <= self.fewest <= self.most <= len(self.choices):
            raise ValueError(f"{self.fewest} to {self.most} of {len(self.choices)} disguises cannot be drawn")
        if self.weights is not None and len(self.weights) != len(self.choices):
            raise ValueError(f"{len(self.weights)} weights for {len(self.choices)} disguises")

    def place(self, image: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator) -> Placement:
        """Draw disguises without repeats and apply them."""
        count = int(rng.integers(self.fewest, self.most + 1))
        p = None if self.weights is None else np.asarray(self.weights) / sum(self.weights)
        order = rng.choice(len(self.choices), count, replace=False, p=p)
        return Chain(tuple(self.choices[index] for index in order)).place(image, rng)


def _unmoved(image: UInt8[np.ndarray, "h w 3"]) -> Placement:
    height, width = image.shape[:2]
    box = np.array([0, 0, width, height], np.float64)
    return Placement(image=image, transform=np.eye(3), box=box)


def _after(earlier: Placement, step: Transform, before: tuple[int, int], rng: np.random.Generator) -> Placement:
    """The placement after one more step; ``before`` is the height and width of the original picture."""
    if not isinstance(step, Placing):
        return Placement(image=step(earlier.image, rng), transform=earlier.transform, box=earlier.box)
    later = step.place(earlier.image, rng)
    if later.transform is None:
        return Placement(image=later.image, transform=None, box=_inside(earlier.box, later.box))
    after = (later.image.shape[0], later.image.shape[1])
    box = moved_box(earlier.box, later.transform, after)
    if earlier.transform is None:
        return Placement(image=later.image, transform=None, box=box)
    transform = later.transform @ earlier.transform
    return Placement(image=later.image, transform=transform, box=_inside(box, box_of(transform, before, after)))


def _inside(box: np.ndarray, limit: np.ndarray) -> np.ndarray:
    return np.concatenate([np.maximum(box[:2], limit[:2]), np.minimum(box[2:], limit[2:])])
