"""Which classes each fold keeps for measuring: ``csv/folds.csv``, columns fold, folder, class.

Cars are held out by make, once each: a fold never trains another model of a make that it is asked for, as with the
things of a user who comes with makes of his own. Birds are drawn, each species is held out once. Of the five firearm
models each fold holds out three, so that there is something to confuse; each is held out once or twice. Firearm types
and ImageNet's weapons always train: they name no model.

Run: ``python -m benchmarks.objects.folds DATA``
"""

import csv
import sys
from pathlib import Path

import numpy as np

FOLDS = 3
FILE = Path(__file__).parent / "csv" / "folds.csv"
FIREARMS = "firearms/models"
CARS = "finegrained/cars"
_BIRDS = "finegrained/birds"
_MODELS = (
    ("AR15_M4_M16", "UMP", "Uzi"),
    ("MP5", "Mossberg_590_500", "Uzi"),
    ("AR15_M4_M16", "MP5", "UMP"),
)
_MAKES = (
    ("Bugatti", "Buick", "Cadillac", "Chrysler", "Daewoo", "Dodge", "Eagle"),
    ("AM", "Acura", "Aston", "Chevrolet"),
    ("Audi", "BMW", "Bentley"),
)
_SEED = 0


def held_out(fold: int) -> frozenset[tuple[str, str]]:
    """Folder and name of the classes that a fold keeps for measuring."""
    with FILE.open(newline="") as file:
        return frozenset((row["folder"], row["class"]) for row in csv.DictReader(file) if int(row["fold"]) == fold)


def draw(data: Path) -> list[tuple[int, str, str]]:
    """The rows of the file."""
    rows = [(fold, FIREARMS, name) for fold, names in enumerate(_MODELS) for name in names]
    fold_of = {make: fold for fold, makes in enumerate(_MAKES) for make in makes}
    rows += [(fold_of[name.split()[0]], CARS, name) for name in _names(data, CARS)]
    birds = _names(data, _BIRDS)
    order = np.random.default_rng(_SEED).permutation(len(birds))
    rows += [(place % FOLDS, _BIRDS, birds[number]) for place, number in enumerate(order)]
    return sorted(rows)


def _names(data: Path, folder: str) -> list[str]:
    with (data / f"{folder}.csv").open(newline="") as file:
        return sorted({row["class_name"] for row in csv.DictReader(file)})


if __name__ == "__main__":
    with FILE.open("w", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(("fold", "folder", "class"))
        writer.writerows(draw(Path(sys.argv[1])))
