"""Homes with registered pictures and objects, made once; a test that changes a home takes a copy."""

import shutil
import sys
from pathlib import Path

import numpy as np
import pytest
from made_pictures import made_picture, write_picture, write_pictures

from lynkeus.scan.backgrounds import SHIPPED

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``references``, ``uploads`` (one copy, one stranger), and a ``home`` that holds the references."""
    from commands import run  # noqa: PLC0415  the path is set above

    folder = tmp_path_factory.mktemp("made")
    write_pictures(folder / "references", range(3))
    write_picture(folder / "uploads" / "copy.jpg", made_picture(1)[40:320, 60:420])
    write_picture(folder / "uploads" / "stranger.jpg", made_picture(50))
    run(folder / "home", "register", folder / "references", "--gallery", "mine")
    return folder


@pytest.fixture(scope="session")
def things(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``things`` (two objects), ``later`` (one more), ``uploads``, and a ``home`` with the two."""
    from commands import demo_photograph, run  # noqa: PLC0415  the path is set above

    folder = tmp_path_factory.mktemp("things")
    for number, name in enumerate(("bridge", "camera", "cat")):
        rgb = demo_photograph(number)
        high, wide = rgb.shape[:2]
        place = "later" if name == "cat" else "things"
        write_picture(folder / place / name / "1.jpg", rgb[: high * 4 // 5, : wide * 4 // 5])
        mirrored = np.ascontiguousarray(rgb[high // 6 :, ::-1][:, : wide * 4 // 5])
        write_picture(folder / "uploads" / f"{name}.jpg", mirrored)
    shutil.copy(SHIPPED / "garment-03.jpg", folder / "uploads" / "stranger.jpg")
    run(folder / "home", "register", folder / "things", "--gallery", "things", "--kind", "object")
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of the made home."""
    return Path(shutil.copytree(made / "home", tmp_path / "home"))
