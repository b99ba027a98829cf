"""Model cards: identity, training data, terms and integrity of each model file.

A card is a JSON file beside the model, with the same stem. ``terms`` is ``free`` if all training data are free, and
``research`` if some of the data may be used for research only.
"""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lynkeus.core import CorruptError, UnknownNameError

_MAKER_DIGITS = 12  # short enough for a file name

MODELS = Path(__file__).parent.parent / "assets" / "models"
"""Folder of the models that the package ships."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ModelCard:
    """One model that lynkeus ships.

    Attributes:
        name: Name under which code asks for the model.
        file: File name in ``MODELS`` for a shipped model; the whole path for any other model.
        sha256: Digest of the file.
        version: Embedding version; descriptors of different versions are not comparable.
        licence: Licence of the file.
        terms: ``free`` or ``research``.
        training_data: Training data: folder, terms, pictures.
        input: Input contract in words.
        output: Output contract in words.
        figures: Measured figures, name to number.
        recipe: The command that made the model.
        trained: Date of the training.
    """

    name: str
    file: str
    sha256: str
    version: str
    licence: str
    terms: str
    training_data: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    input: str = ""
    output: str = ""
    figures: dict[str, Any] = field(default_factory=dict[str, Any])
    recipe: str = ""
    trained: str = ""

    @property
    def maker(self) -> str:
        """The short name that marks what the model made: 48 bits of its digest tell any number of models apart."""
        return self.sha256[:_MAKER_DIGITS]

    @property
    def path(self) -> Path:
        """Path of the model file."""
        return MODELS / self.file

    def intact(self) -> bool:
        """Whether the file exists and has the digest of the card."""
        return self.path.is_file() and hashlib.sha256(self.path.read_bytes()).hexdigest() == self.sha256


def cards() -> list[ModelCard]:
    """The cards of all shipped models, by name.

    Raises:
        CorruptError: A card cannot be read.
    """
    return [_read(file) for file in sorted(MODELS.glob("*.json"))]


def exported_card(file: Path) -> ModelCard:
    """The card of a model that ``lynkeus export`` wrote; the model file lies beside the card.

    Args:
        file: The card (json).

    Raises:
        CorruptError: The file is no card, or the model file is missing or has another digest.
    """
    found = card_elsewhere(file)
    if not found.intact():
        raise CorruptError(f"{file}: {found.file} is missing or not the file that the card describes")
    return found


def card_elsewhere(file: Path) -> ModelCard:
    """The card of a model that is not shipped and lies beside the card, intact or not.

    Args:
        file: The card (json).

    Raises:
        CorruptError: The file is no card.
    """
    found = _read(file)
    return replace(found, file=str((file.parent / found.file).absolute()))


def _read(file: Path) -> ModelCard:
    try:
        fields = json.loads(file.read_text("utf-8"))
        texts = all(isinstance(fields[name], str) for name in ("name", "file", "sha256", "version"))
        found = ModelCard(**fields) if texts else None
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise CorruptError(f"{file}: no model card: {error}") from error
    if found is None:
        raise CorruptError(f"{file}: no model card: name, file, sha256 and version are texts")
    return found


def card(name: str) -> ModelCard:
    """The card of one model.

    Raises:
        UnknownNameError: No shipped model has the name.
    """
    known = {c.name: c for c in cards()}
    if name not in known:
        raise UnknownNameError(f"no model {name!r}; known: {', '.join(known) or 'none'}")
    return known[name]
