"""What a report says about the scan itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportInfo:
    """The scan behind a report: what, when, with which versions and under which policy.

    Attributes:
        title: Heading of the report.
        scanned: What was scanned: folders and files as the user gave them.
        started: When the scan began; None leaves it out, so that equal scans give equal bytes.
        seconds: How long it took, seconds; None leaves it out.
        command: The command line that repeats the scan.
        versions: Name to version: lynkeus and the libraries that decide about scores.
        models: Name of each model to its digest.
        policies: Name of each gallery to its policy in words.
        backgrounds: Name of each gallery to its number of independent clean uploads; rates below 3 / number
            are shown as "rarer than 1 in number / 3".
        settings: Whatever else is needed to repeat the scan: seeds, limits, catalog.
        note: Anything a reader should know; empty for nothing.
    """

    title: str = "Scan report"
    scanned: tuple[str, ...] = ()
    started: datetime | None = None
    seconds: float | None = None
    command: str = ""
    versions: Mapping[str, str] = field(default_factory=dict[str, str])
    models: Mapping[str, str] = field(default_factory=dict[str, str])
    policies: Mapping[str, str] = field(default_factory=dict[str, str])
    backgrounds: Mapping[str, int] = field(default_factory=dict[str, int])
    settings: Mapping[str, str] = field(default_factory=dict[str, str])
    note: str = ""
