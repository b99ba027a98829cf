from pathlib import Path

from commands import rows, run
from made_pictures import made_picture, write_picture, write_pictures


def _benchmark(folder: Path) -> None:
    write_pictures(folder / "references", range(4))
    write_picture(folder / "queries" / "Q1.jpg", made_picture(0)[30:330, 40:440])
    write_picture(folder / "queries" / "Q2.jpg", made_picture(1)[:, ::-1])
    write_picture(folder / "queries" / "Q3.jpg", made_picture(30))
    (folder / "truth.csv").write_text("query_id,reference_id\nQ1,picture0\nQ2,picture1\nQ3,\n")
    (folder / "disguises.csv").write_text("query_id,disguise\nQ1,crop\nQ2,mirror\nQ3,none\n")


def test_copies_are_measured_end_to_end(tmp_path: Path) -> None:
    _benchmark(tmp_path)
    common = ("--truth", tmp_path / "truth.csv", "--disguises", tmp_path / "disguises.csv")
    scanned = ("--queries", tmp_path / "queries", "--references", tmp_path / "references", "--isc", tmp_path / "p.csv")
    reached = rows(run(tmp_path / "home", "eval", "copies", *scanned, *common, "--json"))[0]
    assert (reached["micro_ap"], reached["recall_p90"], reached["recall_p99"]) == (1.0, 1.0, 1.0)
    assert reached["disguises"] == {"crop": 1.0, "mirror": 1.0}
    assert (reached["copies"], reached["strangers"]) == (2, 1)
    again = rows(run(tmp_path, "eval", "copies", "--predictions", tmp_path / "p.csv", *common, "--json"))[0]
    assert again == reached
    assert not (tmp_path / "home").exists()


def test_given_pairs_are_scored_as_computed_by_hand(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("query_id,reference_id\nQ1,A\nQ2,B\nQ3,\n")
    (tmp_path / "p.csv").write_text("query_id,reference_id,score\nQ1,A,0.9\nQ3,B,0.8\nQ2,B,0.7\n")
    said = run(tmp_path, "eval", "copies", "--predictions", tmp_path / "p.csv", "--truth", tmp_path / "truth.csv")
    assert "micro-AP 0.8333" in said.stdout
    assert "at 99 % 0.5000" in said.stdout


def test_pairs_of_unknown_queries_and_bad_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "truth.csv").write_text("query_id,reference_id\nQ1,A\n")
    (tmp_path / "p.csv").write_text("query_id,reference_id,score\nQ9,A,0.9\n")
    words = ("eval", "copies", "--truth", tmp_path / "truth.csv")
    assert "not in the truth" in run(tmp_path, *words, "--predictions", tmp_path / "p.csv", code=2).stderr
    assert "header" in run(tmp_path, *words, "--predictions", tmp_path / "truth.csv", code=2).stderr
    assert "--queries" in run(tmp_path, *words, code=2).stderr
