"""``lynkeus compare``: check whether one picture shows another."""

import sys
from pathlib import Path

import click

from lynkeus.cli.options import DONE, FAILED, json_option
from lynkeus.cli.wanted import check_writable


@click.command()
@click.argument("upload", type=click.Path(path_type=Path))
@click.argument("reference", type=click.Path(path_type=Path))
@click.option("--show", type=click.Path(path_type=Path), help="Draw the match into this PNG file.")
@json_option
@click.pass_obj
def compare(home: Path, *, upload: Path, reference: Path, show: Path | None, as_json: bool) -> None:
    """Say whether UPLOAD shows REFERENCE, and how. This command needs no gallery.

    Ends with 0 when UPLOAD likely shows REFERENCE, otherwise with 1.

    \b
    lynkeus compare a.jpg b.jpg --show match.png
    """
    from lynkeus.core import UploadResult, Verdict
    from lynkeus.core.folders import display
    from lynkeus.kinds.compare import compare_files
    from lynkeus.report import to_line, write_match
    from lynkeus.report.parts import parts_of
    from lynkeus.report.words import finding_words

    del home
    check_writable("--show", show)
    seen = compare_files(upload, reference)
    finding = seen.finding
    names = (display(upload), display(reference))
    if show is not None:
        write_match(show, seen.upload, seen.reference, finding, titles=names)
    if as_json:
        result = UploadResult(
            upload=names[0],
            verdict=Verdict.REVIEW if seen.alike else Verdict.CLEAR,
            findings=() if finding is None else (finding,),
            width=seen.upload.width,
            height=seen.upload.height,
            digest=seen.upload.digest,
        )
        click.echo(to_line(result))
    elif finding is None or not seen.alike:
        score = "" if finding is None else f" (score {finding.score:.2f})"
        click.echo(f"{names[0]} does not show {names[1]}{score}")
    else:
        facts = [f"{name}: {said}" for part, value in parts_of(finding.evidence) for name, said in part.facts(value)]
        click.echo(f"{names[0]} shows {names[1]}. {finding_words(finding)}")
        click.echo("; ".join([f"Score: {finding.score:.2f}", *facts]))
    sys.exit(DONE if seen.alike else FAILED)
