"""Scenes that train the overlay detector: pictures pasted into pictures, with their exact boxes.

Source: imgFp (ISC 2021) trains its detector on composites; our composites come from ``lynkeus.augment``. Three in four
scenes have pasted pictures. The others have none: they are plain pictures, or pictures with text, stickers, painted
rectangles, mosaics or a second picture blended in.

Conventions: pictures are uint8 RGB; boxes are x0, y0, x1, y1 in pixel edges. The box of a pasted picture excludes the
border drawn around the picture. The box of a rotated picture is the upright box around the picture.
"""

from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus import augment as au
from lynkeus.augment.composite import filled, resized_to
from lynkeus.augment.placing import box_of, moved_box, shifting

Draw = Callable[[np.random.Generator], np.ndarray]
"""Draws one picture."""

# A box stays a target if 0.4 of its area is visible, and its share of the picture and its aspect ratio lie within these
# bounds: outside them a person would not call the region a pasted picture. The exact values hardly matter.
_SEEN, _SMALLEST, _LARGEST, _SLIMMEST = 0.4, 0.002, 0.85, 0.25
# Rows and columns of collages. A collage draws one entry uniformly, so 2 x 2 comes most often; the mix hardly matters.
_GRIDS = ((2, 2), (2, 2), (2, 2), (1, 2), (2, 1), (1, 3), (3, 1), (2, 3), (3, 2), (3, 3))


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class Scene:
    """A picture and the boxes of the pictures pasted into it.

    Attributes:
        image: The picture.
        boxes: Box of each pasted picture, pixels.
    """

    image: UInt8[np.ndarray, "h w 3"]
    boxes: Float64[np.ndarray, "k 4"]


