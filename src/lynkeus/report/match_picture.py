"""One picture that shows a match: upload, reference, joined points, and the reference laid onto the upload.

Source: none, ours. Conventions: RGB; pixels as in ``lynkeus.core.findings``; OpenCV draws in the same
convention (centre of the first pixel at (0, 0)).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, Float64, Int32, UInt8
from PIL import Image, ImageDraw, ImageFont

from lynkeus.core.findings import Finding
from lynkeus.core.picture import Picture
from lynkeus.report.geometry import apply, clip, spread
from lynkeus.report.names import visible
from lynkeus.report.view import APART, MAX_LINES
from lynkeus.report.words import percent, transform_words

_BOX = (460, 400)
_MARGIN = 28
_MIN_COLUMN = 280
_HEAD = 44
_LINE = 24
_SHIFT = 4
_PAPER = (247, 246, 243)
_INK = (29, 33, 38)
_SOFT = (90, 98, 108)
_FRAME = (223, 220, 213)
_OUTLINE = (255, 214, 10)
_DARK = (16, 18, 20)


@dataclass(frozen=True, slots=True)
class _Panel:
    """A picture on the canvas: pixels, top left corner, map from full-size pixels to the canvas."""

    rgb: UInt8[np.ndarray, "h w 3"]
    corner: tuple[int, int]
    to_canvas: Float64[np.ndarray, "3 3"]
    full: tuple[int, int]


def _size(picture: Picture) -> tuple[int, int]:
    factor = min(_BOX[0] / picture.width, _BOX[1] / picture.height)
    return max(round(picture.width * factor), 1), max(round(picture.height * factor), 1)


def _panel(picture: Picture, left: int, height: int) -> _Panel:
    width, tall = _size(picture)
    smooth = cv2.INTER_AREA if width < picture.rgb.shape[1] else cv2.INTER_CUBIC
    rgb = np.asarray(cv2.resize(picture.rgb, (width, tall), interpolation=smooth), np.uint8)
    corner = (left, _HEAD + _MARGIN + (height - tall) // 2)
    sx, sy = width / picture.width, tall / picture.height
    offset = (corner[0] + sx / 2 - 0.5, corner[1] + sy / 2 - 0.5)
    to_canvas = np.array([[sx, 0.0, offset[0]], [0.0, sy, offset[1]], [0.0, 0.0, 1.0]])
    return _Panel(rgb, corner, to_canvas, (picture.width, picture.height))


def _lay_out(pictures: Sequence[Picture]) -> tuple[list[_Panel], list[int], int]:
    """Panels from left to right, the width kept for each title, and the height of the row."""
    height = max(_size(picture)[1] for picture in pictures)
    widths = [max(_size(picture)[0], _MIN_COLUMN) for picture in pictures]
    lefts = [_MARGIN + sum(widths[:column]) + column * _MARGIN for column in range(len(widths))]
    panels = [_panel(picture, left, height) for picture, left in zip(pictures, lefts, strict=True)]
    return panels, widths, height


def _place(canvas: UInt8[np.ndarray, "h w 3"], rgb: UInt8[np.ndarray, "h2 w2 3"], corner: tuple[int, int]) -> None:
    x, y = corner
    canvas[y : y + rgb.shape[0], x : x + rgb.shape[1]] = rgb
    cv2.rectangle(canvas, (x - 1, y - 1), (x + rgb.shape[1], y + rgb.shape[0]), _FRAME, 1)


def _fixed(points: Float[np.ndarray, "n d"]) -> Int32[np.ndarray, "n d"]:
    return np.round(points.clip(-1e6, 1e6) * (1 << _SHIFT)).astype(np.int32)


def _draw_outline(canvas: UInt8[np.ndarray, "h w 3"], panel: _Panel, polygon: Float[np.ndarray, "n 2"]) -> None:
    corners = clip(polygon, *panel.full)
    if len(corners) < 3:
        return
    fixed = [_fixed(apply(panel.to_canvas, corners))]
    for colour, thickness in ((_DARK, 4), (_OUTLINE, 2)):
        cv2.polylines(
            canvas,
            fixed,
            isClosed=True,
            color=colour,
            thickness=thickness,
            lineType=cv2.LINE_AA,
            shift=_SHIFT,
        )


def line_colours(count: int) -> list[tuple[int, int, int]]:
    """Bright RGB colours, 0 to 255, that go once around the colour circle."""
    hues = np.linspace(0, 179, max(count, 1), endpoint=False)
    hsv = np.array([[[hue, 165, 255] for hue in hues]], np.uint8)
    return [(int(r), int(g), int(b)) for r, g, b in cv2.cvtColor(hsv, cv2.COLOR_HSV2RGB)[0]][:count]


def _draw_lines(canvas: UInt8[np.ndarray, "h w 3"], upload: _Panel, reference: _Panel, finding: Finding) -> None:
    seen = finding.evidence
    ends = np.hstack([apply(upload.to_canvas, seen.upload_points), apply(reference.to_canvas, seen.reference_points)])
    ends = ends[np.all(np.isfinite(ends), axis=1)]
    ends = ends[spread(ends, MAX_LINES, APART)]
    ends = ends[np.argsort(ends[:, 3], kind="stable")]
    for (ux, uy, rx, ry), colour in zip(_fixed(ends), line_colours(len(ends)), strict=True):
        start, end = (int(ux), int(uy)), (int(rx), int(ry))
        cv2.line(canvas, start, end, _DARK, 2, cv2.LINE_AA, _SHIFT)
        cv2.line(canvas, start, end, colour, 1, cv2.LINE_AA, _SHIFT)
        for point in (start, end):
            cv2.circle(canvas, point, 4 << _SHIFT, _DARK, -1, cv2.LINE_AA, _SHIFT)
            cv2.circle(canvas, point, 3 << _SHIFT, colour, -1, cv2.LINE_AA, _SHIFT)


def _overlay(upload: _Panel, reference: _Panel, finding: Finding) -> UInt8[np.ndarray, "h w 3"]:
    """The upload's panel, half faded outside the match, with the aligned reference blended in."""
    transform = finding.evidence.transform
    size = (upload.rgb.shape[1], upload.rgb.shape[0])
    if transform is None:
        return upload.rgb
    local_upload, local_reference = _at_origin(upload), _at_origin(reference)
    matrix = local_upload @ transform @ np.linalg.inv(local_reference)
    pixels = 255 - reference.rgb if finding.evidence.negative else reference.rgb
    warped = cv2.warpPerspective(pixels, matrix, size, flags=cv2.INTER_LINEAR)
    mask = cv2.warpPerspective(np.full(pixels.shape[:2], 255, np.uint8), matrix, size, flags=cv2.INTER_LINEAR)
    faded = upload.rgb * 0.45 + np.array(_PAPER) * 0.55
    blended = upload.rgb * 0.5 + warped * 0.5
    share = mask[..., None] / 255
    return np.round(blended * share + faded * (1 - share)).astype(np.uint8)


