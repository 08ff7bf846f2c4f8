"""From the codes of a picture to what it names. Pure: no picture and no network here."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from typing import Final

from app.domain.confirmation import id_of
from app.domain.errors import Malformed
from app.domain.license import Claims, LicenseFormat, ParsedLicense, Photo, PhotoCode, Signature
from app.domain.photo import NAMING, CodeFacts, Held, OfficialUrl, PhotoFacts, SeenCode
from app.formats.jws import Jws
from app.formats.photo.addresses import named_by, official, read_address, read_identifier
from app.formats.photo.header import is_picture, within_limits

Eyes = Callable[[bytes], Iterable[SeenCode]]
"""Reads the codes of a picture. Raises `ImageNotRead`, `BeyondLimits` or `Unavailable`."""
NOTHING: Final = Claims(identifier=None)


def blind(_: bytes) -> Iterable[SeenCode]:
    """For readers of files that need no decoder. Raises `Malformed`."""
    raise Malformed("image: no decoder is at hand")


@dataclass(frozen=True, slots=True)
class PhotoReader:
    """The reader of photos and scans (JPEG, PNG, WebP)."""

    eyes: Eyes = field(repr=False)
    own: str = ""
    """Host of this node's own page; empty: it has none."""
    name: LicenseFormat = LicenseFormat.PHOTO

    def recognises(self, content: bytes) -> bool:
        """Look at the leading bytes only; never raise."""
        return is_picture(content)

    def parse(self, content: bytes) -> ParsedLicense:
        """The codes in a picture and what each holds; which license is meant, `named` says.

        Raises as `Eyes`; and `BeyondLimits` before any decoder sees what is too large.
        """
        within_limits(content)
        return read_codes(self.eyes(content), self.own)


def read_codes(seen: Iterable[SeenCode], own: str) -> ParsedLicense:
    """What was seen, each payload once."""
    payloads = {code.payload: code for code in seen}
    codes = tuple(_code(f"code {i}", code, own) for i, code in enumerate(payloads.values(), 1))
    return ParsedLicense(LicenseFormat.PHOTO, NOTHING, (), photo=Photo(codes))


def _code(label: str, seen: SeenCode, own: str) -> PhotoCode:
    """By its octets, the most telling first; the text is UTF-8 or it is nothing we know."""
    if (token := _token(label, seen)) is not None:
        return token
    try:
        text = seen.payload.decode("utf-8").strip()
    except UnicodeDecodeError:
        return PhotoCode(CodeFacts(label, seen.symbology, Held.OTHER))
    held, address, claims = Held.OTHER, None, None
    if (identifier := read_identifier(text)) is not None:
        held = Held.IDENTIFIER
        claims = Claims(identifier=identifier, identifiers=frozenset({str(identifier)}))
    elif Jws().recognises(seen.payload):
        held = Held.OTHER_TOKEN
    elif (address := read_address(text)) is not None:
        mine = bool(own) and address.host == own and address.path.startswith("/r/")
        held = Held.CONFIRMATION if mine else Held.UNOFFICIAL_URL
    elif _confirms(text):
        held = Held.CONFIRMATION
    return PhotoCode(CodeFacts(label, seen.symbology, held), claims=claims, address=address)


def _token(label: str, seen: SeenCode) -> PhotoCode | None:
    if not Jws().recognises(seen.payload):
        return None
    try:
        license = Jws().parse(seen.payload)
    except Malformed:
        return None
    facts = CodeFacts(label, seen.symbology, Held.LICENSE_TOKEN)
    signatures = tuple(replace(s, label=label) for s in license.signatures)
    return PhotoCode(facts, claims=license.claims, signatures=signatures)


def _confirms(text: str) -> bool:
    try:
        id_of(text)
    except Malformed:
        return False
    return True


def hosts_of(photo: Photo) -> frozenset[str]:
    """Hosts that codes lead to: only whether they are registered is looked up."""
    return frozenset(code.address.host for code in photo.codes if code.address) - {""}


def named(
    license: ParsedLicense, known: Iterable[OfficialUrl], typed: Claims | None
) -> ParsedLicense:
    """The same with what its codes name, by official addresses, and what the caller typed.

    Where codes name different licenses none is chosen, and no signature of theirs counts.
    """
    photo = license.photo
    if photo is None:
        return license
    codes = tuple(_placed(code, known) for code in photo.codes)
    naming = [code for code in codes if code.facts.held in NAMING]
    several = not _one(naming)
    chosen = NOTHING if several else _chosen(naming)
    facts = PhotoFacts(tuple(code.facts for code in codes), several, typed is not None)
    signatures = tuple[Signature, ...]()
    if not several:
        signatures = tuple(s for code in naming for s in code.signatures)
    claims = chosen if typed is None else _with(chosen, typed)
    return replace(license, claims=claims, signatures=signatures, photo=Photo(codes, facts))


def _placed(code: PhotoCode, known: Iterable[OfficialUrl]) -> PhotoCode:
    """An address that lies where a list says official codes lead."""
    if code.facts.held is not Held.UNOFFICIAL_URL or code.address is None:
        return code
    place = official(code.address, known)
    if place is None:
        return code
    facts = replace(code.facts, held=Held.OFFICIAL_URL)
    return replace(code, facts=facts, claims=named_by(code.address, place))


def _one(naming: list[PhotoCode]) -> bool:
    """All name one license, and at most one token says what stands on it."""
    if sum(bool(code.signatures) for code in naming) > 1:
        return False
    if len(naming) <= 1:
        return True
    first = _chosen(naming)
    return all(code.claims is not None and _same(code.claims, first) for code in naming)


def _same(claims: Claims, first: Claims) -> bool:
    if claims.identifier is not None:
        return claims.identifier == first.identifier
    type = first.identifier.type if first.identifier else first.type
    if claims.code is not None or first.code is not None:  # what it names, only its issuer knows
        return (claims.code, claims.issuer) == (first.code, first.issuer)
    return (claims.type, claims.number) == (type, first.number)


def _chosen(naming: list[PhotoCode]) -> Claims:
    """Of codes that agree the one that says most: a token, then an identifier."""
    stated = [code for code in naming if code.claims is not None]
    by_most = sorted(
        stated, key=lambda c: (bool(c.signatures), bool(c.claims and c.claims.identifier))
    )
    found = by_most[-1].claims if by_most else None
    return found or NOTHING


def _with(claims: Claims, typed: Claims) -> Claims:
    """What the caller reads off the picture is compared in place of what a code says; identifiers
    stand side by side, so that two different ones are seen to disagree.
    """
    dated = typed.valid_from or typed.valid_until or typed.long_term
    dates = typed if dated else claims
    return replace(
        claims,
        identifier=claims.identifier or typed.identifier,
        identifiers=claims.identifiers | typed.identifiers,
        type=typed.type or claims.type,
        issuer=typed.issuer or claims.issuer,
        number=typed.number or claims.number,
        holder=typed.holder or claims.holder,
        holder_code=typed.holder_code or claims.holder_code,
        valid_from=dates.valid_from,
        valid_until=dates.valid_until,
        long_term=dates.long_term,
    )
