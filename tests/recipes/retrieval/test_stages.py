"""The losses of a retrieval recipe's stages, and the pictures of their steps."""

import numpy as np
import pytest
import torch

from lynkeus.recipes.retrieval.batches import Draws
from lynkeus.recipes.retrieval.stages import Angular, Classification, Margins, SemiHard, StageObjective

pytestmark = pytest.mark.torch


@pytest.mark.parametrize(
    "stage",
    [
        Classification(dropout=0.0),
        Margins(pull=0.8, push=1.2, positives=9, negatives=9, every=2),
        SemiHard(margin=0.2, each=2),
        Angular(scale=32.0, margin=0.3),
    ],
    ids=lambda stage: type(stage).__name__,
)
def test_a_step_shows_pictures_of_one_group_and_follows_from_its_number(
    stage: Classification | Margins | SemiHard | Angular,
) -> None:
    label = np.repeat(np.arange(9), 5)
    numbers = [np.flatnonzero(label < 6), np.flatnonzero(label >= 6)]

    def draws(seed: int) -> Draws:
        return Draws(stage, numbers, label, pictures=8, steps=40, views=3, seed=seed)

    one, other = draws(0), draws(0)
    backwards = {step: other[step] for step in reversed(range(40))}
    groups: list[int] = []
    for step in range(40):
        drawn = one[step]
        groups.append(drawn.group)
        assert np.isin(drawn.numbers, numbers[drawn.group]).all()
        assert len(drawn.numbers) == len(drawn.views) == 8
        assert drawn.views.max() < 3
        assert drawn.numbers.tolist() == backwards[step].numbers.tolist()
        assert drawn.views.tolist() == backwards[step].views.tolist()
        if isinstance(stage, SemiHard):
            assert np.bincount(label[drawn.numbers])[label[drawn.numbers]].min() > 1
    assert 0.5 < groups.count(0) / 40 < 0.85
    assert any(draws(1)[step].numbers.tolist() != one[step].numbers.tolist() for step in range(3))


def test_pairs_are_of_one_class_where_the_draw_says_so_and_pull_and_push_accordingly() -> None:
    stage = Margins(pull=0.8, push=1.2, positives=9, negatives=9, every=2)
    objective = StageObjective(stage, dim=3, counts=[[2, 2]])
    near, far = torch.eye(3)[0], torch.eye(3)[1]
    features = torch.stack([near, near, 5 * near, far])
    same = objective(features, torch.tensor([0, 0, 0, 0]), 0)
    different = objective(features, torch.tensor([0, 0, 1, 1]), 0)
    distance = 2**0.5
    assert same.item() == pytest.approx(0.5 * (distance - 0.8) ** 2 / 2, abs=1e-4)
    assert different.item() == pytest.approx(0.5 * 1.2**2 / 2, abs=1e-4)


def test_directions_of_classes_begin_at_the_means_of_their_pictures() -> None:
    objective = StageObjective(Angular(scale=8.0, margin=0.0), dim=2, counts=[[1], [2, 2]])
    features = torch.tensor([[2.0, 0.0], [0.0, 1.0], [0.0, 3.0], [0.0, 1.0]])
    objective.centre(1, features, torch.tensor([0, 0, 1, 1]))
    weight = objective.losses[1].get_submodule("centres").get_parameter("weight")
    torch.testing.assert_close(weight, torch.tensor([[0.5**0.5, 0.5**0.5], [0.0, 1.0]]))
