"""Bytes of files at hostile paths: no call blocks, and each refusal has a reason."""

import os
import socket
import threading
from pathlib import Path

import pytest

from lynkeus.core import UnreadableError
from lynkeus.core.file_bytes import file_bytes, head_bytes, reason

MOST = 1000


def refusal(path: Path) -> str:
    with pytest.raises(UnreadableError) as caught:
        file_bytes(path, MOST)
    assert str(path.absolute()) not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_reads_all_of_a_file_up_to_the_limit(tmp_path: Path, size: int) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(range(256)) * 4)
    os.truncate(path, size)
    assert file_bytes(path, MOST) == (bytes(range(256)) * 4)[:size]
    assert head_bytes(path) == (bytes(range(256)) * 4)[:size][:64]


def test_refuses_one_byte_more(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1001))
    assert refusal(path) == "too large: 1,001 bytes or more, at most 1,000 are read"


def test_a_file_that_grows_while_it_is_read_is_read_no_further_than_the_limit() -> None:
    """Files of the kernel claim size 0 but have content."""
    path = Path("/proc/self/maps")
    if not path.exists():
        pytest.skip("this system has no /proc")
    assert path.stat().st_size == 0
    assert "too large" in refusal(path)
    assert file_bytes(Path("/proc/self/stat"), MOST)


def test_follows_links_to_files(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"content")
    (tmp_path / "link").symlink_to("file")
    assert file_bytes(tmp_path / "link", MOST) == b"content"


def test_refuses_what_is_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    os.mkfifo("pipe")
    Path("link").symlink_to("pipe")
    with socket.socket(socket.AF_UNIX) as made:
        made.bind("socket")
    assert refusal(tmp_path) == "not a file but a folder"
    assert refusal(Path("pipe")) == "not a file but a pipe"
    assert refusal(Path("link")) == "not a file but a pipe"
    assert refusal(Path("socket")) == "not a file but a socket"
    assert refusal(Path("/dev/zero")) == "not a file but a device"


def test_refuses_a_pipe_with_a_writer_without_taking_its_bytes(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = threading.Thread(target=pipe.write_bytes, args=(b"for somebody else",))
    writer.start()
    assert refusal(pipe) == "not a file but a pipe"
    assert pipe.read_bytes() == b"for somebody else"
    writer.join()


def test_a_file_exchanged_for_a_pipe_after_the_first_look_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, pipe = tmp_path / "file", tmp_path / "pipe"
    path.write_bytes(b"content")
    os.mkfifo(pipe)
    truly_open = os.open

    def open_pipe(_: Path, flags: int) -> int:
        return truly_open(pipe, flags)

    monkeypatch.setattr(os, "open", open_pipe)
    assert refusal(path) == "not a file but a pipe"


def test_says_what_is_wrong_with_a_path(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "broken").symlink_to("nowhere")
    (tmp_path / "loop").symlink_to("loop")
    assert refusal(tmp_path / "missing") == "no such file"
    assert refusal(tmp_path / "broken") == "a broken link"
    assert refusal(tmp_path / "loop") == "a loop of links"
    assert refusal(tmp_path / ("x" * 300)) == "a name too long for a file"
    assert refusal(tmp_path / "file" / "below") == "no such file: a part of the path is not a folder"
    assert refusal(tmp_path / "zero\0byte") == "an invalid file name"


def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "locked"
    path.touch(mode=0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert refusal(path) == "no permission to read it"


def test_a_refused_permission_and_other_errors_are_reasons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.touch()

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(os, "open", refuse)
    assert refusal(path) == "no permission to read it"
    assert reason(path, OSError(5, "Input/output error")) == "cannot be read: input/output error"


def test_leaves_no_file_open(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(bytes(1001))
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        refusal(path)
        head_bytes(path)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
