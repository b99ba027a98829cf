"""The protocol of recipes: commands train, evaluate and export every recipe through this protocol.

A recipe is a frozen dataclass without defaults; ``dataclasses.replace`` makes a variant. ``lynkeus.recipes.lookup``
finds our recipes in the table of ``lynkeus.recipes``, and other recipes through the entry point group of that name.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from lightning_fabric import Fabric
from torch import nn

from lynkeus.report.laboratory.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """The folders of a training run.

    Attributes:
        data: The data root.
        out: Folder of the run.
        caches: Folder of decoded pictures.
        barred: Held-out pictures, relative to the data root; they must not train.
    """

    data: Path
    out: Path
    caches: Path
    barred: frozenset[str] = frozenset()


@runtime_checkable
class Recipe(Protocol):
    """A model and its training, which can be trained, evaluated and exported."""

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> nn.Module:
        """Train, or resume from the last checkpoint of the run; gives the model.

        Args:
            places: Folders of the run.
            fabric: A launched Fabric with one or more processes.
            stop_after: Stop at this step as if interrupted.
        """
        ...

    def evaluate(self, places: Places) -> Evaluation:
        """Evaluate the run's last checkpoint on pictures or classes that did not train.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        ...

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX with its card, and check the file against PyTorch to 1e-4. Gives the ONNX file.

        Args:
            places: Folders of the run.
            target: Folder to write to; a missing folder is made.

        Raises:
            CorruptError: The outputs of ONNX and PyTorch differ.
        """
        ...
