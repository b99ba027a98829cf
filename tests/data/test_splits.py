import pytest
from hypothesis import given
from hypothesis import strategies as st

from lynkeus.data.splits import split_classes

pytestmark = pytest.mark.torch

NAMES = st.lists(st.text(max_size=6), unique=True, max_size=30)


@given(names=NAMES, seed=st.integers(0, 99), share=st.floats(0.0, 1.0))
def test_sets_are_disjoint_whole_and_do_not_depend_on_the_order(names: list[str], seed: int, share: float) -> None:
    size = int(share * len(names))
    train, val = split_classes(names, (size, -1), seed=seed)
    assert len(train) == size
    assert not train & val
    assert train | val == set(names)
    assert split_classes(sorted(names), (size, -1), seed=seed) == (train, val)


@given(names=NAMES.filter(lambda names: len(names) > 5), new=st.text(min_size=7, max_size=8))
def test_a_new_class_moves_at_most_one_class_over_each_border(names: list[str], new: str) -> None:
    before = split_classes(names, (3, -1), seed=0)
    after = split_classes([*names, new], (3, -1), seed=0)
    assert len(before[0] - after[0]) <= 1


def test_splits_the_classes_of_firearm_14k() -> None:
    names = [f"model {k}" for k in range(167)]
    parts = split_classes(names, (107, 20, 40), seed=0)
    assert [len(part) for part in parts] == [107, 20, 40]
    assert parts != split_classes(names, (107, 20, 40), seed=1)


@pytest.mark.parametrize(
    ("names", "sizes", "text"),
    [
        (["a", "b", "a"], (1, -1), "named twice"),
        (["a", "b"], (1, 2), "do not split 2"),
        (["a", "b"], (3, -1), "do not split 2"),
        (["a", "b"], (1,), "do not split 2"),
        (["a", "b"], (-1, -1), "do not split 2"),
        (["a", "b"], (-3, 5), "do not split 2"),
    ],
)
def test_refuses_names_or_sizes_that_do_not_fit(names: list[str], sizes: tuple[int, ...], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        split_classes(names, sizes, seed=0)
