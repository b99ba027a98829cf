"""Our kinds keep the promises of the protocol."""

import subprocess
import sys

import cv2
import numpy as np
import pytest

from lynkeus.cli.demo_pictures import demo_pictures
from lynkeus.core import Picture, UnknownNameError, read_picture
from lynkeus.kinds import KINDS, find_kind, kind_names
from lynkeus.testing.kind_suite import check_kind


def _picture(rgb: np.ndarray) -> Picture:
    return Picture(rgb=np.ascontiguousarray(rgb), width=rgb.shape[1], height=rgb.shape[0], digest="0" * 64)


def _photograph(number: int) -> np.ndarray:
    return read_picture(demo_pictures().references[number], max_side=480).rgb


@pytest.mark.parametrize("name", list(KINDS))
def test_keeps_the_promises_of_a_kind(name: str) -> None:
    whole = _photograph(1)
    high, wide = whole.shape[:2]
    shown = whole[: high * 4 // 5, : wide * 4 // 5]
    again = cv2.convertScaleAbs(whole[high // 8 :, : wide * 7 // 8][:, ::-1], alpha=1.1, beta=5)
    check_kind(
        find_kind(name), shown=_picture(shown), again=_picture(np.asarray(again)), stranger=_picture(_photograph(3))
    )


def test_an_unknown_kind_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="copy, object"):
        find_kind("face")
    assert kind_names()[: len(KINDS)] == tuple(KINDS)


def test_the_table_of_kinds_brings_no_numpy() -> None:
    said = "import sys, lynkeus.kinds; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", said], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "False"
