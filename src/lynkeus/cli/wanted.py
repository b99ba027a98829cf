"""Which files a scan is asked to write; refused before the work where they could not be written."""

from dataclasses import dataclass
from pathlib import Path

import click

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
