"""Signatures.xml and each Signature.xml (GB/T 33190-2016 ch. 18, GM/T 0099-2020 annex B)."""

import binascii
from base64 import b64decode
from types import MappingProxyType

from app.domain.ofd import (
    Deviation,
    PartKind,
    Provider,
    Reference,
    SignatureEntry,
    SignatureType,
    Stamp,
    Unmet,
)
from app.domain.scheme import Digest
from app.formats.markup import Node
from app.formats.ofd.layout import box
from app.formats.ofd.walk import PackageRule, Walk, refuse

MAX_SIGNATURES = 64
"""Signatures in one list: each costs public-key operations."""
MAX_REFERENCES = 4_000
"""Protected files of one signature: twice the members of the largest archive."""

_HMAC_SM3 = "1.2.156.10197.1.401.2"
_CHECK_METHODS = MappingProxyType(
    {
        "1.2.156.10197.1.401": Digest.SM3,
        "sm3": Digest.SM3,
        _HMAC_SM3: Digest.SM3,
        "sha256": Digest.SHA256,
        "sha-256": Digest.SHA256,
        "2.16.840.1.101.3.4.2.1": Digest.SHA256,
        "sha1": Digest.SHA1,
        "sha-1": Digest.SHA1,
        "1.3.14.3.2.26": Digest.SHA1,
        "md5": Digest.MD5,
        "1.2.840.113549.2.5": Digest.MD5,
    }
)
"""CheckMethod in lower case. Names as GB/T 33190 and producers write them, OIDs of GM/T 0006."""


def read_signature_list(
    walk: Walk, part: str, body: int
) -> tuple[list[SignatureEntry], str | None]:
    """The signatures of a list in its order, and its MaxSignId.

    Raises:
        BadMarkup: a part cannot be read exactly.
        BadPackage: a listed signature is missing or listed twice.
    """
    node = walk.read(part, PartKind.SIGNATURE_LIST, "Signatures")
    listed = node.nodes("Signature")
    if len(listed) > MAX_SIGNATURES:
        refuse(PackageRule.TOO_MANY_SIGNATURES, f"over {MAX_SIGNATURES} in the list")
    entries = [_signature(walk, one, part, body) for one in listed]
    if len({entry.id for entry in entries}) != len(entries):
        refuse(PackageRule.DUPLICATE_ID, "among the signatures")
    if len({entry.part for entry in entries}) != len(entries):
        refuse(PackageRule.DUPLICATE_SIGNATURE, "in the signature list")
    highest = node.nodes("MaxSignId")
    if len(highest) > 1:
        walk.deviations.add(Deviation.MAX_SIGN_ID_REPEATED)
        return entries, None
    return entries, highest[0].text() if highest else None


def _signature(walk: Walk, entry: Node, source: str, body: int) -> SignatureEntry:
    part = walk.follow(entry.attribute("BaseLoc"), source, PartKind.SIGNATURE)
    if part is None:
        refuse(PackageRule.SIGNATURE_MISSING, "from the signature list")
    node = walk.read(part, PartKind.SIGNATURE, "Signature")
    info = node.only("SignedInfo")
    references = info.only("References")
    check_method = references.get("CheckMethod") or None
    value_part = walk.follow(node.only("SignedValue").text(), part, PartKind.SIGNED_VALUE)
    seal = info.optional("Seal")
    seal_part = _seal(walk, seal, part) if seal is not None else None
    return SignatureEntry(
        body=body,
        id=entry.attribute("ID"),
        type=_type(entry),
        relative=entry.get("Relative"),
        part=part,
        content=walk.members[part],
        provider=_provider(walk, info.only("Provider")),
        method=info.optional_text("SignatureMethod"),
        signed_at=info.optional_text("SignatureDateTime"),
        check_method=check_method,
        digest=_digest(walk, check_method),
        references=_references(walk, references, part),
        stamps=tuple(_stamp(one) for one in info.nodes("StampAnnot")),
        signed_value_part=value_part,
        signed_value=walk.members[value_part] if value_part is not None else None,
        seal_declared=seal is not None,
        seal_part=seal_part,
        seal=walk.members[seal_part] if seal_part is not None else None,
    )


def _type(entry: Node) -> SignatureType:
    written = entry.get("Type")
    if not written:
        return SignatureType.SEAL  # the schema's default
    try:
        return SignatureType(written)
    except ValueError:
        refuse(PackageRule.SIGNATURE_TYPE, "in the signature list")


def _seal(walk: Walk, seal: Node, part: str) -> str | None:
    image = seal.optional_text("ImageLoc")
    if image is not None:
        walk.follow(image, part, PartKind.SEAL_IMAGE)
    return walk.follow(seal.only("BaseLoc").text(), part, PartKind.SEAL)


def _provider(walk: Walk, node: Node) -> Provider:
    names = ("ProviderName", "Company", "Version")
    if node.get("ProviderName") is None and node.optional("ProviderName") is not None:
        walk.deviations.add(Deviation.PROVIDER_ELEMENTS)
        return Provider(*(node.optional_text(name) for name in names))
    return Provider(*(node.get(name) for name in names))


def _digest(walk: Walk, written: str | None) -> Digest | None:
    if written is None:
        walk.deviations.add(Deviation.CHECK_METHOD_ABSENT)
        return Digest.MD5
    if written == _HMAC_SM3:
        walk.deviations.add(Deviation.CHECK_METHOD_HMAC_OID)
    return _CHECK_METHODS.get(written.lower())


def _references(walk: Walk, node: Node, part: str) -> tuple[Reference, ...]:
    """The protected files, each at most once (OFD-08); one that leads nowhere is a fact."""
    listed = node.nodes("Reference")
    if len(listed) > MAX_REFERENCES:
        refuse(PackageRule.TOO_MANY_REFERENCES, f"over {MAX_REFERENCES} in the {node.where}")
    found: list[Reference] = []
    met: set[str] = set()
    for one in listed:
        target = one.attribute("FileRef")
        member, unmet = walk.resolve(target, part)
        key = member if member is not None else target
        if key in met:
            refuse(PackageRule.DUPLICATE_REFERENCE, f"{len(found)} in the {node.where}")
        met.add(key)
        try:
            value = b64decode("".join(one.only("CheckValue").text().split()), validate=True)
        except (binascii.Error, ValueError):
            refuse(PackageRule.CHECK_VALUE, f"of reference {len(found)} in the {node.where}")
        why = None if member is not None else (unmet or Unmet.MISSING)
        found.append(Reference(target, member, why, value))
    return tuple(found)


def _stamp(node: Node) -> Stamp:
    clip = node.get("Clip")
    return Stamp(
        node.get("ID"),
        node.attribute("PageRef"),
        box(node.attribute("Boundary"), node.where),
        box(clip, node.where) if clip else None,
    )
