"""Parts of recipes that users choose by name, as in ``--set loss=angular``. Other packages add parts by entry point.

A part is a value with fields; further settings change these fields: ``--set loss=angular --set loss.margin=0.2``.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

from lynkeus.augment.hiding import CutOut, HideAndSeek, RandomErasing
from lynkeus.recipes.retrieval.stages import Angular, Classification, Margins, SemiHard


class Parts(NamedTuple):
    """The parts that a field accepts by name.

    Attributes:
        ours: Our parts by name.
        group: Entry point group for parts of other packages.
    """

    ours: Mapping[str, Any]
    group: str


PARTS: dict[str, Parts] = {
    "loss": Parts(
        {
            "margins": Margins(pull=0.8, push=1.2, positives=180, negatives=180, every=5),
            "semi_hard": SemiHard(margin=0.2, each=4),
            "angular": Angular(scale=32.0, margin=0.3),
        },
        "lynkeus.losses",
    ),
    "classify": Parts({"weighted": Classification(dropout=0.5)}, "lynkeus.losses"),
    "augment": Parts(
        {
            "hide_and_seek": HideAndSeek(p=0.5, sides=(0, 16, 32, 44, 56)),
            "cut_out": CutOut(side=48),
            "random_erasing": RandomErasing(p=0.5),
        },
        "lynkeus.transforms",
    ),
}
"""By the name of the field."""
