"""The models that a home uses: those that ship, or models of the user's own in their place.

A model of the user's own lies in the home, so that a scan needs nothing else: a folder, named by the model's digest,
with the model, its card, clean vectors, and what the model says of the free pictures that ship. ``in-use.json`` says
which folder holds the model of a name; it is written last.
"""

import hashlib
import io
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np

from lynkeus.catalog.parts import new_part
from lynkeus.core import CorruptError
from lynkeus.runtime.cards import ModelCard, card, card_elsewhere, cards, exported_card

FOLDER = "models"
_IN_USE, _CLEAN_ITEMS = "in-use.json", "clean.npz"
_BEFORE = "*-in-use"  # the file that named the folder before there was in-use.json
_MENDED = "`lynkeus models use CARD` or `lynkeus models use --shipped` mends that"


class ModelsInUse:
    """The models of one home, as of now.

    Args:
        home: Folder of the home.

    Raises:
        CorruptError: The file that names the models in use is damaged.
    """

    def __init__(self, home: Path) -> None:
        self._folder = home / FOLDER
        self._own = _read_own(self._folder)

    def __call__(self, name: str) -> ModelCard:
        """The card of the model in use under a name.

        Raises:
            CorruptError: A model of the user is damaged.
            UnknownNameError: There is no model of that name.
        """
        if name not in self._own:
            return card(name)
        try:
            return exported_card(self._folder / self._own[name] / f"{name}.json")
        except CorruptError as error:
            raise CorruptError(f"{error}; {_MENDED}") from error

    @property
    def key(self) -> frozenset[tuple[str, str]]:
        """What tells two sets of models in use apart."""
        return frozenset(self._own.items())

    def own_cards(self) -> list[ModelCard]:
        """The cards of the user's models, intact or not.

        Raises:
            CorruptError: One is no card.
        """
        return [card_elsewhere(self._folder / folder / f"{name}.json") for name, folder in sorted(self._own.items())]

    def beside(self, name: str) -> list[ModelCard]:
        """The cards in the folder of the user's model of a name, with the card of that model; none for a shipped model.

        Raises:
            CorruptError: One is no card.
        """
        same = [other for other, folder in self._own.items() if folder == self._own.get(name)]
        return [card_elsewhere(self._folder / self._own[other] / f"{other}.json") for other in sorted(same)]

    def all_cards(self) -> list[ModelCard]:
        """The cards of all models in use.

        Raises:
            CorruptError: One is no card.
        """
        return [*(each for each in cards() if each.name not in self._own), *self.own_cards()]

    def clean_items(self, name: str) -> Mapping[str, Mapping[str, bytes]]:
        """What the user's model of a name says of the shipped free pictures, by digest; nothing for a shipped model.

        Raises:
            CorruptError: The file is damaged.
        """
        if name not in self._own:
            return {}
        file = self._folder / self._own[name] / _CLEAN_ITEMS
        found: dict[str, dict[str, bytes]] = {}
        try:
            with np.load(file, allow_pickle=False) as stored:
                for key in stored.files:
                    digest, item = key.split("/", 1)
                    found.setdefault(digest, {})[item] = stored[key].tobytes()
        except (OSError, ValueError, EOFError) as error:
            raise CorruptError(f"{file}: no clean pictures: {error}; {_MENDED}") from error
        return found


def in_use(home: Path, model: ModelCard) -> bool:
    """Whether a model is in use in a home, and intact with all that belongs to it."""
    try:
        used = ModelsInUse(home)
        used.clean_items(model.name)
        return used(model.name).sha256 == model.sha256 and all(each.intact() for each in used.beside(model.name))
    except CorruptError:
        return False


def put(home: Path, model: ModelCard, clean: ModelCard, items: Mapping[str, Mapping[str, bytes]], dim: int) -> None:
    """Put a user's model into use instead of the last one; the last one answers until this ends.

    Args:
        home: Folder of the home.
        model: The model.
        clean: Card of the clean vectors that ship; no vector of another model may normalise scores.
        items: What the model says of the free pictures that ship, by their digests.
        dim: Length of its vectors.
    """
    names = _fill(home / FOLDER / model.maker, model, clean, items, dim)
    own = _read_own(home / FOLDER, damaged_is_none=True) | dict.fromkeys(names, model.maker)
    _write_own(home / FOLDER, own)


