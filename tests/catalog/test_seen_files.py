from lynkeus.catalog import Catalog, SeenFile


def _seen(path: str, size: int = 5, digest: str = "d") -> SeenFile:
    return SeenFile(path=path, size=size, mtime_ns=1_700_000_000_123_456_789, digest=digest)


def test_files_are_remembered_to_the_nanosecond(catalog: Catalog) -> None:
    catalog.files.remember([_seen("/a"), _seen("/b", 6)])
    assert catalog.files.seen(["/a", "/c"]) == {"/a": _seen("/a")}


def test_the_last_memory_of_a_path_holds(catalog: Catalog) -> None:
    catalog.files.remember([_seen("/a", 1), _seen("/a", 2)])
    catalog.files.remember([_seen("/a", 3, "e")])
    assert catalog.files.seen(["/a"])["/a"] == _seen("/a", 3, "e")


def test_files_can_be_forgotten(catalog: Catalog) -> None:
    catalog.files.remember([_seen("/a"), _seen("/b")])
    catalog.files.forget(["/a", "/x"])
    assert set(catalog.files.seen(["/a", "/b"])) == {"/b"}


def test_a_path_that_is_no_utf_8_is_known_again(catalog: Catalog) -> None:
    catalog.files.remember([_seen("/caf\udce9")])
    assert catalog.files.seen(["/caf\udce9"]) == {"/caf\udce9": _seen("/caf\udce9")}


def test_remembering_raises_no_revision(catalog: Catalog) -> None:
    before = catalog.stamp()
    catalog.files.remember([_seen(str(number)) for number in range(2500)])
    catalog.files.remember([])
    assert len(catalog.files.seen(str(number) for number in range(2500))) == 2500
    assert catalog.stamp() == before
