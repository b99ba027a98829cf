import pytest

from lynkeus.catalog import Catalog, Decision, Owner, Rejection
from lynkeus.core import ConflictError, UnknownNameError
from lynkeus.testing.catalog_rows import new_finding, new_reference, new_upload


@pytest.fixture
def reference_id(catalog: Catalog) -> int:
    return catalog.references.add("brands", [new_reference("r")])[0].id


@pytest.fixture
def finding_id(catalog: Catalog, reference_id: int) -> int:
    (upload,) = catalog.uploads.record([new_upload("/a", new_finding(reference_id))])
    return catalog.uploads.findings([upload])[upload][0].id


def test_a_review_comes_back_as_it_was_made(catalog: Catalog, finding_id: int) -> None:
    made = catalog.reviews.add(finding_id, Decision.RELABEL, "ada", label="other", note="see there")
    assert (made.decision, made.who, made.label, made.note) == (Decision.RELABEL, "ada", "other", "see there")
    assert made.undone is None
    assert catalog.reviews.get(made.id) == made
    assert catalog.reviews.of([finding_id, 99]) == {finding_id: [made]}


def test_a_review_may_name_an_entity_of_any_gallery(catalog: Catalog, finding_id: int) -> None:
    entity = catalog.entities.put("people", "Ada")
    with pytest.raises(ConflictError, match="not both"):
        catalog.reviews.add(finding_id, Decision.RELABEL, "ada", entity_id=entity.id, label="Ada")
    with pytest.raises(UnknownNameError, match="no entity 99"):
        catalog.reviews.add(finding_id, Decision.RELABEL, "ada", entity_id=99)
    made = catalog.reviews.add(finding_id, Decision.RELABEL, "ada", entity_id=entity.id)
    assert (made.entity_id, made.label) == (entity.id, None)


def test_a_finding_has_one_standing_review(catalog: Catalog, finding_id: int) -> None:
    first = catalog.reviews.add(finding_id, Decision.CONFIRM, "ada")
    with pytest.raises(ConflictError, match=f"already has review {first.id}"):
        catalog.reviews.add(finding_id, Decision.REJECT, "bob")
    undone = catalog.reviews.undo(first.id)
    assert undone.undone is not None
    second = catalog.reviews.add(finding_id, Decision.REJECT, "bob")
    assert catalog.reviews.of([finding_id])[finding_id] == [undone, second]


def test_a_rejection_is_found_by_its_reference_until_undone(
    catalog: Catalog, finding_id: int, reference_id: int
) -> None:
    review = catalog.reviews.add(finding_id, Decision.REJECT, "ada", blobs={"local": b"descriptors"})
    upload = catalog.uploads.get(catalog.uploads.finding(finding_id).upload_id)
    assert catalog.reviews.rejections([reference_id, 99]) == [
        Rejection(
            review_id=review.id,
            finding_id=finding_id,
            upload_id=upload.id,
            upload_digest=upload.digest,
            reference_id=reference_id,
            kind="copy",
        )
    ]
    assert catalog.blobs.read(Owner.REVIEW, [review.id], "local") == {review.id: b"descriptors"}
    catalog.reviews.undo(review.id)
    assert catalog.reviews.rejections([reference_id]) == []
    assert catalog.blobs.read(Owner.REVIEW, [review.id], "local") == {}


def test_a_confirmation_rejects_nothing(catalog: Catalog, finding_id: int, reference_id: int) -> None:
    catalog.reviews.add(finding_id, Decision.CONFIRM, "ada")
    assert catalog.reviews.rejections([reference_id]) == []


def test_undoing_lets_suppressed_findings_speak_again(catalog: Catalog, finding_id: int, reference_id: int) -> None:
    review = catalog.reviews.add(finding_id, Decision.REJECT, "ada")
    (copy,) = catalog.uploads.record([new_upload("/copy", new_finding(reference_id, suppressed_by=review.id))])
    assert catalog.uploads.findings([copy])[copy][0].suppressed_by == review.id
    catalog.reviews.undo(review.id)
    assert catalog.uploads.findings([copy])[copy][0].suppressed_by is None
    with pytest.raises(ConflictError, match="already undone"):
        catalog.reviews.undo(review.id)


def test_unknown_numbers_are_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no finding 9"):
        catalog.reviews.add(9, Decision.CONFIRM, "ada")
    with pytest.raises(UnknownNameError, match="no review 9"):
        catalog.reviews.undo(9)
