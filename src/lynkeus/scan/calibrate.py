"""Keeping each gallery's calibration in step with its references and the background.

Every clean picture of the calibrating half is matched as an upload would be, and its highest raw score against the
gallery is stored with the revision that it covers; later only references that came since are matched. Pictures that
are references over again are not clean: they are left out and named. Scores of another scorer (a new model, other
normalising pictures) are made anew.
"""

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

import cv2
import numpy as np

from lynkeus.calibration.rates import RateModel
from lynkeus.catalog import Background, BackgroundScore, Owner
from lynkeus.kinds.objects.recogniser import CALM, MODEL
from lynkeus.kinds.protocol import COPIES, KEPT, LOCAL, OBJECTS, GalleryView, RawFinding
from lynkeus.matching.compact import CompactFeatures
from lynkeus.runtime.cards import cards
from lynkeus.scan.clean_scores import BATCH, NOTHING_ALIKE, SAME, Shown
from lynkeus.scan.home import Home, halves
from lynkeus.scan.judge import Judge
from lynkeus.scan.object_rates import describe_background, object_scores
from lynkeus.scan.parallel import in_order

_SAME_INLIERS, _SAME_AGREEMENT, _SAME_SHARE = 20, 0.8, 0.8


def judge_of(home: Home, *, jobs: int = 1, shown: Shown | None = None) -> Judge:
    """The policies and calibrations of a home, brought up to date.

    Args:
        home: Whose.
        jobs: Threads for matching the background.
        shown: Shows progress; None shows nothing.
    """
    galleries = {g.name: g for g in home.catalog.galleries.all()}
    clean = halves(home.catalog.backgrounds.all()).calibrating
    if any(gallery.kind == OBJECTS for gallery in galleries.values()):
        describe_background(home, jobs=jobs, shown=shown or _silently)
    rates: dict[str, RateModel | None] = {}
    for name, gallery in galleries.items():
        if gallery.kind == OBJECTS:
            scores = object_scores(home, name, clean)
        else:
            scores = _up_to_date(home, name, clean, jobs=jobs, shown=shown or _silently)
        counted = [s.score for s in scores.values() if not s.excluded]
        rates[name] = RateModel.fit(np.array(counted, np.float64))
    return Judge(galleries, rates)


def scores_of(home: Home, gallery: str) -> Mapping[int, BackgroundScore]:
    """The stored scores of the calibrating half against a gallery, by background id."""
    clean = {b.id for b in halves(home.catalog.backgrounds.all()).calibrating}
    stored = home.catalog.calibrations.scores(gallery, home.catalog.galleries.get(gallery).kind)
    return {number: score for number, score in stored.items() if number in clean}


def same_picture(found: RawFinding, width: int, height: int) -> bool:
    """Whether a clean picture is a reference over again: equal pixels, and each shows nearly all of the other.

    A picture that shows a part of a reference, or a reference in a part of it, is not: the same playing card or label
    in two photographs is a false alarm that the calibration must know of.

    Args:
        found: What was found in the picture.
        width: Width of the picture, pixels.
        height: Its height.
    """
    seen = found.evidence
    if seen.inliers < _SAME_INLIERS or (seen.agreement or 0.0) < _SAME_AGREEMENT or len(found.region) < 3:
        return False
    shown = cv2.contourArea(found.region.astype(np.float32)) / (width * height)
    return min(shown, seen.overlap) >= _SAME_SHARE


def _silently(scores: Iterator[BackgroundScore], count: int, gallery: str) -> Iterable[BackgroundScore]:
    del count, gallery
    return scores


@dataclass(frozen=True, slots=True)
class _Task:
    """A clean picture that is to be matched with a view; ``before`` is what it scored with older references."""

    background_id: int
    view: GalleryView
    revision: int
    before: BackgroundScore | None


