"""Make the committed lists: which half a picture belongs to, the hosts, the strangers.

Run once: ``python -m benchmarks.copies.split --data DATA``; the lists then stay as they are. Halves follow
from a hash of the file name, so that adding a picture moves no other. Pictures of one garment sender stay in
one half, for they show the same floors and walls, at times the same garment.
"""

import argparse
import csv
from collections import defaultdict
from pathlib import Path

import cv2
import numpy as np

from benchmarks.copies.lists import (
    HALVES,
    LISTS,
    NO_PICTURES,
    folder_of,
    half_of,
    pictures_below,
    stable,
    write_list,
)

HOST_FOLDERS = ("wsol/kangaroo", "wsol/raccoon", "wsol/dog", "wsol/watermelon")
STRANGER_FOLDERS = (
    "wsol/apple",
    "wsol/orange",
    "wsol/banana",
    "wsol/strawberry",
    "wsol/kangaroo",
    "wsol/raccoon",
    "firearms/imagenet_weapons",
    "faces/masked_real",
    "faces/lfw_single",
    "finegrained/cars",
    "finegrained/birds",
)
SEEN_ALIKE = {  # the same photograph in another crop, found by looking at the best-scored strangers
    "faces/lfw/Ana_Guevara/Ana_Guevara_0004.jpg",
    "finegrained/cars/025_Audi_TT_RS_Coupe_2012/05886.jpg",
    "wsol/watermelon/watermelon_020.jpg",
}
HOSTS = 100
STRANGERS = 630


def split_copydet(data: Path) -> list[dict[str, str]]:
    """One row a picture of copydet: path, source, role, half; each source and role evenly halved."""
    senders: dict[str, str] = {}
    with (data / "copydet/clothing_cc0_labels.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            senders[row["image"]] = row["sender_id"]
    groups: dict[tuple[str, str], list[dict[str, str]]] = defaultdict(list)
    with (data / "copydet/roles.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            name = row["path"].split("/")[1]
            group = f"sender {senders[name]}" if row["source"] == "clothing_cc0" else row["path"]
            groups[row["source"], group].append({**row, "path": f"copydet/{row['path']}"})
    surplus: dict[tuple[str, str], int] = defaultdict(int)
    rows: list[dict[str, str]] = []
    for (source, group), members in sorted(groups.items(), key=lambda g: (-len(g[1]), stable(g[0][1]))):
        lean = sum(surplus[source, row["role"]] for row in members)
        half = HALVES[stable(group) % 2 if lean == 0 else int(lean > 0)]
        for row in members:
            surplus[source, row["role"]] += 1 if half == HALVES[0] else -1
            rows.append({"path": row["path"], "source": source, "role": row["role"], "half": half})
    return sorted(rows, key=lambda row: row["path"])


def choose_hosts(data: Path) -> list[dict[str, str]]:
    """``HOSTS`` pictures a half that others are pasted into, evenly from the host folders."""
    return [
        {"path": path, "half": half}
        for half in HALVES
        for path in _evenly(data, HOST_FOLDERS, half, salt="host ", count=HOSTS, taken=set())
    ]


def choose_strangers(data: Path, split: list[dict[str, str]], taken: set[str]) -> list[dict[str, str]]:
    """``STRANGERS`` pictures a half without a reference: the train pictures first, then other kinds."""
    rows: list[dict[str, str]] = []
    for half in HALVES:
        own = [row["path"] for row in split if row["half"] == half and row["role"] == "train"]
        more = _evenly(data, STRANGER_FOLDERS, half, salt="stranger ", count=STRANGERS - len(own), taken=taken)
        rows += [{"path": path, "half": half} for path in own + more]
    return rows


def near_copies(data: Path, queries: list[str], gallery: list[str], bar: float = 0.93) -> set[str]:
    """Pictures of the gallery whose thumbnail, also mirrored, correlates with a query's above ``bar``."""
    thumbs = _thumbnails(data, gallery)
    found: set[str] = set()
    for mirrored in (False, True):
        alike = _thumbnails(data, queries, mirrored=mirrored) @ thumbs.T
        found |= {gallery[column] for row, column in np.argwhere(alike > bar) if queries[row] != gallery[column]}
    return found


def _thumbnails(data: Path, paths: list[str], *, mirrored: bool = False) -> np.ndarray:
    rows: list[np.ndarray] = []
    for path in paths:
        grey = np.asarray(cv2.imread(str(data / path), cv2.IMREAD_GRAYSCALE))
        small = np.asarray(cv2.resize(grey, (12, 12), interpolation=cv2.INTER_AREA), np.float32)
        small = small[:, ::-1] if mirrored else small
        flat = small.ravel() - small.mean()
        rows.append(flat / max(float(np.linalg.norm(flat)), 1e-6))
    return np.stack(rows)


def _evenly(data: Path, folders: tuple[str, ...], half: str, *, salt: str, count: int, taken: set[str]) -> list[str]:
    """``count`` pictures of a half in turns from the folders, each in the order of its hash."""
    queues = [
        sorted(
            (p for p in pictures_below(data, folder) if half_of(p) == half and p not in taken),
            key=lambda path: stable(salt + path),
        )
        for folder in folders
    ]
    chosen: list[str] = []
    turn = 0
    while len(chosen) < count:
        if not any(queues):
            raise ValueError(f"only {len(chosen)} of {count} pictures in {', '.join(folders)}")
        queue = queues[turn % len(queues)]
        if queue:
            chosen.append(queue.pop(0))
        turn += 1
    return chosen


def main() -> None:
    """Write the lists."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder that holds copydet/, wsol/, ...")
    data = parser.parse_args().data
    split = split_copydet(data)
    hosts = choose_hosts(data)
    strangers = choose_strangers(data, split, {row["path"] for row in hosts})
    write_list(LISTS / "split.csv", split)
    write_list(LISTS / "hosts.csv", hosts)
    write_list(LISTS / "strangers.csv", strangers)
    used = {row["path"] for row in split + hosts + strangers}
    others = [path for path in pictures_below(data, "") if path not in used and folder_of(path) not in NO_PICTURES]
    queries = [row["path"] for row in split + hosts + strangers]
    alike = near_copies(data, queries, others) | SEEN_ALIKE
    write_list(LISTS / "near_copies.csv", [{"path": path} for path in sorted(alike)])


if __name__ == "__main__":
    main()
