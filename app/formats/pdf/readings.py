"""What two readers could take for different documents in one signed file (threat PDF-12).

Readers follow the sections, count pages by their tree or by /Count, and repair a file by searching
it for objects. Where these lead to different things a signature is about neither: such a file is
refused. Of 176 files of several projects' tests no good one is written so.
"""

import re
from bisect import bisect_right
from typing import Final

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf.objects import Name, Ref, Value
from app.formats.pdf.reader import PdfFile, View
from app.formats.pdf.sections import Freed, InFile, InStream

MAX_TREE: Final = 48
"""Nodes of the page tree inside each other."""
_OBJECT = re.compile(rb"obj(?=[\x00\t\n\x0c\r ()<>\[\]{}/%+\-.0-9]|\Z)")
_BEFORE = re.compile(rb"([0-9]{1,10})[\x00\t\n\x0c\r ]+[0-9]{1,5}[\x00\t\n\x0c\r ]+\Z")
_HEADER = 48
"""Octets before `obj` in which a number and a generation stand."""


def one_reading(file: PdfFile, view: View, signed: int) -> None:
    """Raises `Malformed` where a signed file, read before, has more readings than one.

    Args:
        file: the file.
        view: it as it is now.
        signed: index of the last section that the first good signature covers.
    """
    if file.other_generation:
        raise Malformed("PDF: a reference to another generation than is listed")
    _all_counted(file, view)
    _same_pages(view)
    _all_listed(file)
    _no_other_bodies(file, signed)


def _all_counted(file: PdfFile, view: View) -> None:
    """No object with a number from Size on: by the standard it is missing (§7.5.5, table 15)."""
    size = view.trailer.get("Size")
    if size is None:  # then nobody leaves any out
        return
    for section in file.sections:
        for number, entry in section.entries.items():
            if not isinstance(entry, Freed) and not (type(size) is int and number < size):
                raise Malformed("PDF: an object whose number is not below Size")


def _same_pages(view: View) -> None:
    """Every page once, below who it says it is below, and as many as are counted (§7.7.3)."""
    root = view.catalog.get("Pages")
    if not isinstance(root, Ref):
        raise Malformed("PDF: no page tree")
    _counted(view, root, None, {root.number}, 0)


def _counted(view: View, node: Ref, above: Ref | None, seen: set[int], depth: int) -> int:
    view.file.meter.visit()
    if depth > MAX_TREE:
        raise BeyondLimits(f"PDF: a page tree deeper than {MAX_TREE}")
    found = view.dictionary(node)
    kind = view.resolve(found.get("Type"))
    if above is not None and found.get("Parent") != above:
        raise Malformed("PDF: a page that belongs elsewhere by its own word")
    if kind == Name("Page") and "Kids" not in found:
        return 1
    if kind != Name("Pages"):
        raise Malformed("PDF: a page tree with something else in it")
    pages = sum(
        _counted(view, _once(each, seen), node, seen, depth + 1)
        for each in view.array(found.get("Kids"))
    )
    if view.resolve(found.get("Count")) != pages:
        raise Malformed("PDF: other pages than are counted")
    return pages


def _once(value: Value, seen: set[int]) -> Ref:
    if not isinstance(value, Ref) or value.number in seen:
        raise Malformed("PDF: a page twice, or not by reference")
    seen.add(value.number)
    return value


def _all_listed(file: PdfFile) -> None:
    """Nothing in an object stream that no section lists as there: who repairs a file takes all."""
    listed = {
        (entry.container, entry.index, number)
        for section in file.sections
        for number, entry in section.entries.items()
        if isinstance(entry, InStream)
    }
    for index, section in enumerate(file.sections):
        for number, entry in section.entries.items():
            if not isinstance(entry, InFile) or not _holds_objects(file, entry.offset):
                continue
            for place, inside in enumerate(file.at(index).inside(number)):
                if (number, place, inside) not in listed:
                    raise Malformed("PDF: an object in a stream, which no section lists")


def _holds_objects(file: PdfFile, offset: int) -> bool:
    found = file.stored(offset)
    dictionary = found.value if found.data is not None else None
    return isinstance(dictionary, dict) and dictionary.get("Type") == Name("ObjStm")


def _no_other_bodies(file: PdfFile, signed: int) -> None:
    """No second body of an object where no section leads: who repairs a file would find it.

    A document may carry another in its streams; what is saved after it was signed carries none.
    """
    listed: dict[int, tuple[int, int]] = {}
    for index, section in enumerate(file.sections):
        for number, entry in section.entries.items():
            if isinstance(entry, InFile):
                listed[entry.offset] = (index, number)
    numbers = {number for _, number in listed.values()}
    offsets, at = sorted(listed), 0
    while (found := _OBJECT.search(file.content, at)) is not None:
        file.meter.visit()
        at = found.end()
        start = max(0, found.start() - _HEADER)
        header = _BEFORE.search(file.content[start : found.start()])
        if header is None:
            continue
        began = start + header.start()
        place = bisect_right(offsets, began) - 1
        span = _span(file, listed[offsets[place]]) if place >= 0 else None
        if span is None or began >= span[1]:
            if int(header[1]) in numbers:
                raise Malformed("PDF: a second body of an object, which no section lists")
        elif listed[span[0]][0] <= signed:
            at = max(at, span[1])
        elif began != span[0] or file.content.count(b"endobj", *span) != 1:
            raise Malformed("PDF: a body of an object inside another that was saved after signing")


def _span(file: PdfFile, listed: tuple[int, int]) -> tuple[int, int] | None:
    """The octets of an object that a section lists, with what a stream holds."""
    index, number = listed
    return file.at(index).span(number)
