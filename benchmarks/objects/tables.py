"""The table of docs/methods/objects.md, made from ``results/objects.json``.

Run: ``python -m benchmarks.objects.tables``; it writes between the page's marks.
"""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "objects.json"
PAGE = HERE.parent.parent / "docs" / "methods" / "objects.md"
_BETWEEN = re.compile(r"(?<=<!-- table -->\n).*?(?=<!-- end -->)", re.DOTALL)
_ARMS = {
    "off_the_shelf": "published weights, two layers pooled",
    "whitened": "the same, whitened within the classes",
    "free": "trained on free data alone",
    "trained": "trained on all",
    "int8": "**trained on all, int8: what ships**",
}
_SETS = ("firearms", "cars", "birds")


def rendered(report: dict[str, Any]) -> str:
    """The table in Markdown: mean and standard deviation over the folds, rank 1 behind it."""
    lines = [f"| | {' | '.join(f'{name}: mAP (R@1)' for name in _SETS)} |", "| --- |" + " --- |" * len(_SETS)]
    for arm, words in _ARMS.items():
        found = [report["mean"][arm][name] for name in _SETS]
        cells = [
            f"{one['mean_ap']['mean']:.3f} ± {one['mean_ap']['sd']:.3f} ({one['rank_1']['mean']:.3f})" for one in found
        ]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    PAGE.write_text(_BETWEEN.sub(rendered(json.loads(RESULTS.read_text("utf-8"))), page), "utf-8")
