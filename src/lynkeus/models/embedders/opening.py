"""Open an embedder by name, with initial weights."""

from pathlib import Path

from lynkeus.core import UnknownNameError
from lynkeus.core.plugins import find
from lynkeus.models.embedders import EMBEDDERS, GROUP, Embedder
from lynkeus.models.weights import read_weights, timm_weights

PACKAGE, TIMM, NONE = "package", "timm", "none"
"""Sources of weights by name; any other text is a path."""


def open_embedder(name: str, *, frozen_blocks: int, weights: str) -> Embedder:
    """Open an embedder to use or to train.

    Args:
        name: Name in ``EMBEDDERS`` or in another package.
        frozen_blocks: Number of frozen blocks; -1 trains everything.
        weights: ``package`` loads weights from an installed package; ``timm`` lets timm download weights; ``none``
            draws random weights from torch's seed; anything else is a file.

    Raises:
        UnknownNameError: The name is unknown, or the source has no weights for the embedder.
        MissingExtraError: The package with the weights is not installed.
        CorruptError: The weights cannot be read or do not fit.
    """
    kind = find(EMBEDDERS, GROUP, name)
    model = kind(frozen_blocks=frozen_blocks)
    if weights == PACKAGE:
        packaged = kind.packaged()
        if packaged is None:
            raise UnknownNameError(f"no package has weights of {name}; known: {TIMM}, {NONE}, or a file")
        model.fill(packaged)
    elif weights == TIMM:
        if kind.timm is None:
            raise UnknownNameError(f"timm has no weights of {name}; known: {PACKAGE}, {NONE}, or a file")
        model.fill(timm_weights(kind.timm))
    elif weights != NONE:
        model.fill(read_weights(Path(weights)))
    return model.eval()
