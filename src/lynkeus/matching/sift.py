"""Local features: RootSIFT, well spread over the picture, and the symmetries of the descriptor.

Source: Lowe, IJCV 2004, https://doi.org/10.1023/B:VISI.0000029664.99615.94; RootSIFT: Arandjelovic and
Zisserman, CVPR 2012. Detection uses difference-of-Gaussian images, built with OpenCV, without the usual doubling of
the picture. Description samples a 20 x 20 patch per point, for all points at once. A test compares both with OpenCV's
own SIFT, which takes twice the time.

A descriptor has 16 cells, row by row, with 8 orientations each. A mirrored or inverted picture permutes these 128
dimensions. Points are (x, y) pixels of the upright picture at full size; the centre of the first pixel is (0, 0).
"""

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np
from jaxtyping import Bool, Float, Float32, Int, Int64, UInt8

CELLS, ORIENTATIONS, DIMENSIONS = 16, 8, 128
"""Layout of a SIFT descriptor, Lowe 2004, section 6."""

# A mirror image reverses the rows of cells and the sense of the orientations.
_ROWS_REVERSED = np.arange(CELLS).reshape(4, 4)[::-1].ravel()
_TURNED_BACK = (-np.arange(ORIENTATIONS)) % ORIENTATIONS


def _permutation(cells: Int64[np.ndarray, "16"], orientations: Int64[np.ndarray, "8"]) -> Int64[np.ndarray, "128"]:
    return (cells[:, None] * ORIENTATIONS + orientations[None, :]).ravel()


MIRROR = _permutation(_ROWS_REVERSED, _TURNED_BACK)
"""``vectors[:, MIRROR]`` are the descriptors of the mirrored picture."""

NEGATIVE = _permutation(np.arange(CELLS)[::-1].copy(), np.arange(ORIENTATIONS))
"""``vectors[:, NEGATIVE]`` are the descriptors of the picture with inverted colours."""

PERMUTATIONS = np.stack([np.arange(DIMENSIONS), MIRROR, NEGATIVE, MIRROR[NEGATIVE]])
"""Row ``mirrored + 2 * negative``; each permutation is its own inverse, and all commute."""


@dataclass(frozen=True, slots=True, eq=False)
class LocalFeatures:
    """Key points of one picture.

    Attributes:
        points: Positions (x, y), pixels of the full-size picture.
        scale: Standard deviation of the Gaussian that found the point, pixels of the full-size picture.
        angle: Dominant orientation, radians in [0, 2 pi), clockwise from the x axis.
        vectors: RootSIFT descriptors, rows of length 1 without negative entries.
        width: Width of the full-size picture, pixels.
        height: Height of the full-size picture, pixels.
    """

    points: Float32[np.ndarray, "n 2"]
    scale: Float32[np.ndarray, " n"]
    angle: Float32[np.ndarray, " n"]
    vectors: Float32[np.ndarray, "n 128"]
    width: int
    height: int

    def __len__(self) -> int:
        """Number of points."""
        return len(self.points)


@dataclass(frozen=True, slots=True, eq=False)
class _Octave:
    """Gaussian images of one octave; ``zoom`` is the base picture's pixels per octave pixel."""

    gaussians: list[Float32[np.ndarray, "h w"]]
    zoom: float


@dataclass(frozen=True, slots=True, eq=False)
class _Spots:
    """Extrema of one or more octaves: octave number, continuous layer, x and y in octave pixels, strength."""

    octave: Int64[np.ndarray, " n"]
    layer: Float32[np.ndarray, " n"]
    xy: Float32[np.ndarray, "n 2"]
    strength: Float32[np.ndarray, " n"]

    def __getitem__(self, keep: "Int[np.ndarray, ' m'] | Bool[np.ndarray, ' n']") -> "_Spots":
        return _Spots(self.octave[keep], self.layer[keep], self.xy[keep], self.strength[keep])


