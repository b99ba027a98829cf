"""What is said of objects."""

from typing import TYPE_CHECKING, Any

from lynkeus.kinds.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from lynkeus.kinds.protocol import Recogniser
    from lynkeus.runtime.cards import ModelCard


def _load(models: "Callable[[str], ModelCard]") -> "Recogniser[Any, Any, Any]":
    from lynkeus.kinds.objects.recogniser import load  # noqa: PLC0415  heavy

    return load(models)


OBJECTS = Kind(
    name="object",
    holds="objects",
    likely="what likely shows an object",
    names_entities=True,
    describes="object-descriptor",
    load=_load,
)
