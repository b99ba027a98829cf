"""The pages with code run as they stand: Python blocks share one namespace, console lines call the command line."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from lynkeus.cli import main

DOCS = Path(__file__).parent.parent / "docs"
_BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_ENDS = re.compile(r"#\s*ends with (\d)")


def _blocks(page: Path) -> Iterator[tuple[str, str]]:
    for match in _BLOCK.finditer(page.read_text("utf-8")):
        yield match[1], match[2]


def _call(line: str) -> None:
    """Run one console line; a comment says which exit code it has, if not 0."""
    words = line.split("#", maxsplit=1)[0].split()
    assert words[0] == "lynkeus", line
    ends = _ENDS.search(line)
    done = CliRunner().invoke(main, words[1:])
    assert done.exit_code == (int(ends[1]) if ends else 0), f"{line}\n{done.output}\n{done.exception}"


@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", ["tutorial.md", "howto/evaluate.md"])
def test_a_page_runs_as_it_stands(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("LYNKEUS_HOME", raising=False)
    names: dict[str, Any] = {}
    blocks = list(_blocks(DOCS / page))
    assert blocks
    for language, code in blocks:
        if language == "python":
            exec(compile(code, page, "exec"), names)  # the page is ours
        else:
            for line in code.splitlines():
                _call(line)
