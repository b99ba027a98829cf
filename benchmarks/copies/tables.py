"""Write the tables of the docs from the committed results: ``python -m benchmarks.copies.tables``.

A table stands between ``<!-- figures:copies -->`` and ``<!-- /figures:copies -->``; what is there is replaced.
"""

import json
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
RESULTS = Path(__file__).parent / "results" / "copies-test.json"
PAGES = ("README.md", "docs/methods/copies.md")
WEAKEST = 8
_REGION = re.compile(r"(<!-- figures:copies -->\n).*?(<!-- /figures:copies -->)", re.DOTALL)
_TITLES = {"listed": "45 listed disguises", "further": "24 that go further"}


def rendered(results: dict[str, Any]) -> str:
    """The table of both suites and, below it, the weakest disguises of each."""
    about = results["about"]
    suites = [(title, results[name]) for name, title in _TITLES.items() if name in results]
    lines = [
        f"Version {about['version']}, {about['half']} half, {about['date']}. R@P: recall at that precision.",
        "A forward is one pass of an int8 ResNet-50 at 288 x 384 on one core, timed in the same run.",
        "",
        "| suite | copies / strangers | micro-AP | R@P90 | R@P99 | five weakest, R@P99 | CPU a picture, forwards |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for title, suite in suites:
        f = suite["figures"]
        shares = " | ".join(f"{f[name]:.3f}" for name in ("micro_ap", "recall_p90", "recall_p99", "worst_five"))
        lines.append(f"| {title} | {f['copies']:,} / {f['strangers']:,} | {shares} | {suite['forwards']:.2f} |")
    lines += ["", f"The {WEAKEST} weakest disguises of each suite, recall at 99 % precision:", ""]
    for title, suite in suites:
        weakest = sorted(suite["figures"]["disguises"].items(), key=lambda item: (item[1], item[0]))[:WEAKEST]
        lines.append(f"- {title}: " + ", ".join(f"`{name}` {recall:.2f}" for name, recall in weakest))
    return "\n".join(lines) + "\n"


def filled(page: str, table: str) -> str:
    """A page's text with the table in its region."""
    return _REGION.sub(lambda found: f"{found[1]}{table}{found[2]}", page)


def main() -> None:
    """Write the tables."""
    table = rendered(json.loads(RESULTS.read_text("utf-8")))
    for name in PAGES:
        page = ROOT / name
        page.write_text(filled(page.read_text("utf-8"), table), "utf-8")


if __name__ == "__main__":
    main()
