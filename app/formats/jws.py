"""License tokens (证照令牌), docs/license-token.md: JWS compact, typ `license+jwt`."""

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from app.crypto.jose import LICENSE_TOKEN, JsonLimits, read_json_object, read_time, split_compact
from app.crypto.schemes import scheme_for_jose
from app.domain.errors import InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.license import Claims, Fact, KeyId, LicenseFormat, ParsedLicense, Signature
from app.domain.scheme import Scheme

TYP = "license+jwt"
LONG_TERM = "长期"

_LEAD = re.compile(rb"\A\s{0,8}e[wxyz][A-Za-z0-9_-]*={0,2}\.")
"""A base64url text that opens with a brace, then a dot: whatever follows is meant as a token."""
_DATE = re.compile(r"\A[0-9]{4}-[0-9]{2}-[0-9]{2}\Z", re.ASCII)
_MAX_TEXT = 512
"""Characters of one name or number: the widest column of the national share table."""

_SHORTEST: Final = {
    Scheme.SM2_SM3: 64,
    Scheme.ECDSA_P256_SHA256: 64,
    Scheme.ECDSA_P384_SHA384: 96,
    Scheme.ECDSA_P521_SHA512: 132,
    Scheme.ED25519: 64,
}
"""Octets of a value in JOSE (RFC 7518 §3.4, RFC 8037 §3.1)."""
_SHORTEST_OF_RSA: Final = 256
"""No key below 2048 bits is registered (RFC 7518 §3.3)."""

_MEMBERS = frozenset(
    {
        *("iss", "iat", "exp", "jti", "identifier", "type", "number", "name", "holder"),
        *("issued_on", "valid_from", "valid_until", "copy", "details"),
    }
)
_HOLDER = frozenset({"name", "code", "code_type"})
_COPY = frozenset({"purpose", "matter", "expires"})


@dataclass(frozen=True, slots=True)
class Jws:
    """The reader of license tokens."""

    name: LicenseFormat = LicenseFormat.JWS

    def recognises(self, content: bytes) -> bool:
        """Look at the leading bytes only; never raise."""
        return _LEAD.match(content) is not None

    def parse(self, content: bytes) -> ParsedLicense:
        """Read the token; raise `Malformed` for anything docs/license-token.md does not say."""
        compact = split_compact(content, LICENSE_TOKEN)
        if compact.typ != TYP:
            raise Malformed(f"header: typ is not {TYP}")
        scheme = _scheme(compact.alg)
        _whole(compact.signature, scheme)
        payload = _Object("payload", compact.payload)
        claims = _claims(payload)
        issuer = claims.issuer
        if issuer is None:
            raise Malformed("payload: iss is missing")
        signature = Signature(
            label="jws",
            scheme=scheme,
            message=compact.signing_input,
            value=compact.signature,
            signer=issuer,
            key_id=KeyId(compact.kid),
            covers=frozenset(claims.values()) | _implied(claims),
            signed_at=payload.time("iat"),
        )
        return ParsedLicense(self.name, claims, (signature,))


def _scheme(alg: str) -> Scheme | None:
    """None for an algorithm nobody told us of: the registered key says whether it is its own."""
    try:
        return scheme_for_jose(alg)
    except UnknownAlgorithm:
        return None
    except InvalidSignature as refused:  # `none`, a MAC, a weak algorithm, or no name at all
        raise Malformed(f"header: alg: {refused}") from None


def _whole(value: bytes, scheme: Scheme | None) -> None:
    """A value with its end missing is what copying by hand makes, and forges nothing: the token is
    not whole. What is long enough, or as long as another scheme's, is for the key to judge.
    Raises `Malformed`.
    """
    least = _SHORTEST.get(scheme, _SHORTEST_OF_RSA) if scheme is not None else 0
    if len(value) < least and len(value) not in _SHORTEST.values():
        raise Malformed(f"signature: {len(value)} octets of at least {least}; the end is missing")


def _implied(claims: Claims) -> frozenset[Fact]:
    """An identifier names its type."""
    return frozenset({Fact.TYPE}) if claims.identifier else frozenset()


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if _DATE.match(text) else None
    except ValueError:
        return None


class _Object:
    """A JSON object read member by member; every complaint names the place, never the value."""

    def __init__(self, place: str, data: bytes | dict[str, object]) -> None:
        self.place = place
        limits = JsonLimits(size=LICENSE_TOKEN.token)
        self._found = read_json_object(data, limits) if isinstance(data, bytes) else data

    def only(self, members: frozenset[str]) -> None:
        if set(self._found) - members:
            raise Malformed(f"{self.place}: a member this format does not have")

    def text(self, name: str) -> str | None:
        value = self._found.get(name)
        if name not in self._found:
            return None
        if not isinstance(value, str) or not value.strip() or len(value) > _MAX_TEXT:
            raise Malformed(f"{self.place}: {name} is not a text of 1 to {_MAX_TEXT} characters")
        return value

    def time(self, name: str) -> datetime | None:
        if name not in self._found:
            return None
        return read_time(self._found[name], f"{self.place}: {name}")

    def day(self, name: str) -> date | None:
        text = self.text(name)
        if text is None:
            return None
        day = _day(text)
        if day is None:
            raise Malformed(f"{self.place}: {name} is not a day YYYY-MM-DD")
        return day

    def part(self, name: str, members: frozenset[str] | None) -> "_Object | None":
        value = self._found.get(name)
        if name not in self._found:
            return None
        if not isinstance(value, dict):
            raise Malformed(f"{self.place}: {name} is not an object")
        part = _Object(f"{self.place}.{name}", value)
        if members is not None:
            part.only(members)
        return part


def _claims(payload: _Object) -> Claims:
    payload.only(_MEMBERS)
    identifier = _identifier(payload)
    holder = payload.part("holder", _HOLDER)
    copy = payload.part("copy", _COPY)
    _only_checked(payload, holder, copy)
    long_term = payload.text("valid_until") == LONG_TERM
    issuer, type = payload.text("iss"), payload.text("type")
    return Claims(
        identifier=identifier,
        identifiers=frozenset({str(identifier)}),
        type=TypeCode(type) if type else None,
        issuer=IssuerCode(issuer) if issuer else None,
        number=payload.text("number"),
        holder=holder.text("name") if holder else None,
        holder_code=holder.text("code") if holder else None,
        valid_from=payload.day("valid_from"),
        valid_until=None if long_term else payload.day("valid_until"),
        long_term=long_term,
        is_copy=copy is not None,
        copy_until=copy.time("expires") if copy else None,
        copy_matter=copy.text("matter") if copy else None,
        presentation_until=payload.time("exp"),
    )


def _identifier(payload: _Object) -> Identifier:
    text = payload.text("identifier")
    if text is None:
        raise Malformed("payload: identifier is missing")
    try:
        return Identifier.read(text)
    except ValueError:
        raise Malformed("payload: identifier has not the six parts of GB/T 36904") from None


def _only_checked(payload: _Object, holder: _Object | None, copy: _Object | None) -> None:
    """Members whose value is not used must still be what the format says."""
    for name in ("jti", "name"):
        payload.text(name)
    payload.day("issued_on")
    payload.part("details", None)
    if holder:
        holder.text("code_type")
    if copy:
        copy.text("purpose")
