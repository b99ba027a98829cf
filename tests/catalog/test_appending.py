"""Appends do not wait for writers, and stay correct while writers run."""

import threading
import time
from collections.abc import Callable

import pytest

from lynkeus.catalog import BackgroundScore, Catalog, Decision, SeenFile
from lynkeus.catalog.removal import remove_references
from lynkeus.catalog.store import Store
from lynkeus.core import ConflictError, Verdict
from lynkeus.testing.catalog_rows import new_background, new_finding, new_reference, new_upload

_LONG = 20.0  # seconds; only a blocked call takes this long
_SHORT = 0.5  # seconds; a call that is not blocked ends within this time


def _store(catalog: Catalog) -> Store:
    return catalog._store  # pyright: ignore[reportPrivateUsage]  no public method keeps a transaction open


class _Beside:
    """A call that runs in its own thread."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work = work
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # noqa: BLE001  shown by the test
            self.error = error

    def ended(self, seconds: float) -> bool:
        self._thread.join(seconds)
        return not self._thread.is_alive()


def _append_everything(catalog: Catalog, reference: int, background: int, finding: int) -> None:
    (upload,) = catalog.uploads.record([new_upload("/new", new_finding(reference))])
    catalog.uploads.keep(upload, {"thumb": b"t"}, until=100.0)
    catalog.uploads.expire()
    catalog.uploads.set_verdict(upload, Verdict.BLOCK)
    review = catalog.reviews.add(finding, Decision.REJECT, "ada")
    catalog.reviews.undo(review.id)
    catalog.uploads.remove([upload])
    catalog.files.remember([SeenFile(path="/a", size=1, mtime_ns=2, digest="d")])
    catalog.files.forget(["/a"])
    score = BackgroundScore(background_id=background, score=0.1, up_to_revision=1, reference_id=reference)
    catalog.calibrations.put_scores("brands", [score])
    catalog.calibrations.put("brands", revision=1, text="t")
    catalog.references.keep({reference: {"vector@1": b"v"}})
    catalog.backgrounds.keep({background: {"vector@1": b"v"}})
    catalog.purges.finish([reference])


def test_an_append_does_not_wait_for_a_writer_and_a_writer_does(postgres_url: str) -> None:
    with Catalog.open(postgres_url) as catalog:
        catalog.galleries.create("brands", kind="copy")
        (reference,) = (each.id for each in catalog.references.add("brands", [new_reference("r")]))
        (background,) = (each.id for each in catalog.backgrounds.add([new_background("b")]))
        (upload,) = catalog.uploads.record([new_upload("/u", new_finding(reference))])
        (finding,) = catalog.uploads.findings([upload])[upload]
        with _store(catalog).write():
            appends = _Beside(lambda: _append_everything(catalog, reference, background, finding.id))
            appended = appends.ended(_LONG)
            writer = _Beside(lambda: catalog.galleries.create("people", kind="person"))
            waited = not writer.ended(_SHORT)
        assert writer.ended(_LONG)
        assert (appends.error, writer.error) == (None, None)
        assert appended
        assert waited
        assert [each.name for each in catalog.galleries.all()] == ["brands", "people"]
        assert set(catalog.calibrations.scores("brands")) == {background}
        assert catalog.check() == []


@pytest.mark.parametrize("purge", [False, True])
def test_what_is_appended_does_not_outlive_a_removal_at_the_same_time(postgres_url: str, purge: bool) -> None:  # noqa: FBT001
    with Catalog.open(postgres_url) as catalog:
        catalog.galleries.create("brands", kind="copy")
        (reference,) = (each.id for each in catalog.references.add("brands", [new_reference("r")]))
        (background,) = (each.id for each in catalog.backgrounds.add([new_background("b")]))
        score = BackgroundScore(background_id=background, score=0.1, up_to_revision=1, reference_id=reference)
        with _store(catalog).write() as writing:
            remove_references(writing, [reference], blank=purge)
            beside = [
                _Beside(lambda: catalog.references.keep({reference: {"vector@1": b"v"}})),
                _Beside(lambda: catalog.calibrations.put_scores("brands", [score])),
                _Beside(lambda: catalog.uploads.record([new_upload("/u", new_finding(reference))])),
            ]
            waited = [not each.ended(_SHORT) for each in beside]
        assert all(each.ended(_LONG) for each in beside)
        assert [each.error for each in beside] == [None] * 3
        assert waited == [True] * 3
        assert catalog.calibrations.scores("brands") == {}
        (found,) = catalog.uploads.queue()
        assert (found.evidence == b"") == purge
        assert catalog.check() == []


def test_a_background_can_be_removed_while_it_is_scored(postgres_url: str) -> None:
    with Catalog.open(postgres_url) as catalog:
        catalog.galleries.create("brands", kind="copy")
        ids = [each.id for each in catalog.backgrounds.add([new_background(str(number)) for number in range(10)])]
        scores = [BackgroundScore(background_id=number, score=0.1, up_to_revision=1) for number in ids]
        stop = threading.Event()

        def score() -> None:
            while not stop.wait(0.02):  # scoring without a pause could starve the removal
                catalog.calibrations.put_scores("brands", scores)
                catalog.backgrounds.keep({number: {"vector@1": b"v"} for number in ids})

        scoring = _Beside(score)
        try:
            for number in ids:
                catalog.backgrounds.remove([number])
        finally:
            stop.set()
        assert scoring.ended(_LONG)
        assert scoring.error is None
        assert catalog.backgrounds.all() == []
        assert catalog.check() == []


def test_of_two_reviewers_at_once_the_first_decides(postgres_url: str) -> None:
    with Catalog.open(postgres_url) as catalog:
        catalog.galleries.create("brands", kind="copy")
        (reference,) = (each.id for each in catalog.references.add("brands", [new_reference("r")]))
        (upload,) = catalog.uploads.record([new_upload("/u", new_finding(reference))])
        (finding,) = catalog.uploads.findings([upload])[upload]
        with _store(catalog).append() as first:
            first.exec_driver_sql(f"SELECT id FROM finding WHERE id = {finding.id} FOR UPDATE")
            values = f"({finding.id}, 'confirm', 'ada', 1, '')"
            first.exec_driver_sql(f"INSERT INTO review (finding_id, decision, who, decided, note) VALUES {values}")
            second = _Beside(lambda: catalog.reviews.add(finding.id, Decision.REJECT, "bob"))
            assert not second.ended(_SHORT)
        assert second.ended(_LONG)
        assert isinstance(second.error, ConflictError)
        assert [each.who for each in catalog.reviews.of([finding.id])[finding.id]] == ["ada"]


def test_several_may_remember_the_same_files_at_once(catalog: Catalog) -> None:
    names = [f"/{number}" for number in range(50)]

    def remember(size: int) -> None:
        for _ in range(10):
            order = names if size % 2 else names[::-1]
            catalog.files.remember([SeenFile(path=name, size=size, mtime_ns=1, digest="d") for name in order])
            catalog.files.forget(order[:10])

    beside = [_Beside(lambda size=size: remember(size)) for size in range(4)]
    assert all(each.ended(_LONG) for each in beside)
    assert [each.error for each in beside] == [None] * 4
    assert len(catalog.files.seen(names)) >= 30


def test_an_upload_that_is_kept_longer_meanwhile_does_not_expire(postgres_url: str) -> None:
    with Catalog.open(postgres_url) as catalog:
        (upload,) = catalog.uploads.record([new_upload("/u")])
        catalog.uploads.keep(upload, {"thumb": b"old"}, until=100.0)
        with _store(catalog).append() as connection:
            connection.exec_driver_sql(f"UPDATE upload SET kept_until = 1e12 WHERE id = {upload}")
            expiring = _Beside(catalog.uploads.expire)
            time.sleep(_SHORT)
        assert expiring.ended(_LONG)
        assert catalog.uploads.get(upload).kept_until == 1e12
        assert catalog.check() == []
