"""The files that a scan covers: everything that may be a picture, in a stable order, with reasons for the rest."""

import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.folders import Entry, display, walk
from lynkeus.testing import sound_pictures

PICTURE = sound_pictures(np.random.default_rng(0))["colour.png"]


def put(path: Path, content: bytes = PICTURE) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def names(folder: Path, entries: list[Entry]) -> list[str]:
    return [str(entry.path.relative_to(folder)) for entry in entries]


def test_named_files_are_entries_in_the_order_given(tmp_path: Path) -> None:
    paths = [put(tmp_path / name, b"text") for name in ("b.txt", ".hidden", "a.jpg")]
    assert list(walk(paths)) == [Entry(path) for path in paths]


def test_folders_are_walked_in_byte_order(tmp_path: Path) -> None:
    for name in ("b/2.png", "b/10.png", "a.png", "Z.png", "ä.png", "b.png", "b/c/d/e.png"):
        put(tmp_path / name)
    wanted = ["Z.png", "a.png", "b/10.png", "b/2.png", "b/c/d/e.png", "b.png", "ä.png"]
    assert names(tmp_path, list(walk([tmp_path]))) == wanted
    assert list(walk([tmp_path])) == list(walk([tmp_path]))


def test_content_decides_and_obvious_texts_are_left_out_and_counted(tmp_path: Path) -> None:
    put(tmp_path / "picture.txt")
    put(tmp_path / "no-suffix")
    put(tmp_path / "text.jpg", b"a text")
    put(tmp_path / "film.mp4", b"\0\0\0\x18ftypmp42")
    for name in ("a.txt", "b.CSV", "c.json", "d.md"):
        put(tmp_path / name, b"a text")
    found = walk([tmp_path])
    assert names(tmp_path, list(found)) == ["film.mp4", "no-suffix", "picture.txt", "text.jpg"]
    assert found.skipped == 4
    with pytest.raises(UnreadableError, match="not a picture: starts with a text"):
        read_picture(tmp_path / "text.jpg")


def test_hidden_files_and_folders_are_left_out_and_counted(tmp_path: Path) -> None:
    for name in ("a.png", ".git/b.png", ".DS_Store", ".c.png"):
        put(tmp_path / name)
    found = walk([tmp_path])
    assert names(tmp_path, list(found)) == ["a.png"]
    assert found.hidden == 3


def test_all_files_leaves_nothing_out(tmp_path: Path) -> None:
    for name in ("a.png", ".git/b.png", "c.txt"):
        put(tmp_path / name, b"a text")
    found = walk([tmp_path], all_files=True)
    assert names(tmp_path, list(found)) == [".git/b.png", "a.png", "c.txt"]
    assert (found.skipped, found.hidden) == (0, 0)


def test_a_hidden_folder_that_is_named_is_walked(tmp_path: Path) -> None:
    put(tmp_path / ".cache" / "a.png")
    assert names(tmp_path, list(walk([tmp_path / ".cache"]))) == [".cache/a.png"]


def test_a_folder_named_like_a_picture_is_a_folder(tmp_path: Path) -> None:
    put(tmp_path / "holiday.jpg" / "a.png")
    assert names(tmp_path, list(walk([tmp_path]))) == ["holiday.jpg/a.png"]


def test_missing_and_impossible_paths_are_entries_with_a_reason(tmp_path: Path) -> None:
    paths = [tmp_path / "missing", tmp_path / ("x" * 300), tmp_path / "zero\0byte"]
    errors = ["no such file", "a name too long for a file", "an invalid file name"]
    assert [entry.error for entry in walk(paths)] == errors


def test_what_is_no_file_is_an_entry_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe.txt")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket.jpg")
    Path("broken.jpg").symlink_to("nowhere")
    Path("loop.jpg").symlink_to("loop.jpg")
    assert {str(entry.path): entry.error for entry in walk([Path()])} == {
        "broken.jpg": "a broken link",
        "loop.jpg": "a loop of links",
        "pipe.txt": "not a file but a pipe",
        "socket.jpg": "not a file but a socket",
    }


