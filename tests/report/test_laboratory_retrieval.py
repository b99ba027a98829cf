import numpy as np

from lynkeus.report.laboratory.retrieval import first_hits, pair_distances, pair_histogram


def _vectors() -> np.ndarray:
    angle = np.deg2rad([0.0, 10.0, 90.0, 100.0, 45.0])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


LABEL = np.array([0, 0, 1, 1, 2])


def test_distances_of_pairs_are_those_of_the_vectors() -> None:
    vectors = _vectors()
    distance, same = pair_distances(vectors, LABEL)
    slow = [(np.linalg.norm(vectors[a] - vectors[b]), LABEL[a] == LABEL[b]) for a in range(5) for b in range(a + 1, 5)]
    np.testing.assert_allclose(distance, [d for d, _ in slow], atol=1e-7)
    assert same.tolist() == [bool(s) for _, s in slow]
    found = pair_histogram(vectors, LABEL, "made")
    assert (found.same.sum(), found.different.sum()) == (2, 8)
    assert found.same[np.searchsorted(found.edges, distance[same]) - 1].sum() >= 2
    assert found.edges[-1] >= distance.max()


def test_first_hits_are_the_nearest_of_the_group_but_the_query_itself() -> None:
    group = np.array([0, 0, 0, 0, 1])
    rows = first_hits(
        _vectors(),
        LABEL,
        group,
        picture=lambda row: np.full((4, 4, 3), row, np.uint8),
        name=lambda row: f"class {LABEL[row]}",
    )
    assert [int(row.picture[0, 0, 0]) for row in rows] == [0, 1, 2, 3, 4]
    assert [int(hit.picture[0, 0, 0]) for hit in rows[1].hits] == [0, 2, 3]
    assert [hit.right for hit in rows[1].hits] == [True, False, False]
    assert abs(rows[1].hits[0].score - np.cos(np.deg2rad(10))) < 1e-9
    assert rows[4].hits == ()
