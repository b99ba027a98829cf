"""One HTML page that compares runs: curves, histograms, first hits, heat maps and confusion of classes.

The page needs no other file, has no script, and escapes every name.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from jaxtyping import Int64, UInt8

from lynkeus.report.files import whole_file
from lynkeus.report.html import asset, digest, environment
from lynkeus.report.laboratory.evaluation import Confusion, HeatMap
from lynkeus.report.laboratory.plots import curves, histograms
from lynkeus.report.laboratory.summary import RunSummary, compare, figures_of
from lynkeus.report.pictures import data_uri

# Chosen by eye: weight of the heat, 0 to 1; width of a box's line, pixels; colours of predicted and true boxes, RGB.
_BLEND, _LINE = 0.45, 2
_SAID, _TRUTH = (255, 210, 0), (60, 220, 120)
_SHOWN_CLASSES = 30  # as many as fit into a readable table; chosen by eye


@dataclass(frozen=True, kw_only=True, slots=True)
class _Cell:
    """A cell of the confusion table.

    Attributes:
        count: Number of pictures.
        share: Share of the pictures of the row's class, 0 to 1.
        right: Whether row and column are the same class.
    """

    count: int
    share: float
    right: bool


def write_page(path: Path, runs: Sequence[RunSummary]) -> None:
    """Write a page about runs.

    Args:
        path: File to write; the file takes its name only when complete.
        runs: The runs, in the order of the page.

    Raises:
        OSError: The folder does not exist or cannot be written.
    """
    templates = environment()
    style = asset(templates, "report.css") + asset(templates, "laboratory.css")
    rows = compare(runs)
    with whole_file(path) as file:
        file.write(
            templates.get_template("laboratory.html.j2").render(
                style=style,
                style_digest=digest(style),
                rows=rows,
                names=figures_of(rows),
                changed=list(dict.fromkeys(name for row in rows for name in row.changes)),
                curves=_png_uri(curves({run.name: run.log for run in runs})) if any(run.log for run in runs) else None,
                runs=[_shown(run) for run in runs],
            )
        )


def drawn(heat_map: HeatMap) -> UInt8[np.ndarray, "h w 3"]:
    """The picture with its heat map, the predicted box in yellow and the true boxes in green."""
    height, width = heat_map.picture.shape[:2]
    heat = cv2.resize(heat_map.heat, (width, height), interpolation=cv2.INTER_LINEAR)
    coloured = cv2.applyColorMap(np.asarray(np.clip(heat, 0, 1) * 255, np.uint8), cv2.COLORMAP_JET)[..., ::-1]
    canvas = np.ascontiguousarray((1 - _BLEND) * heat_map.picture + _BLEND * coloured).astype(np.uint8)
    for box, colour in (*((box, _TRUTH) for box in heat_map.truth), (heat_map.box, _SAID)):
        left, top, right, bottom = (round(share * side) for share, side in zip(box, (width, height) * 2, strict=True))
        cv2.rectangle(canvas, (left, top), (right - 1, bottom - 1), colour, _LINE)
    return canvas


def _shown(run: RunSummary) -> dict[str, object]:
    found = run.evaluation
    return {
        "name": run.name,
        "recipe": run.recipe,
        "changes": run.changes,
        "evaluated": found is not None,
        "histograms": _png_uri(histograms(found.histograms)) if found is not None and found.histograms else None,
        "neighbours": [
            {
                "picture": data_uri(query.picture),
                "label": query.label,
                "hits": [
                    {"picture": data_uri(hit.picture), "label": hit.label, "score": hit.score, "right": hit.right}
                    for hit in query.hits
                ],
            }
            for query in (found.neighbours if found is not None else ())
        ],
        "heat_maps": [
            {"picture": data_uri(drawn(one)), "label": one.label, "predicted": one.predicted}
            for one in (found.heat_maps if found is not None else ())
        ],
        "confusion": None if found is None or found.confusion is None else _confusion(found.confusion),
    }


def _confusion(confusion: Confusion) -> dict[str, object]:
    """The confusion table of the ``_SHOWN_CLASSES`` classes with the most mistakes."""
    counts = confusion.counts
    wrong = counts.sum(axis=1) + counts.sum(axis=0) - 2 * counts.diagonal()
    kept = np.sort(np.argsort(-wrong, kind="stable")[:_SHOWN_CLASSES])
    total = counts.sum(axis=1)
    return {
        "names": [confusion.names[one] for one in kept],
        "left_out": len(confusion.names) - len(kept),
        "rows": [[_cell(counts, row, column, total[row]) for column in kept] for row in kept],
    }


def _cell(counts: Int64[np.ndarray, "c c"], row: np.int64, column: np.int64, total: np.int64) -> _Cell:
    count = int(counts[row, column])
    return _Cell(count=count, share=count / max(int(total), 1), right=bool(row == column))


def _png_uri(png: bytes) -> str:
    return "data:image/png;base64," + base64.b64encode(png).decode("ascii")
