"""A gallery's policy: how rare a finding must be, in false alarms a clean upload, to be reviewed or blocked.

An action applies to a finding when the *upper bound* of its rate is within what the policy allows. The bound
holds with 95 % confidence, so that of clean uploads like the background no more than allowed are acted on.
The background must be large enough (3 / rate clean pictures): a policy that it cannot support is refused.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from lynkeus.calibration.rates import Rate, needed
from lynkeus.catalog import Gallery
from lynkeus.core import Action, PolicyError


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """False alarms a clean upload at which a finding asks for review or is blocked; None: never."""

    review: float | None = None
    block: float | None = None

    @classmethod
    def read(cls, text: str | None) -> "Policy | None":
        """The stored form; None where there is none."""
        return None if text is None else cls(**json.loads(text))

    def text(self) -> str:
        """The stored form."""
        return json.dumps({"review": self.review, "block": self.block})

    def rates(self) -> Iterator[tuple[Action, float]]:
        """The actions that are asked for with their rates, the strictest first."""
        for action, rate in ((Action.BLOCK, self.block), (Action.REVIEW, self.review)):
            if rate is not None:
                yield action, rate

    def action(self, rate: Rate) -> Action:
        """What a finding of this rate asks for."""
        return next((action for action, allowed in self.rates() if rate.within(allowed)), Action.CLEAR)

    def unsupported(self, clean: int) -> list[tuple[Action, float]]:
        """The actions that so many clean pictures cannot support."""
        return [(action, rate) for action, rate in self.rates() if clean < needed(rate)]


@dataclass(frozen=True, slots=True)
class Wish:
    """What is wanted of one action: a rate, or None for never."""

    rate: float | None


def change_policy(gallery: Gallery, *, review: Wish | None, block: Wish | None, clean: int) -> Policy:
    """The policy of a gallery with other rates.

    Args:
        gallery: The gallery.
        review: The wanted rate of review; None leaves it.
        block: Likewise of blocking.
        clean: Independent clean uploads of the background.

    Raises:
        PolicyError: As ``check_policy``.
    """
    old = Policy.read(gallery.policy) or Policy()
    wanted = Policy(
        review=old.review if review is None else review.rate, block=old.block if block is None else block.rate
    )
    check_policy(wanted, clean)
    return wanted


def check_policy(policy: Policy, clean: int) -> None:
    """Refuse a policy that makes no sense or rests on too few clean pictures.

    Args:
        policy: What is wanted.
        clean: Independent clean uploads of the background.

    Raises:
        PolicyError: A rate is no rate, blocking is to be commoner than review, or an action needs more clean
            pictures; the text says how many.
    """
    for action, rate in policy.rates():
        if not 0 < rate < 1:
            raise PolicyError(f"{action} is {rate:g}, wanted a rate between 0 and 1, such as 1/100")
    if policy.review is not None and policy.block is not None and policy.block > policy.review:
        raise PolicyError("block may not be commoner than review: it is the stricter action")
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
