"""The signed form of a trust list: JWS in the general JSON form (RFC 7515 §7.2.1), exactly.

The payload's octets are kept and never written anew: they are what was signed, and their SHA-256
is the list's address. They must be the canonical form of what they say, so that one list has one
address.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from app.crypto.jose import JsonLimits, base64url, protected_header, read_json_object, to_base64url
from app.crypto.keys import read_public_key
from app.crypto.schemes import JOSE_BY_SCHEME, scheme_for_jose, verify_jose
from app.crypto.signing import Signer
from app.domain.errors import InvalidKey, InvalidSignature, Malformed, Refused
from app.domain.trustlist import Head, Offered, SignerKey, Signers
from app.registry.lists.content import SECTIONS, Content, read_content
from app.registry.reader import Reader, refuse
from app.reports.canonical import canonical

TYP: Final = "trust-list+json"
FORMAT: Final = "zhengyan-trust-list/1"
MEDIA_TYPE: Final = "application/jose+json"

MAX_LIST: Final = 8 * 1024 * 1024
"""Bytes of the signed form: a province of two thousand bodies takes some three."""
MAX_SIGNATURES: Final = 32
MAX_SIGNERS: Final = 32
MAX_NUMBER: Final = 2**31 - 1
MAX_MESSAGE: Final = 300
"""Characters kept of why a list cannot be read."""
LONGEST: Final = timedelta(days=400)
"""From issue to expiry: a year, and time to sign the next list. Whoever keeps newer lists from a
follower is found out by the expiry alone, so no publisher may put it off for ever."""
LEAST_THRESHOLD: Final = 2
"""Of keys that sign a list which is not for demonstration."""

LIMITS: Final = JsonLimits(size=MAX_LIST, items=10_000)

_PUBLISHER: Final = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_ADDRESS: Final = re.compile(r"[0-9a-f]{64}")
_HEAD: Final = ("format", "publisher", "number", "issued_at", "expires_at", "previous", "signers")


@dataclass(frozen=True, slots=True)
class Entry:
    """One signature; nothing about it is verified."""

    kid: str
    alg: str
    protected: str = field(repr=False)
    """As received: half of what is signed."""
    value: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedList:
    """A trust list, read exactly; whether it counts is decided by `app.domain.trustlist`."""

    head: Head
    content: Content = field(repr=False)
    payload: bytes = field(repr=False)
    entries: tuple[Entry, ...] = field(repr=False)
    raw: bytes = field(repr=False)
    """The signed form as received."""

    @property
    def address(self) -> str:
        return self.head.address

    def offered(self, held: Signers) -> Offered:
        """With the signatures that hold, of the held keys and of its own."""
        return Offered(self.head, self.signed_by(held.keys | self.head.signers.keys))

    def signed_by(self, keys: Iterable[SignerKey]) -> frozenset[SignerKey]:
        """Those of the keys whose signature over the payload holds. The key decides the scheme."""
        text = to_base64url(self.payload)
        return frozenset(
            key
            for key in keys
            if any(_holds(entry, key, text) for entry in self.entries if entry.kid == key.kid)
        )


def address_of(payload: bytes) -> str:
    """Where a list's content is found: SHA-256, hexadecimal."""
    return hashlib.sha256(payload).hexdigest()


# ---- writing


def compose(payload: Mapping[str, object]) -> bytes:
    """The canonical octets of a payload, once every follower could read them.

    Raises:
        Refused: names the member and what it should be.
        ValueError: it holds what JSON of this form cannot (`app.reports.canonical`).
    """
    octets = canonical(payload)
    _read_payload(octets, ())
    return octets


def sign(payload: bytes, signer: Signer) -> dict[str, str]:
    """The signature entry of one key over composed octets. Raises `Unavailable`."""
    header = {"typ": TYP, "alg": JOSE_BY_SCHEME[signer.scheme], "kid": signer.kid}
    protected = to_base64url(canonical(header))
    value = signer.sign(_signing_input(protected, to_base64url(payload)))
    return {"protected": protected, "signature": to_base64url(value)}


def assemble(payload: bytes, entries: Sequence[Mapping[str, str]]) -> bytes:
    """The signed form, as it is served and kept."""
    return canonical(
        {"payload": to_base64url(payload), "signatures": [dict(entry) for entry in entries]}
    )


def signers_payload(signers: Signers) -> dict[str, object]:
    """As the member `signers` holds them."""
    keys = (read_public_key(key.spki, key.scheme) for key in signers.keys)
    return {
        "threshold": signers.threshold,
        "keys": sorted((key.public_jwk() for key in keys), key=lambda jwk: jwk["kid"]),
    }


# ---- reading


def read_list(data: bytes, *, networks: Sequence[str] = ()) -> SignedList:
    """A signed trust list, whole and exact. No signature is verified here.

    Args:
        data: the signed form, at most `MAX_LIST` octets.
        networks: opened by the operator for the endpoints in it (`read_registration`).

    Raises:
        Malformed: names the place or the limit, whatever the bytes.
    """
    try:
        envelope = Reader.of(read_json_object(data, LIMITS), "")
        envelope.close(required={"payload", "signatures"}, optional=())
        payload = base64url(_string(envelope, "payload"), "payload")
        found = envelope.objects("signatures", MAX_SIGNATURES)
        if not found:
            refuse("signatures", "is empty")
        entries = tuple(map(_entry, found))
        head, content = _read_payload(payload, networks)
    except Refused as refused:
        raise Malformed(f"trust list: {refused}"[:MAX_MESSAGE]) from None
    return SignedList(head=head, content=content, payload=payload, entries=entries, raw=data)


