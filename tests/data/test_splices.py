"""Synthetic videos from clips."""

import numpy as np
import pytest

from lynkeus.data.splices import SplicePlan, Splices, TimeHiding, gathered

PLAN = SplicePlan(classes=4, sharing=2, length=40, part=(5, 9), piece=(3, 8))
FRAMES = [30, 12, 8, 50, 20, 40, 60, 33]


def test_an_action_is_its_own_and_the_shared_clip_and_nothing_of_other_classes() -> None:
    for number in range(40):
        video = Splices(FRAMES, PLAN, half="train", seed=0)[number]
        assert len(video.clip) == len(video.frame) == 40
        assert video.label == number % 4
        (a, b), (c, d) = video.parts
        assert set(video.clip[a:b].tolist()) == {video.label}
        assert set(video.clip[c:d].tolist()) == {4 + video.label // 2}
        assert b == c or d == a
        assert all(5 <= end - start <= 9 for start, end in video.parts)
        outside = np.ones(40, bool)
        outside[a:b] = outside[c:d] = False
        assert set(video.clip[outside].tolist()) <= {6, 7}


def test_no_frame_is_in_both_halves() -> None:
    seen: dict[str, set[tuple[int, int]]] = {"train": set(), "test": set()}
    for half in ("train", "test"):
        for number in range(200):
            video = Splices(FRAMES, PLAN, half=half, seed=3)[number]
            seen[half] |= set(zip(video.clip.tolist(), video.frame.tolist(), strict=True))
    assert not seen["train"] & seen["test"]
    assert all(frame < FRAMES[clip] for half in seen.values() for clip, frame in half)


def test_a_video_is_a_function_of_seed_half_and_number() -> None:
    one, same, other = (Splices(FRAMES, PLAN, half="train", seed=seed)[5] for seed in (1, 1, 2))
    np.testing.assert_array_equal(one.frame, same.frame)
    assert not np.array_equal(one.clip, other.clip) or not np.array_equal(one.frame, other.frame)


def test_refuses_too_few_clips_and_classes_that_do_not_share() -> None:
    with pytest.raises(ValueError, match="6 clips, wanted at least 7 for 4 classes"):
        Splices(FRAMES[:6], PLAN, half="train", seed=0)
    with pytest.raises(ValueError, match="do not share"):
        Splices(FRAMES, SplicePlan(classes=3, sharing=2, length=40, part=(5, 9), piece=(3, 8)), half="train", seed=0)


def test_gathers_the_features_of_its_frames() -> None:
    features = {clip: np.arange(n, dtype=np.float32)[:, None] + 100 * clip for clip, n in enumerate(FRAMES)}
    video = Splices(FRAMES, PLAN, half="test", seed=0)[1]
    np.testing.assert_array_equal(gathered(features, video)[:, 0], 100 * video.clip + video.frame)


def test_hides_segments_of_frames() -> None:
    rng = np.random.default_rng(0)
    shares = [TimeHiding(p=0.5, segment=4).mask(64, rng).mean() for _ in range(500)]
    assert abs(np.mean(shares) - 0.5) < 0.02
    assert not TimeHiding(p=0.0, segment=4).mask(64, rng).any()
