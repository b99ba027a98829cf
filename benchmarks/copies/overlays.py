"""How well the overlay finder boxes the pastes of the suites, and what it sees where nothing was pasted.

``python -m benchmarks.copies.overlays --data DATA --half tune``: the disguised pictures are made again as
``benchmarks.copies.make`` makes them (but for the saving as JPEG), this time with the box of the copy, which the
disguises know. In a collage any of four boxes is right, and one of them is the copy's.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import cv2
import numpy as np

from benchmarks.copies import lists
from benchmarks.copies.disguises import SUITES, Props
from benchmarks.copies.make import LARGEST, read, seeded
from lynkeus import augment as au
from lynkeus.augment.composite import resized_to
from lynkeus.data.stickers import read_stickers
from lynkeus.kinds.copies.overlays import MODEL, OverlayFinder, overlap
from lynkeus.runtime.cards import card

WORDS = ("paste", "collage", "screenshot", "pad", "captions")
_TOPS = (1, 2, 4)
_LEVELS = (0.3, 0.4, 0.5, 0.6, 0.7)


@dataclass(frozen=True, kw_only=True)
class Row:
    """One disguise.

    Attributes:
        copies: Pictures looked at.
        side: Mean longest side of the true box in shares of the picture's longest side.
        half: Share of copies with a box of IoU .5 among the first 1, 2 and 4.
        most: The same at IoU .7.
    """

    copies: int
    side: float
    half: tuple[float, ...]
    most: tuple[float, ...]


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--half", choices=lists.HALVES, default="tune")
    parser.add_argument("--per", type=int, default=30, help="copies a disguise (30)")
    parser.add_argument("--clean", type=int, default=300, help="pictures without a paste (300)")
    parser.add_argument("--out", type=Path, help="JSON file to write")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    finder = replace(OverlayFinder.load(card(MODEL)), least=_LEVELS[0])
    report: dict[str, object] = {"half": options.half}
    for least in (_LEVELS[0], _LEVELS[2]):
        rows = boxed(replace(finder, least=least), options.data, options.half, per=options.per)
        report[f"confidence {least}"] = {name: asdict(row) for name, row in rows.items()}
        print(f"confidence at least {least}\n{'disguise':<32} side  IoU .5: top 1, 2, 4    IoU .7: top 1, 2, 4")
        for name, row in rows.items():
            figures = "  ".join(f"{share:.2f}" for share in (row.side, *row.half, *row.most))
            print(f"{name:<32} {figures}")
    report["clean"] = clean(finder, options.data, options.half, options.clean)
    print("pictures without a paste that get a box, by confidence:", report["clean"])
    if options.out:
        options.out.write_text(json.dumps(report, indent=1) + "\n")


def boxed(finder: OverlayFinder, data: Path, half: str, *, per: int) -> dict[str, Row]:
    """A row for each disguise of both suites that shows the copy inside something else."""
    rows: dict[str, Row] = {}
    for suite in SUITES:
        for name, placements in _disguised(data, half, suite, per=per):
            best: list[list[float]] = []
            sides: list[float] = []
            for placement in placements:
                height, width = placement.image.shape[:2]
                found = finder(placement.image)
                iou = overlap(placement.box.astype(np.float32), found.xyxy)
                best.append([float(iou[:top].max(initial=0.0)) for top in _TOPS])
                sides.append(float(max(placement.box[2:] - placement.box[:2]) / max(height, width)))
            share = np.array(best)
            rows[name] = Row(
                copies=len(share),
                side=round(float(np.mean(sides)), 3),
                half=tuple(np.round((share >= 0.5).mean(axis=0), 3).tolist()),
                most=tuple(np.round((share >= 0.7).mean(axis=0), 3).tolist()),
            )
    return rows


def clean(finder: OverlayFinder, data: Path, half: str, count: int) -> dict[str, float]:
    """Share of untouched strangers and references that get a box, by lowest confidence, and CPU milliseconds."""
    paths = lists.strangers(half)
    chosen = [paths[number * len(paths) // count] for number in range(min(count, len(paths)))]
    highest: list[float] = []
    spent: list[float] = []
    for path in chosen:
        picture = read(data / path)
        began = time.process_time()
        found = finder(picture)
        spent.append(time.process_time() - began)
        highest.append(float(found.confidence.max(initial=0.0)))
    share = {str(level): round(float(np.mean(np.array(highest) >= level)), 3) for level in _LEVELS}
    return {**share, "pictures": len(chosen), "cpu_ms": round(float(np.median(spent)) * 1000, 2)}


def _disguised(data: Path, half: str, suite: str, *, per: int) -> Iterator[tuple[str, list[au.Placement]]]:
    props = Props(hosts=[read(data / path) for path in lists.hosts(half)], stickers=read_stickers(data))
    references = lists.references(half)
    for kind, (name, transform) in enumerate(SUITES[suite](props).items()):
        if not any(word in name for word in WORDS):
            continue
        chain = au.Chain((transform,))
        chosen = [references[(kind * 30 + number) % len(references)] for number in range(per)]
        yield (
            name,
            [
                _as_saved(chain.place(read(data / path), seeded(half, suite, name, number)))
                for number, path in enumerate(chosen)
            ],
        )


def _as_saved(placement: au.Placement) -> au.Placement:
    """Its longest side at most that of the benchmark's files."""
    longest = max(placement.image.shape[:2])
    if longest <= LARGEST:
        return placement
    factor = LARGEST / longest
    return replace(placement, image=resized_to(placement.image, LARGEST), box=placement.box * factor)


if __name__ == "__main__":
    main()