@dataclass(frozen=True, kw_only=True, slots=True)
class SiftExtractor:
    """Detects and describes at most ``max_points`` points of a picture.

    Attributes:
        side: Longest side of the searched picture, pixels; larger pictures are reduced.
        enlarge: Largest factor by which a smaller picture is enlarged.
        max_points: Largest number of points to keep.
        contrast: Smallest difference of Gaussians, on a grey scale of 0 to 1; low, so that flat pictures keep points.
        edge: Largest ratio of the two curvatures at a point.
        layers: Scales per octave.
        sigma: Blur of the first scale, pixels.
        grid: The strongest points of each of ``grid`` x ``grid`` cells come first.
    """

    side: int = 768
    enlarge: float = 1.5
    max_points: int = 500
    contrast: float = 0.004
    edge: float = 12.0
    layers: int = 2
    sigma: float = 1.6
    grid: int = 6

    def __call__(
        self, rgb: UInt8[np.ndarray, "h w 3"], *, width: int | None = None, height: int | None = None
    ) -> LocalFeatures:
        """The local features of a picture.

        Args:
            rgb: Pixels, possibly already reduced.
            width: Width of the full-size picture that the points refer to; None takes the width of ``rgb``.
            height: Height of the full-size picture; None takes the height of ``rgb``.
        """
        full = (width or rgb.shape[1], height or rgb.shape[0])
        grey = cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY)
        factor = min(self.side / max(grey.shape), self.enlarge)
        if factor != 1:
            mode = cv2.INTER_AREA if factor < 1 else cv2.INTER_LINEAR
            grey = cv2.resize(grey, None, fx=factor, fy=factor, interpolation=mode)
        base = grey.astype(np.float32) * np.float32(1 / 255)
        octaves = self._pyramid(base)
        spots = self._choose(_join([self._extrema(o, number) for number, o in enumerate(octaves)]), octaves)
        spots, angle = self._orient(spots, octaves)
        spots, angle = spots[np.arange(min(len(angle), self.max_points))], angle[: self.max_points]
        vectors = self._describe(spots, angle, octaves)
        zoom = np.array([o.zoom for o in octaves], np.float32)[spots.octave]
        pixel = np.array([full[0] / grey.shape[1], full[1] / grey.shape[0]], np.float32)
        sigma = self.sigma * 2 ** (spots.layer / self.layers)
        return LocalFeatures(
            points=((spots.xy * zoom[:, None] + 0.5) * pixel - 0.5).astype(np.float32),
            scale=(sigma * zoom * np.sqrt(pixel.prod())).astype(np.float32),
            angle=angle,
            vectors=vectors,
            width=full[0],
            height=full[1],
        )

    def _pyramid(self, base: Float32[np.ndarray, "h w"]) -> list[_Octave]:
        """Gaussian images, octave by octave, until the shorter side is below 12 pixels."""
        octaves: list[_Octave] = []
        first = _blur(base, float(np.sqrt(max(self.sigma**2 - 0.25, 0.01))))
        zoom = 1.0
        while min(first.shape) >= 12:
            gaussians = [first]
            for layer in range(1, self.layers + 3):
                before = self.sigma * 2 ** ((layer - 1) / self.layers)
                gaussians.append(_blur(gaussians[-1], before * float(np.sqrt(2 ** (2 / self.layers) - 1))))
            octaves.append(_Octave(gaussians, zoom))
            first = np.ascontiguousarray(gaussians[self.layers][::2, ::2])
            zoom *= 2
        return octaves

    def _extrema(self, octave: _Octave, number: int) -> _Spots:
        """Extrema over space and scale, with sub-pixel positions, without edges."""
        levels = octave.gaussians
        size = [cv2.absdiff(b, a) for a, b in pairwise(levels)]
        width = levels[0].shape[1]
        beside = np.array([dy * width + dx for dy in (-1, 0, 1) for dx in (-1, 0, 1)])[:, None]
        found: list[tuple[Float32[np.ndarray, "n 2"], Float32[np.ndarray, " n"], Float32[np.ndarray, " n"]]] = []
        for layer in range(1, len(size) - 1):
            candidate = (size[layer] >= cv2.dilate(size[layer], _NEIGHBOURS)) & (size[layer] > 0.5 * self.contrast)
            candidate[[0, -1]] = False
            candidate[:, [0, -1]] = False
            flat = np.flatnonzero(candidate)
            for other in (layer - 1, layer + 1):
                flat = flat[size[layer].ravel()[flat] >= size[other].ravel()[flat]]
            cube = np.diff(np.stack([level.ravel()[flat + beside] for level in levels[layer - 1 : layer + 3]]), axis=0)
            highest = np.abs(cube[1, 4]) >= np.abs(cube[[0, 2]]).max((0, 1))
            cube, flat = cube[:, :, highest].reshape(3, 3, 3, -1), flat[highest]
            y, x = np.divmod(flat, width)
            offset, strength, keep = _refine(cube, self.edge)
            keep &= strength > self.contrast
            xy = np.stack([x, y], 1).astype(np.float32) + offset[:, :2]
            found.append((xy[keep], (layer + offset[:, 2])[keep], strength[keep]))
        xy, layer, strength = (np.concatenate(part) for part in zip(*found, strict=True))
        return _Spots(np.full(len(xy), number), layer, xy, strength)

    def _choose(self, spots: _Spots, octaves: list[_Octave]) -> _Spots:
        """Keep the strongest points, but limit rich cells so that they do not crowd out poor cells."""
        if len(spots.strength) <= self.max_points:
            return spots[np.argsort(-spots.strength, kind="stable")]
        shape = np.array(octaves[0].gaussians[0].shape[::-1], np.float32)
        zoom = np.array([o.zoom for o in octaves], np.float32)[spots.octave]
        cell = np.clip((spots.xy * zoom[:, None] / shape * self.grid).astype(np.int64), 0, self.grid - 1)
        group = (cell[:, 1] * self.grid + cell[:, 0]) * 2 + (spots.octave > 0)
        order = np.lexsort((-spots.strength, group))
        sorted_group = group[order]
        start = np.searchsorted(sorted_group, sorted_group)
        rank = np.empty(len(order), np.int64)
        rank[order] = np.arange(len(order)) - start
        handicap = spots.strength / (1 + rank / (0.5 * self.max_points / self.grid**2))
        return spots[np.argsort(-handicap, kind="stable")[: self.max_points]]

    def _orient(self, spots: _Spots, octaves: list[_Octave]) -> tuple[_Spots, Float32[np.ndarray, " n"]]:
        """Dominant orientations in radians, at most two per point."""
        count = len(spots.strength)
        if not count:
            return spots, np.zeros(0, np.float32)
        patch = self._sample(spots, np.zeros(count, np.float32), octaves, 15, 0.75)
        dx, dy = patch[:, 1:-1, 2:] - patch[:, 1:-1, :-2], patch[:, 2:, 1:-1] - patch[:, :-2, 1:-1]
        magnitude, angle = cv2.cartToPolar(dx.reshape(count, -1), dy.reshape(count, -1))
        weight = magnitude * _window(13, 1.5 / 0.75).ravel()
        bins = np.floor(angle * np.float32(36 / (2 * np.pi))).astype(np.int64) % 36
        histogram = np.bincount((bins + 36 * np.arange(count)[:, None]).ravel(), weight.ravel(), 36 * count).reshape(
            count, 36
        )
        around = np.pad(histogram, ((0, 0), (2, 2)), mode="wrap")
        smooth = (around[:, :-4] + around[:, 4:] + 4 * (around[:, 1:-3] + around[:, 3:-1]) + 6 * around[:, 2:-2]) / 16
        left, right = np.roll(smooth, 1, 1), np.roll(smooth, -1, 1)
        peaks = np.where((smooth > left) & (smooth >= right), smooth, 0)
        best = np.argsort(-peaks, 1, kind="stable")[:, :2]
        top = np.take_along_axis(peaks, best, 1)
        owner, place = np.nonzero(top >= 0.8 * np.maximum(top[:, :1], 1e-12))
        at = best[owner, place]
        low, mid, high = left[owner, at], smooth[owner, at], right[owner, at]
        shift = 0.5 * (low - high) / np.minimum(low - 2 * mid + high, -1e-12)
        theta = ((at + 0.5 + shift) * (2 * np.pi / 36)) % (2 * np.pi)
        return spots[owner], theta.astype(np.float32)

    def _describe(
        self, spots: _Spots, angle: Float32[np.ndarray, " n"], octaves: list[_Octave]
    ) -> Float32[np.ndarray, "n 128"]:
        """RootSIFT of patches that are rotated by their angle and 12 sigma wide."""
        count = len(angle)
        if not count:
            return np.zeros((0, DIMENSIONS), np.float32)
        patch = self._sample(spots, angle, octaves, 20, 0.75)
        dx, dy = patch[:, 1:-1, 2:] - patch[:, 1:-1, :-2], patch[:, 2:, 1:-1] - patch[:, :-2, 1:-1]
        magnitude, direction = cv2.cartToPolar(dx.reshape(count, -1), dy.reshape(count, -1))
        place = direction * np.float32(ORIENTATIONS / (2 * np.pi))
        cells = np.empty((count, CELLS, ORIENTATIONS), np.float32)
        for orientation in range(ORIENTATIONS):
            away = np.abs(place - np.float32(orientation))
            near = np.maximum(1 - np.minimum(away, ORIENTATIONS - away), 0)
            cells[:, :, orientation] = (near * magnitude) @ _CELL_WEIGHTS
        return root_sift(cells.reshape(count, DIMENSIONS))

    def _sample(
        self, spots: _Spots, angle: Float32[np.ndarray, " n"], octaves: list[_Octave], size: int, step: float
    ) -> Float32[np.ndarray, "n s s"]:
        """Patches of ``size`` x ``size`` samples, ``step`` sigma apart, rotated by ``angle``."""
        patches = np.empty((len(angle), size, size), np.float32)
        ticks = (np.arange(size, dtype=np.float32) - (size - 1) / 2) * np.float32(step)
        image = spots.octave * (self.layers + 3) + np.clip(np.rint(spots.layer), 0, self.layers + 2).astype(np.int64)
        sigma = (self.sigma * 2 ** (spots.layer / self.layers)).astype(np.float32)
        cos, sin = np.cos(angle) * sigma, np.sin(angle) * sigma
        map_x = (
            spots.xy[:, 0, None, None]
            + cos[:, None, None] * ticks[None, None, :]
            - sin[:, None, None] * ticks[None, :, None]
        )
        map_y = (
            spots.xy[:, 1, None, None]
            + sin[:, None, None] * ticks[None, None, :]
            + cos[:, None, None] * ticks[None, :, None]
        )
        for number in np.unique(image):
            rows = np.flatnonzero(image == number)
            octave, layer = divmod(int(number), self.layers + 3)
            sampled = cv2.remap(
                octaves[octave].gaussians[layer],
                map_x[rows].reshape(-1, size),
                map_y[rows].reshape(-1, size),
                cv2.INTER_LINEAR,
                borderMode=cv2.BORDER_REPLICATE,
            )
            patches[rows] = sampled.reshape(-1, size, size)
        return patches


