"""Write the tables of the docs from the committed results: ``python -m benchmarks.copies.tables``."""

from collections.abc import Callable
from typing import Any

from benchmarks.harness.results import read_results, results_file
from benchmarks.harness.tables import Table, grid, lines, write

METHOD, BENCHMARKS = "docs/methods/copies.md", "docs/benchmarks.md"
WEAKEST = 8
_SUITES = {"listed": "45 listed disguises", "further": "24 that go further"}
_SHARES = ("micro_ap", "recall_p90", "recall_p99", "worst_five")
_PEERS = {
    "lynkeus": "lynkeus",
    "sscd_normalised": "SSCD, scores normalised",
    "sscd": "SSCD",
    "pdq_turned": "PDQ, eight turns",
    "pdq": "PDQ",
    "perception_hash": "perception, hash tier",
    "perception_local": "perception, local tier",
}


def copies(results: dict[str, Any]) -> str:
    """Both suites and, below, the weakest disguises of each."""
    about = results["about"]
    suites = [(title, results[name]) for name, title in _SUITES.items() if name in results]
    rows = [
        (title, f"{f['copies']:,} / {f['strangers']:,}", *_shares(f), f"{suite['forwards']:.2f}")
        for title, suite in suites
        for f in (suite["figures"],)
    ]
    heading = "suite | copies / strangers | micro-AP | R@P90 | R@P99 | five weakest, R@P99 | CPU a picture, forwards"
    weakest = [
        f"- {title}: " + ", ".join(f"`{name}` {recall:.2f}" for name, recall in _weakest(suite["figures"]))
        for title, suite in suites
    ]
    return lines(
        f"Version {about['version']}, {about['half']} half, {about['date']}. R@P: recall at that precision.",
        "A forward is one pass of an int8 ResNet-50 at 288 x 384 on one core, timed in the same run.",
        "",
        *grid(heading, rows),
        "",
        f"The {WEAKEST} weakest disguises of each suite, recall at 99 % precision:",
        "",
        *weakest,
    )


def ablation(results: dict[str, Any]) -> str:
    """All arms, both suites."""
    heading = "arm | listed: micro-AP | R@P90 | R@P99 | five weakest | further: micro-AP | R@P90 | R@P99 | five weakest"
    rows = [
        (name, *_shares(arm["listed"]), *_shares(arm["further"]), f"{arm['cost']['forwards']:.2f}")
        for name, arm in results["arms"].items()
    ]
    queries = sum(results["arms"][rows[0][0]][suite][kind] for suite in _SUITES for kind in ("copies", "strangers"))
    return lines(
        f"Version {results['about']['version']}, tune half, {results['about']['date']}, {queries:,} queries,"
        f" scores fitted to each arm by {results['folds']}-fold cross-validation.",
        "",
        *grid(f"{heading} | CPU, forwards", rows),
    )


def peers(results: dict[str, Any]) -> str:
    """All systems, both suites; ours as the accuracy benchmark measured it."""
    results = {"lynkeus": read_results(results_file("copies", "copies-test.json"))} | results
    rows = [
        (title, *_peer(results[name], "listed"), *_peer(results[name], "further"), results[name]["about"]["date"])
        for name, title in _PEERS.items()
    ]
    heading = "system | listed: micro-AP | R@P90 | R@P99 | five weakest | CPU | further: micro-AP | R@P90 | R@P99"
    return lines(*grid(f"{heading} | five weakest | CPU | measured", rows))


def _peer(system: dict[str, Any], suite: str) -> tuple[str, ...]:
    row = system[suite]
    forwards = row["cost"]["forwards"] if "cost" in row else row["forwards"]
    return (*_shares(row["figures"]), f"{forwards:.2f}")


def growth(results: dict[str, Any]) -> str:
    """All sizes."""
    galleries = results["galleries"]
    rows = [
        (
            f"{g['references']:,}",
            f"{g['micro_ap']:.3f}",
            f"{g['recall_p99']:.3f}",
            f"{g['cost']['forwards']:.2f}",
            f"{g['memory_mib']['after']['own']:,} + {g['memory_mib']['after']['mapped']:,}",
            f"{sum(g['disk_mib'].values()):,.0f}",
            f"{g['open']['cpu_s']:.2f} / {g['open']['wall_s']:.2f}",
        )
        for g in galleries
    ]
    heading = "references | micro-AP | R@P99 | CPU a picture, forwards | memory, own + mapped, MiB | disk, MiB"
    asked = f"{galleries[0]['copies']:,} copies and {galleries[0]['strangers']:,} strangers of the tune half"
    made = galleries[-1]["made"]
    return lines(
        f"Version {results['about']['version']}, {results['about']['date']}, {asked}.",
        "",
        *grid(f"{heading} | to open, CPU / clock, s", rows),
        "",
        f"The largest gallery holds {', '.join(f'{number:,} {kind}' for kind, number in made.items())}.",
    )


