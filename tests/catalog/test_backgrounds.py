from dataclasses import replace

import pytest

from lynkeus.catalog import BackgroundScore, Calibration, Catalog, Owner
from lynkeus.core import UnknownNameError
from lynkeus.core.media import Medium
from lynkeus.testing.catalog_rows import new_background, new_reference


def _score(background_id: int, reference_id: int | None = None, score: float = 0.25) -> BackgroundScore:
    return BackgroundScore(background_id=background_id, score=score, up_to_revision=3, reference_id=reference_id)


def test_a_background_comes_back_as_it_was_added(catalog: Catalog) -> None:
    new = replace(new_background("sky"), source="/sky.jpg", shipped=True, width=30, height=20)
    (added,) = catalog.backgrounds.add([new])
    (got,) = catalog.backgrounds.all()
    assert (got.id, got.name, got.digest, got.source, got.shipped) == (
        added.id,
        "sky",
        new.digest,
        "/sky.jpg",
        True,
    )
    assert (got.medium, got.width, got.height, got.seconds) == (Medium.PICTURE, 30, 20, None)
    assert got.added_revision == catalog.revision() == catalog.stamp().backgrounds
    assert list(catalog.blobs.each(Owner.BACKGROUND, "global")) == [(added.id, b"global of sky")]


def test_the_same_bytes_are_stored_once(catalog: Catalog) -> None:
    first = catalog.backgrounds.add([new_background("a"), new_background("a"), new_background("b")])
    assert [each.new for each in first] == [True, False, True]
    before = catalog.revision()
    assert not catalog.backgrounds.add([new_background("b")])[0].new
    assert catalog.revision() == before


def test_a_removed_background_takes_blobs_and_scores_along(catalog: Catalog) -> None:
    a, b = (each.id for each in catalog.backgrounds.add([new_background("a"), new_background("b")]))
    catalog.calibrations.put_scores("brands", [_score(a), _score(b)])
    before = catalog.revision()
    catalog.backgrounds.remove([a])
    assert catalog.revision() == before + 1
    assert [each.id for each in catalog.backgrounds.all()] == [b]
    assert set(catalog.calibrations.scores("brands")) == {b}
    assert catalog.check() == []


def test_removing_an_unknown_background_removes_none(catalog: Catalog) -> None:
    (a,) = catalog.backgrounds.add([new_background("a")])
    with pytest.raises(UnknownNameError, match="none was removed"):
        catalog.backgrounds.remove([a.id, 99])
    assert len(catalog.backgrounds.all()) == 1


def test_a_calibration_is_replaced_and_raises_no_revision(catalog: Catalog) -> None:
    assert catalog.calibrations.get("brands") is None
    before = catalog.revision()
    catalog.calibrations.put("brands", revision=1, text="old")
    catalog.calibrations.put("brands", revision=2, text="new")
    catalog.calibrations.put("brands", Medium.VIDEO, revision=2, text="other")
    wanted = Calibration(gallery="brands", medium=Medium.PICTURE, revision=2, text="new")
    assert catalog.calibrations.get("brands") == wanted
    assert catalog.calibrations.get("brands", Medium.VIDEO) == replace(wanted, medium=Medium.VIDEO, text="other")
    assert catalog.revision() == before


def test_scores_are_replaced_one_by_one(catalog: Catalog) -> None:
    a, b = (each.id for each in catalog.backgrounds.add([new_background("a"), new_background("b")]))
    catalog.calibrations.put_scores("brands", [_score(a), _score(b)])
    changed = replace(_score(b), score=0.5, excluded=True, reason="near-copy")
    catalog.calibrations.put_scores("brands", [changed])
    assert catalog.calibrations.scores("brands") == {a: _score(a), b: changed}
    assert catalog.calibrations.scores("people") == {}


def test_a_score_goes_with_the_reference_that_gave_it(catalog: Catalog) -> None:
    a, b = (each.id for each in catalog.backgrounds.add([new_background("a"), new_background("b")]))
    r, s = (each.id for each in catalog.references.add("brands", [new_reference("r"), new_reference("s")]))
    catalog.calibrations.put_scores("brands", [_score(a, r), _score(b, s)])
    catalog.references.remove([r])
    assert catalog.calibrations.scores("brands") == {b: _score(b, s)}


def test_scores_of_what_was_removed_meanwhile_are_passed_over(catalog: Catalog) -> None:
    a, b = (each.id for each in catalog.backgrounds.add([new_background("a"), new_background("b")]))
    (r,) = (each.id for each in catalog.references.add("brands", [new_reference("r")]))
    catalog.backgrounds.remove([a])
    catalog.references.remove([r])
    catalog.calibrations.put_scores("brands", [_score(a), _score(b, r)])
    assert catalog.calibrations.scores("brands") == {}


def test_parts_that_come_later_are_kept_once_and_raise_no_revision(catalog: Catalog) -> None:
    a, b, gone = (each.id for each in catalog.backgrounds.add([new_background(name) for name in "abc"]))
    catalog.backgrounds.remove([gone])
    before = catalog.revision()
    catalog.backgrounds.keep({a: {"object": b"first"}})
    catalog.backgrounds.keep(
        {a: {"object": b"second"}, b: {"object": b"other", "global": b"not"}, gone: {"object": b"x"}}
    )
    catalog.backgrounds.keep({})
    assert catalog.blobs.read(Owner.BACKGROUND, [a, b, gone], "object") == {a: b"first", b: b"other"}
    assert catalog.blobs.read(Owner.BACKGROUND, [b], "global") == {b: b"global of b"}
    assert catalog.revision() == before
    assert catalog.check() == []
