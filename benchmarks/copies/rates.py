"""Whether a policy keeps what it promises: promised rate against the share of clean uploads that it stops.

``python -m benchmarks.copies.rates --work DIR``, after ``python -m benchmarks.copies --half test --work DIR``, whose
predictions it reads. The strangers of the test half, as both suites show them, are split into four parts by the digest
of the picture's path. The product's own code calibrates on three parts; the fourth part then acts as clean uploads.
Counts are summed over the four turns. Whiskers are Clopper-Pearson bounds (95 % a side) for independent uploads.
Also writes the diagram, ``docs/images/reliability.png``.
"""

import argparse
from collections import defaultdict
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from benchmarks.copies import lists
from benchmarks.copies.candidates import table
from benchmarks.copies.lists import SUITES
from benchmarks.copies.score import rows_of
from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.calibration.rates import RateModel, clopper_pearson_upper, needed
from lynkeus.scan.calibrate import NOTHING_ALIKE

HALF = "test"
PARTS = 4
POLICIES = (10, 20, 30, 50, 100, 200, 300)
PICTURE = Path(__file__).parents[2] / "docs/images/reliability.png"
_SIZE, _LEFT, _TOP, _SIDE, _FINE = (760, 660), 110, 40, 540, 3
_LOWEST, _HIGHEST = 1 / 1000, 1 / 5
_INK, _PALE, _BLUE = (32, 36, 44), (205, 210, 218), (28, 93, 163)


@dataclass(frozen=True, kw_only=True, slots=True)
class Kept:
    """What became of one promise.

    Attributes:
        one_in: The policy: 1 in so many clean uploads.
        supported: There are enough clean uploads to calibrate it with; otherwise the product refuses it.
        unseen: Clean uploads that were judged.
        stopped: Those of them that the policy acted on.
        low: Lower bound of their share.
        high: Upper bound.
        estimate_stopped: Those that would be stopped if the estimate decided, not its bound.
    """

    one_in: int
    supported: bool
    unseen: int
    stopped: int
    low: float
    high: float
    estimate_stopped: int


def parted(highest: dict[str, list[float]]) -> list[np.ndarray]:
    """Scores of clean uploads in ``PARTS`` parts; all uploads of one picture are in the same.

    Args:
        highest: Highest raw score of each upload, by picture.
    """
    parts: list[list[float]] = [[] for _ in range(PARTS)]
    for picture, scores in highest.items():
        parts[lists.stable(f"rates {picture}") % PARTS].extend(scores)
    return [np.array(part) for part in parts]


def kept(one_in: int, parts: list[np.ndarray]) -> Kept:
    """How a policy fares on each part when the others calibrate it."""
    stopped = guessed = 0
    fewest = min(sum(map(len, parts)) - len(part) for part in parts)
    for number, unseen in enumerate(parts):
        model = RateModel.fit(np.concatenate(parts[:number] + parts[number + 1 :]))
        if model is None:
            raise ValueError(f"{fewest} clean uploads are too few to calibrate with")
        rates = [model(score) for score in unseen]
        stopped += sum(rate.within(1 / one_in) for rate in rates)
        guessed += sum(rate.value <= 1 / one_in for rate in rates)
    count = sum(map(len, parts))
    return Kept(
        one_in=one_in,
        supported=fewest >= needed(1 / one_in),
        unseen=count,
        stopped=stopped,
        low=1 - clopper_pearson_upper(count - stopped, count),
        high=clopper_pearson_upper(stopped, count),
        estimate_stopped=guessed,
    )


