"""Raw findings of one upload with names, rates and actions."""

from collections.abc import Iterable

from lynkeus.catalog import Reference
from lynkeus.core import Finding
from lynkeus.kinds.protocol import RawFinding
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge


def judged(
    home: Home, raw: Iterable[RawFinding], judge: Judge, galleries: frozenset[str]
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """All candidates as findings, and those of them that are reported.

    Args:
        home: Knows the references' names.
        raw: What the recogniser found, best first.
        judge: Calibrations and policies.
        galleries: Names of the galleries that count; empty means all.
    """
    kept = list(raw)
    references = home.catalog.references.many([r.reference_id for r in kept])
    rulings = [judge(r, references[r.reference_id]) for r in kept if _counts(references.get(r.reference_id), galleries)]
    return tuple(r.finding for r in rulings), tuple(r.finding for r in rulings if r.reported)


def _counts(reference: Reference | None, galleries: frozenset[str]) -> bool:
    if reference is None or reference.removed_revision is not None:
        return False
    return not galleries or reference.gallery in galleries
