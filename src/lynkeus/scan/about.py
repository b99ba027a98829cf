"""Facts about a scan for its report: versions, models, policies and backgrounds, in words."""

import importlib.metadata
from collections.abc import Sequence
from datetime import datetime

from lynkeus import __version__
from lynkeus.kinds import DEFAULT
from lynkeus.report import ReportInfo
from lynkeus.scan.home import Home
from lynkeus.scan.judge import Judge

_LIBRARIES = ("numpy", "opencv-python-headless", "pillow", "faiss-cpu", "onnxruntime")  # their versions affect scores


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
    """Collect the facts that a report shows about a scan.

    Args:
        home: The scanned home.
        judge: Calibrations and policies of the scan.
        scanned: Folders and files as the user gave them.
        started: When the scan began.
        seconds: Duration of the scan.
        command: The command line that repeats the scan.
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
        models={card.name: f"{card.version} sha256:{card.sha256}" for card in home.models.all_cards()},
        policies={name: judge.words(name) for name in judge.galleries},
        backgrounds={name: len(rates) for name, rates in judge.rates.items() if rates is not None},
        settings={
            "recogniser": ", ".join(_recognisers(home, judge)),
            "catalog": f"{stamp.database_id}, epoch {stamp.epoch}, revision {stamp.revision}",
            "references": f"{home.catalog.references.count():,}",
        },
    )


def _recognisers(home: Home, judge: Judge) -> list[str]:
    """Versions of the recognisers, one for each kind of the galleries."""
    kinds = {gallery.kind for gallery in judge.galleries.values()} or {DEFAULT}
    return [home.lane(kind).recogniser.traits.version for kind in sorted(kinds)]