def join_features(outer: LocalFeatures, inner: LocalFeatures, *, left: float, top: float) -> LocalFeatures:
    """Join the points of a picture and of a part that was searched separately.

    Args:
        outer: Features of the whole picture.
        inner: Features of the part, in pixels of the part.
        left: Left edge of the part in the whole picture, full-size pixels.
        top: Top edge of the part in the whole picture, full-size pixels.
    """
    shift = np.array([left, top], np.float32)
    return LocalFeatures(
        points=np.concatenate([outer.points, inner.points + shift]),
        scale=np.concatenate([outer.scale, inner.scale]),
        angle=np.concatenate([outer.angle, inner.angle]),
        vectors=np.concatenate([outer.vectors, inner.vectors]),
        width=outer.width,
        height=outer.height,
    )


def root_sift(raw: Float32[np.ndarray, "n 128"]) -> Float32[np.ndarray, "n 128"]:
    """Square roots of SIFT descriptors that sum to 1, which gives rows of length 1.

    Entries are first clipped at 0.2 of the row's length, as in Lowe, against single strong gradients.
    """
    length = np.linalg.norm(raw, axis=1, keepdims=True)
    clipped = np.minimum(raw, 0.2 * length)
    return np.sqrt(clipped / np.maximum(clipped.sum(1, keepdims=True), 1e-12)).astype(np.float32)


