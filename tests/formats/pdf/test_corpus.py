"""Real PDF files, and genuine ones of ours: read within limits whatever is done to their octets."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import Malformed
from app.domain.license import ParsedLicense, PdfSealing
from app.domain.pdf import Later, Scope
from app.formats import detect
from app.formats.pdf.license import Pdf
from conformance.corpus_pdf import FOLDERS, findings, unnoticed
from conformance.judging import ROOT
from tests.corpus import CORPUS, Row, manifest

ROWS = [row for folder in FOLDERS for row in manifest(folder)]
needs_corpus = pytest.mark.skipif(not ROWS, reason=f"no corpus in {CORPUS.parent.name}")
GENUINE = tuple(
    (ROOT / "cases" / name / "input.pdf").read_bytes()
    for name in ("pdf-seal", "pdf-rsa", "pdf-tolerated-long-term", "pdf-tolerated-section-stream")
    if (ROOT / "cases" / name / "input.pdf").exists()
)


def parsed(content: bytes) -> ParsedLicense | None:
    try:
        return Pdf().parse(content)
    except Malformed:
        return None


def row(end: str) -> Row:
    return next(row for row in ROWS if row.path.endswith(end))


def sealings(end: str) -> list[PdfSealing]:
    read = parsed(row(end).file.read_bytes())
    assert read is not None
    return [s for s in read.sealings if isinstance(s, PdfSealing)]


@needs_corpus
def test_every_file_is_read_or_refused_and_soon() -> None:
    for each in ROWS:
        began = time.process_time()
        parsed(each.file.read_bytes())
        assert time.process_time() - began < 2, each.path


@needs_corpus
def test_what_is_invalid_is_noticed_and_every_difference_is_explained() -> None:
    found = findings()
    assert unnoticed(found) == []
    assert [f.row.path for f in found if not f.agrees and not f.explanation] == []


@needs_corpus
@pytest.mark.parametrize(
    ("file", "scope"),
    [
        ("coverage-anomalies/signature-gap-too-big.pdf", Scope.GAP),
        ("coverage-anomalies/weird-byterange.pdf", Scope.GAP),
        ("siwa.pdf", Scope.GAP),
        ("firstBytesNotCoveredTest01.pdf", Scope.NOT_FROM_START),
        ("lastBytesNotCoveredTest02.pdf", Scope.NO_REVISION),
        ("pades-bes.pdf", Scope.EXACT),
        ("pdf-acrobat.pdf", Scope.EXACT),
    ],
)
def test_ranges_are_told_by_how_they_are_inexact(file: str, scope: Scope) -> None:
    assert scope in {s.entry.scope for s in sealings(file)}


@needs_corpus
@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("fillInField.pdf", Later.FORM_VALUE),
        ("pdf-signed-added-page.pdf", Later.PAGE),
        ("dss-2236/replace.pdf", Later.FORM_VALUE),
        ("changeExistingFontAndAddAsDss.pdf", Later.CONTENT),
        ("danglingWidgetAnnotation.pdf", Later.ANNOTATION),
        ("form-update-override-appearance-stream-sneaky.pdf", Later.VISIBLE_SIGNATURE),
    ],
)
def test_what_came_later_is_told_by_name(file: str, kind: Later) -> None:
    assert kind in {change.kind for s in sealings(file) for change in s.entry.changes}


@needs_corpus
@pytest.mark.parametrize(
    "file",
    ["dss-2058-LTA-test.pdf", "doc-firmado-LT.pdf", "belgian_pki_multiple_ocsps_lt.pdf",
     "Signature-P-FR_CS-5.pdf", "testdoc-signed.pdf", "dss-2058-QC-LTA-test.pdf"],
)  # fmt: skip
def test_long_term_updates_of_other_writers_pass(file: str) -> None:
    found = sealings(file)
    assert found
    assert all(s.entry.scope is Scope.EXACT and not s.entry.changes for s in found)


def test_a_file_is_one_by_its_first_octets() -> None:
    assert len(GENUINE) == 4
    assert isinstance(detect(GENUINE[0]), Pdf)
    assert not Pdf().recognises(b" " + GENUINE[0])
    assert not Pdf().recognises(b"x" * 1000 + GENUINE[0])


@settings(max_examples=250, deadline=None)
@given(st.sampled_from(GENUINE), st.data())
def test_genuine_files_changed_anywhere_are_read_or_refused(
    genuine: bytes, data: st.DataObject
) -> None:
    content = bytearray(genuine)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(content) - 1))
        match data.draw(st.integers(0, 3)):
            case 0:
                content[at] = data.draw(st.integers(0, 255))
            case 1:
                del content[at : at + data.draw(st.integers(1, 3000))]
            case 2:
                other = data.draw(st.integers(0, len(content) - 1))
                content[at:at] = content[other : other + data.draw(st.integers(1, 3000))]
            case _:
                content[at:at] = data.draw(st.binary(max_size=12))
        if not content:
            return
    read = parsed(bytes(content))
    if read is not None:
        assert all(isinstance(s, PdfSealing) for s in read.sealings)
