"""Purges: the tests search every file for purged content."""

from dataclasses import replace
from pathlib import Path

import pytest

from lynkeus.catalog import Catalog, Decision, Removal, SeenFile
from lynkeus.testing.catalog_rows import digest_of, new_finding, new_reference, new_upload

SECRETS = (b"Jane-Doe", b"doe-face", b"Janie", b"doe@mail", digest_of("doe-face").encode())


def _register_jane(catalog: Catalog) -> int:
    """Store Jane in every table that can hold a name or a picture."""
    jane = catalog.entities.put("brands", "Jane-Doe", aliases=["Janie"], attributes={"mail": "doe@mail"})
    face, other = catalog.references.add(
        "brands", [new_reference("doe-face", entity="Jane-Doe"), new_reference("other")]
    )
    catalog.entities.put("brands", "friend", links={"knows": ["Jane-Doe", "other"], "boss": ["Jane-Doe"]})
    seen = SeenFile(path="/pictures/doe-face.jpg", size=1, mtime_ns=2, digest=digest_of("doe-face"))
    catalog.files.remember([seen])
    evidence = new_finding(face.id)
    wrong = new_finding(other.id, 0.1)
    (upload,) = catalog.uploads.record([new_upload("/u", evidence, wrong, wrong)])
    right, first, second = catalog.uploads.findings([upload])[upload]
    catalog.reviews.add(right.id, Decision.CONFIRM, "ada", note="yes, Jane-Doe")
    catalog.reviews.add(first.id, Decision.RELABEL, "ada", label="Jane-Doe")
    catalog.reviews.add(second.id, Decision.RELABEL, "ada", entity_id=jane.id)
    return face.id