def _at_origin(panel: _Panel) -> Float64[np.ndarray, "3 3"]:
    local = panel.to_canvas.copy()
    local[:2, 2] -= panel.corner
    return local


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fitted(draw: ImageDraw.ImageDraw, text: str, size: int, width: int) -> str:
    """The text, shortened in its middle until it fits the width, with what the font cannot draw as ``?``."""
    shown = visible(text).encode("latin-1", "replace").decode("latin-1")
    kept = len(shown)
    short = shown
    while kept > 1 and draw.textlength(short, font=_font(size)) > width:
        kept -= 1
        short = shown[: (kept + 1) // 2] + "..." + shown[len(shown) - kept // 2 :]
    return short


def _caption(finding: Finding | None) -> list[str]:
    if finding is None:
        return ["No match found"]
    seen = finding.evidence
    agreement = "no pixels compared" if seen.agreement is None else f"{percent(seen.agreement)} of pixels agree"
    figures = [f"score {finding.score:.4f}", f"{seen.inliers:,} matched points", agreement]
    if seen.cosine is not None:
        figures.append(f"descriptor similarity {seen.cosine:.3f}")
    words = ", ".join(transform_words(finding)) or "unchanged"
    return ["   |   ".join(figures), words[0].upper() + words[1:]]


def _write_texts(
    canvas: UInt8[np.ndarray, "h w 3"],
    titles: Sequence[tuple[str, int, int]],
    caption: Sequence[str],
    below: int,
) -> UInt8[np.ndarray, "h w 3"]:
    image = Image.fromarray(canvas)
    draw = ImageDraw.Draw(image)
    for title, left, width in titles:
        draw.text((left, _MARGIN), _fitted(draw, title, 17, width), fill=_SOFT, font=_font(17))
    for row, line in enumerate(caption):
        place = (_MARGIN, below + row * _LINE)
        text = _fitted(draw, line, 18, canvas.shape[1] - 2 * _MARGIN)
        draw.text(place, text, fill=_INK if row == 0 else _SOFT, font=_font(18))
    return np.asarray(image)


def draw_match(
    upload: Picture,
    reference: Picture,
    finding: Finding | None,
    *,
    titles: tuple[str, str] = ("Upload", "Reference"),
) -> UInt8[np.ndarray, "h w 3"]:
    """Upload and reference side by side with outlines and joined points, and both laid onto each other.

    Args:
        upload: The upload; its pixels may be reduced.
        reference: The reference; likewise.
        finding: What was found, in full-size pixels of both; None draws the two pictures and says so.
        titles: Headings of the two pictures, such as their file names.

    Returns:
        A picture of 2 or 3 panels, at most about 1,500 pixels wide.
    """
    caption = _caption(finding)
    aligned = finding is not None and finding.evidence.transform is not None
    panels, widths, height = _lay_out((upload, reference, upload) if aligned else (upload, reference))
    below = _HEAD + _MARGIN + height + _MARGIN // 2
    shape = (below + len(caption) * _LINE + _MARGIN // 2, sum(widths) + (len(widths) + 1) * _MARGIN, 3)
    canvas = np.full(shape, _PAPER, np.uint8)
    for panel in panels:
        _place(canvas, panel.rgb, panel.corner)
    if finding is not None:
        if aligned:
            _place(canvas, _overlay(panels[0], panels[1], finding), panels[2].corner)
            _draw_outline(canvas, panels[2], finding.region)
        _draw_lines(canvas, panels[0], panels[1], finding)
        _draw_outline(canvas, panels[0], finding.region)
        _draw_outline(canvas, panels[1], finding.reference_region)
    names = (*titles, "Reference laid onto the upload")
    headings = [(names[column], panel.corner[0], widths[column]) for column, panel in enumerate(panels)]
    return _write_texts(canvas, headings, caption, below)


def write_match(
    path: Path,
    upload: Picture,
    reference: Picture,
    finding: Finding | None,
    *,
    titles: tuple[str, str] = ("Upload", "Reference"),
) -> None:
    """Draw a match as ``draw_match`` does and write it as PNG, whatever the file's ending.

    Raises:
        OSError: The file cannot be written.
    """
    drawn = draw_match(upload, reference, finding, titles=titles)
    _, png = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    path.write_bytes(png.tobytes())
