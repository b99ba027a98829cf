"""Write the tables of docs/methods/hiding.md from the results: ``python -m benchmarks.hiding.tables``.

Figures are means and standard deviations over the seeds. Differences are taken seed by seed; one counts when its mean
is more than two standard errors from 0.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import numpy as np

from benchmarks.harness.results import results_file
from benchmarks.harness.tables import Table, grid, lines, write

RESULTS = results_file("hiding", "hiding.json")
PAGE = "docs/methods/hiding.md"

Seeds = dict[str, dict[str, float]]
Families = dict[str, dict[str, Seeds]]

_WSOL = {
    "none": "nothing hidden",
    "mixed": "Hide-and-Seek, mixed sizes, p .5",
    "p25": "the same, p .25",
    "p75": "the same, p .75",
    "s7": "cells of 7 (16 of 224)",
    "s14": "cells of 14 (32 of 224)",
    "s19": "cells of 19 (44 of 224)",
    "s24": "cells of 24 (56 of 224)",
    "ensemble": "the four sizes and nothing hidden, averaged",
    "black": "mixed sizes, filled with black",
    "white": "mixed sizes, filled with white",
    "max_none": "maximum as pooling, nothing hidden",
    "max_mixed": "maximum as pooling, mixed sizes",
    "maps5": "cells of 5 on the first layer's map",
    "maps11": "cells of 11 on the first layer's map",
    "cutout": "CutOut",
    "erasing": "random erasing",
    "pixels": "dropout of pixels",
}
_LONG = {
    "none": "150 steps, nothing hidden",
    "mixed": "150 steps, mixed sizes, p .5",
    "cutout": "150 steps, CutOut",
    "erasing": "150 steps, random erasing",
}
_REPORTED = {"none": "54.90", "s14": "58.75"}
_BOXES = (
    "top-1",
    "top-1 occluded",
    "GT-known localisation",
    "top-1 localisation",
    "MaxBoxAcc",
    "MaxBoxAccV2",
    "boxes covered by half the map",
    "half the map inside the boxes",
)
_HEADS = "top-1 | top-1 occluded | GT-known | top-1 loc. | MaxBoxAcc | V2 | boxes covered | map inside"
_FAMILIES = {
    "cars": "30 models of cars",
    "cifar10": "CIFAR-10",
    "emotion": "emotion, FER2013",
    "sex": "sex, UTKFace",
    "age": "age, UTKFace",
}
_FAMILY_ARMS = {
    "none": "nothing hidden",
    "mixed": "Hide-and-Seek",
    "cutout": "CutOut",
    "erasing": "random erasing",
}
_FAMILY_REPORTED = {
    ("emotion", "none"): "93.65 % (CK+)",
    ("emotion", "mixed"): "94.88 % (CK+)",
}
_ACTIONS = {
    "none": "nothing hidden",
    "s4": "segments of 4 frames (1 s)",
    "s8": "segments of 8 frames",
    "s16": "segments of 16 frames",
}
_TIMES = (
    "mAP at 0.1",
    "mAP at 0.2",
    "mAP at 0.3",
    "mAP at 0.4",
    "mAP at 0.5",
    "telling parts found",
    "shared parts found",
    "top-1",
)
_TIME_REPORTED = {"none": "34.23", "s4": "36.44"}
_ERROR = "mean error of the number"


class Gate(NamedTuple):
    """What had to be seen, as a difference of two arms.

    Attributes:
        words: What it is.
        family: Of both arms.
        arm: The one that should be better.
        other: The one it is compared with.
        figure: The figure.
        least: What the difference must not fall below for the gate to hold; None wants it above 0 beyond its error.
    """

    words: str
    family: str
    arm: str
    other: str
    figure: str
    least: float | None = None


_GATES = (
    Gate("7a: GT-known rises, p .25", "wsol", "p25", "none", "GT-known localisation"),
    Gate("7a: GT-known rises, p .5", "wsol", "mixed", "none", "GT-known localisation"),
    Gate("7a: more of the boxes is covered, p .25", "wsol", "p25", "none", "boxes covered by half the map"),
    Gate("7a: more of the boxes is covered, p .5", "wsol", "mixed", "none", "boxes covered by half the map"),
    Gate("7a: GT-known rises, 150 steps", "wsol_long", "mixed", "none", "GT-known localisation"),
    Gate("7a: more is covered, 150 steps", "wsol_long", "mixed", "none", "boxes covered by half the map"),
    Gate("7a: mean fill no worse than black, top-1", "wsol", "mixed", "black", "top-1", 0.0),
    Gate("7a: mean fill no worse than black, GT-known", "wsol", "mixed", "black", "GT-known localisation", 0.0),
    Gate("7a: mean fill no worse than white, top-1", "wsol", "mixed", "white", "top-1", 0.0),
    Gate("7a: mean fill no worse than white, GT-known", "wsol", "mixed", "white", "GT-known localisation", 0.0),
    Gate("7a: GT-known rises with the maximum as pooling", "wsol", "max_mixed", "max_none", "GT-known localisation"),
    Gate("7b: top-1 occluded rises, nine classes", "wsol", "mixed", "none", "top-1 occluded"),
    Gate("7b: top-1 clean falls by a point at most, nine classes", "wsol", "mixed", "none", "top-1", -0.01),
    Gate("7b: top-1 occluded rises, 150 steps", "wsol_long", "mixed", "none", "top-1 occluded"),
    Gate("7b: top-1 clean falls by a point at most, 150 steps", "wsol_long", "mixed", "none", "top-1", -0.01),
    Gate("7b: top-1 occluded rises, cars", "cars", "mixed", "none", "top-1 occluded"),
    Gate("7b: top-1 clean falls by a point at most, cars", "cars", "mixed", "none", "top-1", -0.01),
    Gate("7c: shared parts are found more often", "actions", "s4", "none", "shared parts found"),
    Gate("7c: mAP at .1 rises", "actions", "s4", "none", "mAP at 0.1"),
)


def wsol(results: dict[str, Any]) -> str:
    """All arms of the nine classes."""
    families: Families = results["families"]
    rows = [
        (words, *(_spread(arm, name) for name in _BOXES), _REPORTED.get(key, "-"))
        for key, words, arm in _present(families.get("wsol", {}), _WSOL)
    ]
    rows += [
        (words, *(_spread(arm, name) for name in _BOXES), "-")
        for _, words, arm in _present(families.get("wsol_long", {}), _LONG)
    ]
    heading = f"hidden in training | {_HEADS} | GT-known reported by authors, their data, %"
    text = grid(heading, rows)
    if "centre_box" in results:
        box = results["centre_box"]
        size, reached = box["size"], box["GT-known localisation"]
        text += ["", f"A box of {size:g} of both sides in the middle of every picture has a GT-known of {reached:.3f}."]
    return lines(*_about(results), *text)


def families(results: dict[str, Any]) -> str:
    """Clean and covered pictures of the other families."""
    rows = [
        (
            f"{title}: {words}",
            _spread(arm, "top-1"),
            _spread(arm, "top-1 occluded"),
            _spread(arm, _ERROR, digits=2) if family == "age" else "-",
            _FAMILY_REPORTED.get((family, key), "-"),
        )
        for family, title in _FAMILIES.items()
        for key, words, arm in _present(results["families"].get(family, {}), _FAMILY_ARMS)
    ]
    return lines(*grid("family | top-1 | top-1 occluded | error, years | reported by authors, their data", rows))


def actions(results: dict[str, Any]) -> str:
    """Spans and parts in made videos."""
    rows = [
        (words, *(_spread(arm, name) for name in _TIMES), _TIME_REPORTED.get(key, "-"))
        for key, words, arm in _present(results["families"].get("actions", {}), _ACTIONS)
    ]
    heading = "hidden | mAP@.1 | @.2 | @.3 | @.4 | @.5 | telling parts found | shared parts found | top-1"
    return lines(*grid(f"{heading} | mAP@.1 reported by authors, THUMOS14, %", rows))


def gates(results: dict[str, Any]) -> str:
    """What had to be seen, and what was."""
    rows: list[tuple[str, ...]] = []
    for gate in _GATES:
        arms = results["families"].get(gate.family, {})
        if gate.arm not in arms or gate.other not in arms:
            continue
        apart = _differences(arms[gate.arm], arms[gate.other], gate.figure)
        error = 2 * float(apart.std(ddof=1)) / len(apart) ** 0.5
        mean = float(apart.mean())
        held = mean > error if gate.least is None else mean >= gate.least
        against = mean < -error if gate.least is None else mean < gate.least - error
        verdict = "yes" if held else "no: worse" if against else "no"
        rows.append((gate.words, f"{mean:+.3f} ± {apart.std(ddof=1):.3f}", verdict))
    return lines(*grid("wanted | difference | seen", rows))


def _about(results: dict[str, Any]) -> list[str]:
    about = results["about"]
    seeds = len(next(iter(results["families"]["wsol"].values())))
    return [f"Version {about['version']}, {about['date']}, {seeds} seeds: mean ± standard deviation.", ""]


def _present(arms: dict[str, Seeds], titles: dict[str, str]) -> Iterable[tuple[str, str, Seeds]]:
    return ((key, words, arms[key]) for key, words in titles.items() if key in arms)


def _spread(seeds: Seeds, figure: str, *, digits: int = 3) -> str:
    values = [row[figure] for row in seeds.values() if figure in row]
    if not values:
        return "-"
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def _differences(one: Seeds, other: Seeds, figure: str) -> np.ndarray:
    return np.array([one[seed][figure] - other[seed][figure] for seed in sorted(one)], np.float64)


def _table(name: str, made: Callable[[dict[str, Any]], str]) -> Table:
    return Table(name=name, pages=(PAGE,), results=RESULTS, made=made)


TABLES = (
    _table("hiding-wsol", wsol),
    _table("hiding-families", families),
    _table("hiding-actions", actions),
    _table("hiding-gates", gates),
)

if __name__ == "__main__":
    write(TABLES)
