"""Sample licenses (样例证照) that issuers name, so that their endpoints can be tried.

Informative: a sample is read with the rest of a registration document, and never kept. It should be
made out to nobody real.
"""

from collections.abc import Mapping
from datetime import date
from typing import Final

from app.crypto.jose import base64url
from app.domain.errors import Malformed
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Code
from app.domain.license import OWN_CODE, Claims
from app.domain.sample import Sample
from app.registry.reader import Reader, refuse

MAX_DOCUMENTS: Final = 8
LONG_TERM: Final = "长期"
_DIGESTS: Final = {"sm3": 32, "sha256": 32}
"""Name → octets."""
_TYPE_LENGTH: Final = 21


def read_samples(document: object) -> Mapping[IssuerCode, Sample]:
    """Of a registration document; bodies without one are left out. Raises `Refused`."""
    top = Reader.of(document, "")
    found: dict[IssuerCode, Sample] = {}
    for each in top.objects("issuers", 10_000):
        if each.given("sample"):
            found[IssuerCode(each.text("code"))] = read_sample(each.inner("sample"))
    return found


def read_sample(each: Reader) -> Sample:
    """What is said of one license. Raises `Refused` naming the member."""
    each.close(
        required=(),
        optional={"identifier", "number", "type", "holder", "holder_code", "code", *_MORE},
    )
    identifier = _identifier(each) if each.given("identifier") else None
    if identifier is None and not (each.given("number") and each.given("type")):
        refuse(each.place, "names no license: give identifier, or number and type")
    begins, ends, long_term = _dates(each)
    return Sample(
        claims=Claims(
            identifier=identifier,
            type=identifier.type if identifier else _type(each),
            number=_optional(each, "number"),
            holder=_optional(each, "holder"),
            holder_code=_optional(each, "holder_code"),
            valid_from=begins,
            valid_until=ends,
            long_term=long_term,
            code=_code(each) if each.given("code") else None,
        ),
        code=Code(each.integer("outcome", 0, 3)) if each.given("outcome") else Code.IN_FORCE,
        digests=dict(map(_digest, each.objects("documents", MAX_DOCUMENTS))),
    )


_MORE: Final = ("dates", "outcome", "documents", "comment")


def _optional(each: Reader, name: str) -> str | None:
    return each.text(name) if each.given(name) else None


def _identifier(each: Reader) -> Identifier:
    try:
        return Identifier.read(each.text("identifier"))
    except ValueError:
        refuse(each.at("identifier"), "is not root.type.issuer.serial.version.check")


def _type(each: Reader) -> TypeCode:
    text = each.text("type")
    if len(text) != _TYPE_LENGTH:
        refuse(each.at("type"), f"is not a 证照类型代码 of {_TYPE_LENGTH} characters")
    return TypeCode(text)


def _code(each: Reader) -> str:
    text = each.text("code")
    if not OWN_CODE.fullmatch(text):
        refuse(each.at("code"), "is not 1 to 160 letters, digits, '.', '_', '~', '-'")
    return text


def _dates(each: Reader) -> tuple[date | None, date | None, bool]:
    if not each.given("dates"):
        return None, None, False
    dates = each.inner("dates")
    dates.close(required=(), optional={"from", "until"})
    until = _optional(dates, "until")
    begins = _day(dates, "from") if dates.given("from") else None
    if until == LONG_TERM:
        return begins, None, True
    return begins, _day(dates, "until") if until else None, False


def _day(each: Reader, name: str) -> date:
    try:
        return date.fromisoformat(each.text(name))
    except ValueError:
        refuse(each.at(name), f"is not a day like 2026-01-31 (until may be {LONG_TERM})")


def _digest(each: Reader) -> tuple[str, bytes]:
    each.close(required={"alg", "value"}, optional=())
    name = each.text("alg")
    if name not in _DIGESTS:
        refuse(each.at("alg"), f"is none of {', '.join(_DIGESTS)}")
    try:
        value = base64url(each.text("value"), "value")
    except Malformed as broken:
        refuse(each.at("value"), f"is refused: {broken}")
    if len(value) != _DIGESTS[name]:
        refuse(each.at("value"), f"is not {_DIGESTS[name]} octets in base64url")
    return name, value
