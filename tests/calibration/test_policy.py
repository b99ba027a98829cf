import pytest

from lynkeus.calibration.policy import Policy, check_policy, plain
from lynkeus.calibration.rates import Rate
from lynkeus.core import Action, PolicyError


def test_an_action_applies_when_the_upper_bound_is_within_it() -> None:
    policy = Policy(review=1 / 100, block=1 / 1000)
    assert policy.action(Rate(1e-9, 0.02)) is Action.CLEAR
    assert policy.action(Rate(1e-9, 0.01)) is Action.REVIEW
    assert policy.action(Rate(1e-9, 0.0011)) is Action.REVIEW
    assert policy.action(Rate(1e-9, 0.001)) is Action.BLOCK


def test_an_action_that_is_not_asked_for_never_applies() -> None:
    assert Policy(review=0.01).action(Rate(0.0, 0.0)) is Action.REVIEW
    assert Policy().action(Rate(0.0, 0.0)) is Action.CLEAR


def test_its_stored_form_is_read_back() -> None:
    policy = Policy(review=1 / 300, block=None)
    assert Policy.read(policy.text()) == policy
    assert Policy.read(None) is None


@pytest.mark.parametrize(("clean", "wanted"), [(299, "300 clean"), (0, "300 clean")])
def test_a_policy_without_support_is_refused_with_the_number_of_pictures(clean: int, wanted: str) -> None:
    with pytest.raises(PolicyError, match=wanted):
        check_policy(Policy(review=1 / 100), clean)


def test_a_supported_policy_passes_and_a_rarer_block_is_what_lacks() -> None:
    check_policy(Policy(review=1 / 100), 300)
    with pytest.raises(PolicyError, match="block at 1 in 10,000 needs 30,000"):
        check_policy(Policy(review=1 / 100, block=1 / 10_000), 300)


def test_blocking_more_often_than_reviewing_is_refused() -> None:
    with pytest.raises(PolicyError, match="stricter"):
        check_policy(Policy(review=1 / 100, block=1 / 10), 1000)


@pytest.mark.parametrize("rate", [0.0, 1.0, -1.0, 2.0])
def test_what_is_no_rate_is_refused(rate: float) -> None:
    with pytest.raises(PolicyError, match="between 0 and 1"):
        check_policy(Policy(review=rate), 10_000)


def test_it_reads_well() -> None:
    assert plain(Policy(review=0.01)) == "review at 1 in 100, block never"
