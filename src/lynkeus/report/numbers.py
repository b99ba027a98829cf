"""Numbers in a form for people."""


def percent(share: float) -> str:
    """A share, 0 to 1, as a whole percentage; only the shares 0 and 1 become 0 % and 100 %.

    >>> [percent(share) for share in (0.0, 0.001, 0.64, 0.999, 1.0)]
    ['0 %', '< 1 %', '64 %', '> 99 %', '100 %']
    """
    if 0 < share < 0.005:
        return "< 1 %"
    if 0.995 < share < 1:
        return "> 99 %"
    return f"{round(100 * share)} %"


def measured(value: float | None) -> str:
    """A number with three decimals; None becomes "not measured"."""
    return "not measured" if value is None else f"{value:.3f}"


def seconds(value: float) -> str:
    """A time in seconds, rounded to a tenth.

    >>> seconds(61.25)
    '61.2 s'
    """
    return f"{value:.1f} s"
