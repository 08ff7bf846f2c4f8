"""Sections, objects and revisions: followed exactly, within limits, or not at all."""

import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf import sections, structure
from app.formats.pdf.objects import Name, Ref, Stream
from app.formats.pdf.reader import PdfFile
from tests.formats.pdf.maker import (
    CATALOG,
    HEAD,
    PAGES,
    PLAIN,
    pdf,
    start_of,
    stream,
    with_section_stream,
)


def read(content: bytes) -> PdfFile:
    file = PdfFile.read(content)
    view = file.at(len(file.sections) - 1)
    for number in {n for section in file.sections for n in section.entries}:
        view.load(Ref(number, 0))
    assert view.catalog
    return file


def test_a_plain_file_is_read() -> None:
    file = read(pdf())
    view = file.at(0)
    assert view.catalog["Pages"] == Ref(2, 0)
    assert view.load(Ref(3, 0)) == {
        "Type": Name("Page"), "Parent": Ref(2, 0), "MediaBox": (0, 0, 9, 9)
    }  # fmt: skip
    assert view.load(Ref(99, 0)) is None
    assert view.load(Ref(3, 1)) is None


def test_each_revision_is_seen_as_it_was() -> None:
    first = pdf()
    later = b"<</Type /Page /Rotate 90>>"
    file = read(pdf({3: later, 4: b"(new)"}, before=first, previous=start_of(first)))
    assert file.at(0).dictionary(Ref(3, 0)).keys() == {"Type", "Parent", "MediaBox"}
    assert file.at(1).dictionary(Ref(3, 0)).keys() == {"Type", "Rotate"}
    assert file.at(0).load(Ref(4, 0)) is None
    assert [section.end for section in file.sections] == [len(first), len(file.content)]


def test_a_stream_may_tell_its_length_elsewhere_or_in_no_other_way() -> None:
    body = b"<</Length 5 0 R>>\nstream\nabc\nendstream"
    file = read(pdf({**PLAIN, 4: body, 5: b"3"}))
    found = file.at(0).load(Ref(4, 0))
    assert isinstance(found, Stream)
    assert found.data == b"abc"
    for wrong in (b"2", b"5", b"-1", b"(3)", b"<<>>", b"4 0 R", b"99999999"):
        with pytest.raises(Malformed):
            read(pdf({**PLAIN, 4: body, 5: wrong}))


def test_object_streams_and_section_streams_are_read() -> None:
    data = b"1 0 2 %d " % (len(CATALOG) + 1) + CATALOG + b" " + PAGES
    first = data.index(CATALOG)
    packed = zlib.compress(data)
    container = stream(packed, b" /Type /ObjStm /N 2 /First %d /Filter /FlateDecode" % first)
    objects = {4: container, 3: b"<</Type /Page>>"}
    at = {4: len(HEAD)}
    at[3] = at[4] + len(b"4 0 obj\n" + container + b"\nendobj\n")
    rows = b"\x02\x00\x04\x00" + b"\x02\x00\x04\x01"
    rows += (
        b"\x01" + at[3].to_bytes(2, "big") + b"\x00" + b"\x01" + at[4].to_bytes(2, "big") + b"\x00"
    )
    file = read(with_section_stream(rows, b"/Size 5 /W [1 2 1] /Index [1 4]", objects))
    assert file.at(0).dictionary(Ref(2, 0))["Count"] == 1


@pytest.mark.parametrize(
    ("rows", "entries"),
    [
        (b"", b"/Size 0 /W [0 0 0] /Index [0 4000000000]"),
        (b"\x01\x00", b"/Size 1 /W [1 1 0] /Index [0 2]"),
        (b"\x01\x00\x00\x00", b"/Size 1 /W [1 1 0] /Index [0 1]"),
        (b"\x03\x00", b"/Size 1 /W [1 1 0] /Index [1 1]"),
        (b"\x01\x00\x01\x00", b"/Size 1 /W [1 1 0] /Index [1 1 1 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 9 0] /Index [1 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 1] /Index [1 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 -1 2] /Index [1 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 1 0] /Index [1]"),
        (b"\x01\x00", b"/Size 1 /Index [1 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 1 0] /Index [9000000 1]"),
        (b"\x01\x00", b"/Size 1 /W [1 1 0] /Index [1 1] /Filter /LZWDecode"),
    ],
)
def test_a_section_stream_that_is_none_is_refused(rows: bytes, entries: bytes) -> None:
    with pytest.raises(Malformed):
        PdfFile.read(with_section_stream(rows, entries))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c[1:],
        lambda c: b"\n" + c,
        lambda c: c + b"x",
        lambda c: c[:-2],
        lambda c: c.replace(b"startxref", b"startxre"),
        lambda c: c.replace(b"xref\n0 1", b"xrex\n0 1"),
        lambda c: c.replace(b"65535 f", b"65535 g"),
        lambda c: c.replace(b"3 1\n00000", b"2 1\n00000"),
        lambda c: c.replace(b"3 0 obj", b"4 0 obj"),
        lambda c: c.replace(b"3 0 obj", b"3 1 obj"),
        lambda c: c.replace(b"/Root 1 0 R", b"/Root 3 3 R"),
        lambda c: c.replace(b"/Size 4", b"/Prev 99999"),
        lambda c: c.replace(b"/Size 4", b"/Prev (1)"),
        lambda c: c.replace(b"/Size 4", b"/XRefStm 1"),
    ],
)
def test_a_file_with_another_reading_is_refused(change: object) -> None:
    assert callable(change)
    changed = change(pdf())
    assert changed != pdf()
    with pytest.raises(Malformed):
        read(changed)


