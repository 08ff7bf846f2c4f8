"""Real photos beside zxing-cpp alone: as many read, none imagined, every difference explained."""

import pytest

from app.imaging.worker import Decoder
from conformance.corpus_photo import findings, others, unexplained
from tests.corpus import corpus_file


def test_at_least_as_many_are_read_as_by_zxing_alone() -> None:
    corpus_file("qr_photo")
    decoder = Decoder()
    try:
        found, rest = findings(decoder), others(decoder)
    finally:
        decoder.close()
    assert len(found) > 50
    assert sum(bool(f.here) for f in found) >= sum(bool(f.alone) for f in found) > 40
    for finding in found:
        assert finding.alone <= finding.here, finding.name
    assert not any(f.here for f in found if f.empty)
    assert unexplained(found) == []
    assert len(rest) > 60
    assert not any("photo" in other.end for other in rest)


@pytest.mark.parametrize("ending", ["qrcode-4/05.png"])
def test_what_is_not_read_is_there(ending: str) -> None:
    """An explanation of a file that is gone explains nothing."""
    assert corpus_file("qr_photo", "zxing_zxing/core/src/test/resources/blackbox", ending).exists()
