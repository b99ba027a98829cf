"""``lynkeus embed``: vectors of pictures, for a search or a measurement of your own."""

import sys
from pathlib import Path

import click

from lynkeus.cli.options import jobs_option, json_option
from lynkeus.cli.wanted import check_writable
from lynkeus.kinds import KINDS


@click.command()
@click.argument("listing", metavar="LIST", type=click.Path(path_type=Path, exists=True))
@click.option("--kind", metavar="KIND", required=True, help=f"Whose vectors: {', '.join(KINDS)}.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write (npz).")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of the paths in a text file.  [default: its own folder]",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Card (json) of an object descriptor that `lynkeus export` wrote.  [default: the one that ships]",
)
@jobs_option
@json_option
@click.pass_obj
def embed(
    home: Path,
    *,
    listing: Path,
    kind: str,
    out: Path,
    root: Path | None,
    model: Path | None,
    jobs: int | None,
    as_json: bool,
) -> None:
    """Write the vectors of the pictures of a folder, or of a text file with one path a line.

    The file has the arrays paths, vectors (float32, of length 1, in the order of the list), unreadable and
    reasons. A file that could not be read is named on standard error; ends with 1 when none could be.

    \b
    lynkeus embed pictures/ --kind object --out vectors.npz
    lynkeus embed list.txt --root pictures/ --kind object --out vectors.npz --json
    lynkeus embed pictures/ --kind object --model models/object_descriptor.json --out own.npz
    """
    from lynkeus.cli.embedding import run

    del home
    check_writable("--out", out)
    if root is not None and listing.is_dir():
        raise click.BadParameter("a folder is its own root", param_hint="--root")
    sys.exit(run(listing, kind=kind, out=out, root=root, model=model, jobs=jobs, as_json=as_json))
