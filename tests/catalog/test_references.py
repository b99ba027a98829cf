import hashlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lynkeus.catalog import Catalog, NewReference, Owner
from lynkeus.core import UnknownNameError
from lynkeus.core.media import Medium
from lynkeus.testing.catalog_rows import digest_of, new_background, new_reference


def _add(catalog: Catalog, *names: str, gallery: str = "brands") -> list[int]:
    return [each.id for each in catalog.references.add(gallery, [new_reference(name) for name in names])]


def test_a_reference_comes_back_as_it_was_registered(catalog: Catalog) -> None:
    new = new_reference("a", entity="Ferrari")
    (added,) = catalog.references.add("brands", [new])
    got = catalog.references.get(added.id)
    assert (got.gallery, got.entity, got.kind, got.name) == ("brands", "Ferrari", "copy", "a.jpg")
    assert got.gallery_id == catalog.galleries.get("brands").id
    assert (got.source, got.digest, got.width, got.height) == (new.source, new.digest, 640, 480)
    assert (got.medium, got.seconds, got.region) == (Medium.PICTURE, None, None)
    assert (got.model_version, got.removed_revision) == ("m1", None)
    assert got.added_revision == catalog.revision()
    assert catalog.blobs.read(Owner.REFERENCE, [added.id], "local") == {added.id: b"local of a"}
    assert catalog.blobs.read(Owner.REFERENCE, [added.id], "thumb") == {}


def test_a_video_and_a_place_in_it_come_back_and_unknown_sizes_stay_unknown(catalog: Catalog) -> None:
    film = NewReference(entity="f", name="f.mp4", digest="f", medium=Medium.VIDEO, seconds=12.5, region="[[0,0]]")
    (added,) = catalog.references.add("brands", [film])
    got = catalog.references.get(added.id)
    assert (got.medium, got.seconds, got.region, got.width, got.height) == (Medium.VIDEO, 12.5, "[[0,0]]", None, None)


def test_a_batch_raises_the_revision_once(catalog: Catalog) -> None:
    before = catalog.revision()
    _add(catalog, "a", "b", "c")
    assert catalog.revision() == before + 1


def test_the_same_bytes_are_stored_once(catalog: Catalog) -> None:
    first = catalog.references.add("brands", [new_reference("a"), new_reference("b"), new_reference("a")])
    assert [each.new for each in first] == [True, True, False]
    assert first[0].id == first[2].id
    before = catalog.revision()
    renamed = replace(new_reference("a"), name="other.jpg", blobs={"local": b"other"})
    assert catalog.references.add("brands", [renamed])[0].id == first[0].id
    assert catalog.revision() == before
    assert catalog.references.get(first[0].id).name == "a.jpg"
    assert catalog.references.count() == 2


def test_another_gallery_may_have_the_same_bytes(catalog: Catalog) -> None:
    assert _add(catalog, "a") != _add(catalog, "a", gallery="people")
    assert catalog.references.count() == 2
    assert catalog.references.count("people") == 1


def test_the_order_of_the_batch_is_the_order_of_the_answer(catalog: Catalog) -> None:
    names = [f"n{number}" for number in np.random.default_rng(0).permutation(300)]
    added = catalog.references.add("brands", [new_reference(name) for name in names])
    rows = catalog.references.many(each.id for each in added)
    assert [rows[each.id].name for each in added] == [f"{name}.jpg" for name in names]
    blobs = catalog.blobs.read(Owner.REFERENCE, [each.id for each in added], "global")
    assert [blobs[each.id].decode() for each in added] == [f"global of {name}" for name in names]


def test_an_empty_batch_changes_nothing(catalog: Catalog) -> None:
    before = catalog.revision()
    assert catalog.references.add("brands", []) == []
    assert catalog.references.remove([]).ids == ()
    assert catalog.revision() == before


def test_an_unknown_gallery_is_refused(catalog: Catalog) -> None:
    with pytest.raises(UnknownNameError, match="no gallery 'x'"):
        catalog.references.add("x", [new_reference("a")])


def test_a_removed_reference_leaves_a_tombstone_without_blobs(catalog: Catalog) -> None:
    a, b = _add(catalog, "a", "b")
    receipt = catalog.references.remove([a])
    assert (receipt.ids, receipt.blobs, receipt.purged) == ((a,), 2, False)
    assert receipt.revision == catalog.revision() == catalog.references.get(a).removed_revision
    assert catalog.references.get(a).name == "a.jpg"
    assert catalog.blobs.read(Owner.REFERENCE, [a, b], "local") == {b: b"local of b"}
    assert [each.id for each in catalog.references.page("brands")] == [b]
    assert catalog.references.named("brands", "a.jpg") == []
    assert catalog.references.known("brands", [digest_of("a"), digest_of("b")]) == {digest_of("b"): b}


def test_removing_again_does_nothing(catalog: Catalog) -> None:
    (a,) = _add(catalog, "a")
    catalog.references.remove([a])
    before = catalog.revision()
    assert catalog.references.remove([a, a]).ids == ()
    assert catalog.revision() == before


