import numpy as np
import pytest
from jaxtyping import TypeCheckError

from lynkeus.metrics.retrieval import (
    average_precision,
    cumulative_match,
    leave_one_out,
    trapezoid_average_precision,
)


def _slow_trapezoid(hit: list[bool], relevant: int) -> float:
    total, found = 0.0, 0
    for rank, is_hit in enumerate(hit):
        if is_hit:
            before = 1.0 if rank == 0 else found / rank
            total += (before + (found + 1) / (rank + 1)) / 2 / relevant
            found += 1
    return total


def test_golden_lists() -> None:
    hit = np.array([False, True, True, False, True])
    assert average_precision(hit, 4) == pytest.approx((1 / 2 + 2 / 3 + 3 / 5) / 4)
    assert trapezoid_average_precision(hit, 4) == pytest.approx(((0 + 1 / 2) + (1 / 2 + 2 / 3) + (2 / 4 + 3 / 5)) / 8)


def test_the_trapezoid_equals_the_loop_over_the_list() -> None:
    rng = np.random.default_rng(0)
    for _ in range(50):
        hit = rng.random(30) < 0.3
        hit[rng.integers(30)] = True
        relevant = int(hit.sum()) + int(rng.integers(3))
        assert trapezoid_average_precision(hit, relevant) == pytest.approx(_slow_trapezoid(hit.tolist(), relevant))


def test_a_perfect_list_has_precision_one() -> None:
    hit = np.array([True, True, False])
    assert average_precision(hit, 2) == trapezoid_average_precision(hit, 2) == 1.0


def test_refuses_fewer_relevant_than_hits() -> None:
    with pytest.raises(ValueError, match="1 relevant in all, but 2 hits"):
        average_precision(np.array([True, True]), 1)


def test_rank_k_counts_queries_not_hits() -> None:
    hits = np.array([[False, True, True], [False, False, True], [True, True, True]])
    assert [cumulative_match(hits, k) for k in (1, 2, 3)] == pytest.approx([1 / 3, 2 / 3, 1.0])


def test_leave_one_out_equals_the_loop() -> None:
    rng = np.random.default_rng(1)
    vectors, label = rng.normal(size=(40, 6)), rng.integers(0, 5, 40)
    aps = []
    for query in range(40):
        others = [other for other in range(40) if other != query]
        cosine = [
            vectors[query] @ vectors[o] / np.linalg.norm(vectors[query]) / np.linalg.norm(vectors[o]) for o in others
        ]
        order = sorted(range(39), key=lambda place: -cosine[place])
        hit = np.array([label[others[place]] == label[query] for place in order])
        if hit.any():
            aps.append(average_precision(hit, int(hit.sum())))
    assert leave_one_out(vectors, label).mean_ap == pytest.approx(np.mean(aps))


def test_equal_vectors_win_nothing() -> None:
    reached = leave_one_out(np.ones((6, 3)), np.array([0, 0, 1, 1, 2, 2]))
    assert reached.rank[1] == reached.rank[4] == 0.0
    assert reached.rank[8] == 1.0
    assert reached.mean_ap == pytest.approx(1 / 5)


def test_only_the_asked_are_queries_and_lone_pictures_do_not_count() -> None:
    vectors = np.array([[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [-1.0, 0.0]])
    label = np.array([0, 0, 1, 1, 2])
    assert leave_one_out(vectors, label).queries == 4
    assert leave_one_out(vectors, label, asked=np.array([True, False, False, False, True])).queries == 1


def test_nothing_to_ask_gives_no_number() -> None:
    reached = leave_one_out(np.eye(3), np.array([0, 1, 2]))
    assert reached.queries == 0
    assert np.isnan(reached.mean_ap)


def test_refuses_a_vector_of_length_zero() -> None:
    with pytest.raises(ValueError, match="longer than 0"):
        leave_one_out(np.zeros((2, 3)), np.array([0, 0]))


def test_refuses_another_shape() -> None:
    with pytest.raises(TypeCheckError):
        leave_one_out(np.zeros(3), np.array([0, 0, 0]))
