"""Keeping each gallery's calibration in step with its references and the background.

Every clean picture of the calibrating half is matched as an upload would be, and its highest raw score against the
gallery is stored with the revision that it covers. Where a kind's best score over two sets of references is the better
of two scores, later only what newer references score counts, in the company of the whole gallery, as in a scan.
Few newer references search the clean pictures, and only pairs that are worth it are matched; many are matched with
every clean picture. The scores of other kinds are all made again when the gallery has changed. A clean picture that is
a reference over again is not clean: it is left out and named. Another scorer (a new model, other normalising pictures)
makes all scores anew.
"""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Background, BackgroundScore, Calibration, Gallery, Owner
from lynkeus.core import Belief
from lynkeus.core.parallel import batched, in_order
from lynkeus.core.progress import Progress, silently
from lynkeus.kinds.items import Items
from lynkeus.kinds.protocol import CleanSearch, RawFinding, View
from lynkeus.scan.clean_layout import CleanLayout
from lynkeus.scan.clean_pictures import describe, halves
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.lane import AnyLane

NOTHING_ALIKE = -1e6
"""Score of a clean picture that nothing resembles."""

SAME = "nearly the same as a reference"
"""Why a clean picture is left out."""

SEARCHED_BELOW = 1 / 16
"""Newer references for each clean picture below which the references search: a search costs a dozen matches."""

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
        scores = _up_to_date(home, gallery, clean, jobs=jobs, shown=shown) if clean else {}
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
    """A clean picture that is to be matched with a gallery.

    Attributes:
        background_id: The picture.
        view: The gallery.
        newer: References that came after the picture's last score; None: all count.
        revision: The revision that the view covers.
        before: What the picture scored with older references.
    """

    background_id: int
    view: Any
    newer: frozenset[int] | None
    revision: int
    before: BackgroundScore


@dataclass(frozen=True, slots=True)
class _Work:
    """What brings some scores up to date.

    Attributes:
        revision: The revision that they cover then.
        tasks: Clean pictures to be matched.
        known: Better scores that need no matching.
    """

    revision: int
    tasks: Sequence[_Task]
    known: Sequence[BackgroundScore] = ()


@dataclass(frozen=True, slots=True)
class _Covered:
    """The last calibration of a gallery.

    Attributes:
        scorer: What made the scores.
        revision: The revision that all scores of it cover.
        last: The highest id of a clean picture in it.
    """

    scorer: str
    revision: int
    last: int

    @classmethod
    def read(cls, calibration: Calibration | None) -> "_Covered":
        """From the catalog; without a calibration nothing is covered."""
        if calibration is None:
            return cls("", 0, 0)
        stored = json.loads(calibration.text)
        return cls(stored["scorer"], calibration.revision, stored.get("last", 0))

    def text(self) -> str:
        """What the catalog stores beside the revision."""
        return json.dumps({"scorer": self.scorer, "last": self.last})

    def __call__(self, score: BackgroundScore) -> int:
        """The revision that a score covers, although the calibration did not store the score again."""
        return max(score.up_to_revision, self.revision if score.background_id <= self.last else 0)


def _up_to_date(
    home: Home, gallery: Gallery, clean: Sequence[Background], *, jobs: int, shown: Progress
) -> Mapping[int, BackgroundScore]:
    """Scores of the clean pictures against all references of a gallery."""
    lane = home.lane(gallery.kind)
    calibrations = lane.catalog.calibrations
    describe(lane, clean, jobs=jobs, shown=shown)
    traits, now = lane.recogniser.traits, lane.catalog.revision()
    there = lane.catalog.blobs.having(Owner.BACKGROUND, [picture.id for picture in clean], traits.keeps[0])
    clean = [picture for picture in clean if picture.id in there]
    covered = _Covered.read(calibrations.get(gallery.name))
    stale = covered.scorer != traits.scorer
    if not stale and not traits.additive:
        changes = lane.catalog.references.changes_since(covered.revision, gallery=gallery.name)
        stale = bool(changes.added or changes.removed)
    if stale:  # first, so that a run that is cut off never leaves scores of two scorers
        covered = _Covered(traits.scorer, 0, 0)
        calibrations.start(gallery.name, text=covered.text())
    stored = calibrations.scores(gallery.name)
    layout = CleanLayout(lane, home.index / gallery.kind)
    works = _works(lane, layout, gallery, clean, stored, covered)
    tasks = [task for work in works for task in work.tasks]
    made = in_order(lambda task: _matched(lane, task), tasks, jobs=jobs)
    scores = shown(made, len(tasks), gallery.name) if any(len(task.view) for task in tasks) else made
    for batch in batched(chain(scores, *(work.known for work in works)), _BATCH):
        calibrations.put_scores(gallery.name, batch)
    if works:
        every = min(now, *(work.revision for work in works))  # a reference may have come meanwhile
        last = max(picture.id for picture in clean)
        calibrations.put(gallery.name, revision=every, text=_Covered(traits.scorer, every, last).text())
        stored = calibrations.scores(gallery.name)
    if isinstance(lane.recogniser, CleanSearch) and any(task.newer is None for task in tasks):
        layout.view(clean)  # laid out now, while all is slow anyway, and not when the next reference comes
    numbers = {picture.id for picture in clean}
    return {n: score for n, score in stored.items() if n in numbers}


