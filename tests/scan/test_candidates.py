from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from made_pictures import made_picture, write_pictures

from lynkeus.core import Evidence, Picture
from lynkeus.core.folders import walk
from lynkeus.kinds.copies import recogniser
from lynkeus.scan.home import Home
from lynkeus.scan.register import Registration


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        paths = write_pictures(tmp_path / "references", [1, 2, 3, 4])
        list(Registration(gallery="mine", names={})(opened, walk(paths)))
        yield opened


def _found(home: Home, rgb: np.ndarray) -> list[str]:
    picture = Picture(rgb=rgb, width=rgb.shape[1], height=rgb.shape[0], digest="0" * 64)
    lane = home.lane("copy")
    raw = lane.recogniser.match(lane.recogniser.observe(picture), lane.library.snapshot().view)
    references = home.catalog.references.many([finding.reference_id for finding in raw])
    return [references[finding.reference_id].name for finding in raw]


def _never(evidence: Evidence) -> bool:
    del evidence
    return False


def test_once_a_copy_is_beyond_doubt_those_that_only_resemble_it_are_left_out(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = made_picture(1)[10:340, 20:460].copy()
    found = _found(home, upload)
    monkeypatch.setattr(recogniser, "settles", _never)
    every = _found(home, upload)
    assert found[0] == every[0] == "picture1.jpg"
    assert len(found) < len(every)


def test_without_such_a_copy_every_candidate_keeps_a_score(home: Home) -> None:
    assert len(_found(home, made_picture(30))) >= 2


def test_two_references_side_by_side_are_both_found(home: Home) -> None:
    both = np.concatenate([made_picture(2), made_picture(3)], axis=1)
    assert set(_found(home, both)[:2]) == {"picture2.jpg", "picture3.jpg"}
