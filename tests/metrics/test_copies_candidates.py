"""The candidates of a benchmark set: what a scan of the set's gallery finds, with the truth beside."""

import shutil
from pathlib import Path

import cv2

from benchmarks.copies.candidates import collect, open_gallery
from benchmarks.copies.make import write_table
from lynkeus.cli.demo_pictures import demo_pictures
from lynkeus.core import read_picture
from lynkeus.scan.home import Home


def test_candidates_of_a_set_name_the_source_of_a_query_and_none_for_a_stranger(tmp_path: Path) -> None:
    shipped = demo_pictures()
    bench = tmp_path / "bench"
    (bench / "queries").mkdir(parents=True)
    source, *others = shipped.references[:3]
    shown = read_picture(source).rgb[40:, 20:, ::-1]
    assert cv2.imwrite(str(bench / "queries" / "cropped.png"), shown)
    shutil.copy(shipped.strangers[0], bench / "queries" / "stranger.jpg")
    write_table(bench / "truth.csv", ("query_id", "reference_id"), [("cropped", "the source"), ("stranger", "")])
    gallery = [(str(source), "the source"), *((str(path), path.stem) for path in others)]
    write_table(bench / "gallery.csv", ("path", "name"), gallery)
    with Home(tmp_path / "home") as home:
        names = open_gallery(home, bench)
        assert sorted(names.values()) == sorted(name for _, name in gallery)
        (seconds, copy), (_, stranger) = collect(home, bench, names)
    assert seconds > 0
    assert (copy[0].query, copy[0].reference, copy[0].true) == ("cropped", "the source", True)
    assert copy[0].score > 0
    assert copy[0].figures["inliers"] > 20
    assert not any(candidate.true or candidate.score > 0 for candidate in stranger)
