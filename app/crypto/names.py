"""Distinguished names as bounded text; organisation codes by where they stand (standards §3.11).

Real certificates carry UTF-8 inside IA5Strings, texts where identifiers belong and addresses where
names belong. Nothing here raises for that: the octets that count are compared elsewhere, raw.
"""

import re
from collections.abc import Iterable
from itertools import islice

from app.crypto import asn1
from app.crypto.asn1 import Element, Tag
from app.domain.certificate import CertificateDeviation, NameAttribute
from app.domain.codes import uscc_well_formed
from app.domain.errors import BeyondLimits, Malformed

MAX_ATTRIBUTES = 64
"""Attributes of one name."""
MAX_TEXT = 256
"""Characters of an attribute shown; longer ones are cut."""
ORGANISATION, ORGANISATIONAL_UNIT = "2.5.4.10", "2.5.4.11"
ORGANISATION_IDENTIFIER = "2.5.4.97"
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
                raise BeyondLimits(f"{place}: more than {MAX_ATTRIBUTES} attributes")
    return tuple(found)


def _shown(element: Element, seen: set[CertificateDeviation]) -> str:
    try:
        value = asn1.text(element, "name")
    except Malformed:
        seen.add(CertificateDeviation.NAME_TEXT)
        value = element.content[: 4 * MAX_TEXT].decode("utf-8", errors="replace")
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in value[:MAX_TEXT])


def certified_codes(values: Iterable[bytes]) -> tuple[str, ...]:
    """统一社会信用代码 in the extensions that are for them: the authority's own statement."""
    return _codes(value.decode("ascii", errors="replace") for value in values)


def named_codes(subject: tuple[NameAttribute, ...]) -> tuple[str, ...]:
    """Those in O and organizationIdentifier: the authority's only if it verifies them (CRT-11)."""
    return _codes(a.text for a in subject if a.type in {ORGANISATION, ORGANISATION_IDENTIFIER})


def chosen_codes(subject: tuple[NameAttribute, ...]) -> tuple[str, ...]:
    """Those in OU, which nobody verifies: hints for people and for routing, never identity."""
    return _codes(a.text for a in subject if a.type == ORGANISATIONAL_UNIT)


def _codes(texts: Iterable[str]) -> tuple[str, ...]:
    found = (code for text in texts for code in _CODE.findall(text) if uscc_well_formed(code))
    return tuple(islice(dict.fromkeys(found), MAX_CODES))
