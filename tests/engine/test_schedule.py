import pytest

from lynkeus.engine.schedule import Trapezoid

pytestmark = pytest.mark.torch


def test_rises_stays_and_falls() -> None:
    rate = Trapezoid(warmup=4, cooldown=5, steps=20)
    factors = [rate(step) for step in range(20)]
    assert factors[:4] == pytest.approx([0.25, 0.5, 0.75, 1.0])
    assert factors[4:16] == pytest.approx([1.0] * 12)
    assert factors[15:] == pytest.approx([1.0, 0.8, 0.6, 0.4, 0.2])


def test_no_warmup_and_no_cooldown_is_constant() -> None:
    rate = Trapezoid(warmup=0, cooldown=0, steps=3)
    assert [rate(step) for step in range(3)] == [1.0, 1.0, 1.0]
