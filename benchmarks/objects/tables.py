"""Write the tables of docs/methods/objects.md from the committed results: ``python -m benchmarks.objects.tables``."""

from collections.abc import Callable
from typing import Any

from benchmarks.harness.results import results_file
from benchmarks.harness.tables import Table, grid, lines, write

PAGE = "docs/methods/objects.md"
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


def trained(report: dict[str, Any]) -> str:
    """Mean and standard deviation over the folds, with rank 1 in brackets."""
    rows = [(words, *(_reached(report["mean"][arm][name]) for name in _SETS)) for arm, words in _ARMS.items()]
    return lines(*grid(" | ".join(["", *(f"{name}: mAP (R@1)" for name in _SETS)]), rows))


def own(report: dict[str, Any]) -> str:
    """Networks trained on own classes: mean and standard deviation over the quarters, with rank 1 in brackets."""
    sets = report["sets"]
    heads = [f"{name}, {of['held out']} of {of['classes']} classes: mAP (R@1)" for name, of in sets.items()]
    rows = [
        (words, *(_reached(of["mean"][arm]) if arm in of["mean"] else "" for of in sets.values()))
        for arm, words in _OWN_ARMS.items()
    ]
    return lines(*grid(" | ".join(["", *heads]), rows))


def _reached(found: dict[str, Any]) -> str:
    return f"{found['mean_ap']['mean']:.3f} ± {found['mean_ap']['sd']:.3f} ({found['rank_1']['mean']:.3f})"


def open_set(report: dict[str, Any]) -> str:
    """The open-set benchmark: mean and standard deviation over the draws."""
    sets = [(name, " (trained)" if of_set["trained"] else "", of_set) for name, of_set in report["sets"].items()]
    sets += [(name, " (held out)", of_set) for name, of_set in report.get("unseen", {}).items()]
    rows = [
        (
            f"{name}, {of_set['entities']} entities{what}",
            count,
            *(f"{found[key]['mean']:.3f} ± {found[key]['sd']:.3f}" for key in _FIGURES),
        )
        for name, what, of_set in sets
        for count, found in of_set["references"].items()
    ]
    return lines(*grid(" | ".join(["set", "references", *_FIGURES.values()]), rows))


def boxes(report: dict[str, Any]) -> str:
    """How many boxes overlap the true one by half."""
    classes = list(report["boxes"]["heat"]["by class"])
    rows = [
        (name, f"{found['overlap at least 0.5']:.3f}", *(f"{found['by class'][each]:.2f}" for each in classes))
        for name, found in report["boxes"].items()
    ]
    return lines(*grid(" | ".join(["box", "all", *classes]), rows))


def _table(name: str, results: str, made: Callable[[dict[str, Any]], str]) -> Table:
    return Table(name=name, pages=(PAGE,), results=results_file("objects", results), made=made)


TABLES = (
    _table("objects", "objects.json", trained),
    _table("objects-open-set", "open_set.json", open_set),
    _table("objects-boxes", "open_set.json", boxes),
    _table("objects-own", "own.json", own),
)

if __name__ == "__main__":
    write(TABLES)
