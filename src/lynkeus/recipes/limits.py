"""The ranges of a recipe's numbers, by the name of the field. A setting that changes a number is checked here.

A field without a range takes any finite number. Configs may also check their own fields.
"""

from typing import NamedTuple


class Limit(NamedTuple):
    """A range.

    Attributes:
        least: Lowest value.
        most: Highest value; None means no limit.
        open_below: ``least`` itself is not allowed.
    """

    least: float
    most: float | None = None
    open_below: bool = False

    def holds(self, number: float) -> bool:
        """Whether a number is in the range."""
        above = number > self.least if self.open_below else number >= self.least
        return above and (self.most is None or number <= self.most)

    def __str__(self) -> str:
        """The range in words."""
        if self.most is not None:
            return f"between {self.least:g} and {self.most:g}"
        return f"above {self.least:g}" if self.open_below else f"{self.least:g} or more"


# What each number means gives its range: a count, a rate or a share.
_ANY, _SOME, _POSITIVE, _SHARE = Limit(0.0), Limit(1.0), Limit(0.0, open_below=True), Limit(0.0, 1.0)

_FIELDS = {
    _ANY: "backbone_rate box_weight centre_rate cooldown edited_views entropy_weight frozen_blocks head_rate held_out"
    " margin memory pull push seed steps test val warmup weight_decay whiten_pictures",
    _SOME: "accumulate area batch cached_side choosing classes dim directions each every length negatives pictures"
    " positives prototypes scene_side scenes segment sharing side tested views width",
    _POSITIVE: "clip_norm rate scale share student_temperature teacher_temperature temperature",
    _SHARE: "centre_momentum choose_share cropped dropout measured_share momentum test_share trained_share"
    " whiten_shrink",
}

LIMITS: dict[str, Limit] = {name: limit for limit, names in _FIELDS.items() for name in names.split()} | {
    "augment.side": _ANY,
    "maps.side": _ANY,
}
"""Ranges by the last part of a field's path, or by the last two parts; a match of two parts takes precedence."""


def limit_of(path: str) -> Limit | None:
    """The range of the field at a path; None means any number.

    >>> str(limit_of("descent.steps")), str(limit_of("objective.momentum")), str(limit_of("clip_norm"))
    ('0 or more', 'between 0 and 1', 'above 0')
    """
    steps = path.split(".")
    return LIMITS.get(".".join(steps[-2:])) or LIMITS.get(steps[-1])
