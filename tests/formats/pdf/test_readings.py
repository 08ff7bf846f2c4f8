"""A signed file with two readings is refused; each is beside the plain file that is not (PDF-12)."""

import pytest

from app.domain.errors import BeyondLimits, Malformed
from app.domain.pdf import Scope
from app.formats.pdf.reader import PdfFile
from app.formats.pdf.readings import MAX_TREE, one_reading
from app.formats.pdf.signatures import signatures
from app.formats.pdf.updates import Updates
from tests.formats.pdf.maker import HEAD, PAGE, PAGES, PLAIN, pdf, start_of, stream

SECOND = b"<</Type /Page /Parent 2 0 R>>"


def asked(content: bytes, signed: int | None = None) -> None:
    file = PdfFile.read(content)
    last = len(file.sections) - 1
    one_reading(file, file.at(last), last if signed is None else signed)


def refused(content: bytes) -> str:
    with pytest.raises(Malformed) as told:
        asked(content)
    return str(told.value)


def test_a_plain_file_has_one_reading() -> None:
    asked(pdf())
    asked(pdf({3: PAGE}, before=pdf(), previous=start_of(pdf())))


@pytest.mark.parametrize(
    ("pages", "more"),
    [
        (b"<</Type /Pages /Kids [3 0 R] /Count 2>>", {}),
        (b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 1>>", {4: SECOND}),
        (b"<</Type /Pages /Kids [3 0 R 3 0 R] /Count 2>>", {}),
        (b"<</Type /Pages /Kids [3 0 R 2 0 R] /Count 1>>", {}),
        (b"<</Type /Pages /Kids [3 0 R <</Type /Page /Parent 2 0 R>>] /Count 2>>", {}),
        (b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>", {4: b"<</Type /Page /Parent 3 0 R>>"}),
        (b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>", {4: b"<</Parent 2 0 R>>"}),
        (b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>", {4: b"null"}),
        (b"<</Type /Pages /Kids [3 0 R] /Count (1)>>", {}),
        (b"<</Type /Pages /Count 1>>", {}),
        (b"null", {}),
    ],
)
def test_a_page_tree_that_can_be_counted_otherwise_is_refused(
    pages: bytes, more: dict[int, bytes]
) -> None:
    assert refused(pdf({**PLAIN, 2: pages, **more})).startswith("PDF: ")
    two = b"<</Type /Pages /Kids [3 0 R 4 0 R] /Count 2>>"
    asked(pdf({**PLAIN, 2: two, 4: SECOND}))


def test_a_page_tree_is_followed_to_a_depth() -> None:
    def tall(depth: int) -> bytes:
        nodes = {
            10 + n: b"<</Type /Pages /Parent %d 0 R /Kids [%d 0 R] /Count 1>>"
            % (9 + n if n else 2, 11 + n)
            for n in range(depth)
        }
        page = {10 + depth: b"<</Type /Page /Parent %d 0 R>>" % (9 + depth)}
        root = {2: b"<</Type /Pages /Kids [10 0 R] /Count 1>>"}
        return pdf({1: PLAIN[1], **root, **nodes, **page})

    asked(tall(MAX_TREE - 1))
    with pytest.raises(BeyondLimits):
        asked(tall(MAX_TREE))


BODY = b"3 0 obj\n<</Type /Page /Parent 2 0 R /Rotate 90>>\nendobj\n"


def test_a_second_body_that_no_section_lists_is_refused() -> None:
    assert "second body" in refused(pdf(before=HEAD + BODY))
    assert "second body" in refused(pdf(before=HEAD + BODY.replace(b"3 0 obj", b"3\r\n 7 obj")))
    asked(pdf(before=HEAD + BODY.replace(b"3 0 obj", b"77 0 obj")))  # nobody's second
    asked(pdf(before=HEAD + BODY.replace(b"3 0 obj", b"3 0 object")))


def test_what_a_stream_holds_is_no_body() -> None:
    asked(pdf({**PLAIN, 4: stream(BODY * 3)}))
    asked(pdf({**PLAIN, 4: b"(\n" + BODY + b")"}))


def saved_behind(objects: dict[int, bytes]) -> bytes:
    before = pdf()
    return pdf(objects, before=before, previous=start_of(before))


def test_what_is_saved_after_signing_holds_no_body() -> None:
    """Nor does it end early: who repairs a file begins anew behind `endobj`."""
    for holds in (stream(BODY), b"(\n" + BODY + b")", stream(b"endobj trailer"), b"(1 endobj)"):
        asked(saved_behind({4: holds}))  # part of what was signed last
        with pytest.raises(Malformed, match="inside another that was saved after"):
            asked(saved_behind({4: holds}), signed=0)
    asked(saved_behind({4: stream(b"DER")}), signed=0)


def test_an_object_in_a_stream_that_no_section_lists_is_refused() -> None:
    """Who repairs a file takes every object of every object stream."""
    two = b"3 0 5 20 <</Type /Page>>     <</A 1>>"
    packed = stream(two, b" /Type /ObjStm /N 2 /First 9")
    assert "no section lists" in refused(pdf({**PLAIN, 4: packed}))
    asked(pdf({**PLAIN, 4: packed.replace(b"/ObjStm", b"/ObjStx")}))


def test_a_number_that_is_not_below_size_is_missing_by_the_standard() -> None:
    asked(pdf())
    assert "not below Size" in refused(pdf().replace(b"/Size 4", b"/Size 3"))
    assert "not below Size" in refused(pdf().replace(b"/Size 4", b"/Size (9)"))


def test_a_comment_in_front_of_a_section_makes_readers_search() -> None:
    content = pdf()
    start = start_of(content)
    for between, good in ((b" \r\n", True), (b"%\n", False), (b"%xref\n", False)):
        moved = content[:start] + between + content[start:]
        if good:
            asked(moved)
        else:
            with pytest.raises(Malformed):
                PdfFile.read(moved)


def test_the_gap_holds_the_very_value() -> None:
    """A signature dictionary in an object stream: its value stands where the file has others."""
    other = b"<" + b"(anything) 1 0 R " * 4 + b">"
    draft = pdf({**PLAIN, 4: stream(other)}, trailer=b"/Root 1 0 R")
    gap = draft.index(other), draft.index(other) + len(other)

    def whole(rest: int) -> bytes:
        head = b"6 0 "
        signed = b"<</Type /Sig /ByteRange [0 %d %d %05d] /Contents " % (*gap, rest)
        data = head + b" " * (gap[0] - len(head) - len(signed)) + signed
        data += b"<" + b"30".ljust(len(other) - 2, b"0") + b">>>"
        packed = stream(data, b" /Type /ObjStm /N 1 /First %d" % len(head))
        field = b"<</FT /Sig /T (s) /V 6 0 R>>"
        form = b"<</Type /Catalog /Pages 2 0 R /AcroForm <</Fields [7 0 R]>>>>"
        before = content = draft
        at = {}
        for number, body in {1: form, 5: packed, 7: field}.items():
            at[number] = len(content)
            content += b"%d 0 obj\n" % number + body + b"\nendobj\n"
        rows = b"".join(b"\x01" + at[n].to_bytes(4, "big") + b"\0" for n in (1, 5))
        rows += b"\x02" + (5).to_bytes(4, "big") + b"\0\x01" + at[7].to_bytes(4, "big") + b"\0"
        start = len(content)
        more = b" /Type /XRef /Root 1 0 R /Size 9 /W [1 4 1] /Index [1 1 5 3] /Prev %d"
        content += b"8 0 obj\n" + stream(rows, more % start_of(before)) + b"\nendobj\n"
        return content + b"startxref\n%d\n%%%%EOF\n" % start

    content = whole(0)
    content = whole(len(content) - gap[1])
    (found,) = signatures(PdfFile.read(content))
    assert found.content.endswith(b"%%EOF\n")
    assert found.scope is Scope.GAP


def test_a_body_that_was_replaced_later_is_listed_by_the_section_before() -> None:
    before = pdf()
    asked(pdf({2: PAGES, 3: PAGE}, before=before, previous=start_of(before)))


def test_a_reference_to_another_generation_is_refused() -> None:
    bent = {**PLAIN, 1: b"<</Type /Catalog /Pages 2 0 R /X 3 4 R>>"}
    file = PdfFile.read(pdf(bent))
    view = file.at(0)
    view.resolve(view.catalog["X"])
    with pytest.raises(Malformed, match="generation"):
        one_reading(file, view, 0)


def test_the_sections_of_a_linearised_file_list_different_objects() -> None:
    """In front the first page, behind the rest: the one in front leads to the one behind."""

    def fast(kept: bytes) -> bytes:
        head = (
            HEAD.replace(b"%", b"%%")
            + b"xref\n3 1\n%010d 00000 n \ntrailer\n<</Root 1 0 R /Prev %010d>>\n"
        )
        end = b"startxref\n0\n%%%%EOF\n3 0 obj\n" + PAGE + b"\nendobj\n1 0 obj\n" + PLAIN[1]
        body = head + end + b"\nendobj\n2 0 obj\n" + PAGES + b"\nendobj\n"
        written = body % (0, 0)
        at = [written.index(b"\n%d 0 obj" % n) + 1 for n in (1, 2, 3)]
        rows = b"xref\n1 2\n%010d 00000 n \n%010d 00000 n \n" % (at[0], at[1])
        rows += kept % at[2] if kept else b""
        main = len(written)
        tail = rows + b"trailer\n<<>>\nstartxref\n%d\n%%%%EOF\n" % len(HEAD)
        return body % (at[2], main) + tail

    asked(fast(b""))
    with pytest.raises(Malformed, match="listed in a section and in the one behind"):
        PdfFile.read(fast(b"3 1\n%010d 00000 n \n"))


def test_annotations_that_stand_in_the_page_itself_are_compared() -> None:
    """A list with dictionaries in it is no key of anything."""
    page = b"<</Type /Page /Parent 2 0 R /Annots [<</Type /Annot /Subtype /Text>>]>>"
    before = pdf({**PLAIN, 3: page, 4: stream(b"q")})
    file = PdfFile.read(pdf({4: stream(b"Q")}, before=before, previous=start_of(before)))
    (change,) = Updates(file).since(0, len(before))
    assert (change.revision, change.object) == (2, 4)
