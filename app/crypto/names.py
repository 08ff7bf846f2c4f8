"""Distinguished names as bounded text, and the organisation codes found in them (standards §3.11).

Real certificates carry UTF-8 inside IA5Strings, texts where identifiers belong and addresses where
names belong. Nothing here raises for that: the octets that count are compared elsewhere, raw.
"""

import re
from collections.abc import Iterable, Iterator

from app.crypto import asn1
from app.crypto.asn1 import Element, Tag
from app.domain.certificate import CertificateDeviation, NameAttribute
from app.domain.codes import uscc_well_formed
from app.domain.errors import Malformed

MAX_ATTRIBUTES = 64
"""Attributes of one name."""
MAX_TEXT = 256
"""Characters of an attribute shown; longer ones are cut."""
ORGANISATION, ORGANISATIONAL_UNIT = "2.5.4.10", "2.5.4.11"
MAX_CODES = 16
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")


def name_attributes(
    element: Element, place: str, seen: set[CertificateDeviation]
) -> tuple[NameAttribute, ...]:
    """The attributes of a Name in their order.

    Raises:
        Malformed: not a SEQUENCE of SETs of (OID, value) pairs, or too many.
    """
    found: list[NameAttribute] = []
    for rdn in element.children(place):
        if rdn.tag != Tag.SET:
            raise Malformed(f"{place}: SET expected")
        for pair in rdn.children(place):
            fields = asn1.sequence(pair, place)
            kind = asn1.oid(fields.any("type"), place)
            found.append(NameAttribute(kind, _shown(fields.any("value"), seen)))
            fields.end()
            if len(found) > MAX_ATTRIBUTES:
                raise Malformed(f"{place}: more than {MAX_ATTRIBUTES} attributes")
    return tuple(found)


def _shown(element: Element, seen: set[CertificateDeviation]) -> str:
    try:
        value = asn1.text(element, "name")
    except Malformed:
        seen.add(CertificateDeviation.NAME_TEXT)
        value = element.content[: 4 * MAX_TEXT].decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MAX_TEXT])


def organisation_codes(
    values: Iterable[bytes], subject: tuple[NameAttribute, ...]
) -> tuple[str, ...]:
    """统一社会信用代码 candidates: of the organisation extensions, then of O, then of OU.

    Candidates only: which of them counts, the registry says.
    """
    texts: list[str] = [value.decode("ascii", errors="replace") for value in values]
    for kind in (ORGANISATION, ORGANISATIONAL_UNIT):
        texts.extend(a.text for a in subject if a.type == kind)
    return tuple(dict.fromkeys(code for text in texts for code in _codes(text)))[:MAX_CODES]


def _codes(text: str) -> Iterator[str]:
    return (code for code in _CODE.findall(text) if uscc_well_formed(code))
