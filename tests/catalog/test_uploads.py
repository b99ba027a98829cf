from dataclasses import replace

import pytest

from lynkeus.catalog import Catalog, Decision, NewUpload, Owner
from lynkeus.core import Action, ConflictError, UnknownNameError, Verdict
from lynkeus.core.media import Medium
from lynkeus.testing.catalog_rows import new_finding, new_reference, new_upload


@pytest.fixture
def references(catalog: Catalog) -> list[int]:
    return [each.id for each in catalog.references.add("brands", [new_reference("r"), new_reference("s")])]


def test_an_upload_comes_back_with_its_findings_best_first(catalog: Catalog, references: list[int]) -> None:
    low, high = new_finding(references[0], 0.25), new_finding(references[1], 0.75)
    clear, found = catalog.uploads.record([new_upload("/a"), replace(new_upload("/b", low, high), scan_revision=7)])
    got = catalog.uploads.get(found)
    assert (got.path, got.verdict, got.width, got.height, got.scan_revision) == (
        "/b",
        Verdict.REVIEW,
        10,
        20,
        7,
    )
    findings = catalog.uploads.findings([found, clear])
    assert findings[clear] == []
    assert [each.score for each in findings[found]] == [0.75, 0.25]
    best = findings[found][0]
    assert (best.gallery, best.entity, best.reference, best.kind) == ("brands", "s", "s.jpg", "copy")
    assert (best.region, best.reference_region) == (high.region, high.reference_region)
    assert (best.rate, best.rate_upper, best.action) == (1e-4, 3e-4, Action.REVIEW)
    assert best.evidence == f"evidence for {references[1]}".encode()
    assert catalog.uploads.finding(best.id) == best


def test_an_unreadable_upload_keeps_its_reason(catalog: Catalog) -> None:
    (number,) = catalog.uploads.record([NewUpload(path="/x", verdict=Verdict.UNREADABLE, error="truncated")])
    got = catalog.uploads.get(number)
    assert (got.verdict, got.error, got.digest) == (Verdict.UNREADABLE, "truncated", "")


def test_a_place_in_time_comes_back(catalog: Catalog, references: list[int]) -> None:
    span = replace(new_finding(references[0]), start=1.5, end=2.5, reference_start=0.5, reference_end=1.25)
    video = replace(new_upload("/v", span), medium=Medium.VIDEO, seconds=60.0, width=None, height=None)
    (number,) = catalog.uploads.record([video])
    got = catalog.uploads.get(number)
    assert (got.medium, got.seconds, got.width, got.height) == (Medium.VIDEO, 60, None, None)
    (found,) = catalog.uploads.findings([number])[number]
    assert (found.start, found.end, found.reference_start, found.reference_end) == (1.5, 2.5, 0.5, 1.25)


def test_the_best_score_of_each_gallery_is_kept(catalog: Catalog) -> None:
    a, b = catalog.uploads.record(
        [replace(new_upload("/a"), scores={"brands": 0.25, "people": -1.0}), new_upload("/b")]
    )
    assert catalog.uploads.scores([a, b]) == {a: {"brands": 0.25, "people": -1.0}, b: {}}
    catalog.galleries.remove("people")
    assert catalog.uploads.scores([a]) == {a: {"brands": 0.25}}
    with pytest.raises(UnknownNameError, match="no gallery 'people'"):
        catalog.uploads.record([replace(new_upload("/c"), scores={"people": 0.5})])
    catalog.uploads.remove([a])
    assert catalog.uploads.scores([a]) == {a: {}}
    assert catalog.check() == []


def test_an_upload_is_found_by_what_the_caller_calls_it(catalog: Catalog) -> None:
    a, _, c = catalog.uploads.record(
        [replace(new_upload("/a"), caller_id="post 7"), new_upload("/b"), replace(new_upload("/c"), caller_id="post 7")]
    )
    found = catalog.uploads.page(caller_id="post 7")
    assert [(each.id, each.caller_id) for each in found] == [(a, "post 7"), (c, "post 7")]


def test_scans_raise_no_revision(catalog: Catalog, references: list[int]) -> None:
    before = catalog.stamp()
    catalog.uploads.record([new_upload("/a", new_finding(references[0]))])
    catalog.uploads.expire()
    assert catalog.stamp() == before
    assert catalog.uploads.record([]) == []


def test_uploads_are_found_by_verdict_bytes_and_path(catalog: Catalog, references: list[int]) -> None:
    a, b, c = catalog.uploads.record([new_upload("/a"), new_upload("/b", new_finding(references[0])), new_upload("/a")])
    assert [each.id for each in catalog.uploads.page(path="/a")] == [a, c]
    assert [each.id for each in catalog.uploads.page(verdict=Verdict.REVIEW)] == [b]
    assert [each.id for each in catalog.uploads.page(digest=new_upload("/b").digest)] == [b]
    assert [each.id for each in catalog.uploads.page(after=a, limit=1)] == [b]


