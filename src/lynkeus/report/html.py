"""One HTML file that shows every finding of a scan with its evidence.

The page needs no other file: pictures are ``data:`` addresses, and script and style are part of the page. The content
security policy allows this script and this style by their digests and forbids everything else. Names of files and
entities reach the page in two ways only, both escaped: through the template, and as JSON that the script inserts as
text. Each picture and each finding is a separate data block, which the browser does not parse until the user opens the
finding.
"""

import base64
import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from lynkeus.core.findings import Finding, UploadResult, Verdict
from lynkeus.core.picture import Picture
from lynkeus.report.about import ReportInfo
from lynkeus.report.files import whole_file
from lynkeus.report.json_text import finite
from lynkeus.report.names import visible
from lynkeus.report.pictures import PictureSource, data_uri, reduce
from lynkeus.report.view import detail
from lynkeus.report.words import duration_words

THUMBNAIL_SIDE = 420
"""Longest side of a picture in the page, pixels; a little above the 400 units of ``sides.BOX``."""

FINDINGS_A_PAGE, ROWS_A_PAGE = 50, 200
"""Findings and table rows on one page of the list; chosen by hand, few enough for a browser to draw at once."""

_SCRIPTS = ("list.js", "card.js", "page.js")
_VERDICT_ORDER = (Verdict.BLOCK, Verdict.REVIEW, Verdict.CLEAR, Verdict.UNREADABLE)
_JSON_ESCAPES = {ord(char): f"\\u{ord(char):04x}" for char in "<>&\u2028\u2029"}


@dataclass(frozen=True, slots=True)
class _Block:
    """A data block of the page: an id and JSON that cannot end its element."""

    id: str
    json: Markup


def _json(value: Any) -> Markup:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return Markup(text.translate(_JSON_ESCAPES))  # noqa: S704 - every character with a meaning in HTML is escaped


def digest(text: str) -> str:
    """Digest of a style or script, in the form of the content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode("ascii")


def _row(number: int, finding: Finding) -> dict[str, Any]:
    return {
        "u": number,
        "action": finding.action.value,
        "kind": visible(finding.kind),
        "gallery": visible(finding.gallery),
        "entity": visible(finding.entity),
        "reference": visible(finding.reference),
        "r": finding.reference_id,
        "score": finite(finding.score),
        "rate": finite(finding.rate),
        "by": finding.suppressed_by,
    }


def _index(results: list[UploadResult]) -> dict[str, Any]:
    found = [result for result in results if result.findings]
    return {
        "uploads": [[visible(result.upload), result.verdict.value] for result in found],
        "findings": [_row(number, finding) for number, result in enumerate(found) for finding in result.findings],
        "unreadable": [
            [visible(result.upload), visible(result.error or "no reason recorded")]
            for result in results
            if result.verdict is Verdict.UNREADABLE
        ],
        "clear": [
            [visible(result.upload)]
            for result in results
            if not result.findings and result.verdict is not Verdict.UNREADABLE
        ],
        "findingsAPage": FINDINGS_A_PAGE,
        "rowsAPage": ROWS_A_PAGE,
    }


def _picture(name: str, picture: Picture) -> _Block:
    return _Block(name, _json(data_uri(reduce(picture.rgb, THUMBNAIL_SIDE))))


def _blocks(results: list[UploadResult], pictures: PictureSource, about: ReportInfo) -> Iterator[_Block]:
    sizes: dict[int, Picture | None] = {}
    number = 0
    for upload_number, result in enumerate(result for result in results if result.findings):
        shown = pictures.upload(result.upload)
        if shown is not None:
            yield _picture(f"upload-{upload_number}", shown)
        for finding in result.findings:
            if finding.reference_id not in sizes:
                reference = pictures.reference(finding.reference_id)
                if reference is not None:
                    yield _picture(f"reference-{finding.reference_id}", reference)
                sizes[finding.reference_id] = reference and _without_pixels(reference)
            background = about.backgrounds.get(finding.gallery)
            shown_detail = detail(result, finding, sizes[finding.reference_id], background)
            yield _Block(f"finding-{number}", _json(shown_detail))
            number += 1


def _without_pixels(picture: Picture) -> Picture:
    return replace(picture, rgb=picture.rgb[:1, :1].copy())


def _summary(results: list[UploadResult], about: ReportInfo) -> dict[str, Any]:
    counts = Counter(result.verdict for result in results)
    findings = [finding for result in results for finding in result.findings]
    return {
        "uploads": len(results),
        "verdicts": [(verdict.value, counts[verdict]) for verdict in _VERDICT_ORDER],
        "findings": len(findings),
        "galleries": sorted({visible(finding.gallery) for finding in findings}),
        "duration": "" if about.seconds is None else duration_words(about.seconds),
    }


def environment() -> Environment:
    """The templates; they escape every value, and have the filter ``visible`` for names."""
    environment = Environment(
        loader=PackageLoader("lynkeus.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["visible"] = visible
    return environment


def asset(templates: Environment, name: str) -> str:
    """The content of a style or script."""
    assert templates.loader is not None
    return templates.loader.get_source(templates, name)[0]


def write_html(path: Path, results: Iterable[UploadResult], pictures: PictureSource, *, about: ReportInfo) -> None:
    """Write the report of a scan as one file that needs no other file.

    Args:
        path: File to write; the file takes its name only when complete.
        results: The uploads. All results stay in memory; their pictures do not.
        pictures: Gives the picture of each shown upload and reference once.
        about: Facts about the scan.

    Raises:
        OSError: The file cannot be written.
    """
    kept = list(results)
    templates = environment()
    style = asset(templates, "report.css")
    script = '"use strict";\n' + "\n".join(asset(templates, name) for name in _SCRIPTS)
    chunks = templates.get_template("page.html.j2").generate(
        about=about,
        summary=_summary(kept, about),
        index=_json(_index(kept)),
        blocks=_blocks(kept, pictures, about),
        style=Markup(style),  # noqa: S704 - our own file
        script=Markup(script),  # noqa: S704 - our own file
        style_digest=digest(style),
        script_digest=digest(script),
    )
    with whole_file(path) as file:
        for chunk in chunks:
            file.write(chunk)
