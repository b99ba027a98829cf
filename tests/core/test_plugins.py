from importlib.metadata import EntryPoint, EntryPoints

import pytest

from lynkeus.core import UnknownNameError, plugins
from lynkeus.core.plugins import find

GROUP = "lynkeus.numbers"


@pytest.fixture(autouse=True)
def others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other packages offer a number, two parts that cannot be loaded, and a part with one of our names."""
    offered = EntryPoints(
        EntryPoint(name=name, value=value, group=GROUP)
        for name, value in {
            "tau": "math:tau",
            "lost": "math:no_such",
            "broken": "no_such_module:x",
            "one": "math:e",
        }.items()
    )

    def entry_points(*, group: str) -> EntryPoints:
        return offered.select(group=group)

    monkeypatch.setattr(plugins, "entry_points", entry_points)


def test_finds_ours_in_the_table_even_where_another_package_has_the_name() -> None:
    assert find({"one": 1.0}, GROUP, "one") == 1.0


def test_finds_those_of_other_packages() -> None:
    assert find({"one": 1.0}, GROUP, "tau") == pytest.approx(6.283185)


def test_an_unknown_name_lists_all_known_ones() -> None:
    with pytest.raises(UnknownNameError, match=r"no 'two' in lynkeus\.numbers; known: broken, lost, one, tau"):
        find({"one": 1.0}, GROUP, "two")
    with pytest.raises(UnknownNameError, match="known: none"):
        find({}, "lynkeus.letters", "two")


@pytest.mark.parametrize(
    ("name", "reason"), [("lost", "math:no_such: AttributeError"), ("broken", "ModuleNotFoundError")]
)
def test_one_that_does_not_load_is_named_with_its_reason(name: str, reason: str) -> None:
    with pytest.raises(
        UnknownNameError, match=rf"'{name}' of lynkeus.numbers cannot be loaded from .*{reason}"
    ) as raised:
        find({"one": 1.0}, GROUP, name)
    assert raised.value.__cause__ is not None
