"""A home with some registered pictures, made once; tests that change it take a copy."""

import shutil
import sys
from pathlib import Path

import pytest
from made_pictures import made_picture, write_picture, write_pictures

sys.path.append(str(Path(__file__).parent))


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with ``references``, ``uploads`` (one copy, one stranger), and a ``home`` that knows the references."""
    from commands import run  # noqa: PLC0415  the path is set above

    folder = tmp_path_factory.mktemp("made")
    write_pictures(folder / "references", range(3))
    write_picture(folder / "uploads" / "copy.jpg", made_picture(1)[40:320, 60:420])
    write_picture(folder / "uploads" / "stranger.jpg", made_picture(50))
    run(folder / "home", "register", folder / "references", "--gallery", "mine")
    return folder


@pytest.fixture
def home(made: Path, tmp_path: Path) -> Path:
    """A copy of the made home."""
    return Path(shutil.copytree(made / "home", tmp_path / "home"))
