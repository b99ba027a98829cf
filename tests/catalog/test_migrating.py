"""Homes of the released code are migrated; ``made/README.md`` says how the homes were made."""

import gzip
import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import MetaData

from lynkeus.catalog import Catalog, Decision, Owner, upgrade
from lynkeus.catalog.connect import server_engine, sqlite_engine
from lynkeus.core.media import Medium
from lynkeus.testing.catalog_rows import new_background, new_upload

_MADE = Path(__file__).parent / "made"
_LOCAL, _GLOBAL, _OBJECTS = "local@460a5b1583d6", "global@427fa508653b", "vector@622a1eea8d49"
_FRAMES = "frames@427fa508653b"


def _home(path: Path, schema: int, *changes: str) -> Catalog:
    """Change a catalog of an old schema by SQL and open the catalog with the present code."""
    path.write_bytes(gzip.decompress((_MADE / f"schema{schema}.sqlite.gz").read_bytes()))
    with closing(sqlite3.connect(path)) as connection, connection:
        for change in changes:
            connection.execute(change)
    return Catalog.open(path)


def _before(path: Path, schema: int, query: str) -> list[tuple[object, ...]]:
    old = path.with_name("old.sqlite")
    old.write_bytes(gzip.decompress((_MADE / f"schema{schema}.sqlite.gz").read_bytes()))
    with closing(sqlite3.connect(old)) as connection:
        return connection.execute(query).fetchall()


