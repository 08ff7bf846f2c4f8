"""What has to be sent of a file that stays: made where the file is, by whoever keeps it."""

from app.crypto.digests import digest
from app.domain.digested import (
    Digested,
    FileDigest,
    OfdParts,
    PdfParts,
    PdfSigned,
    StatedDigests,
)
from app.domain.errors import Refused
from app.domain.license import Claims, LicenseFormat
from app.domain.scheme import WEAK_DIGESTS, Digest
from app.formats import detect
from app.formats.archive import read_archive
from app.formats.claims import claims_of
from app.formats.ofd.metadata import find_elements
from app.formats.ofd.package import read_package
from app.formats.pdf.contents import signature_value
from app.formats.pdf.objects import Name, Text, Value
from app.formats.pdf.reader import PdfFile
from app.formats.pdf.signatures import signatures

_RANGE = 4
_STRONG = tuple(name for name in Digest if name not in WEAK_DIGESTS)


def digested_from(content: bytes, by: FileDigest) -> tuple[Digested, Claims]:
    """Parts and digests, and which license the file says it is: nothing else that it states.

    Raises:
        UnrecognisedFormat: no license in any format read here.
        Malformed: it cannot be read exactly.
        Refused: it holds no signature, or is of a kind that has no parts.
    """
    whole = digest(Digest(by.value), content)
    match detect(content).name:
        case LicenseFormat.OFD:
            parts, claims = _ofd(content)
            return Digested(by, whole, parts), _named(claims)
        case LicenseFormat.PDF:
            license = detect(content).parse(content)
            return Digested(by, whole, _pdf(content)), _named(license.claims)
        case _:
            raise Refused("file", "digests are made of OFD and PDF; send a token as it is")


def _named(claims: Claims) -> Claims:
    """Identifier, else number with type and issuer: what an issuer is asked by."""
    if claims.identifier is not None:
        return Claims(identifier=claims.identifier, identifiers=frozenset({str(claims.identifier)}))
    if claims.number is None or claims.type is None:
        raise Refused("file", "names no license: no identifier, nor number and type")
    return Claims(identifier=None, number=claims.number, type=claims.type, issuer=claims.issuer)


def _ofd(content: bytes) -> tuple[OfdParts, Claims]:
    package = read_package(read_archive(content))
    lists = tuple(body.signature_list for body in package.bodies if body.signature_list)
    if not package.signatures:
        raise Refused("file", "bears no signature; send the file itself")
    own = {part for e in package.signatures for part in (e.part, e.signed_value_part) if part}
    octets = {*lists, *own}
    names = {e.digest for e in package.signatures if e.digest not in WEAK_DIGESTS} - {None}
    used = tuple(name for name in _STRONG if name in names) or (Digest.SM3,)
    parts = OfdParts(
        lists=tuple(dict.fromkeys(lists)),
        sent={part: data for part, data in package.members.items() if part in octets},
        stated={
            part: StatedDigests({name: digest(name, data) for name in used})
            for part, data in package.members.items()
            if part not in octets
        },
    )
    claims, _ = claims_of(find_elements(package), [frozenset[str]() for _ in package.signatures])
    return parts, claims


def _pdf(content: bytes) -> PdfParts:
    found = [s for s in signatures(PdfFile.read(content)) if not s.document_timestamp]
    if not found:
        raise Refused("file", "bears no signature; send the file itself")
    return PdfParts(
        length=len(content),
        signatures=tuple(
            PdfSigned(
                sub_filter=_name(s.dictionary.get("SubFilter")),
                contents=_contents(s.dictionary.get("Contents")),
                byte_range=_range(s.dictionary.get("ByteRange")),
                stated=StatedDigests({name: digest(name, s.content) for name in _STRONG}),
            )
            for s in found
        ),
    )


def _name(value: Value) -> str:
    return value.value if isinstance(value, Name) else "none"


def _contents(value: Value) -> bytes:
    if not isinstance(value, Text):
        raise Refused("file", "a signature without a value; send the file itself")
    return signature_value(value.value)


def _range(value: Value) -> tuple[int, ...]:
    numbers = value if isinstance(value, tuple) else ()
    found = tuple(n for n in numbers if type(n) is int and n >= 0)
    if len(found) != _RANGE or len(found) != len(numbers):
        raise Refused("file", "a /ByteRange that is not four numbers; send the file itself")
    return found
