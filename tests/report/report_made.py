"""Made pictures and findings for the tests of reports."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
from jaxtyping import Float32, Float64, UInt8

from lynkeus.core.evidence import Alignment, Evidence, Excerpt, Frames, Heat, Points, Track
from lynkeus.core.findings import Action, Finding, UploadResult, Verdict
from lynkeus.core.picture import Picture
from lynkeus.report.geometry import apply

WIDTH, HEIGHT = 320, 240
HOSTILE = "</script><img src=x onerror=alert(1)>'\"&.jpg"
CORNERS = np.array([[-0.5, -0.5], [WIDTH - 0.5, -0.5], [WIDTH - 0.5, HEIGHT - 0.5], [-0.5, HEIGHT - 0.5]], np.float64)


def turned(degrees: float, scale: float, *, mirrored: bool = False) -> Float64[np.ndarray, "3 3"]:
    """A similarity transform about the picture's centre: first an optional mirroring, then a clockwise rotation."""
    angle = np.deg2rad(degrees)
    linear = scale * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        linear = linear @ np.diag([-1.0, 1.0])
    centre = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
    transform = np.eye(3)
    transform[:2, :2], transform[:2, 2] = linear, centre - linear @ centre
    return transform


def reference_pixels(seed: int = 0) -> UInt8[np.ndarray, "h w 3"]:
    """A picture of coloured blobs without symmetry."""
    coarse = np.random.default_rng(seed).integers(0, 256, (12, 16, 3), np.uint8)
    return np.asarray(cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC), np.uint8)


def picture(rgb: UInt8[np.ndarray, "h w 3"]) -> Picture:
    """A picture at full size."""
    return Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="")


def copied(rgb: UInt8[np.ndarray, "h w 3"], transform: Float64[np.ndarray, "3 3"]) -> Picture:
    """The picture, warped by a homography onto a grey picture of the same size."""
    height, width = rgb.shape[:2]
    paper = np.full(rgb.shape, 120, np.uint8)
    warped = cv2.warpPerspective(rgb, transform, (width, height), dst=paper, borderMode=cv2.BORDER_TRANSPARENT)
    return picture(np.asarray(warped, np.uint8))


def finding(
    *,
    transform: Float64[np.ndarray, "3 3"] | None = None,
    score: float = 0.9,
    entity: str = "Sunflowers",
    reference: str = "sunflowers.jpg",
    reference_id: int = 1,
    gallery: str = "paintings",
    action: Action = Action.REVIEW,
    rate: float | None = 0.002,
    rate_upper: float | None = 0.005,
    negative: bool = False,
    suppressed_by: int | None = None,
    points: int = 80,
) -> Finding:
    """A finding whose points and regions fit the transform; without a transform, an unaligned whole picture."""
    spots = np.random.default_rng(7).uniform([5, 5], [WIDTH - 5, HEIGHT - 5], (points, 2))
    through = np.eye(3) if transform is None else transform
    return Finding(
        kind="copy",
        gallery=gallery,
        entity=entity,
        reference=reference,
        reference_id=reference_id,
        score=score,
        rate=rate,
        rate_upper=rate_upper,
        action=action,
        suppressed_by=suppressed_by,
        region=apply(through, CORNERS),
        reference_region=CORNERS,
        evidence=Evidence(
            alignment=None if transform is None else _aligned(transform, negative=negative),
            points=Points(upload=apply(through, spots), reference=spots),
            similarity=0.71,
        ),
    )


def _aligned(transform: Float64[np.ndarray, "3 3"], *, negative: bool) -> Alignment:
    mirrored = bool(np.all(np.isfinite(transform)) and np.linalg.det(transform) < 0)
    return Alignment(transform=transform, mirrored=mirrored, negative=negative, agreement=0.83, overlap=0.64)


WHOLE = Evidence(
    alignment=Alignment(transform=turned(30.0, 0.5), mirrored=True, negative=True, agreement=0.83, overlap=0.64),
    points=Points(upload=CORNERS / 2, reference=CORNERS),
    heat=Heat(grid=np.array([[0.0, 0.25], [1.0, 0.5]], np.float32)),
    frames=Frames(upload=np.array([1.0, 2.5]), reference=np.array([11.0, 12.5])),
    track=Track(at=np.array([1.0, 2.5]), boxes=np.array([[10.0, 20.0, 30.0, 40.0], [20.0, 20.0, 40.0, 40.0]])),
    excerpt=Excerpt(text="sold as an MP5 copy", start=11, end=14),
    similarity=0.71,
    facts={"mask": "worn"},
)
"""Evidence with every part."""


def hot_finding(heat: Float32[np.ndarray, "i j"], **chosen: Any) -> Finding:
    """A finding that names an entity because of a heat map.

    Args:
        heat: 0 to 1, over the whole upload.
        chosen: As for ``finding``.
    """
    evidence = Evidence(heat=Heat(grid=heat), similarity=0.71)
    return replace(finding(**chosen), kind="object", names_entity=True, evidence=evidence)


def upload(name: str, *findings: Finding, verdict: Verdict = Verdict.REVIEW) -> UploadResult:
    """A readable upload of the made size."""
    return UploadResult(
        upload=name,
        verdict=verdict if findings else Verdict.CLEAR,
        findings=findings,
        width=WIDTH,
        height=HEIGHT,
        digest="ab" * 32,
    )


def unreadable(name: str, reason: str) -> UploadResult:
    """An upload that could not be read."""
    return UploadResult(upload=name, verdict=Verdict.UNREADABLE, error=reason)


class MadePictures:
    """Give every upload its copy and every reference its pixels; count the requests."""

    def __init__(self, results: Sequence[UploadResult], *, pixels: UInt8[np.ndarray, "h w 3"] | None = None) -> None:
        self.asked: list[str | int] = []
        self._alignments = {
            result.upload: result.findings[0].evidence.alignment for result in results if result.findings
        }
        self._pixels = reference_pixels() if pixels is None else pixels

    def upload(self, path: str) -> Picture | None:
        """The reference, changed as the first finding says."""
        self.asked.append(path)
        alignment = self._alignments[path]
        return copied(self._pixels, np.eye(3) if alignment is None else alignment.transform)

    def reference(self, reference_id: int) -> Picture | None:
        """The same pixels for every reference."""
        self.asked.append(reference_id)
        return picture(self._pixels)