def _works(
    lane: AnyLane,
    layout: CleanLayout,
    gallery: Gallery,
    clean: Sequence[Background],
    stored: Mapping[int, BackgroundScore],
    covered: _Covered,
) -> list[_Work]:
    """What is to be done; nothing where all scores cover all references."""
    since: dict[int, list[BackgroundScore]] = defaultdict(list)
    for picture in clean:
        score = stored.get(picture.id)
        if score is None:
            since[0].append(BackgroundScore(background_id=picture.id, score=NOTHING_ALIKE, up_to_revision=0))
        elif not score.excluded:
            since[covered(score)].append(score)
    made = [_work(lane, layout, gallery, clean, revision, scores) for revision, scores in since.items()]
    return [work for work in made if work is not None]


def _work(
    lane: AnyLane,
    layout: CleanLayout,
    gallery: Gallery,
    clean: Sequence[Background],
    revision: int,
    scores: Sequence[BackgroundScore],
) -> _Work | None:
    """What is to be done for scores that cover a revision; None where no reference came after it."""
    if not revision:
        snapshot = lane.library.snapshot(frozenset({gallery.id}))
        covered = snapshot.stamp.revision
        return _Work(covered, [_Task(s.background_id, snapshot.view, None, covered, s) for s in scores])
    if not lane.recogniser.traits.additive:  # what came meanwhile makes all scores stale next time
        return None
    changes = lane.catalog.references.changes_since(revision, gallery=gallery.name)
    if not changes.added:
        return None
    newer, covered = frozenset(changes.added), changes.stamp.revision
    view = lane.library.snapshot(frozenset({gallery.id})).view
    tasks = [_Task(score.background_id, view, newer, covered, score) for score in scores]
    search = lane.recogniser
    if not isinstance(search, CleanSearch) or len(newer) >= SEARCHED_BELOW * len(scores):
        return _Work(covered, tasks)
    references = [(number, lane.stored(Owner.REFERENCE, number)) for number in changes.added]
    matched, known = _searched(search, layout.view(clean), references, scores)
    return _Work(
        covered,
        [task for task in tasks if task.background_id in matched],
        [replace(score, up_to_revision=covered) for score in known if score.background_id not in matched],
    )


def _searched(
    search: CleanSearch[Any], layout: View, references: Sequence[tuple[int, Items]], scores: Sequence[BackgroundScore]
) -> tuple[set[int], list[BackgroundScore]]:
    """Clean pictures to be matched with newer references, and better scores that need no matching."""
    best = {score.background_id: score for score in scores}
    matched: set[int] = set()
    for reference, items in references:
        worth = search.worth_matching(items, layout, {number: score.score for number, score in best.items()})
        matched.update(worth.matched)
        for number, score in worth.unverified.items():
            best[number] = replace(best[number], score=score, reference_id=reference)
    return matched, [best[score.background_id] for score in scores if best[score.background_id] is not score]


def _matched(lane: AnyLane, task: _Task) -> BackgroundScore:
    """The better of a picture's score before and the best score that newer references of the view give it."""
    before = task.before
    items = lane.stored(Owner.BACKGROUND, task.background_id)
    found: list[RawFinding] = []
    if len(task.view) and lane.described(items):
        found = lane.recogniser.match(lane.recogniser.recall(items), task.view)
    if task.newer is not None:
        found = [each for each in found if each.reference_id in task.newer]
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