def highest_scores(work: Path) -> dict[str, list[float]]:
    """The highest raw score of each clean upload of both suites, by picture."""
    found: dict[str, list[float]] = defaultdict(list)
    for suite in SUITES:
        bench = work / f"{HALF}_{suite}"
        best: dict[str, float] = {}
        for row in rows_of(bench / "predictions.csv"):
            best[row["query_id"]] = max(float(row["score"]), best.get(row["query_id"], NOTHING_ALIKE))
        truth = table(bench / "truth.csv", "query_id", "reference_id")
        clean = sorted(query for query, reference in truth.items() if not reference)
        pictures = lists.strangers(HALF)
        for number, query in enumerate(clean):
            found[pictures[number * len(pictures) // len(clean)]].append(best.get(query, NOTHING_ALIKE))
    return found


def drawn(promises: list[Kept]) -> Image.Image:
    """The diagram: both axes logarithmic; a promise that is kept lies on the diagonal or below it."""
    image = Image.new("RGB", (_SIZE[0] * _FINE, _SIZE[1] * _FINE), "white")
    pen = _Pen(ImageDraw.Draw(image))
    for one_in in (5, *POLICIES, 1000):
        place = 1 / one_in
        pen.line((place, _LOWEST), (place, _HIGHEST), _PALE)
        pen.line((_LOWEST, place), (_HIGHEST, place), _PALE)
        pen.text(place, _LOWEST, f"1/{one_in}", across=0, down=8, anchor="mt")
        pen.text(_LOWEST, place, f"1/{one_in}", across=-8, down=0, anchor="rm")
    pen.line((_LOWEST, _LOWEST), (_HIGHEST, _HIGHEST), _INK)
    pen.text(1 / 450, 1 / 450, "as promised", across=-10, anchor="rm")
    for promise in (promise for promise in promises if promise.supported):
        x = 1 / promise.one_in
        pen.line((x, promise.low), (x, promise.high), _BLUE, width=2)
        pen.dot(x, promise.estimate_stopped / promise.unseen, filled=False)
        pen.dot(x, promise.stopped / promise.unseen, filled=True)
    pen.text(_HIGHEST, _LOWEST, "promised: false alarms a clean upload", across=0, down=36, anchor="rt")
    pen.text(_LOWEST, _HIGHEST, "observed on unseen clean uploads", across=0, down=-12, anchor="lb")
    pen.dot(1 / 800, 1 / 6.2, filled=True)
    pen.text(1 / 800, 1 / 6.2, "the bound decides (as in the product), with its 90 % interval", across=10)
    pen.dot(1 / 800, 1 / 7.8, filled=False)
    pen.text(1 / 800, 1 / 7.8, "the estimate would decide", across=10)
    return image.resize(_SIZE, Image.Resampling.LANCZOS)


class _Pen:
    """Draws at places given as rates."""

    def __init__(self, draw: ImageDraw.ImageDraw) -> None:
        self._draw = draw
        self._font = ImageFont.load_default(size=13 * _FINE)

    def line(
        self, start: tuple[float, float], end: tuple[float, float], colour: tuple[int, int, int], width: int = 1
    ) -> None:
        self._draw.line([self._at(*start), self._at(*end)], colour, width * _FINE)

    def dot(self, x: float, y: float, *, filled: bool) -> None:
        across, down = self._at(x, y)
        reach = (4 if filled else 7) * _FINE
        box = (across - reach, down - reach, across + reach, down + reach)
        self._draw.ellipse(box, _BLUE if filled else "white", _BLUE, 2 * _FINE)

    def text(self, x: float, y: float, words: str, *, across: int, down: int = 0, anchor: str = "lm") -> None:
        left, top = self._at(x, y)
        self._draw.text((left + across * _FINE, top + down * _FINE), words, _INK, self._font, anchor=anchor)

    def _at(self, x: float, y: float) -> tuple[float, float]:
        span = np.log(_HIGHEST / _LOWEST)
        right, up = (np.log(np.clip(value, _LOWEST, _HIGHEST) / _LOWEST) / span * _SIDE for value in (x, y))
        return (_LEFT + float(right)) * _FINE, (_TOP + _SIDE - float(up)) * _FINE


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True, help="folder of `python -m benchmarks.copies --half test`")
    parser.add_argument("--quick", action="store_true", help="nothing is written")
    options = parser.parse_args()
    parts = parted(highest_scores(options.work))
    promises = [kept(one_in, parts) for one_in in POLICIES]
    for promise in promises:
        print(promise)
    if not options.quick:
        report = {"about": about(), "parts": [len(part) for part in parts], "policies": [asdict(p) for p in promises]}
        write_results(results_file("copies", "rates.json"), report)
        drawn(promises).save(PICTURE, optimize=True)


if __name__ == "__main__":
    main()