@dataclass(frozen=True, kw_only=True, slots=True, eq=False)
class SceneMaker:
    """Makes scenes.

    Attributes:
        draw: Draws a picture.
        own: Edits of a picture before it is pasted.
        whole: Edits of the finished scene.
        harmless: Edits of a picture without pasted pictures.
        side: Longest side of the scenes before the edits, pixels.
    """

    draw: Draw
    own: au.Transform
    whole: au.Transform
    harmless: au.Transform
    side: int

    def __call__(self, rng: np.random.Generator) -> Scene:
        """One scene of a random kind."""
        kinds = (self._pasted, self._collage, self._framed, self._plain)
        kind = kinds[int(rng.choice(len(kinds), p=(0.54, 0.1, 0.12, 0.24)))]
        return followed(kind(rng), self.whole, rng)

    def _pasted(self, rng: np.random.Generator) -> Scene:
        """One to three pictures on a host."""
        canvas = resized_to(self._host(rng), self.side)
        boxes = np.zeros((0, 4))
        for _ in range(int(rng.choice((1, 1, 1, 1, 1, 1, 1, 2, 2, 3)))):
            picture = self.own(self.draw(rng), rng)
            canvas, box = pasted(canvas, picture, rng)
            boxes = np.concatenate((boxes[[not _hidden(old, box) for old in boxes]], box[None]))
        return Scene(image=canvas, boxes=boxes)

    def _host(self, rng: np.random.Generator) -> np.ndarray:
        if rng.random() < 0.08:
            tall, wide = (int(side) for side in rng.integers(self.side // 2, self.side + 1, 2))
            return np.full((tall, wide, 3), rng.integers(0, 256, 3), np.uint8)
        host = self.draw(rng)
        return self.harmless(host, rng) if rng.random() < 0.3 else host

    def _collage(self, rng: np.random.Generator) -> Scene:
        """A grid of pictures; each counts as pasted."""
        rows, columns = _GRIDS[int(rng.integers(len(_GRIDS)))]
        rim = int(rng.choice((0, 1, 2, 3, 5, 10)))
        first = self.own(self.draw(rng), rng)
        factor = self.side / max(first.shape[0] * rows, first.shape[1] * columns)
        tall, wide = (max(12, round(side * factor)) for side in first.shape[:2])
        canvas = np.empty((rows * (tall + rim) + rim, columns * (wide + rim) + rim, 3), np.uint8)
        canvas[:] = (255, 255, 255) if rng.random() < 0.6 else rng.integers(0, 256, 3)
        boxes: list[tuple[int, int, int, int]] = []
        for cell in range(rows * columns):
            picture = first if cell == 0 else self.draw(rng)
            y, x = (place * (size + rim) + rim for place, size in zip(divmod(cell, columns), (tall, wide), strict=True))
            canvas[y : y + tall, x : x + wide] = filled(picture, wide, tall)
            boxes.append((x, y, x + wide, y + tall))
        outer = 0 if rng.random() < 0.5 else rim
        image = canvas[outer : len(canvas) - outer, outer : canvas.shape[1] - outer]
        return Scene(image=image, boxes=np.array(boxes, np.float64) - outer)

    def _framed(self, rng: np.random.Generator) -> Scene:
        """A picture on a phone's screen, between bars with text, or on a plain background."""
        frame = au.OneOf(
            (
                au.Screenshot(width=int(0.6 * self.side)),
                au.Screenshot(width=int(0.6 * self.side)),
                au.Caption(where="both", size=(0.12, 0.5), bar=None),
                au.Caption(where=("top", "bottom")[int(rng.integers(2))], size=(0.25, 0.6)),
                au.Pad(share=(0.1, 0.6), fill=None),
                au.Border(share=(0.08, 0.2), polaroid=True),
            )
        )
        picture = resized_to(self.own(self.draw(rng), rng), self.side)
        placement = frame.place(picture, rng)
        return Scene(image=placement.image, boxes=placement.box[None])

    def _plain(self, rng: np.random.Generator) -> Scene:
        """A picture without pasted pictures."""
        picture = self.draw(rng)
        if rng.random() < 0.6:
            picture = self.harmless(picture, rng)
        return Scene(image=picture, boxes=np.zeros((0, 4)))


def pasted(
    canvas: UInt8[np.ndarray, "h w 3"], picture: UInt8[np.ndarray, "ph pw 3"], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h w 3"], Float64[np.ndarray, "4"]]:
    """The canvas with a pasted picture, and the box of that picture.

    The longest side is 8 to 70 % of the canvas's same side; small sizes are more frequent than large sizes. One picture
    in five is rotated. A third have a border, rounded or soft corners, or are translucent.
    """
    height, width = canvas.shape[:2]
    share = float(np.exp(rng.uniform(np.log(0.08), np.log(0.7))))
    turn = rng.uniform(-8, 8) if rng.random() < 0.13 else rng.uniform(-180, 180) if rng.random() < 0.08 else 0.0
    cosine, sine = np.cos(np.deg2rad(turn)), np.sin(np.deg2rad(turn))
    factor = share * min(height / picture.shape[0], width / picture.shape[1])
    tall, wide = (max(10, round(side * factor)) for side in picture.shape[:2])
    small = np.asarray(cv2.resize(picture, (wide, tall), interpolation=cv2.INTER_AREA))
    small, alpha, rim = _styled(small, rng)
    extent = np.array([[abs(cosine), abs(sine)], [abs(sine), abs(cosine)]]) @ alpha.shape[::-1]
    room = np.maximum((width, height) - extent, 0)
    centre = np.floor(rng.uniform(0, 1, 2) * room) + extent / 2
    if not turn:
        centre = np.floor(centre - extent / 2) + extent / 2
    about = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    middle = (np.array(alpha.shape[::-1]) - 1) / 2
    move = shifting(*(centre - 0.5)) @ about @ shifting(*-middle)
    over, share_over = (cv2.warpAffine(layer, move[:2], (width, height)) for layer in (small, alpha))
    mixed = canvas + np.asarray(share_over)[..., None] * (np.asarray(over, np.float32) - canvas)
    box = box_of(move @ shifting(rim, rim), (tall, wide), (height, width))
    return np.rint(mixed).astype(np.uint8), box


def followed(scene: Scene, edit: au.Transform, rng: np.random.Generator) -> Scene:
    """The scene after an edit; the boxes move with the edit, and boxes that are hardly visible are dropped."""
    if not isinstance(edit, au.Placing):
        return Scene(image=edit(scene.image, rng), boxes=scene.boxes)
    placement = edit.place(scene.image, rng)
    if placement.transform is None:
        raise ValueError("an edit of whole scenes must say where each point went")
    after = (placement.image.shape[0], placement.image.shape[1])
    ratio = float(abs(np.linalg.det(placement.transform[:2, :2])))
    moved = [(moved_box(box, placement.transform, after), ratio * _area(box)) for box in scene.boxes]
    kept = [box for box, area in moved if _area(box) > _SEEN * area and _fits(box, after)]
    return Scene(image=placement.image, boxes=np.array(kept, np.float64).reshape(-1, 4))


def _styled(
    picture: UInt8[np.ndarray, "h w 3"], rng: np.random.Generator
) -> tuple[UInt8[np.ndarray, "h2 w2 3"], Float32[np.ndarray, "h2 w2"], int]:
    """The picture with its border, the opacity of each pixel, and the width of the border."""
    height, width = picture.shape[:2]
    shortest = min(height, width)
    style = rng.random()
    rim = max(1, round(rng.uniform(0.02, 0.08) * shortest)) if style < 0.13 else 0
    if rim:
        colour = (255, 255, 255) if rng.random() < 0.5 else tuple(int(level) for level in rng.integers(0, 256, 3))
        picture = np.asarray(cv2.copyMakeBorder(picture, rim, rim, rim, rim, cv2.BORDER_CONSTANT, value=colour))
    alpha = np.ones(picture.shape[:2], np.float32)
    if 0.13 <= style < 0.21:
        alpha = _rounded(alpha.shape, max(1, round(rng.uniform(0.05, 0.3) * shortest)))
    elif 0.21 <= style < 0.33:
        alpha *= np.float32(rng.uniform(0.55, 0.95))
    elif 0.33 <= style < 0.37:
        soft = max(1, round(0.04 * shortest))
        alpha[: soft // 2 + 1], alpha[-soft // 2 :], alpha[:, : soft // 2 + 1], alpha[:, -soft // 2 :] = 0, 0, 0, 0
        alpha = np.asarray(cv2.blur(alpha, (soft + 1, soft + 1), borderType=cv2.BORDER_CONSTANT))
    return picture, alpha, rim


def _rounded(shape: tuple[int, ...], radius: int) -> Float32[np.ndarray, "h w"]:
    height, width = shape
    y = np.maximum(np.abs(np.arange(height) - (height - 1) / 2) - (height / 2 - radius), 0)
    x = np.maximum(np.abs(np.arange(width) - (width - 1) / 2) - (width / 2 - radius), 0)
    return (np.hypot(x[None], y[:, None]) <= radius).astype(np.float32)


def _hidden(old: Float64[np.ndarray, "4"], new: Float64[np.ndarray, "4"]) -> bool:
    low, high = np.maximum(old[:2], new[:2]), np.minimum(old[2:], new[2:])
    return float(np.prod(np.maximum(high - low, 0))) > (1 - _SEEN) / 2 * _area(old)


def _area(box: Float64[np.ndarray, "4"]) -> float:
    return float((box[2] - box[0]) * (box[3] - box[1]))


def _fits(box: Float64[np.ndarray, "4"], shape: tuple[int, int]) -> bool:
    """Whether a box is neither tiny, nor nearly the whole picture, nor a thin strip."""
    wide, tall = float(box[2] - box[0]), float(box[3] - box[1])
    share = wide * tall / (shape[0] * shape[1])
    return _SMALLEST < share <= _LARGEST and _SLIMMEST <= wide / tall <= 1 / _SLIMMEST
