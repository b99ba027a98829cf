import json
import os
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from commands import run, run_process
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus.core import read_picture
from lynkeus.kinds import KINDS, find_kind
from lynkeus.kinds.objects.embedder import DESCRIPTOR
from lynkeus.runtime.cards import card


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of three pictures; one lies in a subfolder."""
    folder = tmp_path / "pictures"
    write_pictures(folder, range(2))
    write_picture(folder / "deeper" / "last one.png", made_picture(7))
    return folder


def test_embeds_a_folder_in_the_order_of_its_names(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors.npz"
    run(tmp_path, "embed", pictures, "--kind", "object", "--out", out)
    with np.load(out) as arrays:
        paths, vectors = arrays["paths"].tolist(), arrays["vectors"]
        assert arrays["unreadable"].shape == (0,)
    assert paths == sorted(p.relative_to(pictures).as_posix() for p in pictures.rglob("*.*"))
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for path, vector in zip(paths, vectors, strict=True):
        np.testing.assert_allclose(vector, _as_scanned(pictures / path), atol=1e-3)


def _as_scanned(file: Path) -> np.ndarray:
    """The vector that a scan computes for a picture."""
    return find_kind("object").load(card).observe(read_picture(file, max_side=1024))


def test_embeds_a_list_in_its_own_order_and_names_what_cannot_be_read(pictures: Path, tmp_path: Path) -> None:
    (pictures / "text.jpg").write_text("no picture")
    listing = tmp_path / "list.txt"
    listing.write_text("deeper/last one.png\r\ntext.jpg\n\nmissing.jpg\ndeeper\n", "utf-8")
    out = tmp_path / "vectors.npz"
    words = ("embed", listing, "--root", pictures, "--kind", "object", "--out", out)
    done = run(tmp_path, *words, "--json")
    with np.load(out) as arrays:
        assert arrays["paths"].tolist() == ["deeper/last one.png"]
        assert arrays["vectors"].shape[0] == 1
        assert arrays["unreadable"].tolist() == ["text.jpg", "missing.jpg", "deeper"]
        reasons = arrays["reasons"].tolist()
    assert "no such file" in reasons[1]
    for name, reason in zip(("text.jpg", "missing.jpg", "deeper"), reasons, strict=True):
        assert f"{name}: {reason}" in done.stderr
    summary = json.loads(done.stdout)
    assert summary["embedded"] == 1
    assert [row["path"] for row in summary["unreadable"]] == ["text.jpg", "missing.jpg", "deeper"]
    assert summary["sha256"] == card(DESCRIPTOR).sha256


def test_an_exported_model_takes_the_place_of_the_one_that_ships(pictures: Path, tmp_path: Path) -> None:
    shipped = card(DESCRIPTOR)
    own = tmp_path / "own"
    own.mkdir()
    fields = asdict(shipped) | {"file": "mine.onnx", "version": "mine-1"}
    (own / "mine.onnx").write_bytes(shipped.path.read_bytes())
    (own / "mine.json").write_text(json.dumps(fields))
    words = ("embed", pictures, "--kind", "object", "--json", "--out")
    run(tmp_path, *words, tmp_path / "a.npz")
    done = run(tmp_path, *words, tmp_path / "b.npz", "--model", own / "mine.json")
    assert json.loads(done.stdout)["version"] == "mine-1"
    with np.load(tmp_path / "a.npz") as ours, np.load(tmp_path / "b.npz") as mine:
        np.testing.assert_array_equal(ours["vectors"], mine["vectors"])
    with (own / "mine.onnx").open("ab") as file:
        file.write(b"more")
    done = run(tmp_path, *words, tmp_path / "c.npz", "--model", own / "mine.json", code=2)
    assert "mine.onnx is missing or not the file that the card describes" in done.stderr
    (own / "mine.json").write_text(json.dumps(fields | {"file": None}))
    done = run(tmp_path, *words, tmp_path / "c.npz", "--model", own / "mine.json", code=2)
    assert "file, sha256 and version are texts" in done.stderr
    (own / "mine.json").write_text("no card")
    assert "no model card" in run(tmp_path, *words, tmp_path / "c.npz", "--model", own / "mine.json", code=2).stderr
    assert not (tmp_path / "c.npz").exists()


def test_a_name_that_is_no_utf8_leaves_the_summary_readable(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    Path(os.fsdecode(os.fsencode(tmp_path / "in") + b"/caf\xe9.jpg")).write_bytes(b"no picture")
    out = tmp_path / "v.npz"
    done = run_process("embed", tmp_path / "in", "--kind", "object", "--out", out, "--json", cwd=tmp_path)
    with np.load(out) as arrays:
        assert [row["path"] for row in json.loads(done.stdout)["unreadable"]] == arrays["unreadable"].tolist()


def test_a_list_lies_beside_its_pictures_unless_a_root_is_given(pictures: Path, tmp_path: Path) -> None:
    (pictures / "list.txt").write_text("deeper/last one.png\n")
    out = tmp_path / "vectors.npz"
    run(tmp_path, "embed", pictures / "list.txt", "--kind", "object", "--out", out)
    with np.load(out) as arrays:
        assert arrays["paths"].tolist() == ["deeper/last one.png"]


def test_ends_with_one_when_nothing_could_be_read(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("missing.jpg\n")
    out = tmp_path / "vectors.npz"
    run(tmp_path, "embed", tmp_path / "list.txt", "--kind", "object", "--out", out, code=1)
    with np.load(out) as arrays:
        assert len(arrays["vectors"]) == len(arrays["paths"]) == 0


@pytest.mark.parametrize("jobs", [1, 3])
def test_the_number_of_jobs_changes_nothing(pictures: Path, tmp_path: Path, jobs: int) -> None:
    out = tmp_path / f"{jobs}.npz"
    run(tmp_path, "embed", pictures, "--kind", "object", "--out", out, "--jobs", str(jobs))
    with np.load(out) as arrays:
        for path, vector in zip(arrays["paths"].tolist(), arrays["vectors"], strict=True):
            np.testing.assert_allclose(vector, _as_scanned(pictures / path), atol=1e-3)


def test_refuses_an_unknown_kind_a_missing_list_and_a_list_that_is_no_text(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "vectors.npz"
    run(tmp_path, "embed", pictures, "--kind", "film", "--out", out, code=2)
    run(tmp_path, "embed", tmp_path / "none.txt", "--kind", "object", "--out", out, code=2)
    run(tmp_path, "embed", pictures, "--root", pictures, "--kind", "object", "--out", out, code=2)
    run(tmp_path, "embed", pictures / "deeper" / "last one.png", "--kind", "object", "--out", out, code=2)
    run(tmp_path, "embed", pictures, "--kind", "object", "--out", tmp_path / "no" / "v.npz", code=2)
    assert not out.exists()


def test_offers_the_kinds_that_there_are(tmp_path: Path) -> None:
    shown = run(tmp_path, "embed", "--help").stdout
    assert all(kind in shown for kind in KINDS)


def test_leaves_no_unfinished_file_behind(pictures: Path, tmp_path: Path) -> None:
    out = tmp_path / "out" / "vectors.npz"
    out.parent.mkdir()
    out.write_text("an older file")
    run(tmp_path, "embed", pictures, "--kind", "object", "--out", out)
    assert [path.name for path in out.parent.iterdir()] == ["vectors.npz"]
    with np.load(out) as arrays:
        assert len(arrays["paths"]) == 3
