"""Find parts by name: ours in a plain table, parts of other packages in an entry point group.

A package offers a part in its ``pyproject.toml``. An embedder, for example, needs the table
``[project.entry-points."lynkeus.models"]`` and the line ``name = "package.module:object"``. The package is imported
only when a caller asks for the part. Our table comes first: no other package can take one of its names.
"""

from collections.abc import Collection, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any, TypeVar

from lynkeus.core.errors import UnknownNameError

T = TypeVar("T")


def find(table: Mapping[str, T], group: str, name: str) -> T:
    """The part with this name.

    The object of an entry point is not checked; a wrong object fails when the caller uses it.

    Args:
        table: Our own parts by name.
        group: Entry point group of other packages' parts, such as ``lynkeus.models``.
        name: Name of the part.

    Raises:
        UnknownNameError: No part has the name (the text lists the known names), or the part cannot be loaded (the
            text says why).

    >>> find({"one": 1}, "lynkeus.numbers", "one")
    1
    """
    return table[name] if name in table else load(entry_point(table, group, name))


def offered(group: str) -> dict[str, EntryPoint]:
    """What other packages offer, by name. Nothing of it is imported."""
    return {point.name: point for point in entry_points(group=group)}


def entry_point(ours: Collection[str], group: str, name: str) -> EntryPoint:
    """What another package offers by a name that is not ours. Nothing of it is imported.

    Args:
        ours: Our own names, for the error's text.
        group: Entry point group of other packages' parts.
        name: What to find.

    Raises:
        UnknownNameError: No other package offers the name. The text lists what is known.
    """
    others = offered(group)
    if name not in others:
        known = ", ".join(sorted({*ours, *others})) or "none"
        raise UnknownNameError(f"no {name!r} in {group}; known: {known}")
    return others[name]


def load(point: EntryPoint) -> Any:
    """The part that another package offers, imported now.

    Raises:
        UnknownNameError: It cannot be loaded. The text says why.
    """
    try:
        return point.load()
    except Exception as error:
        # Code of another package runs here. Whatever it raises, the message must name that package.
        reason = f"{point.value}: {type(error).__name__}: {error}"
        raise UnknownNameError(f"{point.name!r} of {point.group} cannot be loaded from {reason}") from error