def test_removing_an_unknown_number_removes_nothing(catalog: Catalog) -> None:
    (a,) = _add(catalog, "a")
    with pytest.raises(UnknownNameError, match="no reference 999"):
        catalog.references.remove([a, 999])
    assert catalog.references.count() == 1


def test_numbers_are_never_given_again(catalog: Catalog) -> None:
    a, b = _add(catalog, "a", "b")
    catalog.references.remove([b])
    again = _add(catalog, "b")[0]
    assert again > b > a


def test_numbers_of_numpy_are_taken(catalog: Catalog) -> None:
    ids = np.array(_add(catalog, "a", "b"), dtype=np.int64)
    assert set(catalog.references.many(ids)) == set(ids.tolist())
    assert catalog.references.get(ids[0]).name == "a.jpg"
    assert set(catalog.blobs.read(Owner.REFERENCE, ids, "local")) == set(ids.tolist())
    assert catalog.references.remove(ids[:1]).ids == (int(ids[0]),)


def test_pages_follow_each_other_and_filter(catalog: Catalog) -> None:
    ids = _add(catalog, *"abcde")
    _add(catalog, "f", gallery="people")
    (g,) = (each.id for each in catalog.references.add("brands", [new_reference("g", entity="a")]))
    first = catalog.references.page("brands", limit=2)
    rest = catalog.references.page("brands", after=first[-1].id)
    assert [each.id for each in first + rest] == [*ids, g]
    assert [each.name for each in catalog.references.page("brands", entity="a")] == ["a.jpg", "g.jpg"]
    assert catalog.references.count(kind="copy") == 6
    assert catalog.references.count("people", kind="copy") == 0


def test_several_references_may_share_a_name(catalog: Catalog) -> None:
    same = [replace(new_reference(name), name="logo.png") for name in "ab"]
    ids = [each.id for each in catalog.references.add("brands", same)]
    assert [each.id for each in catalog.references.named("brands", "logo.png")] == ids


def test_a_file_name_that_is_no_utf_8_is_kept_readable(catalog: Catalog) -> None:
    odd = replace(new_reference("a"), name="caf\udce9\n.jpg", entity="caf\udce9")
    (added,) = catalog.references.add("brands", [odd])
    got = catalog.references.get(added.id)
    assert (got.name, got.entity) == ("caf\\udce9\n.jpg", "caf\\udce9")
    assert catalog.references.named("brands", "caf\udce9\n.jpg") == [got]
    assert catalog.entities.get("brands", "caf\udce9").references == 1


def test_more_rows_than_a_statement_takes_are_no_trouble(catalog: Catalog) -> None:
    names = [str(number) for number in range(2300)]
    ids = _add(catalog, *names)
    assert len(catalog.references.many(ids)) == 2300
    assert len(catalog.references.known("brands", [digest_of(name) for name in names])) == 2300
    assert len(catalog.blobs.read(Owner.REFERENCE, ids, "local")) == 2300
    assert len(catalog.references.remove(ids).ids) == 2300


def test_changes_lead_from_any_revision_to_the_present(catalog: Catalog) -> None:
    index: dict[int, bytes] = {}
    revision = 0
    rng = np.random.default_rng(1)
    for step in range(30):
        living = [each.id for each in catalog.references.page("brands")]
        if rng.random() < 0.4 and living:
            catalog.references.remove(rng.choice(living, size=min(3, len(living)), replace=False))
        else:
            _add(catalog, *(f"{step}-{number}" for number in range(3)))
        if rng.random() < 0.5:
            changes = catalog.references.changes_since(revision)
            index.update(catalog.blobs.read(Owner.REFERENCE, changes.added, "global"))
            for gone in changes.removed:
                index.pop(gone, None)
            revision = changes.stamp.revision
            assert index == dict(catalog.blobs.each(Owner.REFERENCE, "global"))
    assert index


def test_changes_can_be_asked_for_by_gallery_and_kind(catalog: Catalog) -> None:
    (a,) = _add(catalog, "a")
    (b,) = _add(catalog, "b", gallery="people")
    (c,) = (each.id for each in catalog.references.add("brands", [new_reference("c")]))
    catalog.references.remove([a])
    assert catalog.references.changes_since(0).added == (b, c)
    assert catalog.references.changes_since(catalog.references.get(c).added_revision).added == ()
    assert catalog.references.changes_since(0, gallery="brands").added == (c,)
    assert catalog.references.changes_since(0, gallery="brands").removed == (a,)
    assert catalog.references.changes_since(0, gallery="people", kind="copy").added == ()
    assert catalog.references.changes_since(0, kind="copy").added == (c,)
    assert catalog.references.changes_since(0, kind="person").added == (b,)
    assert catalog.references.changes_since(0, kind="person").removed == ()
    now = catalog.references.changes_since(catalog.revision())
    assert (now.added, now.removed, now.backgrounds) == ((), (), False)
    assert now.stamp == catalog.stamp()


def test_changes_say_whether_the_backgrounds_changed(catalog: Catalog) -> None:
    before = catalog.revision()
    _add(catalog, "a")
    assert not catalog.references.changes_since(before).backgrounds
    catalog.backgrounds.add([new_background("b")])
    assert catalog.references.changes_since(before).backgrounds
    assert not catalog.references.changes_since(catalog.revision()).backgrounds