def read_signers(value: object, place: str, *, demonstration: bool = False) -> Signers:
    """Keys and threshold. Raises `Refused`."""
    reader = Reader.of(value, place)
    reader.close(required={"threshold", "keys"}, optional=())
    jwks = reader.objects("keys", MAX_SIGNERS)
    keys = [_signer_key(each) for each in jwks]
    if len({key.kid for key in keys}) != len(keys):
        refuse(reader.at("keys"), "names one key twice")
    least = 1 if demonstration else LEAST_THRESHOLD
    if len(keys) < least:
        refuse(reader.at("keys"), f"has fewer than {least} keys")
    return Signers(reader.integer("threshold", least, len(keys)), frozenset(keys))


def _entry(each: Reader) -> Entry:
    each.close(required={"protected", "signature"}, optional=())
    protected = _string(each, "protected")
    header = protected_header(protected)
    if header["typ"] != TYP:
        refuse(each.at("protected"), f"has another typ than {TYP}")
    value = base64url(_string(each, "signature"), "signature")
    return Entry(header["kid"], header["alg"], protected, value)


def _string(reader: Reader, name: str) -> str:
    """Longer than what `Reader.text` takes, and checked by what it decodes to."""
    value = reader.members.get(name)
    if not isinstance(value, str):
        refuse(reader.at(name), "is not a text in base64url")
    return value


def _signing_input(protected: str, payload: str) -> bytes:
    return f"{protected}.{payload}".encode("ascii")


def _holds(entry: Entry, key: SignerKey, payload: str) -> bool:
    try:
        if scheme_for_jose(entry.alg) is not key.scheme:
            return False
        message = _signing_input(entry.protected, payload)
        verify_jose(key.scheme, spki=key.spki, message=message, value=entry.value)
    except InvalidSignature:
        return False
    return True


def _read_payload(octets: bytes, networks: Sequence[str]) -> tuple[Head, Content]:
    """Raises `Refused` and `Malformed`."""
    value = read_json_object(octets, LIMITS)
    if canonical(value) != octets:
        refuse("payload", "is not in canonical form")
    top = Reader.of(value, "")
    top.close(required=_HEAD, optional={"demonstration", *SECTIONS})
    if top.text("format") != FORMAT:
        refuse("format", f"is not {FORMAT}")
    sections = {name: top.members[name] for name in SECTIONS if name in top.members}
    return _head(top, address_of(octets)), read_content(sections, networks=networks)


def _head(top: Reader, address: str) -> Head:
    publisher = read_publisher("publisher", top.text("publisher"))
    demonstration = top.boolean("demonstration") if "demonstration" in top.members else False
    number = top.integer("number", 1, MAX_NUMBER)
    previous = top.text("previous") if top.given("previous") else None
    if (previous is None) != (number == 1):
        refuse("previous", "is null in list 1, and the address of the list before in any other")
    if previous is not None and not _ADDRESS.fullmatch(previous):
        refuse("previous", "is not a SHA-256 in lower-case hexadecimal")
    issued_at, expires_at = _moment(top, "issued_at"), _moment(top, "expires_at")
    if expires_at <= issued_at:
        refuse("expires_at", "is not after issued_at")
    if expires_at - issued_at > LONGEST:
        refuse("expires_at", f"is more than {LONGEST.days} days after issued_at")
    signers = read_signers(top.members["signers"], "signers", demonstration=demonstration)
    return Head(
        publisher=publisher,
        number=number,
        issued_at=issued_at,
        expires_at=expires_at,
        previous=previous,
        signers=signers,
        demonstration=demonstration,
        address=address,
    )


def read_publisher(place: str, text: str) -> str:
    """A publisher's name. Raises `Refused`."""
    if not _PUBLISHER.fullmatch(text):
        refuse(place, "is not 3 to 63 of a-z 0-9 . -, with a letter or digit at both ends")
    return text


def _moment(reader: Reader, name: str) -> datetime:
    """Whole seconds of UTC, in the one form."""
    text = reader.text(name)
    if not _MOMENT.fullmatch(text):
        refuse(reader.at(name), "is not a time like 2026-01-01T00:00:00Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        refuse(reader.at(name), "is no time there is")


def _signer_key(each: Reader) -> SignerKey:
    if "kty" not in each.members:
        refuse(each.place, "is not a public key (JWK)")
    each.close(required={"kty", "alg"}, optional={"kid", "use", "crv", "x", "y", "n", "e"})
    try:
        key = read_public_key(each.members)
    except InvalidKey as refused:
        refuse(each.place, f"is refused: {refused}")
    if each.given("kid") and each.text("kid") != key.jwk_thumbprint:
        refuse(each.at("kid"), "is not the key's RFC 7638 thumbprint")
    return SignerKey(key.jwk_thumbprint, key.scheme, key.spki)
