"""What a report says about the scan behind it: versions, models, policies and backgrounds in words."""

import importlib.metadata
from collections.abc import Sequence
from datetime import datetime

from lynkeus import __version__
from lynkeus.kinds.protocol import COPIES, OBJECTS
from lynkeus.report import ReportInfo
from lynkeus.runtime.cards import ModelCard, cards
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge
from lynkeus.scan.object_model import own_cards

_LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "faiss-cpu", "onnxruntime")


def report_info(
    home: Home,
    judge: Judge,
    *,
    scanned: Sequence[str],
    started: datetime,
    seconds: float,
    command: str,
    title: str,
) -> ReportInfo:
    """Everything that a report tells of a scan.

    Args:
        home: Where was looked.
        judge: Calibrations and policies that were used.
        scanned: Folders and files as the user gave them.
        started: When the scan began.
        seconds: How long it took.
        command: The command line that repeats it.
        title: Heading of the report.
    """
    stamp = home.catalog.stamp()
    return ReportInfo(
        title=title,
        scanned=tuple(scanned),
        started=started,
        seconds=seconds,
        command=command,
        versions={"lynkeus": __version__, **{name: importlib.metadata.version(name) for name in _LIBRARIES}},
        models={card.name: f"{card.version} sha256:{card.sha256}" for card in _models(home)},
        policies={name: judge.words(name) for name in judge.galleries},
        backgrounds={name: len(rates) for name, rates in judge.rates.items() if rates is not None},
        settings={
            "recogniser": ", ".join(_recognisers(home, judge)),
            "catalog": f"{stamp.database_id}, epoch {stamp.epoch}, revision {stamp.revision}",
            "references": f"{home.catalog.references.count():,}",
        },
    )


def _models(home: Home) -> list[ModelCard]:
    """What ships, but with a network of objects of one's own in the place of that and its clean pictures."""
    own = own_cards(home.folder)
    replaced = {each.name for each in own}
    return [*(each for each in cards() if each.name not in replaced), *own]


def _recognisers(home: Home, judge: Judge) -> list[str]:
    """Versions of the recognisers of the kinds that there are galleries of."""
    kinds = {gallery.kind for gallery in judge.galleries.values()} or {COPIES}
    versions = {COPIES: lambda: home.copies.version, OBJECTS: lambda: home.object_model.card.version}
    return [versions[kind]() for kind in sorted(kinds)]
