"""A run's evaluation can be stored and read back unchanged."""

import json
from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import CorruptError
from lynkeus.report.laboratory.evaluation import (
    Confusion,
    Evaluation,
    HeatMap,
    Histogram,
    Hit,
    Neighbours,
    load_evaluation,
    save_evaluation,
)


def made(seed: int = 0) -> Evaluation:
    rng = np.random.default_rng(seed)
    picture = np.full((300, 400, 3), (200, 60, 20), np.uint8)
    hit = Hit(picture=picture, label="uzi", score=0.75, right=True)
    return Evaluation(
        figures={"mAP": 0.5 + seed, "R@1": 0.75},
        histograms=(
            Histogram(
                name="before",
                edges=np.linspace(0, 1.4, 5),
                same=rng.integers(0, 9, 4),
                different=rng.integers(0, 9, 4),
            ),
        ),
        neighbours=(Neighbours(picture=picture, label="uzi", hits=(hit, hit)),),
        heat_maps=(
            HeatMap(
                picture=picture,
                heat=np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4),
                label="apple",
                predicted="pear",
                box=(0.1, 0.2, 0.5, 0.75),
                truth=((0.0, 0.0, 0.5, 0.5),),
            ),
        ),
        confusion=Confusion(names=("apple", "pear"), counts=np.array([[3, 1], [0, 4]])),
    )


def test_comes_back_as_it_was_kept(tmp_path: Path) -> None:
    wanted = made()
    save_evaluation(wanted, tmp_path)
    got = load_evaluation(tmp_path)
    assert got is not None
    assert got.figures == wanted.figures
    np.testing.assert_array_equal(got.histograms[0].same, wanted.histograms[0].same)
    np.testing.assert_array_equal(got.histograms[0].edges, wanted.histograms[0].edges)
    assert got.neighbours[0].picture.shape == (144, 192, 3)
    assert np.abs(got.neighbours[0].picture.astype(int) - (200, 60, 20)).max() <= 4
    assert [(hit.label, hit.score, hit.right) for hit in got.neighbours[0].hits] == [("uzi", 0.75, True)] * 2
    np.testing.assert_allclose(got.heat_maps[0].heat, wanted.heat_maps[0].heat, atol=1 / 255)
    assert got.heat_maps[0].box == wanted.heat_maps[0].box
    assert got.heat_maps[0].truth == wanted.heat_maps[0].truth
    assert got.confusion is not None
    np.testing.assert_array_equal(got.confusion.counts, [[3, 1], [0, 4]])


def test_a_later_evaluation_takes_the_place_of_the_earlier(tmp_path: Path) -> None:
    save_evaluation(made(), tmp_path)
    save_evaluation(Evaluation(figures={"mAP": 1.5}), tmp_path)
    got = load_evaluation(tmp_path)
    assert got is not None
    assert (got.figures, got.neighbours, got.confusion) == ({"mAP": 1.5}, (), None)
    assert [path.name for path in (tmp_path / "evaluation").iterdir()] == ["evaluation.json"]


def test_a_run_without_evaluation_has_none(tmp_path: Path) -> None:
    assert load_evaluation(tmp_path) is None


def test_names_the_file_that_is_damaged(tmp_path: Path) -> None:
    save_evaluation(made(), tmp_path)
    path = tmp_path / "evaluation" / "evaluation.json"
    path.write_text(json.dumps({"figures": {}}))
    with pytest.raises(CorruptError, match=r"evaluation\.json cannot be read"):
        load_evaluation(tmp_path)
