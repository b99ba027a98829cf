"""What is said of a kind, before anything of the kind is loaded. Imports no NumPy, so that ``--help`` stays light."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from lynkeus.kinds.protocol import Recogniser
    from lynkeus.runtime.cards import ModelCard


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of protected thing.

    Attributes:
        name: Name in catalogs, files and options.
        holds: What a gallery of the kind holds, in words: "pictures whose copies are looked for".
        likely: What asks for review while no policy is in force, in words: "what is likely a copy".
        names_entities: Whether a finding names an entity that several references show. Otherwise a finding names one
            reference.
        describes: Name of the model that describes pictures; a model of the user's own may replace it. Empty where the
            kind has no such model.
        load: Loads the recogniser. The argument gives the card of the model that is in use under a name.
        requires: Attributes that an entity must state, such as a basis for consent.
    """

    name: str
    holds: str
    likely: str
    names_entities: bool
    describes: str
    load: "Callable[[Callable[[str], ModelCard]], Recogniser[Any, Any, Any]]"
    requires: tuple[str, ...] = ()
