"""Elements of GB/T 36903 wherever an OFD states them, each with the parts it was read from.

Whether a value is proven or only claimed is the caller's to say: it is proven when every part in
`sources` is covered by the signature that counts (standards §1.6, design §4).
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.elements import LicenseElement, element_named
from app.domain.errors import Malformed
from app.domain.identifier import MAX_LENGTH, ROOT
from app.domain.ofd import OfdPackage, TagIndex
from app.formats.ofd.package import OFD_XML, page_text
from app.formats.ofd.tags import read_tags

_LABELLED = re.compile(r"([^:：\s]{2,24})\s*[:：]\s*(\S.*)", re.DOTALL)
"""One text that holds a label and its value, without space around it: 证照编号：… It is read once
from end to end; a text may be a member of 8 MB.
"""
_CAUSE = JsonLimits(size=4096)
"""Of a cause written as JSON; the interfaces have 200 characters."""
_IDENTIFIER = re.compile(
    rf"(?<![0-9A-Za-z.]){re.escape(ROOT)}(?:\.[0-9A-Z]{{1,64}}){{5}}(?![0-9A-Za-z])"
)


class FoundIn(StrEnum):
    """Where a value stands."""

    CUSTOM_DATA = "custom_data"
    """DocInfo of OFD.xml."""
    INDEXED_TEXT = "indexed_text"
    """A text on a page that the data index names."""
    TAG_DATA = "tag_data"
    """The data index itself."""
    LABELLED_TEXT = "labelled_text"
    """A text on a page that begins with the element's name."""
    BARE_TEXT = "bare_text"
    """An identifier (证照标识) that is a text on a page by itself."""
    MENTIONED = "mentioned"
    """An identifier within a longer text on a page: perhaps another license's."""


@dataclass(frozen=True, slots=True)
class FoundElement:
    """One statement of one element."""

    element: LicenseElement
    value: str = field(repr=False)
    """As written, without the space around it."""
    sources: tuple[str, ...]
    """Every part that makes this value: all must be covered for it to be proven."""
    kind: FoundIn


def find_elements(package: OfdPackage, tags: TagIndex | None = None) -> tuple[FoundElement, ...]:
    """Every statement of every element, in the order of `FoundIn`; contradictions are kept.

    Args:
        package: the package as read.
        tags: its data index, where the caller has read it already.
    """
    tags = read_tags(package) if tags is None else tags
    return (*_custom_data(package), *_tagged(tags), *_on_pages(package))


_IN_THE_INDEX = frozenset({FoundIn.INDEXED_TEXT, FoundIn.TAG_DATA})
_ANYBODYS = frozenset(
    {
        LicenseElement.VALID_FROM,
        LicenseElement.VALID_UNTIL,
        LicenseElement.VALIDITY_RANGE,
        LicenseElement.AREA_CODE,
        LicenseElement.MATTER_NAME,
        LicenseElement.MATTER_CODE,
        LicenseElement.COPY_MATTER,
    }
)
"""Contracts and proofs have terms of these names as well."""


def license_words(found: Iterable[FoundElement]) -> frozenset[str]:
    """Names of the elements that say: this is a license. Of a data index (数据索引) any;
    elsewhere those that only a license has, and an identifier that is not just mentioned.
    """
    return frozenset(
        each.element.value
        for each in found
        if each.kind in _IN_THE_INDEX
        or (each.kind is not FoundIn.MENTIONED and each.element not in _ANYBODYS)
    )


def _custom_data(package: OfdPackage) -> Iterator[FoundElement]:
    for body in package.bodies:
        for datum in body.info.custom:
            yield from found_elements(datum.name, datum.value, (OFD_XML,), FoundIn.CUSTOM_DATA)


def _tagged(tags: TagIndex) -> Iterator[FoundElement]:
    for tag in tags.values:
        kind = FoundIn.INDEXED_TEXT if tag.text_parts else FoundIn.TAG_DATA
        yield from found_elements(tag.name, tag.value, (tag.part, *tag.text_parts), kind)


def _on_pages(package: OfdPackage) -> Iterator[FoundElement]:
    for run in page_text(package):
        labelled = _LABELLED.fullmatch(run.text.strip())
        if labelled is not None:
            yield from found_elements(labelled[1], labelled[2], (run.part,), FoundIn.LABELLED_TEXT)
        if ROOT in run.text:
            for identifier in _identifiers(run.text):
                kind = _standing(run.text, identifier)
                yield FoundElement(LicenseElement.IDENTIFIER, identifier, (run.part,), kind)


def _standing(text: str, identifier: str) -> FoundIn:
    """By itself, or after nothing but the name of the element."""
    rest = text.replace(identifier, "", 1).strip(" \t\r\n\u3000:：")
    own = not rest or element_named(rest) is LicenseElement.IDENTIFIER
    return FoundIn.BARE_TEXT if own else FoundIn.MENTIONED


def _identifiers(text: str) -> Iterable[str]:
    return (found for found in _IDENTIFIER.findall(text) if len(found) <= MAX_LENGTH)


def found_elements(
    name: str, value: str, sources: tuple[str, ...], kind: FoundIn
) -> Iterator[FoundElement]:
    element = element_named(name)
    plain = value.strip()
    if element is not None and plain:
        yield FoundElement(element, plain, sources, kind)
        matter = _matter_in(plain) if element is LicenseElement.COPY_CAUSE else None
        if matter is not None:
            yield FoundElement(LicenseElement.COPY_MATTER, matter, sources, kind)


def _matter_in(cause: str) -> str | None:
    """事项编码 in a cause that is the JSON object of the interfaces (用证事由); words name none."""
    if not cause.startswith("{"):
        return None
    try:
        found = read_json_object(cause.encode(), _CAUSE)
    except Malformed:
        return None
    matter = found.get(LicenseElement.COPY_MATTER.value)
    return matter.strip() or None if isinstance(matter, str) else None
