"""Lists of pictures with names: csv files for ``register``."""

import csv
from pathlib import Path

from lynkeus.core import UnreadableError
from lynkeus.core.file_bytes import reason
from lynkeus.core.folders import display


def read_names(file: Path) -> tuple[list[Path], dict[str, str]]:
    """Read paths and entity names from a csv file with the columns ``path`` and ``name``; ignore other columns.

    Relative paths start from the folder of the csv file.

    Raises:
        UnreadableError: A column is missing, a path has two names, or the file is not csv text; the message names the
            file.
    """
    shown = display(file)
    try:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            reader = csv.DictReader(lines)
            if not {"path", "name"} <= set(reader.fieldnames or ()):
                got = ", ".join(reader.fieldnames or ()) or "none"
                raise UnreadableError(f"{shown}: wanted the columns path and name, got {got}")
            rows = [(row["path"], row["name"] or "") for row in reader]
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnreadableError(f"{shown}: not csv text: {error}") from error
    except OSError as error:
        raise UnreadableError(f"{shown}: {reason(file, error)}") from error
    named: dict[Path, str] = {}
    for path, name in rows:
        if path and named.setdefault(file.parent / path, name) != name:
            raise UnreadableError(f"{shown}: {path} has two names, {named[file.parent / path]} and {name}")
    return list(named), {display(path): name for path, name in named.items() if name}
