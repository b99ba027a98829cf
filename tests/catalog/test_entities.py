import pytest

from lynkeus.catalog import Catalog
from lynkeus.core import UnknownNameError
from lynkeus.testing.catalog_rows import new_reference


def test_an_entity_comes_back_as_it_was_put(catalog: Catalog) -> None:
    catalog.references.add("brands", [new_reference("Lamborghini"), new_reference("Fiat")])
    put = catalog.entities.put(
        "brands",
        "Ferrari",
        aliases=["Cavallino", "フェラーリ"],
        attributes={"consent": None, "founded": 1939},
        links={"rival": ["Lamborghini"], "knows": ["Lamborghini", "Fiat", "Fiat"]},
    )
    assert put.aliases == ("Cavallino", "フェラーリ")
    assert put.attributes == {"consent": None, "founded": 1939}
    assert put.links == {"rival": ("Lamborghini",), "knows": ("Fiat", "Lamborghini")}
    assert put.kind == "copy"
    assert catalog.entities.get("brands", "Ferrari") == put
    assert catalog.entities.page("brands")[-1] == put


def test_a_link_that_leads_nowhere_is_refused_and_nothing_is_stored(catalog: Catalog) -> None:
    catalog.entities.put("people", "Ada")
    with pytest.raises(UnknownNameError, match="a link names 'Ada'"):
        catalog.entities.put("brands", "Ferrari", links={"maker": ["Ada"]})
    assert catalog.entities.page("brands") == []


def test_links_go_with_the_entity_they_lead_to(catalog: Catalog) -> None:
    catalog.entities.put("brands", "a")
    catalog.entities.put("brands", "b")
    catalog.entities.put("brands", "c", links={"knows": ["a", "b"], "boss": ["a"]})
    catalog.entities.remove("brands", "a")
    assert catalog.entities.get("brands", "c").links == {"knows": ("b",)}
    catalog.entities.put("brands", "a")
    assert catalog.entities.get("brands", "c").links == {"knows": ("b",)}


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


def test_galleries_keep_equal_names_apart(catalog: Catalog) -> None:
    assert catalog.entities.put("brands", "a").id != catalog.entities.put("people", "a").id
    assert [each.kind for each in catalog.entities.page("people")] == ["person"]


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
