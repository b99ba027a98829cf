"""The tables of docs/methods/objects.md, made from ``objects.json``, ``open_set.json`` and ``own.json`` of the results.

Run: ``python -m benchmarks.objects.tables``; it writes between the page's marks.
"""

import json
import re
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESULTS = HERE / "results" / "objects.json"
PAGE = HERE.parent.parent / "docs" / "methods" / "objects.md"
OPEN_SET = HERE / "results" / "open_set.json"
OWN = HERE / "results" / "own.json"
_ARMS = {
    "off_the_shelf": "published weights, generalised mean of the head",
    "pooled": "with the covariances",
    "whitened": "the same, whitened within the classes, nothing trained",
    "free": "trained on free data alone",
    "trained": "trained on all",
    "int8": "**trained on all, int8: what ships**",
}
_SETS = ("firearms", "cars", "birds")
_OWN_ARMS = {
    "off_the_shelf": "published weights, generalised mean of the head",
    "shipped": "what ships",
    "whitened": "`object_descriptor_own`: whitened",
    "trained": "the same, trained for 120 steps",
}
_FIGURES = {
    "rank_1": "rank 1",
    "named at 1 in 10": "named at 1 in 10",
    "named at 1 in 100": "named at 1 in 100",
    "policy 1/100: named": "review 1/100: named",
    "policy 1/100: clean stopped": "review 1/100: clean stopped",
    "policy 1/10: named": "review 1/10: named",
    "policy 1/10: clean stopped": "review 1/10: clean stopped",
}


def rendered(report: dict[str, Any]) -> str:
    """The table in Markdown: mean and standard deviation over the folds, rank 1 behind it."""
    lines = [f"| | {' | '.join(f'{name}: mAP (R@1)' for name in _SETS)} |", "| --- |" + " --- |" * len(_SETS)]
    for arm, words in _ARMS.items():
        cells = [_reached(report["mean"][arm][name]) for name in _SETS]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rendered_own(report: dict[str, Any]) -> str:
    """The table of networks of one's own: mean and standard deviation over the quarters, rank 1 behind it."""
    sets = report["sets"]
    heads = [f"{name}, {of['held out']} of {of['classes']} classes: mAP (R@1)" for name, of in sets.items()]
    lines = [f"| | {' | '.join(heads)} |", "| --- |" + " --- |" * len(sets)]
    for arm, words in _OWN_ARMS.items():
        cells = [_reached(of["mean"][arm]) if arm in of["mean"] else "" for of in sets.values()]
        lines.append(f"| {words} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _reached(found: dict[str, Any]) -> str:
    return f"{found['mean_ap']['mean']:.3f} ± {found['mean_ap']['sd']:.3f} ({found['rank_1']['mean']:.3f})"


def rendered_open_set(report: dict[str, Any]) -> str:
    """The table of the open-set benchmark: mean and standard deviation over the draws."""
    lines = [f"| set | references | {' | '.join(_FIGURES.values())} |", "| --- | --- |" + " --- |" * len(_FIGURES)]
    sets = [(name, " (trained)" if of_set["trained"] else "", of_set) for name, of_set in report["sets"].items()]
    sets += [(name, " (held out)", of_set) for name, of_set in report.get("unseen", {}).items()]
    for name, what, of_set in sets:
        words = f"{name}, {of_set['entities']} entities{what}"
        for count, found in of_set["references"].items():
            cells = [f"{found[key]['mean']:.3f} ± {found[key]['sd']:.3f}" for key in _FIGURES]
            lines.append(f"| {words} | {count} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def rendered_boxes(report: dict[str, Any]) -> str:
    """The table of boxes."""
    classes = list(report["boxes"]["heat"]["by class"])
    lines = [f"| box | all | {' | '.join(classes)} |", "| --- | --- |" + " --- |" * len(classes)]
    for name, found in report["boxes"].items():
        cells = [f"{found['by class'][each]:.2f}" for each in classes]
        lines.append(f"| {name} | {found['overlap at least 0.5']:.3f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def tables() -> dict[str, str]:
    """Name of each table's mark in the page, and the table."""
    open_set = json.loads(OPEN_SET.read_text("utf-8"))
    return {
        "table": rendered(json.loads(RESULTS.read_text("utf-8"))),
        "open set": rendered_open_set(open_set),
        "boxes": rendered_boxes(open_set),
        "own": rendered_own(json.loads(OWN.read_text("utf-8"))),
    }


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    for mark, table in tables().items():
        marked = re.compile(rf"<!-- {mark} -->\n.*?<!-- end -->", re.DOTALL)
        page = marked.sub(lambda _, name=mark, new=table: f"<!-- {name} -->\n{new}<!-- end -->", page, count=1)
    PAGE.write_text(page, "utf-8")
