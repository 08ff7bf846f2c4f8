"""A PDF of some kilobytes whose pictures would take minutes, or a gigabyte, to be taken out."""

import zlib
from collections import Counter

import pytest

from app.formats.pdf import images as taking
from app.formats.pdf import structure
from app.formats.pdf.images import MAX_NODES, MAX_OBJECTS, MAX_SIDE
from app.formats.pdf.license import Pdf
from app.formats.pdf.structure import MAX_EXPANDED, MAX_STREAM
from tests.formats.pdf.maker import CATALOG, pdf, stream

Parts = dict[int, bytes]


def picture(width: int, height: int, samples: bytes) -> bytes:
    head = b" /Type /XObject /Subtype /Image /ColorSpace /DeviceGray /BitsPerComponent 8"
    size = b" /Width %d /Height %d /Filter /FlateDecode" % (width, height)
    return stream(zlib.compress(samples, 9), head + size)


def page(*objects: int) -> bytes:
    named = b" ".join(b"/I%d %d 0 R" % (n, each) for n, each in enumerate(objects))
    return b"<</Type /Page /Parent 2 0 R /Resources <</XObject <<%b>>>>>>" % named


def one_page(*shown: bytes, names: int = 1) -> Parts:
    pictures = dict(enumerate(shown, 4))
    listed = [number for number in pictures for _ in range(names)]
    pages = b"<</Type /Pages /Kids [3 0 R] /Count 1>>"
    return {1: CATALOG, 2: pages, 3: page(*listed), **pictures}


GOOD = picture(20, 30, bytes(600))


@pytest.fixture
def expanded(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How many streams are expanded, and to how much."""
    told = Counter[str]()

    def counted(*args: object) -> bytes:
        told["streams"] += 1
        data = structure.expanded(*args)  # type: ignore[arg-type] # whatever it takes
        told["octets"] += len(data)
        return data

    monkeypatch.setattr(taking, "expanded", counted)
    return told


def taken(parts: Parts) -> tuple[bytes, ...]:
    return Pdf().parse(pdf(parts)).pictures


@pytest.mark.parametrize(("width", "height"), [(1, MAX_SIDE + 1), (MAX_SIDE + 1, 1), (9999, 9999)])
def test_a_picture_of_no_size_of_a_scan_is_not_expanded(
    expanded: Counter[str], width: int, height: int
) -> None:
    assert taken(one_page(picture(width, height, bytes(MAX_STREAM)), GOOD)) == taken(one_page(GOOD))
    assert expanded["streams"] == 2, "the good one, twice"
    assert len(taken(one_page(GOOD))) == 1


def test_one_stream_under_many_names_is_looked_at_once(expanded: Counter[str]) -> None:
    short = picture(2000, 2000, bytes(1_000_000))
    assert taken(one_page(short, names=500)) == ()
    assert expanded["streams"] == 1
    assert len(taken(one_page(GOOD, names=500))) == 1


def test_all_pictures_together_expand_to_so_much(expanded: Counter[str]) -> None:
    # Samples that are the same make one picture, and four are never reached.
    same = picture(2000, 2000, bytes(8_000_000))
    assert len(taken(one_page(*[same] * 20))) == 1
    assert expanded["octets"] <= MAX_EXPANDED
    assert len(taken(one_page(*(picture(9, 9, bytes([n] * 81)) for n in range(3))))) == 3


def test_only_so_many_names_and_pages_are_looked_at(expanded: Counter[str]) -> None:
    forms = stream(b"", b" /Type /XObject /Subtype /Form")
    many = one_page(*[forms] * MAX_OBJECTS, GOOD)
    assert taken(many) == ()
    assert len(taken(one_page(*[forms] * (MAX_OBJECTS - 1), GOOD))) == 1
    kids = b"[" + b"5 0 R " * 100_000 + b"3 0 R]"
    node = b"<</Type /Pages /Kids %b>>" % kids
    pages = b"<</Type /Pages /Kids [%b] /Count 1>>" % (b"<</Kids 6 0 R>>" * MAX_NODES)
    wide = {1: CATALOG, 2: pages, 3: page(4), 4: GOOD, 5: node, 6: kids}
    assert taken(wide) == ()
    assert expanded["streams"] == 1
