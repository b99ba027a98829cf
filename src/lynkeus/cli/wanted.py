"""Which files a scan is asked to write; refused before the work where they could not be written."""

from dataclasses import dataclass
from pathlib import Path

import click

PRINTED = Path("-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which outputs are wanted, and where; ``-`` prints one of them."""

    report: Path | None = None
    json_file: Path | None = None
    csv_file: Path | None = None
    isc_file: Path | None = None

    def check(self) -> None:
        """Refuse a file that could not be written, before the work begins.

        Raises:
            click.BadParameter: Its folder is missing, or it is a folder itself.
            click.UsageError: Two are to be printed.
        """
        asked = {
            "--report": self.report,
            "--json": self.json_file,
            "--csv": self.csv_file,
            "--isc": self.isc_file,
        }
        printed = [option for option, path in asked.items() if path == PRINTED]
        if len(printed) > 1:
            raise click.UsageError(f"only one of {' and '.join(printed)} can be - (printed)")
        for option, path in asked.items():
            if path != PRINTED:
                check_writable(option, path)

    @property
    def printed(self) -> bool:
        """Whether standard output is taken, so that words go to standard error."""
        return PRINTED in (self.report, self.json_file, self.csv_file, self.isc_file)


def check_writable(option: str, path: Path | None) -> None:
    """Refuse a file that could not be written, before the work begins.

    Raises:
        click.BadParameter: Its folder is missing, it is a folder itself, or ``-``, which is no file here.
    """
    if path is None:
        return
    if path == PRINTED:
        raise click.BadParameter("- is no file, and this cannot be printed: name a file", param_hint=option)
    if path.is_dir():
        raise click.BadParameter(f"{path} is a folder", param_hint=option)
    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.absolute().parent}", param_hint=option)
