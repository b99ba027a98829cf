"""``lynkeus embed``: write the vectors of pictures, for the user's own search or measurement."""

import sys
from pathlib import Path

import click

from lynkeus.cli.options import jobs_option, json_option
from lynkeus.cli.wanted import check_writable
from lynkeus.kinds import KINDS


@click.command()
@click.argument("listing", metavar="LIST", type=click.Path(path_type=Path, exists=True))
@click.option("--kind", metavar="KIND", required=True, help=f"Kind whose vectors are written: {', '.join(KINDS)}.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="File to write (npz).")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder that the paths in a text file start from.  [default: folder of the text file]",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Model card (json) that `lynkeus export` wrote.  [default: the shipped model]",
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
    """Write the vectors of pictures: of a folder, or of a text file with one path per line.

    The written file has the arrays paths, vectors (float32, length 1, in the order of the list), unreadable
    and reasons. Unreadable files are named on standard error. Ends with 1 when no file could be read.

    \b
    lynkeus embed pictures/ --kind object --out vectors.npz
    lynkeus embed list.txt --root pictures/ --kind object --out vectors.npz --json
    lynkeus embed pictures/ --kind object --model models/object_descriptor.json --out own.npz
    """
    from lynkeus.cli.embedding import run

    del home
    check_writable("--out", out)
    if root is not None and listing.is_dir():
        raise click.BadParameter("--root is only for a text file; LIST is a folder", param_hint="--root")
    sys.exit(run(listing, kind=kind, out=out, root=root, model=model, jobs=jobs, as_json=as_json))
