"""Make the queries of one half and one suite: ``python -m benchmarks.copies.make --help``.

Writes into ``--out``: ``queries/`` with one picture each, ``truth.csv`` (query_id,reference_id; empty for a
stranger), ``disguises.csv`` (query_id,disguise; ``none`` for a stranger as it is) and ``gallery.csv``
(path,name: the file and the name that ``truth.csv`` calls it by). Each query draws from a generator of its
own, seeded by its half, suite, disguise and number: the same command writes the same pictures.
"""

import argparse
import csv
from pathlib import Path

import cv2
import numpy as np

from benchmarks.copies import lists
from benchmarks.copies.disguises import SUITES, Props
from lynkeus.augment import Transform
from lynkeus.data.stickers import read_stickers

SMALLEST, LARGEST = 256, 1024


def make(data: Path, half: str, suite: str, out: Path, *, per: int = 30, strangers: int = 630) -> int:
    """Write one benchmark and give the number of its queries.

    Args:
        data: Folder that holds copydet/, wsol/, ...
        half: ``tune`` or ``test``.
        suite: ``listed`` or ``further``.
        out: Folder to write to; made where missing.
        per: Copies a disguise.
        strangers: Pictures without a reference, at most as many as are listed.
    """
    (out / "queries").mkdir(parents=True, exist_ok=True)
    props = Props(
        hosts=[read(data / path) for path in lists.hosts(half)],
        stickers=read_stickers(data),
    )
    disguises = SUITES[suite](props)
    references = lists.references(half)
    truth: list[tuple[str, str]] = []
    worn: list[tuple[str, str]] = []
    plan = [
        (name, transform, references[(kind * per + number) % len(references)], number)
        for kind, (name, transform) in enumerate(disguises.items())
        for number in range(per)
    ]
    for name, transform, reference, number in plan:
        query = f"Q{len(truth):05d}_{name}"
        rng = seeded(half, suite, name, number)
        write(out / "queries", query, transform(read(data / reference), rng), rng)
        truth.append((query, reference))
        worn.append((query, name))
    for number, path in enumerate(_spread(lists.strangers(half), strangers)):
        name, image, rng = _stranger(data / path, disguises, seeded(half, suite, "stranger", number))
        query = f"Q{len(truth):05d}_stranger"
        write(out / "queries", query, image, rng)
        truth.append((query, ""))
        worn.append((query, name))
    gallery = [(str((data / path).resolve()), path) for path in lists.gallery(data, half)]
    write_table(out / "truth.csv", ("query_id", "reference_id"), truth)
    write_table(out / "disguises.csv", ("query_id", "disguise"), worn)
    write_table(out / "gallery.csv", ("path", "name"), gallery)
    return len(truth)


def seeded(half: str, suite: str, name: str, number: int) -> np.random.Generator:
    """The generator of one query."""
    return np.random.default_rng(lists.stable(f"{half}/{suite}/{name}/{number}"))


def read(path: Path) -> np.ndarray:
    """A picture in RGB.

    Raises:
        FileNotFoundError: It is missing or no picture.
    """
    image = cv2.imread(str(path), cv2.IMREAD_COLOR_RGB)
    if image is None:
        raise FileNotFoundError(f"{path} is no picture that can be read")
    return np.asarray(image)


def write(folder: Path, name: str, image: np.ndarray, rng: np.random.Generator) -> None:
    """Save a query, its longest side within 256 to 1,024 pixels: nine in ten as JPEG 90, the rest as PNG."""
    longest = max(image.shape[:2])
    factor = float(np.clip(longest, SMALLEST, LARGEST)) / longest
    if factor != 1:
        way = cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC
        height, width = (max(1, round(side * factor)) for side in image.shape[:2])
        image = np.asarray(cv2.resize(image, (width, height), interpolation=way))
    ending, options = (".jpg", [cv2.IMWRITE_JPEG_QUALITY, 90]) if rng.random() < 0.9 else (".png", [])
    if not cv2.imwrite(str(folder / (name + ending)), image[..., ::-1], options):
        raise OSError(f"cannot write {name} to {folder}")


def write_table(path: Path, heading: tuple[str, ...], rows: list[tuple[str, ...]]) -> None:
    """Write one CSV file."""
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(heading)
        writer.writerows(rows)


def _stranger(
    path: Path, disguises: dict[str, Transform], rng: np.random.Generator
) -> tuple[str, np.ndarray, np.random.Generator]:
    image = read(path)
    if rng.random() < 0.5:
        return "none", image, rng
    name = list(disguises)[rng.integers(len(disguises))]
    return name, disguises[name](image, rng), rng


def _spread(paths: list[str], count: int) -> list[str]:
    """``count`` of the paths, evenly from all of the list."""
    return [paths[index * len(paths) // count] for index in range(min(count, len(paths)))]


def main() -> None:
    """Read the command line and make the benchmark."""
    parser = argparse.ArgumentParser(
        description="Make disguised queries.",
        epilog="example: python -m benchmarks.copies.make --data ../shared/data --half tune --suite listed "
        "--out runs/tune",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder that holds copydet/, wsol/, ...")
    parser.add_argument("--half", choices=lists.HALVES, required=True)
    parser.add_argument("--suite", choices=sorted(SUITES), required=True)
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--per", type=int, default=30, help="copies a disguise (30)")
    parser.add_argument("--strangers", type=int, default=630, help="pictures without a reference (630)")
    options = parser.parse_args()
    count = make(options.data, options.half, options.suite, options.out, per=options.per, strangers=options.strangers)
    print(f"{count} queries in {options.out}")


if __name__ == "__main__":
    main()
