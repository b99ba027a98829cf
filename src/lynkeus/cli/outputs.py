"""The files that a scan writes: report, JSON lines, table, pairs for evaluation."""

from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

if TYPE_CHECKING:
    from datetime import datetime

    from lynkeus.core import UploadResult
    from lynkeus.report import JsonLinesWriter
    from lynkeus.scan.home import Home
    from lynkeus.scan.judge import Judge
    from lynkeus.scan.scanner import Scanned

PRINTED = Path("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which outputs are wanted, and where; ``-`` prints JSON lines."""

    report: Path | None = None
    json_file: Path | None = None
    csv_file: Path | None = None
    isc_file: Path | None = None

    def check(self) -> None:
        """Refuse a file that could not be written, before the work begins.

        Raises:
            click.BadParameter: Its folder is missing, or it is a folder itself.
        """
        for option, path in (
            ("--report", self.report),
            ("--json", self.json_file),
            ("--csv", self.csv_file),
            ("--isc", self.isc_file),
        ):
            if path != PRINTED:
                check_writable(option, path)


def check_writable(option: str, path: Path | None) -> None:
    """Refuse a file that could not be written, before the work begins.

    Raises:
        click.BadParameter: Its folder is missing, or it is a folder itself.
    """
    if path is None:
        return
    if path.is_dir():
        raise click.BadParameter(f"{path} is a folder", param_hint=option)
    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.absolute().parent}", param_hint=option)


class Outputs:
    """Takes scanned uploads one by one; JSON lines are written at once, the rest by ``finish``."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._writer: JsonLinesWriter | None = None
        self._results: list[UploadResult] = []
        self._candidates: list[UploadResult] = []

    def __enter__(self) -> Self:
        from lynkeus.report import JsonLinesWriter

        if self._wanted.json_file not in (None, PRINTED):
            self._writer = JsonLinesWriter(self._wanted.json_file)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._writer is not None:
            self._writer.close()

    def add(self, row: "Scanned") -> None:
        """Take one upload."""
        from lynkeus.report import to_line

        if self._writer is not None:
            self._writer.write(row.result)
        elif self._wanted.json_file == PRINTED:
            click.echo(to_line(row.result))
        if self._wanted.report or self._wanted.csv_file:
            self._results.append(row.result)
        if self._wanted.isc_file and row.candidates:
            self._candidates.append(_bare(row))

    def write_pairs(self) -> None:
        """Write the pairs for evaluation, if they are wanted."""
        from lynkeus.report import write_isc

        if self._wanted.isc_file:
            write_isc(self._wanted.isc_file, self._candidates)

    def finish(
        self,
        home: "Home",
        judge: "Judge",
        *,
        scanned: tuple[str, ...],
        started: "datetime",
        seconds: float,
        command: str,
        files: dict[str, Path],
        title: str = "Scan report",
    ) -> None:
        """Write the files that need all uploads.

        Args:
            home: Where was looked; gives the references' pictures.
            judge: Calibrations and policies that were used.
            scanned: What the user gave.
            started: When the scan began.
            seconds: How long it took.
            command: The command line.
            files: The file behind each shown path.
            title: Heading of the report.
        """
        from lynkeus.report import write_csv, write_html
        from lynkeus.scan.about import report_info
        from lynkeus.scan.pictures import StoredPictures

        self.write_pairs()
        if self._wanted.csv_file:
            write_csv(self._wanted.csv_file, self._results)
        if self._wanted.report:
            about = report_info(
                home, judge, scanned=scanned, started=started, seconds=seconds, command=command, title=title
            )
            write_html(self._wanted.report, self._results, StoredPictures(home, files), about=about)


def _bare(row: "Scanned") -> "UploadResult":
    """All candidates of an upload without their points, which pairs do not need."""
    import numpy as np

    from lynkeus.core import Evidence

    none = np.zeros((0, 2))
    nothing = Evidence(transform=None, upload_points=none, reference_points=none)
    bare = tuple(replace(f, evidence=nothing, region=none, reference_region=none) for f in row.candidates)
    return replace(row.result, findings=bare)
