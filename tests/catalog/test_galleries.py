import itertools

import pytest

from lynkeus.catalog import BackgroundScore, Catalog
from lynkeus.core import ConflictError, UnknownNameError
from lynkeus.testing.catalog_rows import new_background, new_reference


def test_a_gallery_comes_back_as_it_was_made(catalog: Catalog) -> None:
    made = catalog.galleries.create(
        "Films.2024", kind="film", policy='{"review": 0.001}', log_only=True, retention_days=30
    )
    assert (made.name, made.kind, made.policy, made.log_only, made.retention_days) == (
        "Films.2024",
        "film",
        '{"review": 0.001}',
        True,
        30,
    )
    assert catalog.galleries.get("Films.2024") == made
    assert [each.name for each in catalog.galleries.all()] == sorted(["Films.2024", "brands", "people"])


def test_a_name_that_is_taken_is_refused(catalog: Catalog) -> None:
    before = catalog.stamp()
    with pytest.raises(ConflictError, match="'brands' is taken"):
        catalog.galleries.create("brands", kind="copy")
    with pytest.raises(ConflictError, match="'brands' is taken"):
        catalog.galleries.rename("people", "brands")
    assert catalog.stamp() == before


@pytest.mark.parametrize("name", ["", "a b", "../x", "-x", ".x", "_x", "a/b", "x" * 65, "a\n", "a\x00"])
def test_odd_names_are_refused(catalog: Catalog, name: str) -> None:
    with pytest.raises(ConflictError, match="cannot name a gallery"):
        catalog.galleries.create(name, kind="copy")


@pytest.mark.parametrize("name", ["a", "MARKEN_2", "商标", "é.x-y", "x" * 64])
def test_names_in_any_script_are_taken(catalog: Catalog, name: str) -> None:
    assert catalog.galleries.create(name, kind="copy").name == name


def test_an_unknown_gallery_is_refused_with_the_known_ones(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no gallery 'x'; there are: brands, people"):
        catalog.galleries.get("x")
    for change in (
        lambda: catalog.galleries.rename("x", "y"),
        lambda: catalog.galleries.set_policy("x", None),
        lambda: catalog.galleries.set_log_only("x", log_only=True),
        lambda: catalog.galleries.remove("x"),
    ):
        with pytest.raises(UnknownNameError):
            change()


def test_every_change_raises_the_revision(catalog: Catalog) -> None:
    revisions = [catalog.revision()]
    catalog.galleries.rename("people", "persons")
    revisions.append(catalog.revision())
    assert catalog.galleries.set_policy("persons", "p").policy == "p"
    revisions.append(catalog.revision())
    assert catalog.galleries.set_log_only("persons", log_only=True).log_only
    revisions.append(catalog.revision())
    assert catalog.galleries.set_retention_days("persons", 7).retention_days == 7
    revisions.append(catalog.revision())
    catalog.galleries.remove("persons")
    revisions.append(catalog.revision())
    assert [later - earlier for earlier, later in itertools.pairwise(revisions)] == [1] * 5


def test_a_policy_can_be_taken_away(catalog: Catalog) -> None:
    catalog.galleries.set_policy("brands", "p")
    assert catalog.galleries.set_policy("brands", None).policy is None


def test_a_gallery_with_references_goes_by_force_only(catalog: Catalog) -> None:
    ids = [each.id for each in catalog.references.add("brands", [new_reference("a"), new_reference("b")])]
    with pytest.raises(ConflictError, match="has 2 references"):
        catalog.galleries.remove("brands")
    before = catalog.revision()
    receipt = catalog.galleries.remove("brands", force=True)
    assert receipt.ids == tuple(ids)
    assert receipt.blobs == 4
    assert receipt.revision == catalog.revision() == before + 1
    assert catalog.references.changes_since(before).removed == tuple(ids)
    assert [each.name for each in catalog.galleries.all()] == ["people"]
    assert catalog.check() == []


def test_the_name_of_a_removed_gallery_is_free_and_the_new_one_is_empty(catalog: Catalog) -> None:
    catalog.references.add("brands", [new_reference("a")])
    catalog.backgrounds.add([new_background("b")])
    catalog.calibrations.put("brands", revision=1, text="old")
    score = BackgroundScore(background_id=1, score=0.1, up_to_revision=1)
    catalog.calibrations.put_scores("brands", [score])
    catalog.galleries.remove("brands", force=True)
    catalog.galleries.create("brands", kind="copy")
    assert catalog.references.count("brands") == 0
    assert catalog.entities.page("brands") == []
    assert catalog.calibrations.get("brands") is None
    assert catalog.calibrations.scores("brands") == {}
    assert catalog.references.add("brands", [new_reference("a")])[0].new
