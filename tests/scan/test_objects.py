"""Objects in the product: found in other pictures, calibrated, located; strangers are not."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from made_pictures import write_picture

from lynkeus.cli.demo_pictures import demo_pictures
from lynkeus.core import Action, Verdict, read_picture
from lynkeus.core.folders import walk
from lynkeus.scan.backgrounds import SHIPPED, add_clean
from lynkeus.scan.calibrate import judge_of, scores_of
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.register import Outcome, Registered, Registration
from lynkeus.scan.scanner import Scan, Scanned

STORED = {Outcome.ADDED, Outcome.NEAR_COPY}
_PHOTOGRAPHS = [*demo_pictures().references, *demo_pictures().strangers, *sorted(SHIPPED.glob("*.jpg"))]
_THINGS = {"anvil": 1, "bell": 2, "clock": 3}


def another_view(seed: int, number: int) -> np.ndarray:
    """Another picture of a thing: the shipped photograph of the seed cut, turned, mirrored, in another light."""
    rng = np.random.default_rng((seed, number))
    whole = read_picture(_PHOTOGRAPHS[seed], max_side=600).rgb
    high, wide = whole.shape[:2]
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), float(rng.uniform(-10, 10)), float(rng.uniform(1.25, 1.45)))
    turn[:, 2] += rng.uniform(-0.06, 0.06, 2) * (wide, high)
    view = cv2.warpAffine(whole, turn, (wide, high), borderMode=cv2.BORDER_REFLECT)
    lit = cv2.convertScaleAbs(view, alpha=float(rng.uniform(0.85, 1.15)), beta=float(rng.uniform(-15, 15)))
    return np.ascontiguousarray(lit[:, ::-1] if number % 2 else lit)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``things``: two pictures of each; ``uploads``: another of each, and a stranger; ``clean``: twelve strangers."""
    folder = tmp_path_factory.mktemp("pictures")
    for name, seed in _THINGS.items():
        for number in range(2):
            write_picture(folder / "things" / name / f"{number}.jpg", another_view(seed, number))
        write_picture(folder / "uploads" / f"{name}.jpg", another_view(seed, 9))
    write_picture(folder / "uploads" / "stranger.jpg", another_view(7, 0))
    for seed in range(14, 28):
        write_picture(folder / "clean" / f"{seed}.jpg", another_view(seed, 0))
    return folder


def register(home: Home, *folders: Path, gallery: str = "things", dry_run: bool = False) -> list[Registered]:
    registration = Registration(gallery=gallery, names={}, kind="object", roots=folders, dry_run=dry_run)
    return list(registration(home, walk(folders)))


