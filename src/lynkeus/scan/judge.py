"""From a raw finding to a finding with its rate and action.

Before a gallery has a policy, or while the background cannot support it, a finding of a copy asks for review when its
score says that one is likely, or when its geometry is solid and its score does not speak against it; a finding of an
object, when its score says that it is likely. No policy acts on an object that is less likely than not: where the
background is unlike the traffic, rates alone would let strangers pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Gallery, Reference
from lynkeus.core import Action, Evidence, Finding
from lynkeus.kinds.protocol import OBJECTS, RawFinding
from lynkeus.scan.policy import Policy, one_in, plain

SOLID_INLIERS, SOLID_AGREEMENT, SOLID_WITHOUT_PIXELS = 8, 0.6, 20
VISIBLE = 0.4
LIKELY, OPEN = 1.0, 0.0
"""Scores, log odds. On the tune half of ``benchmarks/copies``, scored by folds, these bounds take 1,931 of 2,052 copies
among the candidates and 4 that are none; solid geometry alone took 1,852 and 15. Of the strangers that chose the score
of objects, 1 in 100 is likely by it."""


def convincing(raw: RawFinding, kind: str) -> bool:
    """Whether a finding speaks for itself, without any calibration: a person can check where it lies.

    Args:
        raw: The finding.
        kind: Its recogniser's kind.
    """
    if kind == OBJECTS:
        return raw.score >= LIKELY
    if raw.evidence.transform is None:
        return False
    visible = raw.evidence.agreement is not None and raw.evidence.agreement >= VISIBLE
    return (raw.score >= LIKELY and visible) or (raw.score >= OPEN and _solid(raw.evidence))


def _solid(evidence: Evidence) -> bool:
    """Whether geometry and pixels alone are convincing."""
    if evidence.agreement is None:
        return evidence.inliers >= SOLID_WITHOUT_PIXELS
    return evidence.inliers >= SOLID_INLIERS and evidence.agreement >= SOLID_AGREEMENT


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """A candidate as a finding, and whether it is reported.

    Attributes:
        finding: The candidate with its rate and action.
        reported: A policy acts on it or, without one, it is convincing.
    """

    finding: Finding
    reported: bool


@dataclass(frozen=True, slots=True, eq=False)
class Judge:
    """Turns raw findings into findings.

    Attributes:
        galleries: The galleries by name.
        rates: The calibration of each gallery; None where there are too few clean pictures.
    """

    galleries: Mapping[str, Gallery]
    rates: Mapping[str, RateModel | None]

    def __call__(self, raw: RawFinding, reference: Reference) -> Ruling:
        """The ruling on one candidate; a gallery that was made since has no policy yet."""
        gallery, rates = self.galleries.get(reference.gallery), self.rates.get(reference.gallery)
        rate = None if rates is None else rates(raw.score)
        policy = self._policy_in_force(reference.gallery)
        if policy is not None and rate is not None:
            unlikely = reference.kind == OBJECTS and raw.score < OPEN
            action = Action.CLEAR if unlikely else policy.action(rate)
        else:
            action = Action.REVIEW if convincing(raw, reference.kind) else Action.CLEAR
        finding = Finding(
            kind=reference.kind,
            gallery=reference.gallery,
            entity=reference.entity,
            reference=reference.name,
            reference_id=reference.id,
            score=raw.score,
            evidence=raw.evidence,
            rate=None if rate is None else rate.value,
            rate_upper=None if rate is None else rate.upper,
            action=Action.CLEAR if gallery is not None and gallery.log_only else action,
            region=raw.region,
            reference_region=raw.reference_region,
        )
        return Ruling(finding, reported=action is not Action.CLEAR)

    def clean(self, gallery: str) -> int:
        """Number of clean pictures behind a gallery's rates."""
        rates = self.rates.get(gallery)
        return 0 if rates is None else len(rates)

    def words(self, gallery: str) -> str:
        """What applies to a gallery's findings."""
        stored = self.galleries[gallery]
        policy = Policy.read(stored.policy)
        if policy is None:
            words = f"no policy: {_likely(stored)} asks for review"
        else:
            words = f"{plain(policy)} of clean uploads"
            if lacking := self._lacking(policy, gallery):
                words += f"; {lacking}"
        return f"log only: {words}" if stored.log_only else words

    def warnings(self) -> list[str]:
        """Policies that are not in force as they were meant."""
        found: list[str] = []
        for name, gallery in self.galleries.items():
            policy = Policy.read(gallery.policy)
            if policy is not None and (lacking := self._lacking(policy, name)):
                found.append(f"gallery {name}: {lacking}")
        return found

    def _policy_in_force(self, gallery: str) -> Policy | None:
        """The policy where at least its mildest action is supported."""
        stored = self.galleries.get(gallery)
        policy = None if stored is None else Policy.read(stored.policy)
        if policy is None:
            return None
        asked = list(policy.rates())
        supported = len(asked) > len(policy.unsupported(self.clean(gallery)))
        return policy if supported or not asked else None

    def _lacking(self, policy: Policy, gallery: str) -> str:
        """Which actions do not apply for want of clean pictures, and what happens instead; empty for none."""
        missing = policy.unsupported(self.clean(gallery))
        if not missing:
            return ""
        actions = " and ".join(f"{action} at {one_in(rate)}" for action, rate in missing)
        likely = _likely(self.galleries[gallery])
        instead = "" if self._policy_in_force(gallery) else f": {likely} asks for review instead"
        return f"{actions} not applied, only {self.clean(gallery):,} clean pictures are left{instead}"


def _likely(gallery: Gallery) -> str:
    return "what likely shows an object" if gallery.kind == OBJECTS else "what is likely a copy"
