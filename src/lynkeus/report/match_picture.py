"""One picture that shows a match: upload, reference, joined points, and the panels that the evidence draws.

Source: none, ours. Conventions: as in ``lynkeus.report.panels``.
"""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Float, UInt8
from PIL import Image, ImageDraw, ImageFont

from lynkeus.core.findings import Finding
from lynkeus.core.picture import Picture
from lynkeus.report.geometry import apply, clip
from lynkeus.report.names import visible
from lynkeus.report.panels import DARK, PAPER, SHIFT, Drawn, Panel, fixed
from lynkeus.report.parts import parts_of
from lynkeus.report.words import finding_words

# The layout, pixels; chosen by eye so that two panels and their captions fit on a screen.
_BOX = (460, 400)  # largest width and height of a panel
_MARGIN = 28
_MIN_COLUMN = 280  # least width of a column, for its title
_HEAD = 44  # height of the titles
_LINE = 24  # height of a line of the caption

# Colours, RGB; chosen by eye.
_INK = (29, 33, 38)
_SOFT = (90, 98, 108)
_FRAME = (223, 220, 213)
_OUTLINE = (255, 214, 10)


def _size(picture: Picture) -> tuple[int, int]:
    factor = min(_BOX[0] / picture.width, _BOX[1] / picture.height)
    return max(round(picture.width * factor), 1), max(round(picture.height * factor), 1)


def _panel(picture: Picture, left: int, height: int) -> Panel:
    width, tall = _size(picture)
    smooth = cv2.INTER_AREA if width < picture.rgb.shape[1] else cv2.INTER_CUBIC
    rgb = np.asarray(cv2.resize(picture.rgb, (width, tall), interpolation=smooth), np.uint8)
    corner = (left, _HEAD + _MARGIN + (height - tall) // 2)
    sx, sy = width / picture.width, tall / picture.height
    offset = (corner[0] + sx / 2 - 0.5, corner[1] + sy / 2 - 0.5)
    to_canvas = np.array([[sx, 0.0, offset[0]], [0.0, sy, offset[1]], [0.0, 0.0, 1.0]])
    return Panel(rgb, corner, to_canvas, (picture.width, picture.height))


def _lay_out(pictures: Sequence[Picture]) -> tuple[list[Panel], list[int], int]:
    """The panels from left to right, the width of each column, and the height of the row."""
    height = max(_size(picture)[1] for picture in pictures)
    widths = [max(_size(picture)[0], _MIN_COLUMN) for picture in pictures]
    lefts = [_MARGIN + sum(widths[:column]) + column * _MARGIN for column in range(len(widths))]
    panels = [_panel(picture, left, height) for picture, left in zip(pictures, lefts, strict=True)]
    return panels, widths, height


def _place(canvas: UInt8[np.ndarray, "h w 3"], rgb: UInt8[np.ndarray, "h2 w2 3"], corner: tuple[int, int]) -> None:
    x, y = corner
    canvas[y : y + rgb.shape[0], x : x + rgb.shape[1]] = rgb
    cv2.rectangle(canvas, (x - 1, y - 1), (x + rgb.shape[1], y + rgb.shape[0]), _FRAME, 1)


def _draw_outline(canvas: UInt8[np.ndarray, "h w 3"], panel: Panel, polygon: Float[np.ndarray, "n 2"]) -> None:
    corners = clip(polygon, *panel.full)
    if len(corners) < 3:
        return
    outline = [fixed(apply(panel.to_canvas, corners))]
    for colour, thickness in ((DARK, 4), (_OUTLINE, 2)):
        cv2.polylines(
            canvas,
            outline,
            isClosed=True,
            color=colour,
            thickness=thickness,
            lineType=cv2.LINE_AA,
            shift=SHIFT,
        )


def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fitted(draw: ImageDraw.ImageDraw, text: str, size: int, width: int) -> str:
    """The text, shortened in its middle until it fits the width; characters that the font lacks become ``?``."""
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
    facts = [f"{name}: {said}" for part, value in parts_of(finding.evidence) for name, said in part.facts(value)]
    return ["   |   ".join([f"Score: {finding.score:.4f}", *facts]), finding_words(finding)]


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
    """Draw upload and reference side by side, with outlines and joined points, then the panels of the evidence.

    Args:
        upload: The upload; its pixels may be reduced.
        reference: The reference; its pixels may be reduced.
        finding: The finding, in full-size pixels of both; None draws the two pictures without a match.
        titles: Headings of the two pictures, such as their file names.

    Returns:
        A picture of two or more panels, each at most 460 pixels wide.
    """
    caption = _caption(finding)
    parts = [] if finding is None else parts_of(finding.evidence)
    laid = _evidence_panels(upload, reference, finding)
    panels, widths, height = _lay_out((upload, reference, *[upload] * len(laid)))
    below = _HEAD + _MARGIN + height + _MARGIN // 2
    shape = (below + len(caption) * _LINE + _MARGIN // 2, sum(widths) + (len(widths) + 1) * _MARGIN, 3)
    canvas = np.full(shape, PAPER, np.uint8)
    for panel, pixels in zip(panels, [panels[0].rgb, panels[1].rgb, *(each.rgb for each in laid)], strict=True):
        _place(canvas, pixels, panel.corner)
    for part, value in parts:
        part.join(canvas, value, panels[0], panels[1])
    if finding is not None:
        _draw_outline(canvas, panels[1], finding.reference_region)
        for panel in (panels[0], *panels[2:]):
            _draw_outline(canvas, panel, finding.region)
    names = [*titles, *(each.title for each in laid)]
    headings = [(names[column], panel.corner[0], widths[column]) for column, panel in enumerate(panels)]
    return _write_texts(canvas, headings, caption, below)


def _evidence_panels(upload: Picture, reference: Picture, finding: Finding | None) -> list[Drawn]:
    """The panels that the parts of the evidence draw over the upload, each as large as the upload's panel."""
    if finding is None:
        return []
    (left, right), _, _ = _lay_out((upload, reference))
    drawn = [part.panel(value, left, right) for part, value in parts_of(finding.evidence)]
    return [each for each in drawn if each is not None]


def write_match(
    path: Path,
    upload: Picture,
    reference: Picture,
    finding: Finding | None,
    *,
    titles: tuple[str, str] = ("Upload", "Reference"),
) -> None:
    """Draw a match as ``draw_match`` does and write a PNG file, whatever the extension of the file.

    Raises:
        OSError: The file cannot be written.
    """
    drawn = draw_match(upload, reference, finding, titles=titles)
    _, png = cv2.imencode(".png", cv2.cvtColor(drawn, cv2.COLOR_RGB2BGR))
    path.write_bytes(png.tobytes())
