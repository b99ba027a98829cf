import json
from pathlib import Path

import pytest
from commands import rows, run

from lynkeus.runtime import cards


def test_models_are_listed_with_their_terms(tmp_path: Path) -> None:
    listed = rows(run(tmp_path, "models", "list", "--json"))
    assert {"copy-descriptor", "copy-score", "local-codebook"} <= {row["name"] for row in listed}
    assert all(row["terms"] in {"free", "research"} and row["licence"] for row in listed)
    assert "copy-descriptor" in run(tmp_path, "models", "list").stdout


def test_the_shipped_models_are_intact(tmp_path: Path) -> None:
    assert all(row["intact"] for row in rows(run(tmp_path, "models", "verify", "--json")))


def test_a_changed_model_is_told_and_ends_with_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "m.bin").write_bytes(b"changed")
    card = {"name": "m", "file": "m.bin", "sha256": "0" * 64, "version": "1", "licence": "Apache-2.0", "terms": "free"}
    (tmp_path / "m.json").write_text(json.dumps(card))
    monkeypatch.setattr(cards, "MODELS", tmp_path)
    assert "DAMAGED" in run(tmp_path, "models", "verify", code=1).stdout
