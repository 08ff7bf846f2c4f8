"""A picture within the limit of pixels and beyond that of memory: our limit, and no damage of it."""

import io

import pytest
from PIL import Image

from app.domain.errors import BeyondLimits
from app.formats.photo.header import within_limits
from app.formats.rasters import MAX_PIXELS
from app.imaging.worker import Decoder

SIDE = 6300


def picture(mode: str, side: int) -> bytes:
    made = io.BytesIO()
    Image.new(mode, (side, side), (255, 255, 255, 0)).save(made, "PNG")
    return made.getvalue()


def test_a_whole_picture_that_memory_does_not_hold_is_not_called_broken() -> None:
    large, decoder = picture("RGBA", SIDE), Decoder()
    assert SIDE * SIDE <= MAX_PIXELS
    within_limits(large)
    try:
        assert decoder.read(picture("RGBA", 300)) == (), "the twin"
        with pytest.raises(BeyondLimits):
            decoder.read(large)
        assert decoder.read(picture("RGBA", 300)) == (), "by the same process"
    finally:
        decoder.close()