@pytest.fixture(params=[1, 2])
def schema(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def old(path: Path, schema: int) -> Iterator[Catalog]:
    with _home(path, schema) as catalog:
        yield catalog


def test_everything_is_still_there(old: Catalog, path: Path, schema: int) -> None:
    for table in ("gallery", "reference", "background", "upload", "finding", "review", "blob", "background_score"):
        (count,) = _before(path, schema, f"SELECT count(*) FROM {table}")
        with closing(sqlite3.connect(path)) as connection:
            assert connection.execute(f"SELECT count(*) FROM {table}").fetchone() == count, table
    database, epoch, revision = _before(path, schema, "SELECT database_id, epoch, revision FROM meta")[0]
    stamp = old.stamp()
    assert (stamp.database_id, stamp.epoch, stamp.revision) == (database, epoch, revision)
    assert old.check() == []


def test_galleries_keep_their_kind_and_references_their_texts(old: Catalog, schema: int) -> None:
    wanted = {"mine": "copy"} if schema == 1 else {"mine": "copy", "things": "object"}
    assert {each.name: each.kind for each in old.galleries.all()} == wanted
    assert {each.retention_days for each in old.galleries.all()} == {None}
    first, second = old.references.page("mine")
    assert (first.name, first.entity, first.kind) == ("picture1.jpg", "picture1", "copy")
    assert (first.width, first.height, first.medium, first.seconds, first.region) == (
        160,
        120,
        Medium.PICTURE,
        None,
        None,
    )
    assert second.name == "picture2.jpg"
    purged = old.references.get(3)
    assert (purged.name, purged.width, purged.height) == ("", None, None)
    assert old.purges.pending() == (3,)


def test_blobs_bear_the_name_of_what_made_them(old: Catalog, path: Path, schema: int) -> None:
    parts = {owner: old.blobs.items(owner, [1, 2, 3, 4]) for owner in Owner}
    rows = _before(path, schema, "SELECT owner, owner_id, part, bytes FROM blob")
    renamed = {"local": _LOCAL, "global": _GLOBAL, "frames": _FRAMES, "object-622a1eea8d49": _OBJECTS, "thumb": "thumb"}
    for owner, number, part, raw in rows:
        assert parts[Owner(str(owner))][int(str(number))].pop(renamed[str(part)]) == raw
    assert not any(left for each in parts.values() for left in each.values())
    if schema == 2:
        assert set(old.blobs.items(Owner.REFERENCE, [4])[4]) == {"thumb", _OBJECTS}


def test_namesakes_of_two_kinds_are_told_apart_and_links_lead_to_entities(old: Catalog, schema: int) -> None:
    names = {each.name: each for each in old.entities.page("mine")}
    assert set(names) == {"picture1", "picture2", "picture2 (object)"}
    one = names["picture1"]
    assert (one.aliases, one.attributes, one.references) == (("one",), {"year": 2024}, 1)
    assert one.links == {"rival": ("picture2",), "knows": ("picture2",), "self": ("picture1",)}
    assert names["picture2"].references == 1
    assert names["picture2 (object)"].links == {"maker": ("picture1",)}
    if schema == 2:
        assert [each.name for each in old.entities.page("things")] == ["bell"]


def test_the_evidence_of_a_copy_stands_alone(old: Catalog, path: Path, schema: int) -> None:
    uploads = {Path(each.path).name: each for each in old.uploads.page()}
    seen = uploads["half1.jpg"]
    assert (seen.width, seen.height, seen.medium, seen.caller_id) == (128, 96, Medium.PICTURE, None)
    found = old.uploads.findings([seen.id])[seen.id][0]
    assert (found.gallery, found.kind, found.entity) == ("mine", "copy", "picture1")
    (line,) = _before(path, schema, f"SELECT evidence FROM finding WHERE id = {found.id}")[0]
    assert isinstance(line, bytes)
    (then,) = json.loads(line)["findings"]
    assert json.loads(found.region or "") == then["region"]["pixels"]
    assert json.loads(found.reference_region or "") == then["reference_region"]
    now = json.loads(found.evidence)
    assert list(now) == ["alignment", "points", "heat", "frames", "track", "excerpt", "similarity", "facts"]
    assert now["alignment"] == {
        name: then["evidence"][name] for name in ("transform", "mirrored", "negative", "agreement", "overlap")
    }
    assert now["alignment"]["mirrored"] is True
    assert now["points"] == then["evidence"]["points"]
    assert len(now["points"][0]) == 4
    assert now["similarity"] == then["evidence"]["cosine"]
    assert (now["heat"], now["frames"], now["track"], now["excerpt"], now["facts"]) == (None, None, None, None, {})


def test_the_evidence_of_an_object_is_its_heat(path: Path) -> None:
    with _home(path, 2) as catalog:
        (upload,) = [each.id for each in catalog.uploads.page() if each.path.endswith("bell.png")]
        (found,) = catalog.uploads.findings([upload])[upload]
    assert (found.gallery, found.kind, found.entity) == ("things", "object", "bell")
    assert len(json.loads(found.region or "")) == 4
    assert found.reference_region is None
    evidence = json.loads(found.evidence)
    assert (evidence["alignment"], evidence["points"]) == (None, None)
    assert len(evidence["heat"][0]) > 1


def test_what_a_purge_had_emptied_stays_empty(old: Catalog) -> None:
    (found,) = [
        each for upload in old.uploads.findings(range(1, 5)).values() for each in upload if each.reference_id == 3
    ]
    assert (found.evidence, found.region, found.reference_region) == (b"", None, None)


@pytest.mark.parametrize("line", ["'no json'", "'{}'", "'{\"findings\": []}'", "'[1]'", "x'ff00'", "'null'"])
def test_evidence_that_cannot_be_read_becomes_empty(path: Path, line: str) -> None:
    with _home(path, 2, f"UPDATE finding SET evidence = CAST({line} AS BLOB)") as catalog:
        found = [each for upload in catalog.uploads.findings(range(1, 5)).values() for each in upload]
    assert {(each.evidence, each.region) for each in found} == {(b"", None)}


def test_labels_become_entities_where_the_gallery_has_them(old: Catalog, schema: int) -> None:
    right, rejected = (old.reviews.get(number) for number in (1, 2))
    assert right.entity_id == old.entities.get("mine", "picture2").id
    assert (right.decision, right.label, right.note) == (Decision.RELABEL, None, "the other one")
    assert (rejected.decision, rejected.entity_id, rejected.label) == (Decision.REJECT, None, None)
    assert old.blobs.read(Owner.REVIEW, [2], _LOCAL) == {2: b"descriptors"}
    if schema == 2:
        gong = old.reviews.get(3)
        assert (gong.entity_id, gong.label) == (None, "a gong")


def test_uploads_have_the_best_score_of_each_gallery(old: Catalog) -> None:
    for number, scores in old.uploads.scores(range(1, 5)).items():
        best: dict[str, float] = {}
        for each in old.uploads.findings([number])[number]:
            best[each.gallery] = max(each.score, best.get(each.gallery, each.score))
        assert scores == best
    assert any(old.uploads.scores(range(1, 5)).values())


def test_clean_pictures_know_their_size_and_scores_stay(old: Catalog) -> None:
    assert [(each.width, each.height, each.medium) for each in old.backgrounds.all()] == [
        (160, 120, Medium.PICTURE)
    ] * 2
    for gallery in old.galleries.all():
        assert len(old.calibrations.scores(gallery.name)) == 2
        calibration = old.calibrations.get(gallery.name)
        assert calibration is not None
        assert "scorer" in calibration.text


def test_unknown_sizes_are_unknown_and_features_of_another_format_tell_none(path: Path) -> None:
    changes = (
        "UPDATE upload SET width = 0, height = 0 WHERE id = 1",
        "UPDATE blob SET bytes = x'00112233445566778899aabbcc' WHERE owner = 'background' AND owner_id = 1",
        "UPDATE blob SET bytes = x'4c4b' WHERE owner = 'background' AND owner_id = 2",
    )
    with _home(path, 2, *changes) as catalog:
        assert (catalog.uploads.get(1).width, catalog.uploads.get(1).height) == (None, None)
        assert catalog.uploads.get(2).width
        assert [(each.width, each.height) for each in catalog.backgrounds.all()] == [(None, None)] * 2


def test_numbers_given_before_are_not_given_again(path: Path) -> None:
    with _home(path, 2, "UPDATE sqlite_sequence SET seq = 70 WHERE name IN ('upload', 'background')") as catalog:
        assert catalog.uploads.record([new_upload("/new")]) == [71]
        assert catalog.backgrounds.add([new_background("new")])[0].id == 71


def _same_on_server(path: Path, schema: int, url: str) -> None:
    """Copy the rows of an old home into the old schema on a server."""
    path.write_bytes(gzip.decompress((_MADE / f"schema{schema}.sqlite.gz").read_bytes()))
    source, target = sqlite_engine(path), server_engine(url)
    with source.connect() as rows, target.begin() as connection:
        upgrade.upgrade(connection, target=f"{schema:04d}")
        tables = MetaData()
        tables.reflect(connection)
        for table in tables.sorted_tables:
            if table.name == "alembic_version":
                continue
            connection.execute(table.delete())
            if found := rows.execute(table.select()).mappings().all():
                connection.execute(table.insert(), [dict(row) for row in found])
    source.dispose()
    target.dispose()


def test_a_server_is_brought_up_to_date_as_a_file_is(
    path: Path, schema: int, postgres_url: str, tmp_path: Path
) -> None:
    _same_on_server(path, schema, postgres_url)
    with _home(tmp_path / "file.db", schema) as file, Catalog.open(postgres_url) as server:
        assert server.check() == []
        assert server.galleries.all() == file.galleries.all()
        for gallery in file.galleries.all():
            assert server.entities.page(gallery.name) == file.entities.page(gallery.name)
            assert server.references.page(gallery.name) == file.references.page(gallery.name)
            assert server.calibrations.scores(gallery.name) == file.calibrations.scores(gallery.name)
            assert server.calibrations.get(gallery.name) == file.calibrations.get(gallery.name)
        ids = range(1, 5)
        assert server.backgrounds.all() == file.backgrounds.all()
        assert server.uploads.page() == file.uploads.page()
        assert server.uploads.findings(ids) == file.uploads.findings(ids)
        assert server.uploads.scores(ids) == file.uploads.scores(ids)
        found = [each.id for upload in file.uploads.findings(ids).values() for each in upload]
        assert server.reviews.of(found) == file.reviews.of(found)
        for owner in Owner:
            assert server.blobs.items(owner, ids) == file.blobs.items(owner, ids)
        assert server.stamp() == file.stamp()
