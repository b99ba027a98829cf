"""A gallery's policy: the highest rate of false alarms, per clean upload, at which a finding is reviewed or blocked.

An action applies to a finding when the *upper bound* of the finding's rate is within the policy's rate. The bound
holds with 95 % confidence: among clean uploads like the background, actions are no more frequent than the policy
allows. A rate needs at least 3 / rate clean pictures in the background; without them, the policy is refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lynkeus.calibration.rates import Rate, needed
from lynkeus.catalog import Gallery
from lynkeus.core import Action, PolicyError


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """Allowed false alarms per clean upload for review and for blocking, 0 to 1; None means never."""

    review: float | None = None
    block: float | None = None

    @classmethod
    def read(cls, text: str | None) -> "Policy | None":
        """Read the stored form; None stays None."""
        return None if text is None else cls(**json.loads(text))

    def text(self) -> str:
        """The stored form, JSON."""
        return json.dumps({"review": self.review, "block": self.block})

    def rates(self) -> Iterator[tuple[Action, float]]:
        """The actions of the policy with their rates, the strictest first."""
        for action, rate in ((Action.BLOCK, self.block), (Action.REVIEW, self.review)):
            if rate is not None:
                yield action, rate

    def action(self, rate: Rate) -> Action:
        """The action for a finding of this rate."""
        return next((action for action, allowed in self.rates() if rate.within(allowed)), Action.CLEAR)

    def unsupported(self, clean: int) -> list[tuple[Action, float]]:
        """The actions, with their rates, that need more than ``clean`` clean pictures."""
        return [(action, rate) for action, rate in self.rates() if clean < needed(rate)]


@dataclass(frozen=True, slots=True)
class Wish:
    """A requested rate of one action; None means never."""

    rate: float | None


def change_policy(gallery: Gallery, *, review: Wish | None, block: Wish | None, clean: int) -> Policy:
    """The gallery's policy with new rates.

    Args:
        gallery: The gallery.
        review: New rate of review; None keeps the old rate.
        block: New rate of blocking; None keeps the old rate.
        clean: Number of independent clean uploads in the background.

    Raises:
        PolicyError: ``check_policy`` refuses the new policy.
    """
    old = Policy.read(gallery.policy) or Policy()
    wanted = Policy(
        review=old.review if review is None else review.rate, block=old.block if block is None else block.rate
    )
    check_policy(wanted, clean)
    return wanted


def check_policy(policy: Policy, clean: int) -> None:
    """Refuse a policy with wrong rates or with too few clean pictures.

    Args:
        policy: The policy to check.
        clean: Number of independent clean uploads in the background.

    Raises:
        PolicyError: A rate is not between 0 and 1, the rate of blocking is above the rate of review, or an action
            needs more clean pictures; the message says how many.
    """
    for action, rate in policy.rates():
        if not 0 < rate < 1:
            raise PolicyError(f"{action} is {rate:g}, must be a rate between 0 and 1, such as 1/100")
    if policy.review is not None and policy.block is not None and policy.block > policy.review:
        raise PolicyError("the rate of block must not be above the rate of review: block is the stricter action")
    for action, rate in policy.unsupported(clean):
        raise PolicyError(
            f"{action} at {one_in(rate)} needs {needed(rate):,} clean pictures for calibration, there are {clean:,}: "
            "add more with `lynkeus background add FOLDER`"
        )


def one_in(rate: float) -> str:
    """A rate in words.

    >>> one_in(0.01)
    '1 in 100'
    """
    return f"1 in {1 / rate:,.6g}"


def plain(policy: Policy) -> str:
    """A policy in words, such as ``review at 1 in 100, block never, of clean uploads``."""
    parts = ((Action.REVIEW, policy.review), (Action.BLOCK, policy.block))
    return ", ".join(f"{action} {'never' if rate is None else 'at ' + one_in(rate)}" for action, rate in parts)