def _blur(image: Float32[np.ndarray, "h w"], sigma: float) -> Float32[np.ndarray, "h w"]:
    size = 2 * max(int(np.ceil(3 * sigma)), 1) + 1
    return cv2.GaussianBlur(image, (size, size), sigma)


def _join(parts: list[_Spots]) -> _Spots:
    if not parts:
        return _Spots(
            np.zeros(0, np.int64),
            np.zeros(0, np.float32),
            np.zeros((0, 2), np.float32),
            np.zeros(0, np.float32),
        )
    return _Spots(
        np.concatenate([p.octave for p in parts]),
        np.concatenate([p.layer for p in parts]).astype(np.float32),
        np.concatenate([p.xy for p in parts]).astype(np.float32),
        np.concatenate([p.strength for p in parts]).astype(np.float32),
    )


def _refine(
    cube: Float[np.ndarray, "3 3 3 n"], edge: float
) -> tuple[Float32[np.ndarray, "n 3"], Float32[np.ndarray, " n"], Bool[np.ndarray, " n"]]:
    """One Newton step on a quadratic through 27 neighbours (scale, y, x).

    Returns:
        Offsets (x, y, layer), strength, and a mask of the points that are not edges.
    """
    middle = cube[1, 1, 1]
    g = np.stack([cube[1, 1, 2] - cube[1, 1, 0], cube[1, 2, 1] - cube[1, 0, 1], cube[2, 1, 1] - cube[0, 1, 1]], 1) / 2
    xx = cube[1, 1, 2] + cube[1, 1, 0] - 2 * middle
    yy = cube[1, 2, 1] + cube[1, 0, 1] - 2 * middle
    ss = cube[2, 1, 1] + cube[0, 1, 1] - 2 * middle
    xy = (cube[1, 2, 2] - cube[1, 2, 0] - cube[1, 0, 2] + cube[1, 0, 0]) / 4
    xs = (cube[2, 1, 2] - cube[2, 1, 0] - cube[0, 1, 2] + cube[0, 1, 0]) / 4
    ys = (cube[2, 2, 1] - cube[2, 0, 1] - cube[0, 2, 1] + cube[0, 0, 1]) / 4
    hessian = np.stack([np.stack([xx, xy, xs], 1), np.stack([xy, yy, ys], 1), np.stack([xs, ys, ss], 1)], 1)
    solvable = np.abs(np.linalg.det(hessian)) > 1e-12
    hessian[~solvable] = np.eye(3, dtype=np.float32)
    step = -np.linalg.solve(hessian, g[..., None])[..., 0]
    step = np.clip(np.where(solvable[:, None], step, 0), -0.6, 0.6)
    strength = np.abs(middle + 0.5 * (g * step).sum(1))
    determinant = xx * yy - xy * xy
    keep = (determinant > 0) & ((xx + yy) ** 2 * edge < (edge + 1) ** 2 * determinant)
    return step.astype(np.float32), strength.astype(np.float32), keep


def _window(size: int, sigma: float) -> Float32[np.ndarray, "s s"]:
    ticks = np.arange(size) - (size - 1) / 2
    bell = np.exp(-(ticks**2) / (2 * sigma**2))
    return np.outer(bell, bell).astype(np.float32)


def _cell_weights() -> Float32[np.ndarray, "324 16"]:
    """Weight of each of 18 x 18 gradient samples in each of the 4 x 4 cells (bilinear, Gaussian window)."""
    place = (np.arange(18) - 8.5) / 4 + 1.5
    share = np.maximum(0, 1 - np.abs(place[:, None] - np.arange(4)[None, :]))
    spatial = np.einsum("yr,xc->yxrc", share, share).reshape(324, CELLS)
    return (spatial * _window(18, 8.0).reshape(324, 1)).astype(np.float32)


_CELL_WEIGHTS = _cell_weights()
_NEIGHBOURS = np.ones((3, 3), np.uint8)  # a pixel and its 8 neighbours, for extrema
