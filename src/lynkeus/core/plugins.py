"""Parts by name: ours from a plain table, those of other packages from an entry point group.

A package offers a part in its ``pyproject.toml``, here an embedder: ``[project.entry-points."lynkeus.models"]``, then
``name = "package.module:object"``. Nothing of it is imported before it is asked for. A name in our table is ours:
no other package can take it.
"""

from collections.abc import Mapping
from importlib.metadata import entry_points
from typing import TypeVar

from lynkeus.core.errors import UnknownNameError

T = TypeVar("T")


def find(table: Mapping[str, T], group: str, name: str) -> T:
    """The part of a name.

    What an entry point gives is taken as it is: whether it is a part of the kind wanted shows in its use.

    Args:
        table: Our own.
        group: Entry point group of other packages' parts, such as ``lynkeus.models``.
        name: What to find.

    Raises:
        UnknownNameError: Nothing has the name, and the text lists what is known; or what has it cannot be
            loaded, and the text says why.

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
        # Code of another package runs here: whatever it raises, the user hears which package it was.
        reason = f"{others[name].value}: {type(error).__name__}: {error}"
        raise UnknownNameError(f"{name!r} of {group} cannot be loaded from {reason}") from error
