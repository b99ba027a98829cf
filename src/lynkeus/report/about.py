"""The facts about a scan that its report shows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class ReportInfo:
    """Facts about a scan: the scanned files, the time, the versions and the policies.

    Attributes:
        title: Heading of the report.
        scanned: Folders and files as the user gave them.
        started: When the scan began; None omits the time, so that equal scans give equal bytes.
        seconds: Duration of the scan, seconds; None omits the duration.
        command: The command line that repeats the scan.
        versions: Name to version: lynkeus and the libraries that affect scores.
        models: Name of each model to its digest.
        policies: Name of each gallery to its policy in words.
        backgrounds: Name of each gallery to its number of independent clean uploads; rates below 3 / number
            are shown as "rarer than 1 in number / 3".
        settings: Other facts that are needed to repeat the scan: recogniser, catalog, number of references.
        note: A note for the reader; empty for none.
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