def _found(folder: Path, secrets: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert files
    contents = [(each.name, each.read_bytes()) for each in files]
    return [(name, secret) for name, content in contents for secret in secrets if secret in content]


def test_a_purge_leaves_no_trace_in_any_file(file_catalog: Catalog, tmp_path: Path) -> None:
    number = _register_jane(file_catalog)
    secrets = (*SECRETS, f"evidence for {number}".encode(), f"[[0,0],[{number},1]]".encode(), b"[[1,1],[1,2]]")
    assert {secret for _, secret in _found(tmp_path, secrets)} == set(secrets)
    receipt = file_catalog.references.remove([number], purge=True)
    assert receipt == Removal(ids=(number,), blobs=2, revision=file_catalog.revision(), purged=True, wal_truncated=True)
    assert _found(tmp_path, secrets) == []
    assert file_catalog.references.count() == 1
    assert file_catalog.entities.get("brands", "friend").links == {"knows": ("other",)}
    assert file_catalog.check() == []


@pytest.mark.parametrize("way", ["entity", "gallery"])
def test_entities_and_galleries_can_be_purged_whole(file_catalog: Catalog, tmp_path: Path, way: str) -> None:
    number = _register_jane(file_catalog)
    file_catalog.references.remove([number])
    assert _found(tmp_path, SECRETS)
    if way == "entity":
        receipt = file_catalog.entities.remove("brands", "Jane-Doe", purge=True)
    else:
        receipt = file_catalog.galleries.remove("brands", force=True, purge=True)
    assert number in receipt.ids
    assert _found(tmp_path, SECRETS) == []
    assert file_catalog.check() == []


def test_an_entity_that_nothing_shows_can_be_purged(file_catalog: Catalog, tmp_path: Path) -> None:
    file_catalog.entities.put("brands", "Jane-Doe", aliases=["Janie"])
    file_catalog.entities.remove("brands", "Jane-Doe", purge=True)
    assert _found(tmp_path, SECRETS) == []


def test_a_plain_removal_forgets_the_blobs_and_keeps_the_names(file_catalog: Catalog, tmp_path: Path) -> None:
    number = _register_jane(file_catalog)
    file_catalog.references.remove([number])
    file_catalog.close()
    assert _found(tmp_path, (b"local of doe-face", b"global of doe-face")) == []
    assert _found(tmp_path, (b"Jane-Doe",))


def test_an_entity_keeps_its_texts_while_another_reference_shows_it(catalog: Catalog) -> None:
    both = [new_reference("one", entity="Jane"), new_reference("two", entity="Jane")]
    one, _ = catalog.references.add("brands", both)
    catalog.references.remove([one.id], purge=True)
    assert catalog.entities.get("brands", "Jane").references == 1
    assert catalog.references.get(one.id).name == ""


def test_a_purge_clears_no_review_in_another_gallery(catalog: Catalog) -> None:
    brand, person = (
        catalog.references.add(name, [new_reference("r"), new_reference("Smith")]) for name in ("brands", "people")
    )
    smith = catalog.entities.get("people", "Smith")
    found = [new_finding(brand[0].id), replace(new_finding(person[0].id), gallery="people")]
    (upload,) = catalog.uploads.record([new_upload("/u", *found, *found)])
    by_gallery = {"brands": list[int](), "people": list[int]()}
    for each in catalog.uploads.findings([upload])[upload]:
        by_gallery[each.gallery].append(each.id)
    add = catalog.reviews.add
    by_text = {name: add(ids[0], Decision.RELABEL, "ada", label="Smith") for name, ids in by_gallery.items()}
    by_id = {name: add(ids[1], Decision.RELABEL, "ada", entity_id=smith.id) for name, ids in by_gallery.items()}
    catalog.entities.remove("brands", "Smith", purge=True)
    assert catalog.reviews.get(by_text["brands"].id).label is None
    assert catalog.reviews.get(by_text["people"].id).label == "Smith"
    assert {catalog.reviews.get(each.id).entity_id for each in by_id.values()} == {smith.id}
    catalog.entities.remove("people", "Smith", purge=True)
    assert catalog.reviews.get(by_text["people"].id).label is None
    assert {catalog.reviews.get(each.id).entity_id for each in by_id.values()} == {None}
    assert catalog.check() == []


def test_a_finding_that_is_recorded_after_a_purge_has_no_evidence(catalog: Catalog) -> None:
    (added,) = catalog.references.add("brands", [new_reference("a")])
    catalog.references.remove([added.id], purge=True)
    (upload,) = catalog.uploads.record([new_upload("/u", new_finding(added.id))])
    (found,) = catalog.uploads.findings([upload])[upload]
    assert (found.evidence, found.region, found.reference_region) == (b"", None, None)


def test_a_purge_is_pending_until_the_files_are_clean(catalog: Catalog) -> None:
    a, b, c = (each.id for each in catalog.references.add("brands", [new_reference(name) for name in "abc"]))
    catalog.references.remove([a, b], purge=True)
    catalog.references.remove([c])
    assert catalog.purges.pending() == (a, b)
    before = catalog.revision()
    catalog.purges.finish([a, c])
    assert catalog.purges.pending() == (b,)
    catalog.references.remove([a, b], purge=True)
    assert catalog.purges.pending() == (b,)
    catalog.purges.finish(catalog.purges.pending())
    assert catalog.purges.pending() == ()
    assert catalog.revision() == before + 1


def test_a_tombstone_can_be_purged_later(catalog: Catalog) -> None:
    (added,) = catalog.references.add("brands", [new_reference("a")])
    catalog.references.remove([added.id])
    before = catalog.revision()
    receipt = catalog.references.remove([added.id], purge=True)
    assert (receipt.ids, receipt.blobs) == ((added.id,), 0)
    assert catalog.references.get(added.id).name == ""
    assert catalog.revision() == before + 1


def test_a_purged_picture_may_be_registered_anew(catalog: Catalog) -> None:
    (old,) = catalog.references.add("brands", [new_reference("a")])
    catalog.references.remove([old.id], purge=True)
    (new,) = catalog.references.add("brands", [new_reference("a")])
    assert new.new
    assert new.id > old.id
    assert catalog.entities.get("brands", "a").references == 1


def test_the_receipt_names_databases_set_aside(file_catalog: Catalog, path: Path, tmp_path: Path) -> None:
    (added,) = file_catalog.references.add("brands", [new_reference("a")])
    file_catalog.backup(tmp_path / "b.backup")
    aside = Catalog.restore(path, tmp_path / "b.backup").set_aside
    assert file_catalog.references.remove([added.id], purge=True).kept_copies == (aside,)


def test_a_reader_keeps_the_log_from_being_emptied_and_the_receipt_says_so(
    file_catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lynkeus.catalog.store.LOG_SECONDS", 0.1)
    (added,) = file_catalog.references.add("brands", [new_reference("a")])
    store = file_catalog._store  # pyright: ignore[reportPrivateUsage]  no public method keeps a transaction open
    with store.read() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM reference").scalar_one()
        assert not file_catalog.references.remove([added.id], purge=True).wal_truncated
    assert file_catalog.references.remove([added.id], purge=True).wal_truncated
