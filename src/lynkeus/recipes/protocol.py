"""What a recipe is to those who train, evaluate and export it without knowing its kind.

A recipe is a frozen dataclass without defaults; a variant of it is ``dataclasses.replace``. ``lynkeus.recipes.lookup``
finds ours in the table of ``lynkeus.recipes``, and others through the entry point group ``lynkeus.recipes``.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

from lightning_fabric import Fabric
from torch import nn

from lynkeus.report.laboratory.evaluation import Evaluation


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """Where a training run finds and leaves its files.

    Attributes:
        data: The data root.
        out: Folder of the run.
        caches: Folder of decoded pictures.
        barred: Pictures that must not train, relative to the data root.
    """

    data: Path
    out: Path
    caches: Path
    barred: frozenset[str] = frozenset()


@runtime_checkable
class Recipe(Protocol):
    """What can be trained, evaluated and exported."""

    def train(self, places: Places, fabric: Fabric, *, stop_after: int | None = None) -> nn.Module:
        """Train, or go on training from the run folder's last checkpoint, and give the model.

        Args:
            places: Folders.
            fabric: Launched; one process or several.
            stop_after: Stop at this step as if interrupted.
        """
        ...

    def evaluate(self, places: Places) -> Evaluation:
        """What the run's last checkpoint is worth, on pictures or classes that did not train.

        Raises:
            NotTrainedError: The folder holds no checkpoint.
        """
        ...

    def export(self, places: Places, target: Path) -> Path:
        """Write the model as ONNX with its card, checked against PyTorch to 1e-4; gives the ONNX file.

        Args:
            places: Folders.
            target: Folder, made where missing.

        Raises:
            CorruptError: The ONNX file does not give what PyTorch gives.
        """
        ...
