from pathlib import Path

import numpy as np
import pytest

from lynkeus.core import CorruptError
from lynkeus.runtime.area import STRIDE, AreaModel, at_area, sides_of_area
from lynkeus.runtime.cards import MODELS, card

AREA = 256 * 256


@pytest.mark.parametrize("width", [32, 100, 227, 360, 1000, 4000])
@pytest.mark.parametrize("height", [40, 131, 227, 512, 3000])
def test_sides_are_multiples_of_the_stride_near_the_area_and_the_ratio(width: int, height: int) -> None:
    wide, high = sides_of_area(width, height, AREA)
    assert wide % STRIDE == high % STRIDE == 0
    assert 0.8 * AREA <= wide * high <= 1.2 * AREA
    ratio = min(max(width / height, 0.25), 4.0)
    assert 0.8 <= wide / high / ratio <= 1.25


def test_sides_change_with_the_turn_of_the_picture() -> None:
    for width, height in ((640, 480), (200, 97), (1000, 30)):
        assert sides_of_area(height, width, AREA) == sides_of_area(width, height, AREA)[::-1]


def test_never_less_than_one_stride() -> None:
    assert sides_of_area(10, 10, 1) == (STRIDE, STRIDE)


def test_a_picture_of_the_wanted_sides_stays_as_it_is() -> None:
    rgb = np.random.default_rng(0).integers(0, 256, (224, 288, 3), dtype=np.uint8)
    np.testing.assert_array_equal(at_area(rgb, AREA), rgb)


def test_refuses_a_model_that_names_no_area() -> None:
    with pytest.raises(CorruptError, match="name no area"):
        AreaModel(card("copy-descriptor").path)
    with pytest.raises(CorruptError, match="no such model file"):
        AreaModel(Path(MODELS / "none.onnx"))
