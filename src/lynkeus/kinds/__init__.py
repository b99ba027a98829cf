"""Kinds of protected things, one package each: what is stored of a reference, and what is found in an upload.

All other rooms reach a kind through ``find_kind`` and ``lynkeus.kinds.protocol``. Another package offers a kind by an
entry point of the group ``lynkeus.kinds``. Importing this module imports no NumPy.
"""

from collections.abc import Mapping

from lynkeus.kinds.copies.kind import COPIES
from lynkeus.kinds.kind import Kind as Kind
from lynkeus.kinds.objects.kind import OBJECTS

GROUP = "lynkeus.kinds"
"""Entry point group of other packages' kinds."""

KINDS: Mapping[str, Kind] = {kind.name: kind for kind in (COPIES, OBJECTS)}
"""The kinds that ship."""

DEFAULT = COPIES.name
"""The kind of a new gallery where none is named."""


_LOADED: dict[str, Kind] = dict(KINDS)
"""Kinds that were asked for: reading entry points takes 5 ms, and a kind is asked for with each candidate."""


def find_kind(name: str) -> Kind:
    """The kind of a name.

    Raises:
        UnknownNameError: No kind has the name, and the text lists the known ones; or the kind cannot be loaded.
    """
    if name not in _LOADED:
        from lynkeus.core.plugins import find  # noqa: PLC0415  brings NumPy

        _LOADED[name] = find(KINDS, GROUP, name)
    return _LOADED[name]


def kind_names() -> tuple[str, ...]:
    """Names of all kinds: those that ship, then those of other packages."""
    from lynkeus.core.plugins import offered  # noqa: PLC0415  brings NumPy

    return (*KINDS, *sorted(set(offered(GROUP)) - set(KINDS)))
