"""Purges: what is gone is searched for in every file."""

from pathlib import Path

import pytest

from lynkeus.catalog import Catalog, Decision, Removal, SeenFile
from lynkeus.testing.catalog_rows import digest_of, new_finding, new_reference, new_upload

SECRETS = (b"Jane-Doe", b"doe-face", b"Janie", b"doe@mail", digest_of("doe-face").encode())


def _register_jane(catalog: Catalog) -> int:
    """Jane, in every corner where a name or a picture can be."""
    catalog.entities.put("brands", "Jane-Doe", kind="person", aliases=["Janie"], attributes={"mail": "doe@mail"})
    catalog.entities.put("brands", "friend", links={"knows": ["Jane-Doe", "other"], "boss": "Jane-Doe"})
    face, other = catalog.references.add(
        "brands", [new_reference("doe-face", entity="Jane-Doe", kind="person"), new_reference("other")]
    )
    seen = SeenFile(path="/pictures/doe-face.jpg", size=1, mtime_ns=2, digest=digest_of("doe-face"))
    catalog.files.remember([seen])
    evidence = new_finding(face.id)
    (upload,) = catalog.uploads.record([new_upload("/u", evidence, new_finding(other.id, 0.1))])
    right, wrong = catalog.uploads.findings([upload])[upload]
    catalog.reviews.add(right.id, Decision.CONFIRM, "ada", note="yes, Jane-Doe")
    catalog.reviews.add(wrong.id, Decision.RELABEL, "ada", label="Jane-Doe")
    return face.id


def _found(folder: Path, secrets: tuple[bytes, ...]) -> list[tuple[str, bytes]]:
    files = [each for each in folder.rglob("*") if each.is_file()]
    assert files
    contents = [(each.name, each.read_bytes()) for each in files]
    return [(name, secret) for name, content in contents for secret in secrets if secret in content]


def test_a_purge_leaves_no_trace_in_any_file(file_catalog: Catalog, tmp_path: Path) -> None:
    number = _register_jane(file_catalog)
    secrets = (*SECRETS, f"evidence for {number}".encode())
    assert {secret for _, secret in _found(tmp_path, secrets)} == set(secrets)
    receipt = file_catalog.references.remove([number], purge=True)
    assert receipt == Removal(ids=(number,), blobs=2, revision=file_catalog.revision(), purged=True, wal_truncated=True)
    assert _found(tmp_path, secrets) == []
    assert file_catalog.references.count() == 1
    assert file_catalog.entities.get("brands", "friend").links == {"knows": ["other"]}
    assert file_catalog.check() == []


@pytest.mark.parametrize("way", ["entity", "gallery"])
def test_entities_and_galleries_can_be_purged_whole(file_catalog: Catalog, tmp_path: Path, way: str) -> None:
    number = _register_jane(file_catalog)
    file_catalog.references.remove([number])
    assert _found(tmp_path, SECRETS)
    if way == "entity":
        receipt = file_catalog.entities.remove("brands", "Jane-Doe", kind="person", purge=True)
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
    store = file_catalog._store  # pyright: ignore[reportPrivateUsage]  no door keeps a transaction open
    with store.read() as reader:
        reader.exec_driver_sql("SELECT count(*) FROM reference").scalar_one()
        assert not file_catalog.references.remove([added.id], purge=True).wal_truncated
    assert file_catalog.references.remove([added.id], purge=True).wal_truncated
