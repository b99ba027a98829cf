"""Write the tables of docs/methods/retrieval.md from the committed results: ``python -m benchmarks.retrieval.tables``.

Also draws its histograms, ``docs/images/distances.png``.

Spreads are standard deviations over the seeds. Differences are taken seed by seed, on the same classes.
"""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness.results import read_results, results_file
from benchmarks.harness.tables import Table, grid, lines, write
from lynkeus.report.laboratory.evaluation import Histogram
from lynkeus.report.laboratory.plots import histograms

PAGE = "docs/methods/retrieval.md"
PICTURE = Path(__file__).parents[2] / "docs/images/distances.png"
MAP = "mAP (trapezoid)"
ARMS = {
    "off-the-shelf": 31.1,
    "retr-s": 35.1,
    "retr-d": 47.1,
    "cls, first half": None,
    "cls": 65.4,
    "cls+retr-s": None,
    "cls+retr-d": 68.4,
    "triplet": 68.0,
    "arcface": None,
}
"""What the authors report for each, trapezoid mAP, per cent; None where they report nothing."""
_PCA_ARMS = ("off-the-shelf", "retr-d", "cls+retr-d")
_COMPARED = 128

Sets = dict[str, dict[str, list[dict[str, Any]]]]


def arms(results: dict[str, Any]) -> str:
    """Every arm on every set, beside what the authors report of theirs."""
    sets: Sets = results["sets"]
    heading = f"arm | {' | '.join(sets)} | reported by authors, their data"
    rows = [
        (arm, *(_spread(rows[arm], _figure(MAP)) for rows in sets.values()), _reported(reported))
        for arm, reported in ARMS.items()
    ]
    return lines(f"mAP by trapezoid. {_seeds(sets)}", "", *grid(heading, rows))


def cmc(results: dict[str, Any]) -> str:
    """All figures of every arm, a set after the other."""
    sets: Sets = results["sets"]
    figures = (MAP, "mAP (plain)", "R@1", "R@2", "R@4", "R@8")
    rows = [
        (name, arm, *(_spread(found, _figure(one)) for one in figures))
        for name, each in sets.items()
        for arm, found in each.items()
    ]
    return lines(*grid(f"set | arm | {' | '.join(figures)}", rows))


def gates(results: dict[str, Any]) -> str:
    """What was to be shown, and what came."""
    sets: Sets = results["sets"]

    def apart(arm: str, other: str) -> Callable[[dict[str, list[dict[str, Any]]]], str]:
        return lambda each: _signed([a["figures"][MAP] - b["figures"][MAP] for a, b in _paired(each, arm, other)])

    def whitened(each: dict[str, list[dict[str, Any]]]) -> str:
        dim = str(_COMPARED)
        rows = each["cls+retr-d"]
        return _signed([row["pca"]["plain"][dim][MAP] - row["pca"]["whitened"][dim][MAP] for row in rows])

    wanted = {
        "retr-d less retr-s": ("above 0", apart("retr-d", "retr-s")),
        "cls+retr-d less cls": ("0 or above", apart("cls+retr-d", "cls")),
        "cls+retr-s less cls": ("below 0 in the paper", apart("cls+retr-s", "cls")),
        "cls+retr-d less cls+retr-s": ("above 0", apart("cls+retr-d", "cls+retr-s")),
        f"PCA {_COMPARED} of cls+retr-d, plain less whitened": ("0 or above", whitened),
    }
    rows = [(name, hoped, *(made(each) for each in sets.values())) for name, (hoped, made) in wanted.items()]
    return lines(*grid(f"mAP by trapezoid, points | hoped for | {' | '.join(sets)}", rows))


def distances(results: dict[str, Any]) -> str:
    """Mean distances of pairs of one class and of two."""
    sets: Sets = results["sets"]
    rows = [
        (
            arm,
            *(
                f"{_mean(each[arm], 'same'):.2f} / {_mean(each[arm], 'different'):.2f}"
                f" ({np.mean([row['in_common'] for row in each[arm]]):.2f})"
                for each in sets.values()
            ),
        )
        for arm in ARMS
    ]
    return lines(*grid(f"arm | {' | '.join(sets)}", rows))


def pca(results: dict[str, Any]) -> str:
    """Sizes, without and with whitening."""
    sets: Sets = results["sets"]
    rows: list[tuple[str, ...]] = []
    dims = sorted({int(dim) for each in sets.values() for dim in each["cls+retr-d"][0]["pca"]["plain"]}, reverse=True)
    for name, each in sets.items():
        for arm in _PCA_ARMS:
            for kind in ("plain", "whitened"):
                cells = [_plain(each[arm], _reduced(kind, str(dim))) for dim in dims]
                whole = _plain(each[arm], _figure(MAP)) if kind == "plain" else ""
                rows.append((name, arm, kind, whole, *cells))
    return lines(*grid(f"set | arm | PCA | 1280, none | {' | '.join(str(dim) for dim in dims)}", rows))


