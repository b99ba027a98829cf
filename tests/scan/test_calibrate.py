"""Calibrations follow references and background."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
from jaxtyping import UInt8
from made_pictures import made_picture

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Background, BackgroundScore
from lynkeus.core.folders import walk
from lynkeus.core.media import Medium
from lynkeus.kinds.copies.belief import OPEN
from lynkeus.scan import backgrounds, calibrate, clean_pictures
from lynkeus.scan.backgrounds import add_clean
from lynkeus.scan.calibrate import NOTHING_ALIKE, judge_of, scores_of
from lynkeus.scan.clean_pictures import NORMALISING, halves
from lynkeus.scan.home import Home
from lynkeus.scan.register import Registration

CHANGED = 1 / 4
"""Share of made clean pictures whose score the search may change; 5 of 30 change after three references in a gallery of
20, and fewer in larger galleries (docs/methods/copies.md). The rates stay within their intervals."""


def _clean(folder: Path, name: str, rgb: UInt8[np.ndarray, "h w 3"]) -> Path:
    """A file whose digest says that it calibrates."""
    folder.mkdir(exist_ok=True)
    for quality in range(90, 40, -1):
        _, raw = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
        if int(hashlib.sha256(raw.tobytes()).hexdigest()[:8], 16) % 5:
            path = folder / f"{name}.jpg"
            path.write_bytes(raw.tobytes())
            return path
    raise AssertionError("no quality gives such a digest")


def _register(home: Home, folder: Path, *seeds: int) -> None:
    paths = [_clean(folder, f"reference{seed}", made_picture(seed)) for seed in seeds]
    list(Registration(gallery="mine", names={})(home, walk(paths)))


def _scores(home: Home) -> dict[str, float]:
    judge_of(home)
    names = {b.id: b.name for b in home.catalog.backgrounds.all()}
    return {names[number]: score.score for number, score in scores_of(home, "mine").items()}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    with Home(tmp_path / "home") as opened:
        _register(opened, tmp_path / "first", 1, 2)
        clean = [_clean(tmp_path / "clean", f"clean{seed}", made_picture(seed)) for seed in (11, 12, 13)]
        list(add_clean(opened, walk(clean), jobs=1))
        yield opened


def test_a_reference_over_again_is_left_out_but_not_one_within_another_picture(home: Home, tmp_path: Path) -> None:
    within = made_picture(14)
    within[60:240, 100:340] = cv2.resize(made_picture(2), (240, 180), interpolation=cv2.INTER_AREA)
    again = _clean(tmp_path / "clean", "again", np.ascontiguousarray(made_picture(1)[8:352, 8:470]))
    list(add_clean(home, walk([again, _clean(tmp_path / "clean", "within", within)]), jobs=1))
    judge_of(home)
    names = {b.id: b.name for b in home.catalog.backgrounds.all()}
    scores = {names[number]: score for number, score in scores_of(home, "mine").items()}
    assert [name for name, score in scores.items() if score.excluded] == ["again.jpg"]
    assert scores["within.jpg"].score > max(scores[f"clean{seed}.jpg"].score for seed in (11, 12, 13))


def test_scores_kept_in_step_are_at_least_those_made_at_once(home: Home, tmp_path: Path) -> None:
    before = _scores(home)
    _register(home, tmp_path / "later", 3, 4)
    in_step = _scores(home)
    assert set(in_step) == set(before)
    assert all(in_step[name] >= score for name, score in before.items())
    with Home(tmp_path / "other") as other:
        _register(other, tmp_path / "all", 1, 2, 3, 4)
        list(add_clean(other, walk([tmp_path / "clean"]), jobs=1))
        at_once = _scores(other)
    assert all(in_step[name] >= score - 1e-6 for name, score in at_once.items())


def test_only_references_that_came_later_are_matched(home: Home, tmp_path: Path) -> None:
    matched: list[int] = []

    def shown(scores: Iterator[object], count: int, gallery: str) -> Iterator[object]:
        assert gallery == "mine"
        matched.append(count)
        return scores

    judge_of(home, shown=shown)  # pyright: ignore[reportArgumentType]  the scores are passed on untouched
    judge_of(home, shown=shown)  # pyright: ignore[reportArgumentType]
    assert matched == [3]
    _register(home, tmp_path / "later", 3)
    judge_of(home, shown=shown)  # pyright: ignore[reportArgumentType]
    assert matched == [3, 3]


def test_a_score_goes_with_the_reference_that_gave_it(home: Home, tmp_path: Path) -> None:
    within = made_picture(14)
    within[60:240, 100:340] = cv2.resize(made_picture(2), (240, 180), interpolation=cv2.INTER_AREA)
    list(add_clean(home, walk([_clean(tmp_path / "clean", "within", within)]), jobs=1))
    high = _scores(home)["within.jpg"]
    home.catalog.references.remove([r.id for r in home.catalog.references.named("mine", "reference2.jpg")])
    assert _scores(home)["within.jpg"] < high


def test_an_empty_gallery_has_clean_scores_of_nothing(home: Home) -> None:
    home.catalog.galleries.create("empty", kind="copy")
    judge_of(home)
    assert [score.score for score in scores_of(home, "empty").values()] == [NOTHING_ALIKE] * 3


@pytest.fixture(scope="module")
def grown(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A calibrated home with enough clean pictures for a search.

    One clean picture shows reference 60, and one is reference 61 over again; both references are registered later.
    """
    folder = tmp_path_factory.mktemp("grown")
    within = made_picture(90)
    within[60:240, 100:340] = cv2.resize(made_picture(60), (240, 180), interpolation=cv2.INTER_AREA)
    with Home(folder / "home") as opened:
        _register(opened, folder / "first", *range(1, 21))
        clean = [_clean(folder / "clean", f"clean{seed}", made_picture(seed)) for seed in range(100, 128)]
        clean += [_clean(folder / "clean", "within", within)]
        clean += [_clean(folder / "clean", "again", np.ascontiguousarray(made_picture(61)[8:352, 8:470]))]
        list(add_clean(opened, walk(clean), jobs=1))
        judge_of(opened)
    return folder / "home"


