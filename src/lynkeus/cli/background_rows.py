"""The background pictures as rows and as lines of text."""

import click

from lynkeus.catalog import Background
from lynkeus.scan.calibrate import NOTHING_ALIKE, scores_of
from lynkeus.scan.clean_pictures import halves
from lynkeus.scan.home import Home


def background_rows(home: Home, gallery: str | None) -> list[dict[str, object]]:
    """All pictures as rows by number; or, for a gallery, the calibrating pictures by score, highest first."""
    pictures = home.catalog.backgrounds.all()
    normalising = {b.id for b in halves(pictures).normalising}
    if gallery is None:
        return [_row(b, normalises=b.id in normalising) for b in pictures]
    scores = scores_of(home, gallery)
    known = {b.id: b for b in pictures}
    best_first = sorted(scores.values(), key=lambda s: -s.score)
    return [
        _row(known[s.background_id], normalises=False)
        | ({"use": "left out"} if s.excluded else {})
        | {"score": None if s.score == NOTHING_ALIKE else s.score, "excluded": s.reason or None}
        for s in best_first
    ]


def _row(picture: Background, *, normalises: bool) -> dict[str, object]:
    use = "normalises" if normalises else "calibrates"
    return {"id": picture.id, "name": picture.name, "source": picture.source, "use": use}


def background_line(row: dict[str, object]) -> str:
    """One row as a line of text."""
    score = row.get("score")
    figures = "" if score is None else f"  score {score:.3f}"
    reason = f"  {row['excluded']}" if row.get("excluded") else ""
    return f"{row['id']:>6}  {row['use']}{figures}{reason}  {row['source'] or row['name']}"


def name_excluded(home: Home) -> None:
    """Print which clean pictures are left out of a gallery's calibration."""
    names = {b.id: b.source or b.name for b in home.catalog.backgrounds.all()}
    for gallery in home.catalog.galleries.all():
        for score in scores_of(home, gallery.name).values():
            if score.excluded:
                click.echo(f"{names[score.background_id]}: left out for {gallery.name}, {score.reason}", err=True)


def halves_in_words(home: Home, gallery: str | None = None) -> str:
    """How many pictures normalise, how many calibrate, and how many are left out, in words.

    Args:
        home: A home whose calibrations are up to date.
        gallery: Count for this gallery; None counts all pictures and names each gallery that leaves pictures out.
    """
    parted = halves(home.catalog.backgrounds.all())
    normalise = f"{len(parted.normalising):,} normalise"
    names = [each.name for each in home.catalog.galleries.all()] if gallery is None else [gallery]
    lost = {name: sum(score.excluded for score in scores_of(home, name).values()) for name in names}
    if gallery is not None:
        left = len(parted.calibrating) - lost[gallery]
        return f"{left:,} pictures calibrate {gallery}, {lost[gallery]:,} are left out, {normalise}"
    told = ", ".join(f"{count:,} left out for {name}" for name, count in lost.items() if count)
    return f"{len(parted.calibrating):,} pictures calibrate{f' ({told})' if told else ''}, {normalise}"
