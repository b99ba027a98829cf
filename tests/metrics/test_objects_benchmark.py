"""The object benchmark: its folds are apart and cover all classes, and its policies keep their promise."""

import numpy as np

from benchmarks.objects.folds import FIREARMS, FOLDS, held_out
from benchmarks.objects.open_set import kept_by_policies, open_set, strangers


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


def test_strangers_show_nothing_of_the_set() -> None:
    for name in ("wsol", "logos", "firearms", "cars", "birds"):
        left = strangers(name)
        assert len(left) > 400
        assert len(set(left)) == len(left)
    assert not any("terrier" in path for path in strangers("wsol"))
    assert not any("rifle" in path and "trifle" not in path for path in strangers("firearms"))


def test_a_threshold_lets_so_many_strangers_pass_and_policies_keep_their_promise() -> None:
    rng = np.random.default_rng(0)
    clean, thumbs, score = rng.normal(size=400), rng.normal(size=400), rng.normal(3, 1, 300)
    right = rng.random(300) < 0.9
    found = open_set(score, right, clean)
    threshold = np.sort(clean)[-5]
    assert (clean > threshold).sum() == 4
    assert found["detected at 1 in 100"] == np.mean(score > threshold)
    assert found["named at 1 in 100"] == np.mean((score > threshold) & right)
    assert found["rank_1"] == np.mean(right)
    kept = kept_by_policies(score, right, clean, thumbs)
    assert kept["policy 1/10: clean stopped"] < 0.12
    assert kept["policy 1/100: named"] <= kept["policy 1/10: named"] <= found["rank_1"]