def test_sections_in_a_loop_are_refused() -> None:
    start = start_of(pdf())
    with pytest.raises(Malformed, match="loop"):
        PdfFile.read(pdf(previous=start))


def test_how_often_a_file_was_saved_is_limited() -> None:
    content = pdf()
    for _ in range(sections.MAX_SECTIONS - 1):
        content = pdf({}, before=content, previous=start_of(content))
    assert len(PdfFile.read(content).sections) == sections.MAX_SECTIONS
    with pytest.raises(BeyondLimits):
        PdfFile.read(pdf({}, before=content, previous=start_of(content)))


def test_structure_expands_within_limits_only() -> None:
    def sized(octets: int) -> bytes:
        data = zlib.compress(b"\x00" * octets, 9)
        entries = b"/Size 1 /W [1 1 0] /Index [0 1] /Filter /FlateDecode"
        return with_section_stream(data, entries)

    with pytest.raises(Malformed, match="another size"):
        PdfFile.read(sized(structure.MAX_STREAM))
    with pytest.raises(BeyondLimits, match="expands"):
        PdfFile.read(sized(structure.MAX_STREAM + 1))


@pytest.mark.parametrize("kind", range(5))
def test_predicted_rows_are_undone(kind: int) -> None:
    """Against the definition of PNG filters (ISO/IEC 15948 §9.2), for one row below another."""
    above, row = bytes([10, 200, 30]), bytes([5, 6, 250])
    left = bytes([0, *row[:-1]])
    corner = bytes([0, *above[:-1]])

    def paeth(a: int, b: int, c: int) -> int:
        return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]

    predicted = [
        (0, l, a, (l + a) // 2, paeth(l, a, c))[kind]
        for l, a, c in zip(left, above, corner, strict=True)  # noqa: E741 - left, above, corner
    ]
    coded = bytes((r - p) & 0xFF for r, p in zip(row, predicted, strict=True))
    data = b"\x00" + above + bytes([kind]) + coded
    parameters = {"Predictor": 12, "Columns": 3}
    made = Stream({"Filter": Name("FlateDecode"), "DecodeParms": parameters}, zlib.compress(data))  # type: ignore[dict-item]
    assert structure.expanded(made, structure.Allowance()) == above + row


@pytest.mark.parametrize(
    "parameters",
    [{"Predictor": 2}, {"Predictor": 12, "Columns": 0}, {"Predictor": 12, "Columns": 65},
     {"Predictor": 12, "Columns": 3, "Colors": 3}],
)  # fmt: skip
def test_other_predictors_are_over_our_limits(parameters: dict[str, int]) -> None:
    made = Stream(
        {"Filter": Name("FlateDecode"), "DecodeParms": parameters}, zlib.compress(b"abcd")
    )  # type: ignore[dict-item]
    with pytest.raises(BeyondLimits):
        structure.expanded(made, structure.Allowance())


@settings(max_examples=300)
@given(st.data())
def test_a_file_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    first = pdf({**PLAIN, 4: stream(b"BT ET")})
    content = bytearray(pdf({3: b"<</Type /Page>>"}, before=first, previous=start_of(first)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1))
        if data.draw(st.booleans()):
            content[at] = data.draw(st.integers(0, 255))
        else:
            del content[at : at + data.draw(st.integers(1, 30))]
        if not content:
            break
    try:
        read(bytes(content))
    except (Malformed, AssertionError):
        return
