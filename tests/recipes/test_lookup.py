"""Recipes by name: our recipes and recipes of other packages."""

from importlib.metadata import EntryPoint, EntryPoints

import pytest

from lynkeus.core import UnknownNameError, plugins
from lynkeus.recipes import GROUP, RECIPES
from lynkeus.recipes.lookup import known, load_recipe, module_of


@pytest.fixture
def _foreign(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another package has a recipe, and a second recipe with a name of ours."""
    offered = EntryPoints(EntryPoint(name=name, value="math:tau", group=GROUP) for name in ("moths", "copies_free"))

    def entry_points(*, group: str) -> EntryPoints:
        return offered.select(group=group)

    monkeypatch.setattr(plugins, "entry_points", entry_points)


def test_a_recipe_has_the_name_of_its_module() -> None:
    assert [path.rsplit(".", maxsplit=1)[-1] for path in RECIPES.values()] == list(RECIPES)


@pytest.mark.usefixtures("_foreign")
def test_finds_recipes_of_other_packages_after_ours() -> None:
    assert known() == [*RECIPES, "moths"]
    assert module_of("moths") == "math"
    assert isinstance(load_recipe("moths"), float)


@pytest.mark.usefixtures("_foreign")
def test_no_other_package_takes_a_name_of_ours() -> None:
    assert module_of("copies_free") == "lynkeus.recipes.copies.copies_free"


def test_an_unknown_name_lists_the_known_ones() -> None:
    for ask in (module_of, load_recipe):
        with pytest.raises(UnknownNameError, match=r"no 'copies' in lynkeus\.recipes; known: copies_all, "):
            ask("copies")


@pytest.mark.torch
@pytest.mark.parametrize("name", RECIPES)
def test_each_module_of_the_table_holds_a_recipe(name: str) -> None:
    pytest.importorskip("lightning_fabric", reason="needs the extra lynkeus[train]")
    from lynkeus.recipes.protocol import Recipe  # noqa: PLC0415  PyTorch comes with the protocol

    assert isinstance(load_recipe(name), Recipe)
