"""The files that a scan writes: report, JSON lines, table, and pairs for evaluation."""

import codecs
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import final

import click
import numpy as np

from lynkeus.cli.wanted import PRINTED, Wanted
from lynkeus.core import Evidence, UploadResult
from lynkeus.report import JsonLinesWriter, shared_ids, to_line, write_csv, write_html, write_isc
from lynkeus.scan.about import report_info
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.pictures import StoredPictures
from lynkeus.scan.scanner import Scanned


@final
class Outputs:
    """Take scanned uploads one by one. ``add`` writes JSON lines at once; ``finish`` writes the other files."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._writer: JsonLinesWriter | None = None
        self._results: list[UploadResult] = []
        self._candidates: list[UploadResult] = []

    def __enter__(self) -> "Outputs":
        if self._wanted.json_file not in (None, PRINTED):
            self._writer = JsonLinesWriter(self._wanted.json_file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, row: Scanned) -> None:
        """Take one upload."""
        if self._writer is not None:
            self._writer.write(row.result)
        elif self._wanted.json_file == PRINTED:
            click.echo(to_line(row.result))
        if self._wanted.report or self._wanted.csv_file:
            self._results.append(row.result)
        if self._wanted.isc_file and row.candidates:
            self._candidates.append(_bare(row))

    def write_pairs(self) -> None:
        """Write the pairs for evaluation, if the user asked for them."""
        if self._wanted.isc_file:
            _written(self._wanted.isc_file, lambda file: write_isc(file, self._candidates))
            shared = shared_ids(self._candidates)
            for one, files in list(shared.items())[:1]:
                click.echo(
                    f"warning: {len(shared):,} ids stand for several files, such as {one} for"
                    f" {files[0]} and {files[1]}: their pairs count as one",
                    err=True,
                )

    def finish(
        self,
        home: Home,
        judge: Judge,
        *,
        scanned: tuple[str, ...],
        started: datetime,
        seconds: float,
        command: str,
        files: dict[str, Path],
        title: str = "Scan report",
    ) -> None:
        """Write the files that need all uploads.

        Args:
            home: The scanned home; gives the pictures of the references.
            judge: Calibrations and policies of the scan.
            scanned: Paths that the user gave.
            started: When the scan began.
            seconds: Duration of the scan.
            command: The command line.
            files: The file of each shown path.
            title: Heading of the report.
        """
        self.write_pairs()
        if self._wanted.csv_file:
            _written(self._wanted.csv_file, lambda file: write_csv(file, self._results))
        if self._wanted.report:
            about = report_info(
                home, judge, scanned=scanned, started=started, seconds=seconds, command=command, title=title
            )
            pictures = StoredPictures(home, files)
            _written(self._wanted.report, lambda file: write_html(file, self._results, pictures, about=about))


def _written(path: Path, write: Callable[[Path], None]) -> None:
    """Write a file, or print its content without the byte order mark, which only spreadsheets need."""
    if path != PRINTED:
        write(path)
        return
    with tempfile.TemporaryDirectory(prefix="lynkeus-") as folder:
        write(Path(folder) / "printed")
        click.echo((Path(folder) / "printed").read_bytes().removeprefix(codecs.BOM_UTF8), nl=False)


def _bare(row: Scanned) -> UploadResult:
    """All candidates of an upload without evidence and regions, which pairs do not need."""
    none = np.zeros((0, 2))
    bare = tuple(replace(f, evidence=Evidence(), region=none, reference_region=none) for f in row.candidates)
    return replace(row.result, findings=bare)
