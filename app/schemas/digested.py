"""`digests`: what a caller sends of a file that it keeps (只送摘要)."""

import base64
import binascii
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.digested import (
    Digested,
    FileDigest,
    OfdParts,
    PdfParts,
    PdfSigned,
    StatedDigests,
)
from app.domain.errors import Refused
from app.domain.scheme import Digest

MAX_PARTS: Final = 2_000
"""Members of one OFD: as many as an archive may have."""
MAX_LISTS: Final = 16
MAX_SIGNATURES: Final = 32
MAX_LENGTH: Final = 1 << 40
"""Octets of a file, far beyond any that is read here."""
MAX_BODY: Final = 1024 * 1024
"""Bytes of a JSON body with digests: signed values hold the pictures of their seals."""
_NAME: Final = 255
_CONTENT: Final = 700_000
"""Characters of base64: over half a megabyte of octets."""
_HEX: Final = r"^[0-9a-f]+$"
_SIZES: Final[Mapping[Digest, int]] = {
    Digest.SM3: 32,
    Digest.SHA256: 32,
    Digest.SHA384: 48,
    Digest.SHA512: 64,
}

DIGESTS: Final[dict[str, Any]] = {
    "format": "pdf",
    "file": {"algorithm": "sm3", "value": "5a" * 32},
    "length": 48211,
    "signatures": [
        {
            "sub_filter": "GM.sm2seal",
            "contents": "MIIB",
            "byte_range": [0, 30120, 46506, 1705],
            "digests": {"sm3": "a5" * 32},
        }
    ],
}
"""An example; `contents` is a signature value in full."""

Hex = Annotated[str, Field(pattern=_HEX, max_length=128)]
Content = Annotated[
    str, Field(min_length=1, max_length=_CONTENT, description="the octets, in base64 (RFC 4648 §4)")
]


class _In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class FileIn(_In):
    """整份文件的摘要: one, by the algorithm its issuer keeps."""

    algorithm: Annotated[Literal["sm3", "sha256"], Field(description="SM3 or SHA-256")]
    value: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$", description="hexadecimal, small")]


class DigestSetIn(_In):
    """By each algorithm that the signatures use."""

    sm3: Hex | None = None
    sha256: Hex | None = None
    sha384: Hex | None = None
    sha512: Hex | None = None


class PartIn(_In):
    """One member of the package: octets of what signing made, digests of everything else."""

    name: Annotated[
        str, Field(min_length=1, max_length=_NAME, description="path inside, no leading slash")
    ]
    content: Annotated[
        Content | None,
        Field(description="of Signatures.xml, each Signature.xml, each SignedValue.dat; base64"),
    ] = None
    digests: DigestSetIn | None = None


class OfdDigestsIn(_In):
    """OFD (GB/T 33190)."""

    format: Literal["ofd"]
    file: FileIn
    signature_lists: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=_NAME)]],
        Field(min_length=1, max_length=MAX_LISTS, description="Signatures.xml of each DocBody"),
    ]
    parts: Annotated[
        list[PartIn], Field(min_length=3, max_length=MAX_PARTS, description="every member, once")
    ]


class PdfSignedIn(_In):
    """One signature dictionary, without what it signs."""

    sub_filter: Annotated[str, Field(min_length=1, max_length=127, description="/SubFilter")]
    contents: Annotated[Content, Field(description="/Contents, zeros behind it left out; base64")]
    byte_range: Annotated[
        list[Annotated[int, Field(ge=0, le=MAX_LENGTH)]], Field(min_length=4, max_length=4)
    ]
    digests: Annotated[DigestSetIn, Field(description="of the octets of /ByteRange")]


class PdfDigestsIn(_In):
    """PDF (ISO 32000-2)."""

    format: Literal["pdf"]
    file: FileIn
    length: Annotated[int, Field(gt=0, le=MAX_LENGTH, description="octets of the file")]
    signatures: Annotated[list[PdfSignedIn], Field(min_length=1, max_length=MAX_SIGNATURES)]


DigestsIn = Annotated[OfdDigestsIn | PdfDigestsIn, Field(discriminator="format")]


def digested_of(asked: OfdDigestsIn | PdfDigestsIn) -> Digested:
    """As the domain has it. Raises `Refused`, which names the field and the fix, never a value."""
    file = FileDigest(asked.file.algorithm)
    value = bytes.fromhex(asked.file.value)
    if isinstance(asked, OfdDigestsIn):
        return Digested(file, value, _ofd(asked))
    signed = (_signed(one, f"digests.signatures[{i}]") for i, one in enumerate(asked.signatures))
    return Digested(file, value, PdfParts(asked.length, tuple(signed)))


