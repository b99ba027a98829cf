"""The network that describes objects in a home: the one that ships, or one of one's own in its place.

One of one's own lies in the home, so that a scan needs nothing else: its file, vectors of clean pictures by it, and its
card, which is written last and names the file by its digest.
"""

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Float32

from lynkeus.core import ConflictError, CorruptError
from lynkeus.recognisers.objects import CALM, MODEL
from lynkeus.report.files import whole_file
from lynkeus.runtime.cards import ModelCard, card, card_elsewhere, exported_card

FOLDER = "models"
_CARD = "object_descriptor.json"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectModel:
    """A network of objects and what belongs to it.

    Attributes:
        card: Its card.
        calm_file: Vectors of clean pictures by it (npy).
    """

    card: ModelCard
    calm_file: Path

    @classmethod
    def of(cls, home: Path) -> "ObjectModel":
        """The one that is in use in a home.

        Raises:
            CorruptError: One of one's own is damaged.
        """
        if own_card(home) is None:
            return cls(card=card(MODEL), calm_file=card(CALM).path)
        found = exported_card(home / FOLDER / _CARD)
        return cls(card=found, calm_file=_calm_file(home, found))

    def calm(self) -> Float32[np.ndarray, "n d"]:
        """Vectors of clean pictures: what similarity an unrelated picture has anyway.

        Raises:
            CorruptError: The file is missing or damaged.
        """
        try:
            return np.load(self.calm_file, allow_pickle=False).astype(np.float32)
        except (OSError, ValueError) as error:
            raise CorruptError(f"{self.calm_file}: no vectors of clean pictures: {error}") from error


def own_card(home: Path) -> ModelCard | None:
    """The card of the network of one's own that is in use in a home, intact or not; None for none.

    Raises:
        CorruptError: It is no card.
    """
    file = home / FOLDER / _CARD
    return card_elsewhere(file) if file.exists() else None


def object_card(file: Path) -> ModelCard:
    """The card of a network of objects that ``lynkeus export`` wrote.

    Raises:
        CorruptError: It is no card, or its file is missing or another one.
        ConflictError: It is of another kind of network.
    """
    found = exported_card(file)
    if found.name != MODEL:
        raise ConflictError(f"{file} is the card of {found.name}; only {MODEL} can be one of your own")
    return found


def put(home: Path, model: ModelCard, calm: Float32[np.ndarray, "n d"]) -> None:
    """Put a network of one's own into use in a home, in the place of the last.

    Args:
        home: Its folder.
        model: The card.
        calm: Vectors of clean pictures by it.
    """
    folder = home / FOLDER
    folder.mkdir(exist_ok=True)
    last = _files(folder)
    name = f"{model.sha256[:12]}.onnx"
    shutil.copyfile(model.path, folder / name)
    np.save(_calm_file(home, model), calm.astype(np.float16))
    with whole_file(folder / _CARD) as file:
        file.write(json.dumps(asdict(model) | {"file": name}, indent=1) + "\n")
    for each in last - {folder / name, _calm_file(home, model)}:
        each.unlink(missing_ok=True)


def is_put(home: Path, model: ModelCard) -> bool:
    """Whether a card is that of the network of one's own in a home, not of one to be put there."""
    return model.path.parent == (home / FOLDER).absolute()


def put_back(home: Path) -> None:
    """Put the network that ships into use again; one of one's own is deleted from the home."""
    folder = home / FOLDER
    (folder / _CARD).unlink(missing_ok=True)
    for each in _files(folder):
        each.unlink(missing_ok=True)


def _files(folder: Path) -> set[Path]:
    return {*folder.glob("*.onnx"), *folder.glob("*.calm.npy")}


def _calm_file(home: Path, model: ModelCard) -> Path:
    return home / FOLDER / f"{model.sha256[:12]}.calm.npy"