def test_another_models_items_stand_beside_the_last_until_these_are_dropped(catalog: Catalog) -> None:
    a, b = _add(catalog, "a", "b")
    before = catalog.revision()
    catalog.references.remove([b])
    catalog.references.keep({a: {"vector@2": b"new", "global": b"passed over"}, b: {"vector@2": b"gone"}})
    assert catalog.revision() == before + 1
    assert catalog.blobs.having(Owner.REFERENCE, [a, b], "vector@2") == {a}
    assert catalog.blobs.read(Owner.REFERENCE, [a, b], "vector@2") == {a: b"new"}
    assert catalog.blobs.read(Owner.REFERENCE, [a, b], "vector") == {}
    assert catalog.blobs.read(Owner.REFERENCE, [a], "global") != {a: b"passed over"}
    catalog.references.keep({a: {"vector@1": b"old", "vector@3": b"stays", "vectors@1": b"stays"}})
    catalog.blobs.drop(Owner.BACKGROUND, [a], ["vector@1"])
    catalog.blobs.drop(Owner.REFERENCE, [b], ["vector@1"])
    catalog.blobs.drop(Owner.REFERENCE, [a], [])
    assert catalog.blobs.having(Owner.REFERENCE, [a], "vector@1") == {a}
    catalog.blobs.drop(Owner.REFERENCE, [a], ["vector@1", "vectors"])
    there = catalog.blobs.items(Owner.REFERENCE, [a])
    assert set(there[a]) == {"local", "global", "vector@2", "vector@3", "vectors@1"}
    assert catalog.check() == []


def test_items_are_read_by_owner_and_name(catalog: Catalog) -> None:
    a, b = _add(catalog, "a", "b")
    catalog.references.keep({a: {"global@1a": b"first", "global@2b": b"second"}})
    found = catalog.blobs.items(Owner.REFERENCE, [a, b, 99], ["global@2b", "local"])
    assert found == {a: {"global@2b": b"second", "local": b"local of a"}, b: {"local": b"local of b"}, 99: {}}
    assert catalog.blobs.items(Owner.REFERENCE, [a], []) == {a: {}}
    assert catalog.blobs.items(Owner.UPLOAD, [a]) == {a: {}}


def test_a_digest_names_the_references_of_a_kind_at_a_revision(catalog: Catalog) -> None:
    a, b = _add(catalog, "a", "b")
    both = catalog.references.digest_of(then := catalog.revision(), "copy")
    assert both != catalog.references.digest_of(then - 1, "copy")
    _add(catalog, "c", gallery="people")
    (d,) = _add(catalog, "d")
    catalog.references.remove([b])
    assert catalog.references.digest_of(then, "copy") == both
    now = catalog.references.digest_of(catalog.revision(), "copy")
    wanted = "\n".join(f"{number} {digest_of(name)}" for number, name in ((a, "a"), (d, "d")))
    assert now == hashlib.sha256(wanted.encode()).hexdigest()
    catalog.references.remove([b], purge=True)
    assert catalog.references.digest_of(catalog.revision(), "copy") == now
    assert catalog.references.digest_of(then, "copy") != both  # the index of a purged reference loses its name


def test_another_history_up_to_the_same_revision_has_another_digest(tmp_path: Path) -> None:
    told: set[tuple[int, str]] = set()
    for history in ("first", "second"):
        with Catalog.open(tmp_path / history) as catalog:
            catalog.galleries.create("brands", kind="copy")
            _add(catalog, history)
            told.add((catalog.revision(), catalog.references.digest_of(catalog.revision(), "copy")))
    assert len(told) == 2
    assert len({revision for revision, _ in told}) == 1


def test_blobs_stream_in_order_and_by_gallery_and_kind(catalog: Catalog) -> None:
    ids = _add(catalog, *(f"n{number}" for number in range(10)))
    _add(catalog, "other", gallery="people")
    met = list(catalog.blobs.each(Owner.REFERENCE, "global", gallery="brands", kind="copy", batch=3))
    assert met == [(number, f"global of n{place}".encode()) for place, number in enumerate(ids)]
    rest = catalog.blobs.each(Owner.REFERENCE, "global", after=ids[8], batch=1)
    assert next(rest)[0] == ids[9]
    assert len(list(catalog.blobs.each(Owner.REFERENCE, "global"))) == 11
    assert len(list(catalog.blobs.each(Owner.REFERENCE, "global", kind="person"))) == 1
    assert list(catalog.blobs.each(Owner.REFERENCE, "global", gallery="brands", kind="person")) == []
    with pytest.raises(UnknownNameError):
        list(catalog.blobs.each(Owner.REFERENCE, "global", gallery="x"))


def test_a_stream_lets_others_write(catalog: Catalog) -> None:
    ids = _add(catalog, "a", "b", "c")
    stream = catalog.blobs.each(Owner.REFERENCE, "global", batch=1)
    next(stream)
    catalog.references.remove(ids[1:2])
    assert [number for number, _ in stream] == ids[2:]
