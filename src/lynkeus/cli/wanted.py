"""The files that the user asks a scan to write. A file that cannot be written is refused before the work begins."""

from dataclasses import dataclass
from pathlib import Path

import click

PRINTED = Path("-")
"""The path that means standard output, as in many commands."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """The requested outputs and their files; the path ``-`` prints an output."""

    report: Path | None = None
    json_file: Path | None = None
    csv_file: Path | None = None
    isc_file: Path | None = None

    def check(self) -> None:
        """Refuse a file that cannot be written, before the work begins.

        Raises:
            click.BadParameter: The file's folder is missing, or the path is a folder.
            click.UsageError: Two outputs would be printed.
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
        """Whether an output is printed, so that messages must go to standard error."""
        return PRINTED in (self.report, self.json_file, self.csv_file, self.isc_file)


def check_writable(option: str, path: Path | None) -> None:
    """Refuse a file that cannot be written, before the work begins.

    Raises:
        click.BadParameter: The file's folder is missing, the path is a folder, or the path is ``-``.
    """
    if path is None:
        return
    if path == PRINTED:
        raise click.BadParameter("this output cannot be printed: name a file, not -", param_hint=option)
    if path.is_dir():
        raise click.BadParameter(f"{path} is a folder", param_hint=option)
    if not path.absolute().parent.is_dir():
        raise click.BadParameter(f"there is no folder {path.absolute().parent}", param_hint=option)
