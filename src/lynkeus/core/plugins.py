"""Find parts by name: ours in a plain table, parts of other packages in an entry point group.

A package offers a part in its ``pyproject.toml``. An embedder, for example, needs the table
``[project.entry-points."lynkeus.models"]`` and the line ``name = "package.module:object"``. The package is imported
only when a caller asks for the part. Our table comes first: no other package can take one of its names.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

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
    if name in table:
        return table[name]
    others = {point.name: point for point in entry_points(group=group)}
    if name not in others:
        known = ", ".join(sorted({*table, *others})) or "none"
        raise UnknownNameError(f"no {name!r} in {group}; known: {known}")
    try:
        return others[name].load()
    except Exception as error:
        # Code of another package runs here. Whatever it raises, the message must name that package.
        reason = f"{others[name].value}: {type(error).__name__}: {error}"
        raise UnknownNameError(f"{name!r} of {group} cannot be loaded from {reason}") from error
