"""Curves of runs and histograms of distances, as PNG.

Only the drawing functions import matplotlib, because reports of scans do not need it.
"""

import io
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from lynkeus.report.laboratory.evaluation import Histogram

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_WIDTH, _HEIGHT, _DPI = 4.2, 2.9, 110  # inches and dots per inch of one plot; chosen by eye
_COLUMNS = 3  # plots in a row; three fit on a screen
_LEFT_OUT = ("step", "seconds")  # the axis of all plots, and a number that grows with the axis

Log = Sequence[Mapping[str, float]]


def curves(logs: Mapping[str, Log]) -> bytes:
    """A PNG picture with one plot per logged number and one line per run.

    Args:
        logs: Name of each run to its logged rows; a row maps names to numbers.
    """
    names = list(dict.fromkeys(name for log in logs.values() for row in log for name in row if name not in _LEFT_OUT))
    figure, places = _grid(len(names))
    for name, axes in zip(names, places, strict=False):
        for run, log in logs.items():
            points = [(row["step"], row[name]) for row in log if name in row]
            if points:
                steps, values = zip(*points, strict=True)
                axes.plot(steps, values, label=run, marker="." if len(points) < 30 else None, linewidth=1.2)
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("step", fontsize=8)
        _quiet(axes)
    if len(logs) > 1 and names:
        places[0].legend(fontsize=6)
    return _png(figure)


def histograms(parts: Sequence[Histogram]) -> bytes:
    """A PNG picture with one plot per histogram: the shares of pairs within one class and across two classes."""
    figure, places = _grid(len(parts))
    for part, axes in zip(parts, places, strict=False):
        for counts, label, colour in ((part.same, "one class", "#2a7f62"), (part.different, "two classes", "#b3432b")):
            share = counts / max(int(counts.sum()), 1)
            axes.stairs(share, part.edges, label=label, fill=True, alpha=0.45, color=colour)
        axes.set_title(part.name, fontsize=9)
        axes.set_xlabel("distance", fontsize=8)
        axes.legend(fontsize=7)
        _quiet(axes)
    return _png(figure)


def _grid(count: int) -> "tuple[Any, list[Axes]]":
    from matplotlib.figure import Figure  # noqa: PLC0415 - half a second, and an extra

    columns = min(_COLUMNS, max(count, 1))
    rows = -(-max(count, 1) // columns)
    figure = Figure(figsize=(_WIDTH * columns, _HEIGHT * rows), dpi=_DPI, layout="constrained")
    places = [figure.add_subplot(rows, columns, place + 1) for place in range(max(count, 1))]
    if not count:
        places[0].set_axis_off()
    return figure, places


def _quiet(axes: "Axes") -> None:
    axes.grid(alpha=0.25)
    axes.tick_params(labelsize=7)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _png(figure: Any) -> bytes:
    written = io.BytesIO()
    figure.savefig(written, format="png")
    return written.getvalue()
