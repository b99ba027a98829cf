"""An embedder by name, with the weights it starts from."""

from pathlib import Path

from lynkeus.core import UnknownNameError
from lynkeus.core.plugins import find
from lynkeus.models.embedders import EMBEDDERS, GROUP, Embedder
from lynkeus.models.weights import read_weights, timm_weights

PACKAGE, TIMM, NONE = "package", "timm", "none"


def open_embedder(name: str, *, frozen_blocks: int, weights: str) -> Embedder:
    """An embedder, to be used or trained on.

    Args:
        name: In ``EMBEDDERS`` or of another package.
        frozen_blocks: So many of its blocks do not learn (-1: all learn).
        weights: ``package``, those that a package of its extra brings along; ``timm``, those that timm knows and
            downloads; ``none``, at chance from torch's seed; else a file.

    Raises:
        UnknownNameError: The name is not known, or there are no such weights for it.
        MissingExtraError: What the weights come from is not installed.
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