def _up_to_date(
    home: Home, gallery: str, clean: tuple[Background, ...], *, jobs: int, shown: Shown
) -> Mapping[int, BackgroundScore]:
    """Scores of the clean pictures against all references of a gallery."""
    if not clean:
        return {}
    _forget_another_scorer(home, gallery)
    tasks = _tasks(home, gallery, clean)
    if tasks:
        batch: list[BackgroundScore] = []
        made = in_order(lambda task: _matched(home, task), tasks, jobs=jobs)
        for score in shown(made, len(tasks), gallery):
            batch.append(score)
            if len(batch) >= BATCH:
                home.catalog.calibrations.put_scores(gallery, COPIES, batch)
                batch = []
        home.catalog.calibrations.put_scores(gallery, COPIES, batch)
    return scores_of(home, gallery)


def _tasks(home: Home, gallery: str, clean: tuple[Background, ...]) -> list[_Task]:
    stored = home.catalog.calibrations.scores(gallery, COPIES)
    since: dict[int, list[int]] = defaultdict(list)
    for picture in clean:
        score = stored.get(picture.id)
        if score is None or not score.excluded:
            since[0 if score is None else score.up_to_revision].append(picture.id)
    tasks: list[_Task] = []
    for revision, pictures in since.items():
        changes = home.catalog.references.changes_since(revision, gallery=gallery, kind=COPIES)
        if changes.added:
            view = _view(home, changes.added)
            tasks += [_Task(number, view, changes.stamp.revision, stored.get(number)) for number in pictures]
        elif not revision:
            nothing = [_nothing_alike(number, changes.stamp.revision) for number in pictures]
            home.catalog.calibrations.put_scores(gallery, COPIES, nothing)
    return tasks


def _view(home: Home, references: tuple[int, ...]) -> GalleryView:
    """The references of a gallery alone, as in a scan of it."""
    whole = home.library.view()
    return whole if len(whole) == len(references) else home.library.subset(references)


def _matched(home: Home, task: _Task) -> BackgroundScore:
    number = task.background_id
    read = home.catalog.blobs.read
    items = {part: raw for part in KEPT for raw in read(Owner.BACKGROUND, [number], part).values()}
    found = home.copies.recognise_items(items, task.view)
    best: RawFinding | None = max(found, key=lambda f: f.score, default=None)
    before = task.before or _nothing_alike(number, 0)
    size = CompactFeatures.unpack(items[LOCAL])
    same = next((f for f in found if same_picture(f, size.width, size.height)), None)
    if same is not None:
        best = same
    elif best is None or best.score <= before.score:
        return BackgroundScore(
            background_id=number,
            score=before.score,
            up_to_revision=task.revision,
            reference_id=before.reference_id,
        )
    return BackgroundScore(
        background_id=number,
        score=best.score,
        up_to_revision=task.revision,
        reference_id=best.reference_id,
        excluded=same is not None,
        reason=SAME if same is not None else "",
    )


def _nothing_alike(background_id: int, revision: int) -> BackgroundScore:
    return BackgroundScore(background_id=background_id, score=NOTHING_ALIKE, up_to_revision=revision)


def _forget_another_scorer(home: Home, gallery: str) -> None:
    """Make scores of another scorer count for nothing."""
    scorer = _scorer(home)
    last = home.catalog.calibrations.get(gallery, COPIES)
    if last is not None and json.loads(last.text)["scorer"] == scorer:
        return
    stale = [_nothing_alike(number, 0) for number in home.catalog.calibrations.scores(gallery, COPIES)]
    home.catalog.calibrations.put_scores(gallery, COPIES, stale)
    home.catalog.calibrations.put(
        gallery, COPIES, revision=home.catalog.revision(), text=json.dumps({"scorer": scorer})
    )


def _scorer(home: Home) -> str:
    """Names everything that a raw score of a copy depends on beside the two pictures."""
    parts = [home.copies.version, *(f"{c.name} {c.sha256}" for c in cards() if c.name not in (MODEL, CALM))]
    digest = hashlib.sha256("\n".join(parts).encode())
    digest.update(home.copies.calm.tobytes())
    return digest.hexdigest()
