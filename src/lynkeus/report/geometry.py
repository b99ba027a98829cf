"""Geometry of a match for display: pose of a homography, clipped outlines, well-spread points.

Source: the pose is the polar decomposition of the homography's Jacobian at one point; clipping is
Sutherland and Hodgman, Communications of the ACM 17 (1974), section 2; spreading is farthest-point
sampling (Gonzalez 1985, https://doi.org/10.1016/0304-3975(85)90224-5).
Conventions: (x, y), pixels, y down, centre of the first pixel at (0, 0); a homography maps reference to
upload. Angles are degrees, clockwise on the screen.
"""

import math
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Float64, Int


@dataclass(frozen=True, kw_only=True, slots=True)
class Pose:
    """How a homography shows a reference near one of its points.

    Attributes:
        rotation: Degrees clockwise, above -180 up to 180; mirroring (left to right) comes before it.
        scale: Length in the upload over length in the reference, both in full-size pixels.
        stretch: Largest scale of a direction over smallest scale of a direction, at least 1.
        mirrored: Whether the homography turns left into right.
    """

    rotation: float
    scale: float
    stretch: float
    mirrored: bool


def apply(transform: Float64[np.ndarray, "3 3"], points: Float[np.ndarray, "n 2"]) -> Float64[np.ndarray, "n 2"]:
    """The points mapped by a homography; points on its horizon become infinite or NaN."""
    homogeneous = points @ transform[:, :2].T + transform[:, 2]
    with np.errstate(divide="ignore", invalid="ignore"):
        return homogeneous[:, :2] / homogeneous[:, 2:]


def pose(transform: Float64[np.ndarray, "3 3"], at: Float[np.ndarray, " 2"]) -> Pose | None:
    """Rotation, scale, stretch and handedness of a homography around one reference point.

    Returns:
        None when the homography is singular or maps the point to infinity.
    """
    mapped = transform @ np.append(at, 1.0)
    if not np.all(np.isfinite(mapped)) or abs(mapped[2]) < 1e-12:
        return None
    jacobian = (transform[:2, :2] - np.outer(mapped[:2] / mapped[2], transform[2, :2])) / mapped[2]
    large, small = np.linalg.svd(jacobian, compute_uv=False)
    if small <= 1e-9 * max(large, 1e-300):
        return None
    mirrored = bool(np.linalg.det(jacobian) < 0)
    turned = jacobian @ np.diag([-1.0, 1.0]) if mirrored else jacobian
    rotation = math.degrees(math.atan2(turned[1, 0] - turned[0, 1], turned[0, 0] + turned[1, 1]))
    return Pose(
        rotation=180.0 if rotation <= -180.0 else rotation,
        scale=math.sqrt(large * small),
        stretch=float(large / small),
        mirrored=mirrored,
    )


def clip(polygon: Float[np.ndarray, "n 2"], width: int, height: int) -> Float64[np.ndarray, "m 2"]:
    """The part of a polygon inside a picture; the order of the corners stays.

    Args:
        polygon: Corners in order, pixels.
        width: Width of the picture, pixels; its left edge lies at -0.5.
        height: Height of the picture, pixels; its top edge lies at -0.5.

    Returns:
        The corners; no corners when the polygon lies outside or a corner is not finite.
    """
    if len(polygon) < 3 or not np.all(np.isfinite(polygon)):
        return np.zeros((0, 2))
    corners = [np.asarray(corner, np.float64) for corner in polygon]
    for axis, sign, limit in ((0, 1, -0.5), (0, -1, width - 0.5), (1, 1, -0.5), (1, -1, height - 0.5)):
        kept: list[np.ndarray] = []
        for before, corner in zip([corners[-1], *corners[:-1]], corners, strict=True):
            inside, was_inside = sign * (corner[axis] - limit) >= 0, sign * (before[axis] - limit) >= 0
            if inside != was_inside:
                kept.append(before + (corner - before) * (limit - before[axis]) / (corner[axis] - before[axis]))
            if inside:
                kept.append(corner)
        if not kept:
            return np.zeros((0, 2))
        corners = kept
    return np.array(corners)


def area(polygon: Float[np.ndarray, "n 2"]) -> float:
    """Area of a simple polygon in square pixels; 0 for fewer than three corners.

    >>> area(np.array([[0.0, 0.0], [2.0, 0.0], [2.0, 3.0], [0.0, 3.0]]))
    6.0
    """
    if len(polygon) < 3:
        return 0.0
    x, y = polygon[:, 0], polygon[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def spread(points: Float[np.ndarray, "n d"], limit: int, apart: float = 0.0) -> Int[np.ndarray, " m"]:
    """Rows of at most ``limit`` points that lie far from each other, in ascending order.

    The first chosen point is the point nearest the mean. Each further point is the point farthest from all chosen
    points; the first of equally far points wins.

    Args:
        points: Points of any dimension, finite.
        limit: Most points to choose, at least 1.
        apart: Least distance between chosen points, in the unit of ``points``.
    """
    if len(points) == 0:
        return np.arange(0)
    chosen = [int(np.argmin(((points - points.mean(axis=0)) ** 2).sum(axis=1)))]
    nearest = np.full(len(points), np.inf)
    while len(chosen) < min(limit, len(points)):
        nearest = np.minimum(nearest, ((points - points[chosen[-1]]) ** 2).sum(axis=1))
        nearest[chosen] = -1.0
        farthest = int(np.argmax(nearest))
        if nearest[farthest] < apart**2:
            break
        chosen.append(farthest)
    return np.sort(np.array(chosen))


def scaling(full: tuple[int, int], shown: tuple[float, float]) -> Float64[np.ndarray, "3 3"]:
    """The matrix that maps full-size pixels (pixel centre at 0) to display units (picture corner at 0).

    Args:
        full: (width, height) at full size, pixels.
        shown: (width, height) on the display, any unit.
    """
    sx, sy = shown[0] / full[0], shown[1] / full[1]
    return np.array([[sx, 0.0, sx / 2], [0.0, sy, sy / 2], [0.0, 0.0, 1.0]])
