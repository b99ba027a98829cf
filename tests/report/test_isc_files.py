"""Prediction files: ids, order, duplicates, and reading back."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from report_made import finding, unreadable, upload

from lynkeus.core.errors import CorruptError
from lynkeus.report.isc import Pair, read_isc, shared_ids, write_isc


def test_ids_are_stems_and_the_best_pair_comes_first(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    write_isc(
        path,
        [
            upload("q/Q00002.jpg", finding(score=0.5, reference="r/R000007.jpg")),
            upload("Q00001.jpg", finding(score=2.0, reference="R000009.png")),
            unreadable("Q00003.jpg", "torn"),
            upload("Q00004.jpg"),
        ],
    )
    assert path.read_text() == ("query_id,reference_id,score\nQ00001,R000009,2.000000\nQ00002,R000007,0.500000\n")


def test_the_id_of_a_named_entity_is_its_own_whatever_reference_is_nearest(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    seen = [
        replace(finding(gallery="arms", entity=name, reference="1.jpg", score=score), names_entity=True)
        for name, score in (("MP5", 3.0), ("Uzi", 2.0))
    ]
    results = [upload("Q1.jpg", *seen, finding(gallery="arms", reference="MP5.jpg", score=1.0))]
    write_isc(path, results)
    assert read_isc(path) == [Pair("Q1", "arms/MP5", 3.0), Pair("Q1", "arms/Uzi", 2.0), Pair("Q1", "MP5", 1.0)]
    assert shared_ids(results) == {}


def test_ids_that_stand_for_several_files_are_named() -> None:
    one = finding(gallery="g", reference="a/R.jpg", reference_id=1)
    other = finding(gallery="g", reference="b/R.jpg", reference_id=2)
    shared = shared_ids([upload("x/1.jpg", one), upload("y/1.png", other, one), upload("2.jpg", one)])
    assert shared == {"1": ["x/1.jpg", "y/1.png"], "R": ["g/a/R.jpg (1)", "g/b/R.jpg (2)"]}


def test_of_a_pair_found_twice_the_highest_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    found = [finding(score=score, reference="R1.jpg") for score in (0.2, 0.9, 0.4)]
    write_isc(path, [upload("Q1.jpg", *found)])
    assert read_isc(path) == [Pair("Q1", "R1", 0.9)]


def test_scores_come_back_exactly_and_in_order(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    scores = [1.0, np.nextafter(1.0, 0), 1e-9, 2e-9, 1 / 3, 123456.789, -0.5]
    write_isc(path, [upload(f"Q{n}.jpg", finding(score=float(s))) for n, s in enumerate(scores)])
    assert [pair.score for pair in read_isc(path)] == sorted(scores, reverse=True)
    for line in path.read_text().splitlines()[1:]:
        assert len(line.split(",")[2].split(".")[1]) >= 6
        assert "e" not in line.split(",")[2]


def test_no_findings_give_a_header_alone(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    write_isc(path, [])
    assert read_isc(path) == []


def test_refuses_scores_that_have_no_order(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="must be finite"):
        write_isc(tmp_path / "pairs.csv", [upload("Q1.jpg", finding(score=np.nan))])


@pytest.mark.parametrize("row", ["Q1,R1", "Q1,R1,high", "Q1,R1,nan", "Q1,R1,1,2"])
def test_a_damaged_line_is_named(tmp_path: Path, row: str) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text(f"query_id,reference_id,score\n{row}\n")
    with pytest.raises(CorruptError, match="line 2"):
        read_isc(path)


def test_another_header_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pairs.csv"
    path.write_text("query,ref,score\n")
    with pytest.raises(CorruptError, match="header"):
        read_isc(path)
