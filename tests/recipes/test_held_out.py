from pathlib import Path

import pytest

from lynkeus.core import UnreadableError
from lynkeus.recipes.held_out import barred_by_lists, digest_of, read_held_out


def test_bars_all_that_measures_but_the_train_pictures_of_the_tune_half(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text(
        "path,source,role,half\n"
        "c/1.jpg,c,train,tune\nc/2.jpg,c,train,test\nc/3.jpg,c,reference,tune\nc/4.jpg,c,reference,test\n"
    )
    (tmp_path / "hosts.csv").write_text("path,half\nh/1.jpg,tune\nh/2.jpg,test\n")
    (tmp_path / "strangers.csv").write_text("path,half\nc/1.jpg,tune\nc/2.jpg,test\ns/1.jpg,tune\n")
    assert barred_by_lists(tmp_path) == {"c/2.jpg", "c/3.jpg", "c/4.jpg", "h/1.jpg", "h/2.jpg", "s/1.jpg"}


def test_reads_what_is_held_out_from_lines_or_lists_and_notices_a_change(tmp_path: Path) -> None:
    listed = tmp_path / "held.txt"
    listed.write_text("b/2.jpg\n\na/1.jpg\n")
    assert read_held_out(listed) == {"a/1.jpg", "b/2.jpg"}
    before = digest_of(listed)
    listed.write_text("a/1.jpg\nb/2.jpg\n")
    assert digest_of(listed) == before
    listed.write_text("a/1.jpg\n")
    assert digest_of(listed) != before
    with pytest.raises(UnreadableError, match="lists no held-out pictures"):
        read_held_out(tmp_path / "missing.txt")
    (tmp_path / "lists").mkdir()
    with pytest.raises(UnreadableError, match=r"split\.csv"):
        read_held_out(tmp_path / "lists")