def test_links_to_folders_are_followed(tmp_path: Path) -> None:
    put(tmp_path / "elsewhere" / "a.png")
    (tmp_path / "top").mkdir()
    (tmp_path / "top" / "link").symlink_to("../elsewhere")
    assert names(tmp_path, list(walk([tmp_path / "top"]))) == ["top/link/a.png"]


def test_a_folder_within_itself_is_an_entry_with_a_reason(tmp_path: Path) -> None:
    put(tmp_path / "a.png")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "up").symlink_to("..")
    (tmp_path / "self").symlink_to(".")
    reason = "a loop of links: this folder contains itself"
    assert list(walk([tmp_path])) == [
        Entry(tmp_path / "a.png"),
        Entry(tmp_path / "self", reason),
        Entry(tmp_path / "sub" / "up", reason),
    ]


def test_a_folder_of_two_names_is_walked_once_and_counted(tmp_path: Path) -> None:
    put(tmp_path / "real" / "a.png")
    (tmp_path / "again").symlink_to("real")
    found = walk([tmp_path])
    assert names(tmp_path, list(found)) == ["again/a.png"]
    assert found.repeated == 1


def test_links_that_multiply_paths_cost_no_more_than_their_folders(tmp_path: Path) -> None:
    """Thirty folders with two links each to the next make a thousand million paths to the last folder."""
    for number in range(30):
        folder = tmp_path / f"f{number:02}"
        folder.mkdir()
        for link in ("x", "y"):
            (folder / link).symlink_to(f"../f{number + 1:02}")
    put(tmp_path / "f30" / "a.png")
    assert len(list(walk([tmp_path / "f00"]))) == 1


def test_depth_has_no_limit_of_pythons_recursion(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    deep = Path()
    for _ in range(1100):
        deep = deep / "d"
    here = Path.cwd()
    for _ in range(1100):
        Path("d").mkdir()
        os.chdir("d")
    Path("a.png").write_bytes(PICTURE)
    os.chdir(here)
    assert [entry.path for entry in walk([Path("d")])] == [deep / "a.png"]
    _remove_deep(here / "d")


def _remove_deep(folder: Path) -> None:
    os.chdir(folder)
    for _ in range(1099):
        os.chdir("d")
    Path("a.png").unlink()
    for _ in range(1099):
        os.chdir("..")
        Path("d").rmdir()
    os.chdir(folder.parent)
    folder.rmdir()


def test_a_folder_without_permission_is_an_entry_with_a_reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "locked" / "a.png")
    put(tmp_path / "open" / "b.png")
    truly_list = os.listdir

    def refuse(path: Path) -> list[str]:
        if Path(path).name == "locked":
            raise PermissionError(13, "Permission denied")
        return truly_list(path)

    monkeypatch.setattr(os, "listdir", refuse)
    assert list(walk([tmp_path])) == [
        Entry(tmp_path / "locked", "a folder: no permission to read it"),
        Entry(tmp_path / "open" / "b.png"),
    ]


def test_a_folder_truly_without_permission_is_an_entry_with_a_reason(tmp_path: Path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0)
    if os.access(locked, os.R_OK):
        pytest.skip("this user may read everything")
    assert list(walk([tmp_path])) == [Entry(locked, "a folder: no permission to read it")]


def test_an_empty_folder_has_no_entries(tmp_path: Path) -> None:
    assert list(walk([tmp_path])) == []
    assert list(walk([])) == []


def test_names_that_are_not_utf8_are_walked_read_and_shown(tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.png"))
    put(path)
    (entry,) = walk([tmp_path])
    assert entry == Entry(path)
    assert read_picture(entry.path).width == 96
    assert display(entry.path).endswith("caf\\xe9.png")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("plain name.jpg", "plain name.jpg"),
        ("Ünï-日本.png", "Ünï-日本.png"),
        ("no\u202fbreak.png", "no\u202fbreak.png"),
        ("line\nbreak\t.png", "line\\nbreak\\t.png"),
        ("\x1b[31mred.png", "\\x1b[31mred.png"),
        ("gpj.\u202egnp.exe", "gpj.\\u202egnp.exe"),
        ("\udcff\udc80", "\\xff\\x80"),
    ],
)
def test_shows_any_name_as_safe_text(name: str, shown: str) -> None:
    assert display(Path(name)) == shown
    assert json.loads(json.dumps(shown, ensure_ascii=False).encode()) == shown
