"""``lynkeus gallery``: list, change and remove galleries, and set their policies."""

import json
import sys
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lynkeus.cli.options import DONE, FAILED, jobs_option, json_option

if TYPE_CHECKING:
    from lynkeus.calibration.policy import Wish


class _RateType(click.ParamType):
    """A rate such as ``1/100``, ``0.01`` or ``1e-2``; ``none`` means never."""

    name = "rate"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> "Wish":
        """The rate as a ``Wish``."""
        from lynkeus.calibration.policy import Wish

        text = str(value).strip().lower()
        if text in ("none", "never"):
            return Wish(None)
        try:
            rate = float(Fraction(text))
        except (ValueError, ZeroDivisionError):
            self.fail(f"{value} is not a rate; write a rate such as 1/100 or 0.01, or none", param, ctx)
        if not 0 < rate < 1:
            self.fail(f"{value} is not a rate between 0 and 1", param, ctx)
        return Wish(rate)


@click.group()
def gallery() -> None:
    """Galleries: sets of registered pictures, each with a policy.

    \b
    lynkeus gallery list
    lynkeus gallery policy mine --review 1/100 --block 1/10000
    """


@gallery.command(name="list")
@json_option
@click.pass_obj
def list_galleries(home: Path, *, as_json: bool) -> None:
    """List galleries with their size and policy."""
    from lynkeus.calibration.policy import Policy, plain
    from lynkeus.cli.opened import open_home
    from lynkeus.kinds import DEFAULT

    with open_home(home) as opened:
        galleries = opened.catalog.galleries.all()
        for each in galleries:
            policy = Policy.read(each.policy)
            references = opened.catalog.references.count(each.name)
            if as_json:
                stored = None if policy is None else json.loads(policy.text())
                row = {
                    "gallery": each.name,
                    "kind": each.kind,
                    "references": references,
                    "log_only": each.log_only,
                    "policy": stored,
                }
                click.echo(json.dumps(row))
            else:
                words = "no policy" if policy is None else plain(policy)
                log_only = ", log only" if each.log_only else ""
                kind = "" if each.kind == DEFAULT else f" of {each.kind}s"
                click.echo(f"{each.name}: {references:,} references{kind}, {words}{log_only}")
    sys.exit(DONE if galleries else FAILED)


@gallery.command()
@click.argument("name")
@click.option("--entity", help="References of this entity only.")
@click.option("--after", type=click.IntRange(0), default=0, help="Start after the reference of this number.")
@click.option("--limit", type=click.IntRange(1), default=100, show_default=True, help="Most rows to show.")
@json_option
@click.pass_obj
def show(home: Path, *, name: str, entity: str | None, after: int, limit: int, as_json: bool) -> None:
    """List the references of a gallery, a page at a time.

    \b
    lynkeus gallery show mine --limit 20
    """
    from lynkeus.cli.gallery_rows import reference_line, reference_row
    from lynkeus.cli.opened import open_home

    with open_home(home) as opened:
        opened.catalog.galleries.get(name)
        page = opened.catalog.references.page(name, entity=entity, after=after, limit=limit + 1)
        for reference in page[:limit]:
            click.echo(json.dumps(reference_row(reference)) if as_json else reference_line(reference))
        if not as_json and len(page) > limit:
            click.echo(f"more: --after {page[limit - 1].id}")
    sys.exit(DONE if page else FAILED)


@gallery.command()
@click.argument("name")
@click.argument("new_name")
@click.pass_obj
def rename(home: Path, *, name: str, new_name: str) -> None:
    """Give a gallery another name."""
    from lynkeus.cli.opened import open_home

    with open_home(home) as opened:
        opened.catalog.galleries.rename(name, new_name)
    click.echo(f"{name} is now {new_name}")


@gallery.command()
@click.argument("name")
@click.option("--entity", help="Remove this entity with all its references.")
@click.option("--reference", "references", multiple=True, help="Remove this reference, by name or number.")
@click.option("--force", is_flag=True, help="Remove a gallery that still has references.")
@click.option("--purge", is_flag=True, help="Blank names and texts as well; a restore repeats the purge.")
@json_option
@click.pass_obj
def remove(
    home: Path,
    *,
    name: str,
    entity: str | None,
    references: tuple[str, ...],
    force: bool,
    purge: bool,
    as_json: bool,
) -> None:
    """Remove a gallery, one of its entities, or some of its references.

    \b
    lynkeus gallery remove mine --reference beach.jpg
    lynkeus gallery remove mine --force
    """
    from lynkeus.cli.gallery_rows import receipt
    from lynkeus.cli.opened import open_home
    from lynkeus.scan import removal as removing

    if entity is not None and references:
        raise click.UsageError("give --entity or --reference, not both")
    with open_home(home) as opened:
        removal = removing.remove(opened, name, entity=entity, references=references, force=force, purge=purge)
    click.echo(receipt(removal, as_json=as_json))


@gallery.command(name="log-only")
@click.argument("name")
@click.option("--off", is_flag=True, help="Act on findings again.")
@click.pass_obj
def log_only(home: Path, *, name: str, off: bool) -> None:
    """Make a gallery report its findings without acting on them."""
    from lynkeus.cli.opened import open_home

    with open_home(home) as opened:
        opened.catalog.galleries.set_log_only(name, not off)
    click.echo(f"{name} {'acts on its findings' if off else 'only logs its findings'}")


@gallery.command()
@click.argument("name")
@click.option("--review", type=_RateType(), help="Rate of false alarms for review by a person, such as 1/100; or none.")
@click.option("--block", type=_RateType(), help="Rate of false alarms for blocking, such as 1/10000; or none.")
@click.option("--clear", is_flag=True, help="Remove the policy: likely findings ask for review.")
@jobs_option
@click.pass_obj
def policy(
    home: Path, *, name: str, review: "Wish | None", block: "Wish | None", clear: bool, jobs: int | None
) -> None:
    """Set the policy of a gallery, in false alarms per clean upload. Without options, show the policy.

    A rate needs at least 3 / rate clean pictures in the background; otherwise the command refuses the rate.

    \b
    lynkeus gallery policy mine --review 1/100 --block none
    """
    from lynkeus.calibration.policy import change_policy
    from lynkeus.cli.opened import calibrated, open_home

    with open_home(home) as opened:
        stored = opened.catalog.galleries.get(name)
        if clear:
            opened.catalog.galleries.set_policy(name, None)
        elif review or block:
            clean = calibrated(opened, [name], jobs=jobs).clean(name)
            wanted = change_policy(stored, review=review, block=block, clean=clean)
            opened.catalog.galleries.set_policy(name, wanted.text())
        click.echo(f"{name}: {calibrated(opened, [name], jobs=jobs).words(name)}")
