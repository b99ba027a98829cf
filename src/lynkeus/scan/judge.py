"""From a raw finding to a finding with its rate and action.

Each finding comes with a belief, which its kind has decided. No policy acts on an unlikely finding: where the
background is unlike the traffic, rates alone would let strangers pass. Before a gallery has a policy, or while the
background cannot support the policy, likely and certain findings ask for review.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lynkeus.calibration.policy import Policy, one_in, plain
from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Gallery, Reference
from lynkeus.core import Action, Belief, Finding
from lynkeus.kinds import find_kind
from lynkeus.kinds.protocol import RawFinding


@dataclass(frozen=True, slots=True, eq=False)
class Ruling:
    """A candidate as a finding, and whether it is reported.

    Attributes:
        finding: The candidate with its rate and action.
        reported: A policy acts on it or, without a policy in force, it is likely.
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
        """The ruling on one candidate. A gallery made since then has no policy yet; a renamed one keeps its policy."""
        name = next((each.name for each in self.galleries.values() if each.id == reference.gallery_id), "")
        gallery, rates = self.galleries.get(name), self.rates.get(name)
        rate = None if rates is None else rates(raw.score)
        policy = self._policy_in_force(name)
        if raw.belief is Belief.UNLIKELY:
            action = Action.CLEAR
        elif policy is not None and rate is not None:
            action = policy.action(rate)
        else:
            action = Action.REVIEW if raw.belief >= Belief.LIKELY else Action.CLEAR
        finding = Finding(
            kind=reference.kind,
            gallery=reference.gallery,
            entity=reference.entity,
            reference=reference.name,
            reference_id=reference.id,
            names_entity=find_kind(reference.kind).names_entities,
            score=raw.score,
            belief=raw.belief,
            evidence=raw.evidence,
            rate=None if rate is None else rate.value,
            rate_upper=None if rate is None else rate.upper,
            action=Action.CLEAR if gallery is not None and gallery.log_only else action,
            region=raw.region,
            reference_region=raw.reference_region,
            span=raw.span,
            reference_span=raw.reference_span,
        )
        return Ruling(finding, reported=action is not Action.CLEAR)

    def clean(self, gallery: str) -> int:
        """Number of clean pictures that a gallery's rates rest on."""
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
    return find_kind(gallery.kind).likely
