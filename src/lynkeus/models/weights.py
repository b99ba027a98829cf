"""Load published weights from a file or from timm into our models.

Only ``timm`` downloads anything; a file needs no network. Files are read with ``weights_only``, so pickle cannot run
code.
"""

import pickle
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import torch
from torch import Tensor, nn

from lynkeus.core import CorruptError, MissingExtraError

_SHOWN = 4  # names of weights in an error message, enough to see the pattern; the exact number hardly matters
_COUNTER = "num_batches_tracked"  # a counter of torch's batch norms that some published weights lack


def read_weights(path: Path) -> dict[str, Tensor]:
    """Read the state dict in a file of ``torch.save``; it may lie under ``state_dict`` or ``model``.

    Raises:
        CorruptError: The file is missing, has another format, or holds more than tensors.
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
    """The state dict of a timm model with published weights; timm downloads and caches the weights.

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
    """Load published weights into a model.

    Args:
        model: Changed in place; unchanged if any weight does not fit.
        published: Weights under the names of the code that published them.
        names: Published name of each of our weights.
        without: Prefixes of published names to ignore, such as the classifier.

    Raises:
        CorruptError: Weights are missing, left over or have another shape; the text names the weights.
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