@pytest.fixture
def many(grown: Path, tmp_path: Path) -> Iterator[Home]:
    with Home(Path(shutil.copytree(grown, tmp_path / "home"))) as opened:
        yield opened


def _by_name(home: Home) -> dict[str, BackgroundScore]:
    names = {b.id: b.name for b in home.catalog.backgrounds.all()}
    return {names[number]: score for number, score in scores_of(home, "mine").items()}


def test_the_search_matches_few_pairs_and_changes_few_scores(
    many: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    matched: list[int] = []

    def shown(scores: Iterator[object], count: int, gallery: str) -> Iterator[object]:
        assert gallery == "mine"
        matched.append(count)
        return scores

    shutil.copytree(many.folder, tmp_path / "slow")
    for seed in (60, 61, 62):
        _register(many, tmp_path / "later", seed)
        judge_of(many, shown=shown)  # pyright: ignore[reportArgumentType]  the scores are passed on untouched
    assert len(matched) == 3
    assert max(matched) <= 6
    searched = _by_name(many)
    monkeypatch.setattr(calibrate, "SEARCHED_BELOW", 0.0)
    with Home(tmp_path / "slow") as slow:
        for seed in (60, 61, 62):
            _register(slow, tmp_path / "later", seed)
            judge_of(slow)
        wanted = _by_name(slow)
    assert set(searched) == set(wanted)
    changed = {name for name, score in wanted.items() if abs(score.score - searched[name].score) > 1e-6}
    assert len(changed) <= CHANGED * len(wanted)
    assert all(searched[name].score == wanted[name].score for name in ("within.jpg", "again.jpg"))
    assert [name for name, score in searched.items() if score.excluded] == ["again.jpg"]
    fast, exact = (
        RateModel.fit(np.array([s.score for s in each.values() if not s.excluded])) for each in (searched, wanted)
    )
    assert fast is not None
    assert exact is not None
    for score in exact.scores[exact.scores >= OPEN]:  # nothing below is ever shown
        assert fast(score).value <= exact(score).upper
        assert exact(score).value <= fast(score).upper


def test_a_search_leaves_nothing_to_do_and_stores_only_what_changed(many: Home, tmp_path: Path) -> None:
    before = _by_name(many)
    _register(many, tmp_path / "later", 60)
    judge_of(many)
    after = _by_name(many)
    rewritten = [name for name, score in after.items() if score.up_to_revision > before[name].up_to_revision]
    assert "within.jpg" in rewritten
    assert len(rewritten) < len(after) / 2
    done = many.catalog.calibrations.get("mine")
    judge_of(many)
    assert many.catalog.calibrations.get("mine") == done
    assert done is not None
    assert done.revision == many.catalog.stamp().revision


def test_a_clean_picture_that_came_after_a_search_is_matched_with_all_references(many: Home, tmp_path: Path) -> None:
    _register(many, tmp_path / "later", 60)
    judge_of(many)
    within = made_picture(15)
    within[60:240, 100:340] = cv2.resize(made_picture(2), (240, 180), interpolation=cv2.INTER_AREA)
    list(add_clean(many, walk([_clean(tmp_path / "clean", "newer", within)]), jobs=1))
    judge_of(many)
    number = _by_name(many)["newer.jpg"].reference_id
    assert number is not None
    assert many.catalog.references.many([number])[number].name == "reference2.jpg"


def _pictures(count: int) -> list[Background]:
    return [
        Background(
            id=number,
            name=str(number),
            digest=hashlib.sha256(str(number).encode()).hexdigest(),
            source="",
            shipped=False,
            medium=Medium.PICTURE,
            width=None,
            height=None,
            seconds=None,
            added_revision=1,
            created=0.0,
        )
        for number in range(count)
    ]


def test_the_halves_are_disjoint_complete_and_stable() -> None:
    few, many = halves(_pictures(400)), halves(_pictures(5000))
    assert {b.id for b in many.normalising} | {b.id for b in many.calibrating} == set(range(5000))
    assert not {b.id for b in many.normalising} & {b.id for b in many.calibrating}
    assert len(many.normalising) == NORMALISING
    assert 0.15 < len(few.normalising) / 400 < 0.25
    assert {b.id for b in few.normalising} <= {b.id for b in many.normalising}
    assert {b.id for b in few.calibrating} <= {b.id for b in many.calibrating}


class _CutOffError(Exception):
    """The process ends here."""


def test_a_calibration_that_is_cut_off_never_mixes_two_scorers(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = _scores(home)
    lane = home.lane("copy")
    traits = replace(lane.recogniser.traits, scorer="another")

    def cut_off(*words: object) -> None:
        raise _CutOffError(words)

    with monkeypatch.context() as patched:
        patched.setattr(type(lane.recogniser), "traits", property(lambda _: traits))
        patched.setattr(type(home.catalog.calibrations), "put_scores", cut_off)
        with pytest.raises(_CutOffError):
            judge_of(home)
    assert scores_of(home, "mine") == {}
    assert _scores(home) == before


def test_a_clean_picture_that_nobody_could_describe_has_no_score(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(*words: object) -> dict[str, bytes]:
        del words
        return {}

    monkeypatch.setattr(clean_pictures, "kept", nothing)
    monkeypatch.setattr(backgrounds, "kept", nothing)
    list(add_clean(home, walk([_clean(tmp_path / "more", "unseen", made_picture(21))]), jobs=1))
    assert "unseen.jpg" not in _scores(home)
