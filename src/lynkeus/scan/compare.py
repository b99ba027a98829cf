"""Comparing two pictures without any gallery."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lynkeus.core import Action, Finding, Picture, UnreadableError, read_picture
from lynkeus.core.folders import display
from lynkeus.matching.codebook import Codebook
from lynkeus.runtime.cards import card
from lynkeus.scan.home import load_copies, shipped_calm
from lynkeus.scan.judge import convincing
from lynkeus.scan.register import WORKING_SIDE


@dataclass(frozen=True, slots=True, eq=False)
class Comparison:
    """Two pictures and how the first shows the second.

    Attributes:
        upload: The first.
        reference: The second.
        finding: What was found, however weak; None for nothing at all. Its action is ``review`` where it is
            convincing.
    """

    upload: Picture
    reference: Picture
    finding: Finding | None

    @property
    def alike(self) -> bool:
        """Whether the first likely shows the second."""
        return self.finding is not None and self.finding.action is not Action.CLEAR


def compare_files(upload: Path, reference: Path) -> Comparison:
    """Whether and how the first picture shows the second.

    Raises:
        UnreadableError: One cannot be read; the text names it.
    """
    shown, shows = _read(reference), _read(upload)
    copies = load_copies(Codebook.load(card("local-codebook").path), shipped_calm())
    raw = copies.compare(shows, shown)
    if raw is None:
        return Comparison(shows, shown, None)
    finding = Finding(
        kind=copies.kind,
        gallery="",
        entity=display(Path(reference.stem)),
        reference=display(Path(reference.name)),
        reference_id=raw.reference_id,
        score=raw.score,
        evidence=raw.evidence,
        action=Action.REVIEW if convincing(raw, copies.kind) else Action.CLEAR,
        region=np.asarray(raw.region),
        reference_region=np.asarray(raw.reference_region),
    )
    return Comparison(shows, shown, finding)


def _read(path: Path) -> Picture:
    try:
        return read_picture(path, max_side=WORKING_SIDE)
    except UnreadableError as error:
        raise UnreadableError(f"{display(path)}: {error}") from error
