"""Register, disguise, scan, verdict."""

from pathlib import Path

import numpy as np
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus import augment
from lynkeus.core import Verdict
from lynkeus.core.folders import walk
from lynkeus.scan.calibrate import judge_of
from lynkeus.scan.home import Home
from lynkeus.scan.register import Outcome, Registration
from lynkeus.scan.scanner import Scan, Scanned


def _scan(home: Home, *paths: Path) -> list[Scanned]:
    return list(Scan()(home, walk(paths), judge_of(home)))


def test_a_registered_picture_is_found_under_each_disguise_and_a_stranger_is_not(tmp_path: Path) -> None:
    references = write_pictures(tmp_path / "references", range(4))
    host = made_picture(100)
    rng = np.random.default_rng(0)
    disguises = {
        "crop": augment.Crop(keep=0.6),
        "mirror": augment.Mirror(),
        "negative": augment.Invert(),
        "turn": augment.Rotate(degrees=30.0),
        "paste": augment.Paste(hosts=[host], fraction=0.5),
        "jpeg": augment.Jpeg(quality=20),
    }
    with Home(tmp_path / "home") as home:
        rows = list(Registration(gallery="mine", names={})(home, walk(references)))
        assert [row.outcome for row in rows] == [Outcome.ADDED] * 4
        for number, (name, disguise) in enumerate(disguises.items()):
            rgb = disguise(made_picture(number % 4), rng)
            copy = write_picture(tmp_path / "uploads" / f"{name}.png", rgb)
            result = _scan(home, copy)[0].result
            assert result.verdict is Verdict.REVIEW, name
            assert result.findings[0].reference == f"picture{number % 4}.jpg", name
            alignment = result.findings[0].evidence.alignment
            assert alignment, name
            assert (alignment.mirrored, alignment.negative) == (name == "mirror", name == "negative")
        stranger = write_picture(tmp_path / "uploads" / "stranger.png", host)
        row = _scan(home, stranger)[0]
        assert row.result.verdict is Verdict.CLEAR
        assert row.candidates


def test_one_process_finds_at_once_what_another_registers(tmp_path: Path) -> None:
    write_pictures(tmp_path / "first", [1])
    later = write_pictures(tmp_path / "later", [2])
    with Home(tmp_path / "home") as one, Home(tmp_path / "home") as other:
        list(Registration(gallery="a", names={})(one, walk([tmp_path / "first"])))
        assert _scan(other, *later)[0].result.verdict is Verdict.CLEAR
        list(Registration(gallery="b", names={})(one, walk(later)))
        assert _scan(other, *later)[0].result.findings[0].gallery == "b"
