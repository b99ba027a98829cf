"""Weights that others published: from a file, from timm where it is installed, and into our models.

Nothing is fetched unless a name asks for it: ``timm`` downloads, a file does not. Files are read without pickle's
code (``weights_only``).
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from lynkeus.core import CorruptError, MissingExtraError

_SHOWN = 4
_COUNTER = "num_batches_tracked"


def read_weights(path: Path) -> dict[str, Tensor]:
    """The state dict in a file that ``torch.save`` wrote, also where it lies under ``state_dict`` or ``model``.

    Raises:
        CorruptError: The file is missing, not such a file, or holds more than tensors.
    """
    try:
        found: Any = torch.load(path, map_location="cpu", weights_only=True)
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise CorruptError(f"{path} cannot be read as weights: {error}") from error
    for key in ("state_dict", "model"):
        if isinstance(found, Mapping) and isinstance(found.get(key), Mapping):
            found = found[key]
    if not isinstance(found, Mapping) or not all(isinstance(value, Tensor) for value in found.values()):
        raise CorruptError(f"{path} holds no weights by name")
    return dict(cast("Mapping[str, Tensor]", found))


def timm_weights(name: str) -> dict[str, Tensor]:
    """The state dict of a model of timm with its published weights, which timm downloads and keeps.

    Raises:
        MissingExtraError: timm is not installed.
    """
    try:
        import timm  # pyright: ignore[reportMissingImports] # noqa: PLC0415 - optional, slow to import
    except ImportError as error:
        raise MissingExtraError("weights from timm need it: pip install timm") from error
    return dict(timm.create_model(name, pretrained=True).state_dict())


def fill(
    model: nn.Module, published: Mapping[str, Tensor], names: Mapping[str, str], *, without: tuple[str, ...]
) -> None:
    """Fill a model from published weights.

    Args:
        model: Filled in place; left as it is when something does not fit.
        published: By the names of the code that published them.
        names: Their name of each of our weights.
        without: What the names of the parts begin with that we do not have, such as the classifier.

    Raises:
        CorruptError: Weights are missing, left over or of another shape; the text names them.
    """
    own = model.state_dict()
    missing = [names[name] for name in own if names[name] not in published and not name.endswith(_COUNTER)]
    wanted = set(names.values())
    left = [name for name in published if name not in wanted and not name.startswith(without)]
    wrong = [
        f"{names[name]} {tuple(published[names[name]].shape)} for {tuple(value.shape)}"
        for name, value in own.items()
        if names[name] in published and published[names[name]].shape != value.shape
    ]
    faults = {"missing": missing, "left over": left, "of another shape": wrong}
    if any(faults.values()):
        text = "; ".join(f"{what}: {_some(names)}" for what, names in faults.items() if names)
        raise CorruptError(f"the weights do not fit {type(model).__name__}: {text}")
    model.load_state_dict({name: published.get(names[name], value) for name, value in own.items()})


def _some(names: list[str]) -> str:
    more = len(names) - _SHOWN
    return ", ".join(names[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