def looks(results: dict[str, Any]) -> str:
    """One look and several at a picture."""
    found: dict[str, dict[str, dict[str, float]]] = {
        name: {"one size": results["sets"][name]["cls+retr-d"][0]["figures"]} | kinds
        for name, kinds in results["looks"].items()
    }
    kinds = list(next(iter(found.values()), {}))
    rows = [(kind, *(f"{one[kind][MAP]:.3f} ({one[kind]['R@1']:.3f})" for one in found.values())) for kind in kinds]
    return lines(*grid(f"looks | {' | '.join(f'{name}: mAP (R@1)' for name in found)}", rows))


def margins(results: dict[str, Any]) -> str:
    """The grid of both margins, and the means they should lie between."""
    start = results["start"]
    pushes = list(next(iter(results["grid"].values())))
    rows = [(pull, *(_val(row) for row in each.values())) for pull, each in results["grid"].items()]
    means = {name: f"{row['same']:.2f} / {row['different']:.2f}" for name, row in start.items()}
    single = ", ".join(f"{push}: {_val(row)}" for push, row in results["single"].items())
    return lines(
        *grid(f"pull | {' | '.join(f'push {push}' for push in pushes)}", rows),
        "",
        f"Mean distance of pairs of one class / of two: {'; '.join(f'{k} {v}' for k, v in means.items())}. "
        f"Single margin (retr-s), by push: {single}.",
    )


def rates(results: dict[str, Any]) -> str:
    """Learning rates of the last stage."""
    all_rates = sorted({float(rate) for each in results["rates"].values() for rate in each})
    rows = [
        (arm, *(_val(each[str(rate)]) if str(rate) in each else "" for rate in all_rates))
        for arm, each in results["rates"].items()
    ]
    return lines(*grid(f"arm | {' | '.join(f'{rate:g}' for rate in all_rates)}", rows))


def _figure(name: str) -> Callable[[dict[str, Any]], float]:
    return lambda row: row["figures"][name]


def _reduced(kind: str, dim: str) -> Callable[[dict[str, Any]], float]:
    return lambda row: row["pca"][kind].get(dim, {MAP: float("nan")})[MAP]


def _paired(each: dict[str, list[dict[str, Any]]], arm: str, other: str) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    return list(zip(each[arm], each[other], strict=False))


def _spread(rows: Sequence[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> str:
    values = [value(row) for row in rows]
    return f"{np.mean(values):.3f}" + (f" ± {np.std(values, ddof=1):.3f}" if len(values) > 1 else "")


def _plain(rows: Sequence[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> str:
    mean = float(np.mean([value(row) for row in rows]))
    return "-" if np.isnan(mean) else f"{mean:.3f}"


def _signed(values: Sequence[float]) -> str:
    points = 100 * np.array(values)
    spread = f" ± {points.std(ddof=1):.1f}" if len(points) > 1 else ""
    return f"{points.mean():+.1f}{spread}"


def _mean(rows: Sequence[dict[str, Any]], kind: str) -> float:
    return float(np.mean([row["distances"][kind] for row in rows]))


def _seeds(sets: Sets) -> str:
    parts = [
        f"{name} {rows[0]['classes']['train']} classes train, {rows[0]['classes']['test']} are measured"
        f" ({len(rows)} seeds)"
        for name, each in sets.items()
        for rows in (each["cls"],)
    ]
    return "; ".join(parts) + "."


def _reported(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f} %"


def _val(row: dict[str, Any]) -> str:
    return "collapsed" if row.get("collapsed") else f"{row[MAP]:.3f}"


def _table(name: str, results: str, made: Callable[[dict[str, Any]], str]) -> Table:
    return Table(name=name, pages=(PAGE,), results=results_file("retrieval", results), made=made)


TABLES = (
    _table("retrieval-arms", "retrieval.json", arms),
    _table("retrieval-gates", "retrieval.json", gates),
    _table("retrieval-cmc", "retrieval.json", cmc),
    _table("retrieval-distances", "retrieval.json", distances),
    _table("retrieval-pca", "retrieval.json", pca),
    _table("retrieval-looks", "retrieval.json", looks),
    _table("retrieval-margins", "choices.json", margins),
    _table("retrieval-rates", "choices.json", rates),
)


def distance_plots(sets: Sets) -> list[Histogram]:
    """Distances of pairs before any training, after pairs with two margins, and after classes besides, first seed."""
    return [
        Histogram(
            name=f"{name}: {arm}",
            edges=np.array(spread["edges"], np.float64),
            same=np.array(spread["same"], np.int64),
            different=np.array(spread["different"], np.int64),
        )
        for name, each in sets.items()
        for arm in _PCA_ARMS
        for spread in (each[arm][0]["histogram"],)
    ]


if __name__ == "__main__":
    write(TABLES)
    PICTURE.write_bytes(histograms(distance_plots(read_results(results_file("retrieval", "retrieval.json"))["sets"])))
