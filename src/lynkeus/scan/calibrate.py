"""Keeping each gallery's calibration in step with its references and the background.

Every clean picture of the calibrating half is matched as an upload would be, and its highest raw score against the
gallery is stored with the revision that it covers. Where a kind's best score over two sets of references is the better
of two scores, later only newer references are matched; otherwise all clean pictures are matched again when the gallery
has changed. A clean picture that is a reference over again is not clean: it is left out and named. Another scorer (a
new model, other normalising pictures) makes all scores anew.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Background, BackgroundScore, Gallery, Owner
from lynkeus.core import Belief
from lynkeus.kinds.protocol import RawFinding
from lynkeus.scan.clean_pictures import describe, halves
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.lane import AnyLane
from lynkeus.scan.parallel import batched, in_order
from lynkeus.scan.progress import Progress, silently

NOTHING_ALIKE = -1e6
"""Score of a clean picture that nothing resembles."""

SAME = "nearly the same as a reference"
"""Why a clean picture is left out."""

_BATCH = 64  # scores stored at once


def judge_of(home: Home, wanted: Collection[str] = (), *, jobs: int = 1, shown: Progress = silently) -> Judge:
    """The policies and calibrations of a home, brought up to date.

    Args:
        home: Whose.
        wanted: Names of the galleries that count; empty means all.
        jobs: Threads for matching the background.
        shown: Shows progress.

    Raises:
        UnknownNameError: There is no gallery of a name, or a gallery is of a kind that is not installed.
    """
    for name in wanted:
        home.catalog.galleries.get(name)
    galleries = {name: each for name, each in home.galleries().items() if not wanted or name in wanted}
    clean = halves(home.catalog.backgrounds.all()).calibrating
    rates: dict[str, RateModel | None] = {}
    for name, gallery in galleries.items():
        scores = _up_to_date(home.lane(gallery.kind), gallery, clean, jobs=jobs, shown=shown) if clean else {}
        counted = [score.score for score in scores.values() if not score.excluded]
        rates[name] = RateModel.fit(np.array(counted, np.float64))
    return Judge(galleries, rates)


def scores_of(home: Home, gallery: str) -> Mapping[int, BackgroundScore]:
    """The stored scores of the calibrating half against a gallery, by background id."""
    clean = {b.id for b in halves(home.catalog.backgrounds.all()).calibrating}
    stored = home.catalog.calibrations.scores(gallery)
    return {number: score for number, score in stored.items() if number in clean}


@dataclass(frozen=True, slots=True)
class _Task:
    """A clean picture that is to be matched with a view.

    Attributes:
        background_id: The picture.
        view: References that came after its last score.
        revision: The revision that the view covers.
        before: What the picture scored with older references.
    """

    background_id: int
    view: Any
    revision: int
    before: BackgroundScore


def _up_to_date(
    lane: AnyLane, gallery: Gallery, clean: Sequence[Background], *, jobs: int, shown: Progress
) -> Mapping[int, BackgroundScore]:
    """Scores of the clean pictures against all references of a gallery."""
    calibrations = lane.catalog.calibrations
    describe(lane, clean, jobs=jobs, shown=shown)
    scorer = lane.recogniser.traits.scorer
    last = calibrations.get(gallery.name)
    stale = last is None or json.loads(last.text)["scorer"] != scorer
    if last is not None and not lane.recogniser.traits.additive:
        changes = lane.catalog.references.changes_since(last.revision, gallery=gallery.name)
        stale = stale or bool(changes.added or changes.removed)
    stored = {} if stale else calibrations.scores(gallery.name)
    made = in_order(lambda task: _matched(lane, task), tasks := _tasks(lane, gallery, clean, stored), jobs=jobs)
    scores = shown(made, len(tasks), gallery.name) if any(len(task.view) for task in tasks) else made
    covered = max((task.revision for task in tasks), default=0)
    for batch in batched(scores, _BATCH):
        calibrations.put_scores(gallery.name, batch)
    if stale or tasks:
        text = json.dumps({"scorer": scorer})
        calibrations.put(gallery.name, revision=covered, text=text)
    numbers = {picture.id for picture in clean}
    return {n: score for n, score in calibrations.scores(gallery.name).items() if n in numbers}


def _tasks(
    lane: AnyLane, gallery: Gallery, clean: Sequence[Background], stored: Mapping[int, BackgroundScore]
) -> list[_Task]:
    since: dict[int, list[BackgroundScore]] = defaultdict(list)
    for picture in clean:
        score = stored.get(picture.id)
        if score is None or not score.excluded:
            before = score or BackgroundScore(background_id=picture.id, score=NOTHING_ALIKE, up_to_revision=0)
            since[before.up_to_revision].append(before)
    return [task for revision, scores in since.items() for task in _tasks_since(lane, gallery, revision, scores)]


def _tasks_since(lane: AnyLane, gallery: Gallery, revision: int, scores: Sequence[BackgroundScore]) -> Iterator[_Task]:
    """Tasks of pictures whose scores cover a revision; none where no reference came after it."""
    if not revision:
        snapshot = lane.library.snapshot(frozenset({gallery.id}))
        view, covered = snapshot.view, snapshot.stamp.revision
    else:
        changes = lane.catalog.references.changes_since(revision, gallery=gallery.name)
        if not changes.added:
            return
        view, covered = lane.library.only(changes.added), changes.stamp.revision
    for score in scores:
        yield _Task(score.background_id, view, covered, score)


def _matched(lane: AnyLane, task: _Task) -> BackgroundScore:
    """The better of a picture's score before and its best score with the view."""
    before = task.before
    items = lane.stored(Owner.BACKGROUND, task.background_id)
    found: list[RawFinding] = []
    if len(task.view) and lane.described(items):
        found = lane.recogniser.match(lane.recogniser.recall(items), task.view)
    same = next((each for each in found if _over_again(lane, items, each)), None)
    best = same or max(found, key=lambda each: each.score, default=None)
    better = best is not None and (same is not None or best.score > before.score)
    return BackgroundScore(
        background_id=task.background_id,
        score=best.score if best is not None and better else before.score,
        up_to_revision=task.revision,
        reference_id=best.reference_id if best is not None and better else before.reference_id,
        excluded=same is not None,
        reason="" if same is None else SAME,
    )


def _over_again(lane: AnyLane, items: Mapping[str, bytes], found: RawFinding) -> bool:
    """Whether a clean picture is the found reference over again, which nothing unlikely is."""
    return found.belief is not Belief.UNLIKELY and lane.is_reference(items, found.reference_id)
