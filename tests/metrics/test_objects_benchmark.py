"""The object benchmark: its folds are apart and cover all classes, its table is made from its results."""

import json

from benchmarks.objects.folds import FIREARMS, FOLDS, held_out
from benchmarks.objects.tables import PAGE, RESULTS, rendered


def test_each_car_and_bird_is_held_out_once() -> None:
    folds = [{one for one in held_out(fold) if one[0] != FIREARMS} for fold in range(FOLDS)]
    assert sum(map(len, folds)) == len(set().union(*folds)) == 98 + 60
    for folder, count in (("finegrained/cars", 98), ("finegrained/birds", 60)):
        sizes = [sum(one[0] == folder for one in fold) for fold in folds]
        assert sum(sizes) == count
        assert max(sizes) - min(sizes) <= 1


def test_each_firearm_model_is_held_out_and_trains() -> None:
    folds = [{name for folder, name in held_out(fold) if folder == FIREARMS} for fold in range(FOLDS)]
    every = set().union(*folds)
    assert len(every) == 5
    for name in every:
        assert 1 <= sum(name in fold for fold in folds) < FOLDS
    assert all(len(fold) == 3 for fold in folds)


def test_the_table_is_made_from_the_results() -> None:
    table = rendered(json.loads(RESULTS.read_text("utf-8")))
    assert table in PAGE.read_text("utf-8"), "run `python -m benchmarks.objects.tables`"
