"""What is said of copies."""

from typing import TYPE_CHECKING, Any

from lynkeus.kinds.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Callable

    from lynkeus.kinds.protocol import Recogniser
    from lynkeus.runtime.cards import ModelCard


def _load(models: "Callable[[str], ModelCard]") -> "Recogniser[Any, Any, Any]":
    from lynkeus.kinds.copies.recogniser import load  # noqa: PLC0415  heavy

    return load(models)


COPIES = Kind(
    name="copy",
    holds="pictures whose copies are looked for",
    likely="what is likely a copy",
    names_entities=False,
    describes="copy-descriptor",
    load=_load,
)
