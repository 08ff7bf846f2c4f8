"""Two parsers agree on what is signed (threat PDF-12): ours, and pyHanko's.

Over every file of the conformance kit that is valid, and every file of the corpus in which ours
finds a signature that holds: the pages, what they draw, and the octets each signature covers.
A second or two: some two hundred files are read twice.
"""

import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import pytest
from pyhanko.pdf_utils.generic import ArrayObject, IndirectObject, StreamObject
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import enumerate_sig_fields

from app.domain.errors import Malformed
from app.domain.license import ParsedLicense
from app.domain.pdf import Scope
from app.formats.pdf.license import Pdf
from app.formats.pdf.objects import Name, Ref, Stream, Value
from app.formats.pdf.reader import PdfFile, View
from tests.corpus import manifest

CASES = Path(__file__).parents[3] / "conformance/cases"
VALID = sorted(p for p in CASES.glob("pdf-*/input.pdf") if not p.parent.name.endswith("_fail"))
REAL = [row.file for kind in ("pdf_signed", "pdf_adversarial") for row in manifest(kind)]

Page = tuple[bytes, ...]
"""What one page draws: its streams as they are stored."""


def pages_here(content: bytes) -> list[Page]:
    file = PdfFile.read(content)
    view = file.at(len(file.sections) - 1)
    return list(_leaves(view, view.catalog.get("Pages")))


def _leaves(view: View, node: Value) -> Iterator[Page]:
    found = view.dictionary(node)
    if found.get("Type") == Name("Page"):
        yield tuple(_drawn(view, found.get("Contents")))
    for kid in view.array(found.get("Kids")):
        yield from _leaves(view, kid)


def _drawn(view: View, value: Value) -> Iterator[bytes]:
    found = view.resolve(value)
    for each in found if isinstance(found, tuple) else (found,):
        stream = view.resolve(each) if isinstance(each, Ref) else each
        if isinstance(stream, Stream):
            yield stream.data


def pages_there(reader: PdfFileReader) -> list[Page]:
    return [
        tuple(_streams(reader.find_page_for_modification(n)[0].get_object().get("/Contents")))
        for n in range(int(reader.root["/Pages"]["/Count"]))
    ]


def _streams(value: object) -> Iterator[bytes]:
    found = value.get_object() if isinstance(value, IndirectObject) else value
    for each in found if isinstance(found, ArrayObject) else (found,):
        stream = each.get_object() if isinstance(each, IndirectObject) else each
        if isinstance(stream, StreamObject):
            yield stream.encoded_data


def covered_here(license: ParsedLicense) -> set[str]:
    found = [s.entry.content for s in license.sealings if hasattr(s.entry, "scope")]
    return {hashlib.sha256(content).hexdigest() for content in found}


def covered_there(content: bytes, reader: PdfFileReader) -> set[str]:
    found = set()
    for _, value, _ in enumerate_sig_fields(reader, filled_status=True):
        each = value.get_object()
        if each.get("/SubFilter") == "/ETSI.RFC3161":  # a document timestamp
            continue
        first, length, second, rest = (int(n) for n in each["/ByteRange"])
        covered = content[first : first + length] + content[second : second + rest]
        found.add(hashlib.sha256(covered).hexdigest())
    return found


def compare(content: bytes, license: ParsedLicense) -> None:
    reader = PdfFileReader(io.BytesIO(content), strict=False)
    assert covered_here(license) == covered_there(content, reader)
    assert pages_here(content) == pages_there(reader)


@pytest.mark.parametrize("file", VALID, ids=lambda file: file.parent.name)
def test_a_valid_case_is_the_same_document_to_both(file: Path) -> None:
    content = file.read_bytes()
    compare(content, Pdf().parse(content))


def test_a_file_of_the_corpus_that_holds_is_the_same_document_to_both() -> None:
    compared = 0
    for file in REAL:
        content = file.read_bytes()
        try:
            license = Pdf().parse(content)
        except Malformed:
            continue
        if any(s.entry.scope is Scope.EXACT and not s.entry.changes for s in license.sealings):
            compare(content, license)
            compared += 1
    if not REAL:
        pytest.skip("corpus not beside the project: pdf_signed is absent")
    assert compared > 40
