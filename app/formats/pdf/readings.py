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
from app.formats.pdf.sections import Freed, InFile

MAX_TREE: Final = 48
"""Nodes of the page tree inside each other."""
_OBJECT = re.compile(rb"obj(?=[\x00\t\n\x0c\r ()<>\[\]{}/%+\-.0-9]|\Z)")
_BEFORE = re.compile(rb"([0-9]{1,10})[\x00\t\n\x0c\r ]+[0-9]{1,5}[\x00\t\n\x0c\r ]+\Z")
_HEADER = 48
"""Octets before `obj` in which a number and a generation stand."""


def one_reading(file: PdfFile, view: View) -> None:
    """Raises `Malformed` where a signed file, read before, has more readings than one."""
    if file.other_generation:
        raise Malformed("PDF: a reference to another generation than is listed")
    _all_counted(file, view)
    _same_pages(view)
    _no_other_bodies(file)


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


def _no_other_bodies(file: PdfFile) -> None:
    """No second body of an object where no section leads: who repairs a file would find it."""
    listed: dict[int, tuple[int, int]] = {}
    for index, section in enumerate(file.sections):
        for number, entry in section.entries.items():
            if isinstance(entry, InFile):
                listed[entry.offset] = (index, number)
    numbers = {number for _, number in listed.values()}
    offsets = sorted(listed)
    for found in _OBJECT.finditer(file.content):
        file.meter.visit()
        start = max(0, found.start() - _HEADER)
        header = _BEFORE.search(file.content[start : found.start()])
        if header is None or int(header[1]) not in numbers:
            continue
        at = start + header.start()
        place = bisect_right(offsets, at) - 1
        if place < 0 or not _inside(file, listed[offsets[place]], at):
            raise Malformed("PDF: a second body of an object, which no section lists")


def _inside(file: PdfFile, listed: tuple[int, int], at: int) -> bool:
    """Whether the octet belongs to what a section lists: an object, or what a stream holds."""
    index, number = listed
    span = file.at(index).span(number)
    return span is not None and span[0] <= at < span[1]
