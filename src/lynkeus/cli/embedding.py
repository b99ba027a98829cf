"""Embed many pictures and write their vectors into one file of arrays."""

import json
import os
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click
import numpy as np
from jaxtyping import Float32

from lynkeus.cli.options import DONE, FAILED, progress
from lynkeus.core import UnreadableError, read_picture
from lynkeus.core.folders import Entry, display, walk
from lynkeus.core.parallel import default_jobs, in_order
from lynkeus.core.sources import WORKING_SIDE
from lynkeus.kinds import find_kind
from lynkeus.runtime.cards import card, exported_card


def run(
    listing: Path, *, kind: str, out: Path, root: Path | None, model: Path | None, jobs: int | None, as_json: bool
) -> int:
    """Embed the pictures, write the file and print a summary; gives the exit code.

    Args:
        listing: A folder, or a text file with one path per line.
        kind: Name of the kind whose vectors are written.
        out: File to write.
        root: Folder that the paths in a text file start from; None takes the folder of the text file.
        model: Card of a model; None takes the shipped model.
        jobs: Pictures at once; None takes the number of processors.
        as_json: Print the summary as JSON.

    Raises:
        CorruptError: The card or its model cannot be used.
        UnreadableError: The text file is not UTF-8.
        UnknownNameError: There is no such kind.
    """
    began = time.monotonic()
    entries = listed(listing, root)
    own = None if model is None else exported_card(model)
    recogniser = find_kind(kind).load(lambda name: own if own is not None and own.name == name else card(name))
    used = recogniser.traits.models[0]

    def one(entry: tuple[str, Entry]) -> tuple[str, Float32[np.ndarray, " d"] | str]:
        name, file = entry
        try:
            if file.error is not None:
                return name, file.error
            seen = recogniser.observe(read_picture(file.path, max_side=WORKING_SIDE))
        except UnreadableError as error:
            return name, str(error)
        vector = recogniser.vector(recogniser.keep(seen))
        return name, vector / np.linalg.norm(vector)

    done = list(progress(in_order(one, entries, jobs=jobs or default_jobs()), total=len(entries), title="embed"))
    vectors = [(name, found) for name, found in done if not isinstance(found, str)]
    unreadable = [(name, found) for name, found in done if isinstance(found, str)]
    for name, reason in unreadable:
        click.echo(f"{display(Path(name))}: {reason}", err=True)
    write_arrays(out, vectors, unreadable)
    summary = {
        "kind": kind,
        "model": used.name,
        "version": used.version,
        "sha256": used.sha256,
        "embedded": len(vectors),
        "unreadable": [{"path": name, "reason": reason} for name, reason in unreadable],
        "seconds": round(time.monotonic() - began, 3),
        "out": str(out),
    }
    if as_json:
        click.echo(json.dumps(summary))
    else:
        click.echo(f"embedded {len(vectors):,} in {out}, {len(unreadable):,} could not be read")
    return DONE if vectors else FAILED


def listed(listing: Path, root: Path | None) -> list[tuple[str, Entry]]:
    """The files of a folder or a list, each with its name in the arrays.

    Args:
        listing: A folder (names are relative to the folder), or a text file with one path per line (each line is a
            name).
        root: Folder that the paths in a text file start from; None takes the folder of the text file.

    Raises:
        UnreadableError: The text file is not UTF-8.
    """
    if listing.is_dir():
        return [(entry.path.relative_to(listing).as_posix(), entry) for entry in walk([listing])]
    try:
        lines = [line.removesuffix("\r") for line in listing.read_text("utf-8-sig").split("\n")]
    except UnicodeDecodeError as error:
        raise UnreadableError(f"{listing}: not a UTF-8 text file with one path per line") from error
    folder = listing.parent if root is None else root
    return [(line, Entry(folder / line)) for line in lines if line.strip()]


def write_arrays(
    path: Path, vectors: Sequence[tuple[str, Float32[np.ndarray, " d"]]], unreadable: Sequence[tuple[str, str]]
) -> None:
    """Write the npz file, which takes its name only when complete.

    Args:
        path: Final name; an existing file is replaced.
        vectors: Name and vector of each picture.
        unreadable: Name and reason of each file that could not be read.
    """
    handle, name = tempfile.mkstemp(dir=path.absolute().parent, prefix=".lynkeus-", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            np.savez(
                file,
                paths=np.array([one for one, _ in vectors], dtype=np.str_),
                vectors=np.stack([vector for _, vector in vectors]) if vectors else np.zeros((0, 0), np.float32),
                unreadable=np.array([one for one, _ in unreadable], dtype=np.str_),
                reasons=np.array([reason for _, reason in unreadable], dtype=np.str_),
            )
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink()
        raise
