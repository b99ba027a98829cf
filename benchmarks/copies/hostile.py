"""A folder of broken and hostile files with three disguised copies among them, through a whole ``lynkeus scan``.

``python -m benchmarks.copies.hostile [--files 500]``. The files are those of ``lynkeus.testing.write_hostile_files``:
pictures cut off at every twentieth, bits turned over, another format's start, bombs, 1 x 65500 pixels, odd EXIF, and
paths that are no files. The references are the demo's. The scan is a process of its own with one thread, which prints
JSON lines and writes a report; what passes between two lines is what a file costs (the first also loads the models).
Memory is that of the process and all below it, looked at fifty times a second.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from benchmarks.harness.about import about
from benchmarks.harness.results import results_file, write_results
from lynkeus.cli.demo_pictures import demo_pictures, make_uploads
from lynkeus.core.folders import display, walk
from lynkeus.testing import write_hostile_files

GALLERY = "demo"
PROMISED_EXIT = 3
SLOWEST_S, MOST_MIB = 5.0, 1024
COPIES = 3
_SEED = 11
_INDEX = re.compile(r'<script type="application/json" id="index">(.*?)</script>', re.DOTALL)
_TICKS = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, kw_only=True, slots=True)
class Survived:
    """What a scan of hostile files came to.

    Attributes:
        files: Entries of the folder, the copies among them.
        exit_code: Of the scan.
        said: What it wrote to standard error that is no ``path: reason``; empty where all is well.
        json_rows: Files with a JSON line.
        report_rows: Files with a row in the report.
        unreadable: Files that were refused, each with a reason.
        copies_found: Of the three disguised copies, those that were found.
        false_findings: Other files with a finding.
        slowest_cpu_s: CPU seconds of the costliest file.
        slowest_wall_s: Seconds of the slowest one, others working on the machine.
        peak_mib: Memory of the process tree at its highest.
    """

    files: int
    exit_code: int
    said: str
    json_rows: int
    report_rows: int
    unreadable: int
    copies_found: int
    false_findings: int
    slowest_cpu_s: float
    slowest_wall_s: float
    peak_mib: int

    def faults(self) -> list[str]:
        """What was promised and not kept."""
        kept = {
            f"ends with {self.exit_code}, not {PROMISED_EXIT}": self.exit_code == PROMISED_EXIT,
            f"says {self.said[:200]!r}": not self.said,
            f"{self.json_rows} JSON lines for {self.files} files": self.json_rows == self.files,
            f"{self.report_rows} rows of the report for {self.files} files": self.report_rows == self.files,
            f"{self.copies_found} of {COPIES} copies found": self.copies_found == COPIES,
            f"{self.false_findings} other files with findings": not self.false_findings,
            f"{self.slowest_cpu_s} CPU seconds for one file": self.slowest_cpu_s < SLOWEST_S,
            f"{self.peak_mib} MiB": self.peak_mib < MOST_MIB,
        }
        return [fault for fault, fine in kept.items() if not fine]


def fill(folder: Path, files: int) -> list[str]:
    """Write about so many hostile files, evenly of all kinds, and the copies, in a folder; the copies' shown paths."""
    folder.mkdir()
    written = [file.path for file in write_hostile_files(folder, np.random.default_rng(_SEED))]
    paths = len(list(walk([folder / "paths"])))
    broken = [path for path in written if path.parent == folder]
    wanted = max(files - paths, 1)
    kept = {broken[number * len(broken) // wanted] for number in range(min(wanted, len(broken)))}
    for path in broken:
        if path not in kept:
            path.unlink()
    with tempfile.TemporaryDirectory() as made:
        uploads = make_uploads(demo_pictures(), Path(made))[:COPIES]
        places = [folder / f"{name}.jpg" for name in ("as-copy", "m-copy", "zz-copy")]
        for upload, place in zip(uploads, places, strict=True):
            place.write_bytes(upload.read_bytes())
    return [display(place) for place in places]


def scan(work: Path, files: int) -> Survived:
    """Register the demo's references and scan hostile files in processes of their own."""
    copies = fill(work / "uploads", files)
    home, report = work / "home", work / "report.html"
    command = [sys.executable, "-X", "faulthandler", "-m", "lynkeus", "--home", str(home)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1"}
    references = map(str, demo_pictures().references)
    subprocess.run([*command, "register", "--gallery", GALLERY, *references], env=environment, check=True)
    scanning = [*command, "scan", str(work / "uploads"), "--jobs", "1", "--json", "-", "--report", str(report)]
    with (
        (work / "said").open("wb") as said,
        subprocess.Popen(scanning, env=environment, stdout=subprocess.PIPE, stderr=said) as process,
    ):
        tree = _Tree(process.pid)
        lines, cpu, wall = _read(process, tree)
    rows = [json.loads(line) for line in lines]
    found = {row["upload"] for row in rows if row["findings"]}
    shown = [row["upload"] for row in rows]
    return Survived(
        files=sum(1 for _ in walk([work / "uploads"])),
        exit_code=process.returncode,
        said=_odd((work / "said").read_text("utf-8", "replace"), shown),
        json_rows=len(set(shown)),
        report_rows=_report_rows(report),
        unreadable=sum(row["verdict"] == "unreadable" and bool(row["error"]) for row in rows),
        copies_found=len(found & set(copies)),
        false_findings=len(found - set(copies)),
        slowest_cpu_s=round(cpu, 2),
        slowest_wall_s=round(wall, 2),
        peak_mib=tree.peak // (1 << 20),
    )


def _read(process: subprocess.Popen[bytes], tree: "_Tree") -> tuple[list[str], float, float]:
    """All JSON lines, and the most CPU and the longest time between two of them."""
    assert process.stdout is not None
    lines: list[str] = []
    times: list[tuple[float, float]] = []
    tree.start()
    for line in process.stdout:
        times.append((tree.cpu(), time.perf_counter()))
        lines.append(line.decode())
    tree.stop()
    cpu, wall = np.diff(np.array(times), axis=0).max(axis=0).tolist()
    return lines, cpu, wall


class _Tree:
    """Watches a process and all below it."""

    def __init__(self, pid: int) -> None:
        self.peak = 0
        self._pid = pid
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def cpu(self) -> float:
        """CPU seconds so far; those of a process that has ended count no more."""
        return sum(int(stat[11]) + int(stat[12]) for stat in self._stats()) / _TICKS

    def _watch(self) -> None:
        while not self._ended.wait(0.02):
            self.peak = max(self.peak, sum(int(stat[21]) for stat in self._stats()) * _PAGE)

    def _stats(self) -> list[list[str]]:
        """Fields of /proc/PID/stat from the third on, of each process of the tree."""
        found: list[list[str]] = []
        waiting = [self._pid]
        while waiting:
            pid = waiting.pop()
            try:
                found.append(Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split())
                children = Path(f"/proc/{pid}/task").glob("*/children")
                waiting += [int(child) for file in children for child in file.read_text().split()]
            except OSError:
                continue
        return found


def _odd(said: str, shown: list[str]) -> str:
    """Lines of standard error that are neither the reason for a file nor the summary."""
    names = set(shown)
    lines = [line for line in said.splitlines() if line.strip()]
    return "\n".join(
        line
        for line in lines
        if not any(line[:place] in names for place in (m.start() for m in re.finditer(": ", line)))
        and not re.match(r"[\d,]+ scanned: ", line)
    )


def _report_rows(report: Path) -> int:
    """Files in the report: those with findings, the clear and the unreadable ones."""
    found = _INDEX.search(report.read_text("utf-8")) if report.exists() else None
    index = json.loads(found[1]) if found else {"uploads": [], "clear": [], "unreadable": []}
    return sum(len(index[part]) for part in ("uploads", "clear", "unreadable"))


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=500, help="broken and hostile files, about (500)")
    parser.add_argument("--quick", action="store_true", help="100 files; nothing is written")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as work:
        survived = scan(Path(work), 100 if options.quick else options.files)
    print(json.dumps(asdict(survived)))
    if not options.quick:
        write_results(
            results_file("copies", "hostile.json"), {"about": about(), **asdict(survived), "faults": survived.faults()}
        )
    sys.exit("; ".join(survived.faults()) or None)


if __name__ == "__main__":
    main()
