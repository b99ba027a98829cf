from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from lynkeus.data.cache import PictureCache, open_cache
from lynkeus.data.sources import Source, list_pictures

MakeCache = Callable[..., PictureCache]


@pytest.fixture
def make_cache(tmp_path: Path) -> MakeCache:
    """Make a cache of noise pictures; the argument maps folder names to numbers of pictures and shares."""

    def make(
        folders: dict[str, tuple[int, float]], *, side: int = 48, size: tuple[int, int] = (40, 60)
    ) -> PictureCache:
        rng = np.random.default_rng(0)
        for folder, (count, _) in folders.items():
            (tmp_path / "data" / folder).mkdir(parents=True, exist_ok=True)
            for number in range(count):
                path = tmp_path / "data" / folder / f"{number}.png"
                cv2.imwrite(str(path), rng.integers(0, 256, (*size, 3), dtype=np.uint8))
        sources = [Source(folder=f, terms="free", share=share) for f, (_, share) in folders.items()]
        listing = list_pictures(tmp_path / "data", sources)
        return open_cache(tmp_path / "data", listing, side=side, caches=tmp_path / "caches")

    return make
