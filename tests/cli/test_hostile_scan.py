"""A scan of hostile files in its own process; ``python -m benchmarks.copies.hostile`` scans 500 files."""

from pathlib import Path

from benchmarks.copies.hostile import Survived, scan


def test_a_scan_survives_hostile_files_and_finds_the_copies_among_them(tmp_path: Path) -> None:
    survived = scan(tmp_path, 60)
    assert survived.files > 60
    assert survived.unreadable > 40
    assert survived.faults() == []


def test_each_broken_promise_is_named() -> None:
    fine = Survived(
        files=9,
        exit_code=3,
        said="",
        json_rows=9,
        report_rows=9,
        unreadable=6,
        copies_found=3,
        false_findings=0,
        slowest_cpu_s=0.5,
        slowest_wall_s=9.0,
        peak_mib=300,
    )
    assert fine.faults() == []
    bad = Survived(
        files=9,
        exit_code=1,
        said="Traceback",
        json_rows=8,
        report_rows=7,
        unreadable=6,
        copies_found=2,
        false_findings=1,
        slowest_cpu_s=5.5,
        slowest_wall_s=9.0,
        peak_mib=2000,
    )
    assert len(bad.faults()) == 8
