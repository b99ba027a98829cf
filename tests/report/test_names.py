"""Names that are not UTF-8, and names that try to deceive."""

from lynkeus.report.names import encodable, visible


def test_plain_names_stay_as_they_are() -> None:
    assert visible("Übersicht 猫 a&b.jpg") == encodable("Übersicht 猫 a&b.jpg") == "Übersicht 猫 a&b.jpg"


def test_stray_bytes_are_written_as_hexadecimal() -> None:
    name = b"caf\xe9\xff.jpg".decode("utf-8", "surrogateescape")
    assert encodable(name) == r"caf\xe9\xff.jpg"
    assert encodable(name).encode()


def test_other_lone_surrogates_are_written_out_too() -> None:
    assert encodable("a\ud83db") == r"a\ud83db"


def test_direction_overrides_and_controls_become_visible() -> None:
    assert visible("a\u202eb\n\x1b[31m\u200b\ufeff") == r"a\u202eb\x0a\x1b[31m\u200b\ufeff"
    assert encodable("a\u202eb\n") == "a\u202eb\n"
