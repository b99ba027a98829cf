"""The demo's uploads against the shipped background: what commit 588c91d found, before kinds had one protocol.

That code gave the same JSON lines, byte for byte, up to the change of the format. Scores may differ a little on
processors whose int8 arithmetic rounds otherwise.
"""

import json
from pathlib import Path

from commands import rows, run

from lynkeus.cli.demo_pictures import OBJECT, demo_pictures, make_uploads

_GOLDEN = Path(__file__).with_name("demo_golden.json")
_ROUNDING = 0.5
"""Log odds; int8 with and without VNNI differ by up to .2 on copies."""


def test_the_demo_finds_what_it_found_before(tmp_path: Path) -> None:
    pictures = demo_pictures()
    home, uploads = tmp_path / "home", make_uploads(pictures, tmp_path / "uploads")
    listed = tmp_path / "jeans.csv"
    listed.write_text("path,name\n" + "".join(f"{path},{OBJECT}\n" for path in pictures.object_references))
    run(home, "register", *pictures.references, "--gallery", "demo")
    run(home, "register", listed, "--gallery", "demo-objects", "--kind", "object")
    run(home, "background", "add", "--shipped")
    golden = json.loads(_GOLDEN.read_text("utf-8"))
    found = {Path(row["upload"]).stem: row for row in rows(run(home, "scan", *uploads, "--json", "-", code=1))}
    assert found.keys() == golden.keys()
    for name, row in found.items():
        told = [[f[key] for key in ("kind", "gallery", "entity", "reference", "action")] for f in row["findings"]]
        assert told == [each[:-1] for each in golden[name]], name
        for finding, each in zip(row["findings"], golden[name], strict=True):
            assert abs(finding["score"] - each[-1]) < _ROUNDING, name
