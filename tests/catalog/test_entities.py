import pytest

from lynkeus.catalog import Catalog
from lynkeus.core import UnknownNameError
from lynkeus.testing.catalog_rows import new_reference


def test_an_entity_comes_back_as_it_was_put(catalog: Catalog) -> None:
    put = catalog.entities.put(
        "brands",
        "Ferrari",
        kind="logo",
        aliases=["Cavallino", "フェラーリ"],
        attributes={"consent": None, "founded": 1939},
        links={"rival": ["Lamborghini"]},
    )
    assert put.aliases == ("Cavallino", "フェラーリ")
    assert put.attributes == {"consent": None, "founded": 1939}
    assert put.links == {"rival": ["Lamborghini"]}
    assert catalog.entities.get("brands", "Ferrari", kind="logo") == put


def test_putting_again_replaces_the_texts_and_keeps_the_number(catalog: Catalog) -> None:
    first = catalog.entities.put("brands", "a", aliases=["x"])
    again = catalog.entities.put("brands", "a", attributes={"y": 1})
    assert (again.id, again.aliases, again.attributes) == (first.id, (), {"y": 1})


def test_registering_uses_the_entity_that_is_there(catalog: Catalog) -> None:
    put = catalog.entities.put("brands", "a", aliases=["x"])
    first = new_reference("one", entity="a")
    catalog.references.add("brands", [first, new_reference("two", entity="a")])
    got = catalog.entities.get("brands", "a")
    assert (got.id, got.references, got.aliases) == (put.id, 2, ("x",))


def test_kinds_and_galleries_keep_equal_names_apart(catalog: Catalog) -> None:
    ids = {
        catalog.entities.put("brands", "a").id,
        catalog.entities.put("brands", "a", kind="logo").id,
        catalog.entities.put("people", "a").id,
    }
    assert len(ids) == 3
    assert [each.kind for each in catalog.entities.page("brands")] == ["copy", "logo"]
    assert [each.kind for each in catalog.entities.page("brands", kind="logo")] == ["logo"]


def test_pages_follow_each_other(catalog: Catalog) -> None:
    names = [f"e{number}" for number in range(5)]
    catalog.references.add("brands", [new_reference(name) for name in names])
    first = catalog.entities.page("brands", limit=2)
    rest = catalog.entities.page("brands", after=first[-1].id)
    assert [each.name for each in first + rest] == names


def test_removing_an_entity_takes_its_references_along(catalog: Catalog) -> None:
    a, other = catalog.references.add("brands", [new_reference("a"), new_reference("b")])
    receipt = catalog.entities.remove("brands", "a")
    assert receipt.ids == (a.id,)
    assert receipt.revision == catalog.revision()
    assert list(catalog.references.known("brands", [new_reference(name).digest for name in "ab"]).values()) == [
        other.id
    ]
    with pytest.raises(UnknownNameError, match="no entity 'a'"):
        catalog.entities.get("brands", "a")
    assert catalog.references.add("brands", [new_reference("a")])[0].new


def test_an_unknown_entity_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError):
        catalog.entities.get("brands", "a")
    with pytest.raises(UnknownNameError):
        catalog.entities.remove("brands", "a")
    with pytest.raises(UnknownNameError, match="no gallery"):
        catalog.entities.put("x", "a")