def digests_json(digested: Digested) -> dict[str, object]:
    """The member `digests` of a body, as `digested_of` takes it."""
    file = {"algorithm": digested.algorithm.value, "value": digested.value.hex()}
    parts = digested.parts
    if isinstance(parts, OfdParts):
        sent = [{"name": name, "content": _text(data)} for name, data in parts.sent.items()]
        stated = [{"name": name, "digests": _hex(one)} for name, one in parts.stated.items()]
        lists = {"signature_lists": list(parts.lists), "parts": [*sent, *stated]}
        return {"format": "ofd", "file": file, **lists}
    signed = [
        {
            "sub_filter": one.sub_filter,
            "contents": _text(one.contents),
            "byte_range": list(one.byte_range),
            "digests": _hex(one.stated),
        }
        for one in parts.signatures
    ]
    return {"format": "pdf", "file": file, "length": parts.length, "signatures": signed}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _hex(stated: StatedDigests) -> dict[str, str]:
    return {name.value: value.hex() for name, value in stated.by.items()}


def _ofd(asked: OfdDigestsIn) -> OfdParts:
    sent: dict[str, bytes] = {}
    stated: dict[str, StatedDigests] = {}
    _once((part.name for part in asked.parts), "digests.parts", "a name stands twice")
    _once(asked.signature_lists, "digests.signature_lists", "a list stands twice")
    for index, part in enumerate(asked.parts):
        place = f"digests.parts[{index}]"
        if (part.content is None) == (part.digests is None):
            raise Refused(place, "content or digests, one of the two")
        if part.content is not None:
            sent[part.name] = _octets(part.content, f"{place}.content")
        if part.digests is not None:
            stated[part.name] = _stated(part.digests, f"{place}.digests")
    return OfdParts(tuple(asked.signature_lists), sent, stated)


def _once(names: Iterable[str], place: str, fault: str) -> None:
    """Names that differ in case only are one name to some readers, as in an archive."""
    folded = [name.casefold() for name in names]
    if len(set(folded)) != len(folded):
        raise Refused(place, f"{fault}; send each once")


def _signed(asked: PdfSignedIn, place: str) -> PdfSigned:
    return PdfSigned(
        sub_filter=asked.sub_filter,
        contents=_octets(asked.contents, f"{place}.contents"),
        byte_range=tuple(asked.byte_range),
        stated=_stated(asked.digests, f"{place}.digests"),
    )


def _stated(asked: DigestSetIn, place: str) -> StatedDigests:
    given: dict[Digest, bytes] = {}
    for name, size in _SIZES.items():
        text: str | None = getattr(asked, name.value)
        if text is None:
            continue
        if len(text) != 2 * size:
            raise Refused(f"{place}.{name}", f"{2 * size} hexadecimal digits, small letters")
        given[name] = bytes.fromhex(text)
    if not given:
        raise Refused(place, f"at least one of {', '.join(_SIZES)}")
    return StatedDigests(given)


def _octets(text: str, place: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(place, "base64 (RFC 4648 §4), with its padding") from None


_KNOWN: Final = frozenset(
    name
    for model in (OfdDigestsIn, PdfDigestsIn, FileIn, PartIn, DigestSetIn, PdfSignedIn)
    for name in model.model_fields
)
_SHAPES: Final = {
    "file": "an object with algorithm (sm3 or sha256) and value",
    "algorithm": "sm3 or sha256: the one by which the issuer keeps its files",
    "value": "64 hexadecimal digits, small letters",
    "byte_range": "the four numbers of /ByteRange",
    "length": "octets of the whole file, a whole number above 0",
    "parts": f"a list of 3 to {MAX_PARTS} members, each with name and content or digests",
    "signature_lists": f"1 to {MAX_LISTS} names of Signatures.xml; without one, send the file",
    "signatures": f"1 to {MAX_SIGNATURES} signatures; a file without one is sent as a file",
    "digests": "an object of hexadecimal digests: sm3, sha256, sha384, sha512",
    "content": f"base64 of at most {_CONTENT} characters",
    "contents": f"base64 of at most {_CONTENT} characters",
    "name": f"a text of 1 to {_NAME} characters",
    "sub_filter": "the name in /SubFilter, as adbe.pkcs7.detached",
    "format": "ofd or pdf",
}


def refused_digests(place: Iterable[Any], kind: str) -> Refused:
    """A complaint of the schema, by the place it is about; names of a stranger's are not in it."""
    words = list(place)
    shown, last = "digests", "format"
    for word in words[1:]:
        if isinstance(word, int):
            shown += f"[{word}]"
        elif word in _KNOWN:
            shown, last = f"{shown}.{word}", word
    if kind == "extra_forbidden":
        return Refused(shown, "holds a field that is not known; leave it out")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return Refused("digests.format", f"must be {_SHAPES['format']}")
    if len(words) == 1:
        return Refused("digests", "must be an object with format, file and the parts of signatures")
    return Refused(shown, f"must be {_SHAPES.get(last, 'hexadecimal digits, small letters')}")