@pytest.fixture
def home(tmp_path: Path, pictures: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        assert {row.outcome for row in register(opened, pictures / "things")} <= STORED
        yield opened


def _scanned(home: Home, folder: Path) -> dict[str, Scanned]:
    return {Path(row.result.upload).stem: row for row in Scan()(home, walk([folder]), judge_of(home))}


def test_names_each_thing_in_another_picture_and_shows_where(home: Home, pictures: Path) -> None:
    rows = _scanned(home, pictures / "uploads")
    for name in _THINGS:
        (finding,) = rows[name].result.findings
        assert (finding.kind, finding.gallery, finding.entity) == ("object", "things", name)
        assert finding.reference in {"0.jpg", "1.jpg"}
        assert finding.evidence.heat is not None
        assert finding.region.shape == (4, 2)
        assert rows[name].result.verdict is Verdict.REVIEW
    assert rows["stranger"].result.findings == ()
    assert rows["stranger"].result.verdict is Verdict.CLEAR
    assert len(rows["stranger"].candidates) == 3


def test_only_the_kinds_that_are_looked_for_are_loaded(home: Home, pictures: Path, tmp_path: Path) -> None:
    with Home(home.folder) as again:
        _scanned(again, pictures / "uploads")
        assert again.opened == {"object"}
    with Home(home.folder) as again:
        list(Registration(gallery="mine", names={})(again, walk([pictures / "things" / "bell"])))
    for wanted, kind in (("things", "object"), ("mine", "copy")):
        with Home(home.folder) as again:
            list(Scan(galleries=frozenset({wanted}))(again, walk([pictures / "uploads"]), Judge({}, {})))
            assert again.opened == {kind}
    with Home(tmp_path / "copies") as other:
        list(Registration(gallery="mine", names={})(other, walk([pictures / "things"])))
        _scanned(other, pictures / "uploads")
        assert other.opened == {"copy"}


def test_registering_again_stores_nothing_and_names_near_copies(home: Home, pictures: Path, tmp_path: Path) -> None:
    assert {row.outcome for row in register(home, pictures / "things")} == {Outcome.KNOWN}
    again = write_picture(tmp_path / "more" / "anvil" / "again.png", another_view(1, 0))
    (row,) = register(home, again.parents[1])
    assert (row.outcome, row.detail) == (Outcome.NEAR_COPY, "things/anvil/0.jpg")
    assert home.catalog.references.count("things") == 7
    assert len(home.catalog.entities.page("things")) == 3


def test_a_thing_without_a_readable_picture_is_a_row_and_the_rest_goes_on(home: Home, tmp_path: Path) -> None:
    folder = tmp_path / "more"
    write_picture(folder / "drum" / "a.jpg", another_view(6, 0))
    (folder / "egg").mkdir()
    (folder / "egg" / "a.jpg").write_bytes(b"no picture")
    (folder / "flute").mkdir()
    rows = {(Path(row.path).name, row.outcome): row.detail for row in register(home, folder)}
    assert ("a.jpg", Outcome.ADDED) in rows
    assert "none of the pictures of egg" in rows["egg", Outcome.NO_PICTURE]
    assert rows["flute", Outcome.NO_PICTURE] == "no picture in this folder"
    assert [each.name for each in home.catalog.entities.page("things")] == ["anvil", "bell", "clock", "drum"]


def test_a_dry_run_stores_nothing(tmp_path: Path, pictures: Path) -> None:
    with Home(tmp_path / "home") as home:
        rows = register(home, pictures / "things", dry_run=True)
        assert len(rows) == 6
        assert {row.outcome for row in rows} <= STORED
        assert home.catalog.galleries.all() == []


def test_the_background_calibrates_whichever_came_first(home: Home, pictures: Path, tmp_path: Path) -> None:
    list(add_clean(home, walk([pictures / "clean"]), jobs=1))
    judge = judge_of(home)
    with Home(tmp_path / "other") as other:
        list(add_clean(other, walk([pictures / "clean"]), jobs=1))
        register(other, pictures / "things")
        judge_of(other)
        by_name = {b.id: b.name for b in other.catalog.backgrounds.all()}
        wanted = {by_name[number]: score.score for number, score in scores_of(other, "things").items()}
    names = {b.id: b.name for b in home.catalog.backgrounds.all()}
    got = {names[number]: score.score for number, score in scores_of(home, "things").items()}
    assert got == pytest.approx(wanted, abs=1e-6)
    rates = judge.rates["things"]
    assert rates is not None
    assert len(rates) == len(got) >= 10


def test_scores_follow_the_gallery_and_a_reference_over_again_is_left_out(
    home: Home, pictures: Path, tmp_path: Path
) -> None:
    again = write_picture(tmp_path / "clean" / "again.png", another_view(2, 1))
    for number in range(9):  # one of them calibrates: every fifth by its digest does not
        write_picture(
            again.with_name(f"again{number}.png"), np.asarray(cv2.convertScaleAbs(another_view(2, 1), beta=number % 3))
        )
    list(add_clean(home, walk([pictures / "clean", again.parent]), jobs=1))
    judge_of(home)
    names = {b.id: b.name for b in home.catalog.backgrounds.all()}
    before = scores_of(home, "things")
    out = {names[number] for number, score in before.items() if score.excluded}
    assert out
    assert all(name.startswith("again") for name in out)
    assert out == {name for number, name in names.items() if name.startswith("again") and number in before}
    write_picture(tmp_path / "more" / "shirt" / "a.jpg", another_view(14, 1))
    register(home, tmp_path / "more")
    judge_of(home)
    raised = {names[n] for n, score in scores_of(home, "things").items() if score.score > before[n].score + 1}
    assert raised & {"14.jpg", "15.jpg", "16.jpg", "17.jpg"}
    home.catalog.entities.remove("things", "bell")
    judge_of(home)
    after = scores_of(home, "things")
    assert after.keys() == before.keys()
    assert not any(score.excluded for number, score in after.items() if names[number].startswith("again"))
    assert judge_of(home).rates["things"] is not None


def test_another_process_that_registers_is_seen(home: Home, pictures: Path, tmp_path: Path) -> None:
    assert "drum" not in {
        f.entity for row in _scanned(home, pictures / "uploads").values() for f in row.result.findings
    }
    write_picture(tmp_path / "more" / "drum" / "a.jpg", another_view(7, 1))
    with Home(home.folder) as other:
        register(other, tmp_path / "more")
    (finding,) = _scanned(home, pictures / "uploads")["stranger"].result.findings
    assert finding.entity == "drum"
    assert finding.action is Action.REVIEW


def test_of_two_entities_in_one_place_the_likelier_is_reported(home: Home, pictures: Path, tmp_path: Path) -> None:
    write_picture(tmp_path / "more" / "anvil-2" / "a.jpg", another_view(1, 4))
    register(home, tmp_path / "more")
    row = _scanned(home, pictures / "uploads")["anvil"]
    (finding,) = row.result.findings
    likely = [candidate for candidate in row.candidates if candidate.score >= 1]
    assert {candidate.entity for candidate in likely} >= {"anvil", "anvil-2"}
    assert finding.entity == likely[0].entity
