"""Tables of the docs, made from committed results.

A table stands between ``<!-- figures:NAME -->`` and ``<!-- /figures:NAME -->``; what is there is replaced.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.harness.results import read_results

_ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Table:
    """One table of the docs.

    Attributes:
        name: Of its region.
        pages: Where it stands, relative to the root of the repository.
        results: File of results.
        made: Makes the table from the results.
    """

    name: str
    pages: tuple[str, ...]
    results: Path
    made: Callable[[dict[str, Any]], str]

    def text(self) -> str:
        """The table; empty as long as nothing was measured."""
        results = read_results(self.results)
        return self.made(results) if results else ""

    def filled(self, page: str) -> str:
        """A page's text with the table in its region."""
        region = re.compile(rf"(<!-- figures:{self.name} -->\n).*?(<!-- /figures:{self.name} -->)", re.DOTALL)
        return region.sub(lambda found: f"{found[1]}{self.text()}{found[2]}", page)


def grid(heading: str, rows: Iterable[tuple[str, ...]]) -> list[str]:
    """A table in Markdown, line by line.

    Args:
        heading: Names of the columns, ``|`` between them.
        rows: Cells.
    """
    columns = heading.count("|") + 1
    return [f"| {heading} |", "| " + " | ".join(["---"] * columns) + " |", *(f"| {' | '.join(row)} |" for row in rows)]


def lines(*text: str) -> str:
    """Lines as text."""
    return "\n".join(text) + "\n"


def write(tables: Iterable[Table]) -> None:
    """Write tables into their pages."""
    for table in tables:
        for name in table.pages:
            page = _ROOT / name
            page.write_text(table.filled(page.read_text("utf-8")), "utf-8")