def test_a_finding_of_nothing_is_refused_and_nothing_is_stored(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no reference 99"):
        catalog.uploads.record([new_upload("/a"), new_upload("/b", new_finding(99))])
    assert catalog.uploads.page() == []


def test_a_finding_outlives_its_reference(catalog: Catalog, references: list[int]) -> None:
    catalog.references.remove(references[:1])
    (number,) = catalog.uploads.record([new_upload("/a", new_finding(references[0]))])
    assert catalog.uploads.findings([number])[number][0].reference == "r.jpg"


def test_what_is_kept_of_an_upload_has_a_day_to_go(catalog: Catalog) -> None:
    with pytest.raises(ConflictError, match="kept_until"):
        catalog.uploads.record([replace(new_upload("/a"), blobs={"thumb": b"t"})])
    kept = replace(new_upload("/a"), blobs={"thumb": b"t"}, kept_until=100.0)
    longer = replace(new_upload("/b"), blobs={"thumb": b"u"}, kept_until=200.0)
    a, b = catalog.uploads.record([kept, longer])
    assert catalog.uploads.expire(now=99.0) == 0
    assert catalog.uploads.expire(now=100.0) == 1
    assert catalog.blobs.read(Owner.UPLOAD, [a, b], "thumb") == {b: b"u"}
    assert catalog.uploads.get(a).kept_until is None
    assert catalog.uploads.expire() == 1
    assert catalog.check() == []


def test_more_can_be_kept_later(catalog: Catalog) -> None:
    (number,) = catalog.uploads.record([new_upload("/a")])
    catalog.uploads.keep(number, {"thumb": b"t"}, until=100.0)
    catalog.uploads.keep(number, {"thumb": b"u"}, until=200.0)
    assert catalog.blobs.read(Owner.UPLOAD, [number], "thumb") == {number: b"u"}
    assert catalog.uploads.get(number).kept_until == 200
    with pytest.raises(UnknownNameError):
        catalog.uploads.keep(99, {"thumb": b"t"}, until=100.0)


def test_a_verdict_can_be_changed(catalog: Catalog) -> None:
    (number,) = catalog.uploads.record([new_upload("/a")])
    catalog.uploads.set_verdict(number, Verdict.BLOCK)
    assert catalog.uploads.get(number).verdict is Verdict.BLOCK
    with pytest.raises(UnknownNameError, match="no upload 99"):
        catalog.uploads.set_verdict(99, Verdict.BLOCK)


def test_the_queue_holds_what_waits_for_a_person(catalog: Catalog, references: list[int]) -> None:
    waiting = new_finding(references[0])
    clear = replace(waiting, action=Action.CLEAR)
    (upload,) = catalog.uploads.record([new_upload("/a", waiting, clear, replace(waiting, suppressed_by=5))])
    (queued,) = catalog.uploads.queue()
    assert (queued.upload_id, queued.action, queued.suppressed_by) == (upload, Action.REVIEW, None)
    assert catalog.uploads.queue("people") == []
    assert catalog.uploads.queue("brands", after=queued.id) == []
    review = catalog.reviews.add(queued.id, Decision.CONFIRM, "ada")
    assert catalog.uploads.queue() == []
    catalog.reviews.undo(review.id)
    assert catalog.uploads.queue() == [queued]


def test_a_removed_upload_leaves_nothing(catalog: Catalog, references: list[int]) -> None:
    kept = replace(new_upload("/a", new_finding(references[0])), blobs={"thumb": b"t"}, kept_until=100.0)
    a, b = catalog.uploads.record([kept, new_upload("/b", new_finding(references[0]))])
    review = catalog.reviews.add(catalog.uploads.findings([a])[a][0].id, Decision.REJECT, "ada", blobs={"local": b"l"})
    (c,) = catalog.uploads.record([new_upload("/c", new_finding(references[0], suppressed_by=review.id))])
    catalog.uploads.remove([a])
    assert [each.id for each in catalog.uploads.page()] == [b, c]
    assert catalog.reviews.rejections(references) == []
    assert catalog.uploads.findings([c])[c][0].suppressed_by is None
    assert catalog.check() == []


def test_unknown_numbers_are_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no upload 1"):
        catalog.uploads.get(1)
    with pytest.raises(UnknownNameError, match="no finding 1"):
        catalog.uploads.finding(1)


def test_a_revision_that_an_upload_was_compared_up_to_is_never_lowered(catalog: Catalog, references: list[int]) -> None:
    assert references
    (number,) = catalog.uploads.record([new_upload("a.jpg")])
    gallery = catalog.galleries.get("brands").id
    for revision in (5, 3):
        catalog.uploads.compare(number, {gallery: revision})
    assert catalog.uploads.compared([number]) == {number: {gallery: 5}}