def speed(results: dict[str, Any]) -> str:
    """What users wait for."""
    scan, register, cold = results["scan"], results["register"], results["cold"]
    low, high = scan["quartiles"]
    rows = [
        (
            f"one upload of 1,024 x 768 against {results['references']:,} references",
            f"{scan['forwards']:.2f} forwards ({low:.2f} to {high:.2f}), {scan['cpu_ms']:.0f} ms",
            "",
        ),
        (
            f"registering a picture, {register['jobs']} threads",
            f"{register['forwards']:.2f} forwards, {register['cpu_ms']:.0f} ms",
            f"{register['a_second']:.1f} pictures a second",
        ),
        ("`lynkeus --help`", f"{results['help']['cpu_s']:.2f} s", f"{results['help']['wall_s']:.2f} s"),
        (
            f"`lynkeus scan` of one picture against {cold['references']:,} references, new process",
            f"{cold['cpu_s']:.2f} s",
            f"{cold['wall_s']:.2f} s",
        ),
    ]
    return lines(
        f"Version {results['about']['version']}, {results['about']['date']}, {results['uploads']:,} uploads;"
        f" {results['about']['cores']} cores, {results['load']:.1f} jobs ready to run on average meanwhile.",
        "",
        *grid("what | CPU | clock", rows),
    )


def hostile(results: dict[str, Any]) -> str:
    """What was promised of hostile files, and what came."""
    files = f"{results['files']:,}"
    rows = [
        ("ends with the documented exit code", "3", str(results["exit_code"])),
        ("a JSON line for each file", files, f"{results['json_rows']:,}"),
        ("a row of the report for each file", files, f"{results['report_rows']:,}"),
        ("disguised copies found", "3", str(results["copies_found"])),
        ("findings in other files", "0", str(results["false_findings"])),
        ("costliest file, CPU", "below 5 s", f"{results['slowest_cpu_s']:.2f} s"),
        ("memory at its highest", "below 1,024 MiB", f"{results['peak_mib']:,} MiB"),
    ]
    return lines(
        f"Version {results['about']['version']}, {results['about']['date']}, {files} files,"
        f" {results['unreadable']:,} of them refused with a reason.",
        "",
        *grid("what | promised | came", rows),
    )


def rates(results: dict[str, Any]) -> str:
    """What policies promised and what they kept."""
    rows = [
        (
            f"1 in {p['one_in']}" + ("" if p["supported"] else " (refused: too few clean uploads)"),
            f"{p['stopped']:,} of {p['unseen']:,}",
            f"{p['stopped'] / p['unseen']:.4f}",
            f"{p['low']:.4f} to {p['high']:.4f}",
            f"{p['estimate_stopped'] / p['unseen']:.4f}",
        )
        for p in results["policies"]
    ]
    heading = "promised | stopped | share | 90 % interval | share if the estimate decided"
    return lines(f"Version {results['about']['version']}, {results['about']['date']}.", "", *grid(heading, rows))


def _weakest(figures: dict[str, Any]) -> list[tuple[str, float]]:
    return sorted(figures["disguises"].items(), key=lambda item: (item[1], item[0]))[:WEAKEST]


def _shares(figures: dict[str, Any]) -> tuple[str, ...]:
    return tuple(f"{figures[name]:.3f}" for name in _SHARES)


def _table(name: str, pages: tuple[str, ...], results: str, made: Callable[[dict[str, Any]], str]) -> Table:
    return Table(name=name, pages=pages, results=results_file("copies", results), made=made)


TABLES = (
    _table("copies", ("README.md", METHOD), "copies-test.json", copies),
    _table("ablation", (METHOD,), "ablation-tune.json", ablation),
    _table("rates", (METHOD,), "rates.json", rates),
    _table("peers", (BENCHMARKS,), "peers-test.json", peers),
    _table("growth", (BENCHMARKS,), "growth.json", growth),
    _table("speed", (BENCHMARKS,), "speed.json", speed),
    _table("hostile", (BENCHMARKS,), "hostile.json", hostile),
)

if __name__ == "__main__":
    write(TABLES)
