"""``lynkeus backup`` and ``lynkeus restore``: copy the catalog into one file, and back."""

from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def backup(home: Path, *, file: Path) -> None:
    """Write the catalog into one file; other commands may run meanwhile.

    The backup does not contain the index; lynkeus builds the index again from the catalog.

    \b
    lynkeus backup monday.lynkeus
    """
    from lynkeus.cli.opened import open_home

    with open_home(home) as opened:
        stamp = opened.catalog.backup(file)
        count = opened.catalog.references.count()
    click.echo(f"{file}: {count:,} references, revision {stamp.revision:,}, {file.stat().st_size / 1e6:,.1f} MB")


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.pass_obj
def restore(home: Path, *, file: Path) -> None:
    """Replace the catalog with a backup; keep the old catalog beside it. Purged references stay purged.

    \b
    lynkeus restore monday.lynkeus
    """
    from lynkeus.catalog import Catalog
    from lynkeus.scan.home import CATALOG, Home
    from lynkeus.scan.removal import finish_purges

    home.mkdir(parents=True, exist_ok=True)
    restored = Catalog.restore(home / CATALOG, file)
    click.echo(f"restored {restored.references:,} references, revision {restored.stamp.revision:,}")
    if restored.purged_again:
        with Home(home, create=False) as opened:
            finish_purges(opened)
        click.echo(f"{len(restored.purged_again):,} references purged after the backup were purged again")
    if restored.set_aside:
        click.echo(f"the previous catalog is kept in {restored.set_aside}")
    if not restored.log_known:
        click.echo("warning: the previous catalog was damaged: its purges since the backup are not known", err=True)