def put_back(home: Path, names: tuple[str, ...]) -> None:
    """Put the shipped models into use again under some names; the user's models are deleted from the home."""
    own = _read_own(home / FOLDER, damaged_is_none=True)
    _write_own(home / FOLDER, {name: folder for name, folder in own.items() if name not in names})


def _fill(
    folder: Path, model: ModelCard, clean: ModelCard, items: Mapping[str, Mapping[str, bytes]], dim: int
) -> tuple[str, ...]:
    """Write the files of a model of the user's own; gives the names that it takes the place of. Arguments: ``put``."""
    folder.mkdir(parents=True, exist_ok=True)
    none = io.BytesIO()
    np.save(none, np.zeros((0, dim), np.float16))
    own_clean = replace(
        clean,
        sha256=hashlib.sha256(none.getvalue()).hexdigest(),
        version=model.version,
        terms="free",
        training_data=[{"folder": "assets/background", "terms": "free", "pictures": len(items)}],
        output=f"no vectors: {_CLEAN_ITEMS} beside this file has what the model says of the free pictures that ship",
        recipe="lynkeus models use",
    )
    kept = io.BytesIO()
    arrays = {
        f"{digest}/{item}": np.frombuffer(raw, np.uint8) for digest, of in items.items() for item, raw in of.items()
    }
    np.savez(kept, allow_pickle=False, **arrays)
    _write_whole(folder / _CLEAN_ITEMS, kept.getvalue())
    contents = {
        model.name: (model, model.path.suffix, model.path.read_bytes()),
        clean.name: (own_clean, ".npy", none.getvalue()),
    }
    for each, (about, suffix, content) in contents.items():
        stored = folder / f"{each}{suffix}"
        _write_whole(stored, content)
        _write_whole(folder / f"{each}.json", _json(asdict(about) | {"file": stored.name}))
    return tuple(contents)


def _read_own(folder: Path, *, damaged_is_none: bool = False) -> dict[str, str]:
    """Name of each of the user's models to the folder that holds it."""
    file = folder / _IN_USE
    try:
        found = {str(name): str(Path(each).name) for name, each in json.loads(file.read_text("utf-8")).items()}
    except FileNotFoundError:
        return _read_before(folder)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        if damaged_is_none:
            return {}
        raise CorruptError(f"{file}: does not name the models in use: {error}; {_MENDED}") from error
    return found


def _write_own(folder: Path, own: Mapping[str, str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _write_whole(folder / _IN_USE, _json(dict(own)))
    for each in folder.iterdir():
        if each.is_dir() and each.name not in own.values():
            shutil.rmtree(each)
    for pointer in folder.glob(_BEFORE):
        pointer.unlink()


def _read_before(folder: Path) -> dict[str, str]:
    """As ``_read_own``, for a home of version 0.1.0 before ``in-use.json``: its clean vectors are converted once."""
    pointers = list(folder.glob(_BEFORE))
    if not pointers:
        return {}
    name = pointers[0].read_text("utf-8").strip()
    for old in (folder / name).glob("*.npz"):
        others = [card_elsewhere(file) for file in (folder / name).glob("*.json") if file.stem != old.stem]
        if old.name == _CLEAN_ITEMS or not others:
            continue
        with np.load(old, allow_pickle=False) as stored:
            digests, vectors = stored["digests"].tolist(), stored["vectors"]
        item = f"vector@{others[0].maker}"
        items = {digest: {item: row.tobytes()} for digest, row in zip(digests, vectors, strict=True)}
        _fill(folder / name, others[0], card(old.stem), items, vectors.shape[1])
        old.unlink(missing_ok=True)
    own = {file.stem: name for file in (folder / name).glob("*.json")}
    _write_own(folder, own)
    return own


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
