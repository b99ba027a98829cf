"""The network that describes objects in a home: the one that ships, or one of one's own in its place.

One of one's own lies in the home, so that a scan needs nothing else: a folder, named by the network's digest, with two
models and their cards, the network and vectors of clean pictures by it. A file beside it names the folder that is in
use; it is written last.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float32

from lynkeus.catalog.parts import new_part
from lynkeus.core import ConflictError, CorruptError
from lynkeus.kinds.objects.recogniser import CALM, MODEL
from lynkeus.runtime.cards import ModelCard, card, card_elsewhere, exported_card

FOLDER = "models"
_IN_USE = "objects-in-use"
_MENDED = "`lynkeus models use CARD` or `lynkeus models use --shipped` mends that"


@dataclass(frozen=True, kw_only=True, slots=True)
class ObjectModel:
    """A network of objects and what belongs to it.

    Attributes:
        card: Its card.
        calm_card: That of vectors of clean pictures by it.
        folder: Where it lies; None for what ships.
    """

    card: ModelCard
    calm_card: ModelCard
    folder: Path | None

    @classmethod
    def of(cls, home: Path) -> "ObjectModel":
        """The one that is in use in a home.

        Raises:
            CorruptError: One of one's own is damaged.
        """
        folder = own_folder(home)
        if folder is None:
            return cls(card=card(MODEL), calm_card=card(CALM), folder=None)
        try:
            network, calm = (exported_card(_card_file(folder, name)) for name in (MODEL, CALM))
        except CorruptError as error:
            raise CorruptError(f"{error}; {_MENDED}") from error
        return cls(card=network, calm_card=calm, folder=folder)

    def calm(self, background: Iterable[str]) -> Float32[np.ndarray, "n d"]:
        """Vectors of clean pictures: what similarity an unrelated picture has anyway.

        Args:
            background: Digests of pictures that serve another purpose and are left out.

        Raises:
            CorruptError: The file is damaged.
        """
        try:
            found = np.load(self.calm_card.path, allow_pickle=False)
            if isinstance(found, np.ndarray):  # centres of clusters, that ship, are no pictures
                return found.astype(np.float32)
            with found:
                free = ~np.isin(found["digests"], list(background))
                return found["vectors"][free].astype(np.float32)
        except (OSError, ValueError, LookupError, EOFError) as error:
            raise CorruptError(f"{self.calm_card.path}: no vectors of clean pictures: {error}") from error


def own_folder(home: Path) -> Path | None:
    """Where the network of one's own lies that is in use in a home; None where that which ships is."""
    try:
        return home / FOLDER / (home / FOLDER / _IN_USE).read_text("utf-8").strip()
    except FileNotFoundError:
        return None


def own_cards(home: Path) -> list[ModelCard]:
    """The cards of a network of one's own and what belongs to it, intact or not; none where that which ships is used.

    Raises:
        CorruptError: One is no card.
    """
    folder = own_folder(home)
    return [] if folder is None else [card_elsewhere(_card_file(folder, name)) for name in (MODEL, CALM)]


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


def in_use(home: Path, model: ModelCard) -> bool:
    """Whether a network is the one in use in a home, and intact."""
    try:
        return ObjectModel.of(home).card.sha256 == model.sha256
    except CorruptError:
        return False


def put(home: Path, model: ModelCard, vectors: Float32[np.ndarray, "n d"], digests: list[str]) -> None:
    """Put a network of one's own into use in a home, in the place of the last; until this ends the last one is.

    Args:
        home: Its folder.
        model: The card.
        vectors: Vectors of clean pictures by it.
        digests: Of these pictures.
    """
    folder = home / FOLDER / model.sha256[:12]
    folder.mkdir(parents=True, exist_ok=True)
    file = io.BytesIO()
    np.savez(file, vectors=vectors.astype(np.float16), digests=np.array(digests))
    calm = replace(
        card(CALM),
        sha256=hashlib.sha256(file.getvalue()).hexdigest(),
        version=model.version,
        terms="free",
        training_data=[{"folder": "assets/background", "terms": "free", "pictures": len(digests)}],
        output="vectors of the free pictures that ship",
        recipe="lynkeus models use",
    )
    raw = {MODEL: (model, ".onnx", model.path.read_bytes()), CALM: (calm, ".npz", file.getvalue())}
    for name, (each, suffix, content) in raw.items():
        stored = _card_file(folder, name).with_suffix(suffix)
        _write_whole(stored, content)
        _write_whole(_card_file(folder, name), _json(asdict(each) | {"file": stored.name}))
    _write_whole(home / FOLDER / _IN_USE, f"{folder.name}\n".encode())
    _remove_unused(home)


def put_back(home: Path) -> None:
    """Put the network that ships into use again; one of one's own is deleted from the home."""
    (home / FOLDER / _IN_USE).unlink(missing_ok=True)
    _remove_unused(home)


def _remove_unused(home: Path) -> None:
    used = own_folder(home)
    for each in (home / FOLDER).glob("*"):
        if each.is_dir() and each != used:
            shutil.rmtree(each)


def _card_file(folder: Path, name: str) -> Path:
    return folder / f"{name}.json"


def _json(fields: dict[str, Any]) -> bytes:
    return (json.dumps(fields, indent=1) + "\n").encode()


def _write_whole(file: Path, content: bytes) -> None:
    """Write a file that takes its name once it is complete and on the disk."""
    part = new_part(file)
    try:
        with part.open("wb") as unfinished:
            unfinished.write(content)
            unfinished.flush()
            os.fsync(unfinished.fileno())
        part.replace(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
