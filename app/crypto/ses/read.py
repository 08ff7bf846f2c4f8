"""Reading SESeal and SES_Signature.

GM/T 0031-2014 (v1), GB/T 38540-2020 §6, §7 (v4), GM/T 0031-2025 (v5). The layout is decided once,
by the number of members; the version integer must then agree with it. No layout is tried after
another. Bytes that were signed are kept as received.
"""

from dataclasses import replace
from typing import assert_never

from app.crypto import asn1
from app.crypto.asn1 import Element, Fields, Limits, Tag
from app.crypto.digests import digest
from app.crypto.ses.parts import (
    certificate_list,
    certificate_octets,
    extensions,
    header,
    picture,
    short_text,
)
from app.crypto.ses.times import asn1_time, text_time
from app.crypto.ses.values import bit_octets, data_hash
from app.domain.errors import BeyondLimits, Malformed
from app.domain.scheme import Digest
from app.domain.seal import Seal, SealDeviation, SealLayout, SealSignature

LIMITS = Limits(octets=8 * 1024 * 1024, children=256, depth=12)
"""A seal is its picture and a few certificates: the largest met has 200 kB, a bitmap 8 MiB."""
MAX_TOKEN = 64 * 1024
"""Octets of a timestamp token with its certificates."""
MAX_PROPERTY = 4096
"""Characters of propertyInfo; a path, or a vendor's JSON of 140 characters."""

_V1_INTEGERS = frozenset({1, 2, 4})
"""What authentic seals of the 2014 layout carry as their version."""
_NEWEST = 5
"""GM/T 0031-2025; before it 1 (GM/T 0031-2014) and 4 (GB/T 38540-2020)."""


def read_seal(der: bytes) -> Seal:
    """The electronic seal (SESeal) `der` consists of.

    A stored seal of four members may come with indefinite lengths, by name; what its maker signed
    are the octets as received.

    Raises:
        Malformed: anything but a seal of v1, v4 or v5 within `LIMITS`.
    """
    if not asn1.is_indefinite(der):
        return _seal(asn1.read(der, LIMITS, "SESeal"), der, set())
    members = asn1.definite_members(der, LIMITS, "SESeal")
    if len(members) == 2:  # noqa: PLR2004 - { info, signInfo }
        raise Malformed("SESeal: indefinite length in the layout of 2014")
    again = asn1.wrap(Tag.SEQUENCE, *(definite for definite, _ in members))
    seal = _seal(asn1.read(again, LIMITS, "SESeal"), der, {SealDeviation.INDEFINITE_LENGTH})
    received = members[0][1]
    return replace(seal, info=received, message=received, sha256=_fingerprint(received))


def read_seal_signature(der: bytes) -> SealSignature:
    """The seal signature (SES_Signature) `der` consists of.

    Raises:
        Malformed: anything but a signature of v1, v4 or v5 within `LIMITS`.
    """
    outer = asn1.sequence(asn1.read(der, LIMITS, "SES_Signature"), "SES_Signature")
    match outer.left:
        case 2:
            return _signature_v1(outer, der)
        case 4 | 5:
            return _signature_v4(outer, der)
        case _:
            raise Malformed("SES_Signature: neither two nor four nor five members")


# ---- seals ----


def _seal(element: Element, raw: bytes, seen: set[SealDeviation]) -> Seal:
    outer = asn1.sequence(element, "SESeal")
    if outer.left not in {2, 4, 5}:
        raise Malformed("SESeal: neither two nor four nor five members")
    two = outer.left == 2  # noqa: PLR2004 - { info, signInfo }
    info_element = outer.take(Tag.SEQUENCE, "eSealInfo")
    info = asn1.sequence(info_element, "eSealInfo")
    version, vendor = header(info.take(Tag.SEQUENCE, "header"))
    layout = _layout(version, two=two, members=outer.left + 1, seen=seen)
    seal_id = short_text(info.take(Tag.IA5, "esID"), "esID")
    property_ = asn1.sequence(info.take(Tag.SEQUENCE, "property"), "property")
    kind = asn1.integer(property_.take(Tag.INTEGER, "type"), "property.type")
    name = short_text(property_.take(Tag.UTF8, "name"), "property.name")
    certificates, digests = certificate_list(property_, layout, seen)
    expected = Tag.UTC_TIME if layout is SealLayout.V1 else Tag.GENERALIZED_TIME
    created, since, until = (
        asn1_time(property_.any(field), expected, f"property.{field}", seen)
        for field in ("createDate", "validStart", "validEnd")
    )
    property_.end()
    image = picture(info.take(Tag.SEQUENCE, "picture"))
    more = extensions(info, seen)
    info.end()
    maker = outer if not two else asn1.sequence(outer.any("signInfo"), "signInfo")
    certificate_element = maker.any("cert")
    certificate = certificate_octets(certificate_element, "cert", seen)
    algorithm_element = maker.any("signAlgID")
    algorithm = asn1.oid(algorithm_element, "signAlgID")
    value = bit_octets(maker.any("signedValue"), "signedValue", seen)
    timestamp = _token(maker, seen)
    maker.end()
    outer.end()
    message = info_element.raw
    if two:
        message = asn1.wrap(
            Tag.SEQUENCE, info_element.raw, certificate_element.raw, algorithm_element.raw
        )
    return Seal(
        layout=layout,
        version=version,
        vendor=vendor,
        id=seal_id,
        type=kind,
        name=name,
        certificates=certificates,
        digests=digests,
        created=created,
        valid_from=since,
        valid_until=until,
        picture=image,
        extensions=more,
        info=info_element.raw,
        message=message,
        maker_certificate=certificate,
        maker_algorithm=algorithm,
        maker_value=value,
        timestamp=timestamp,
        raw=raw,
        sha256=_fingerprint(info_element.raw),
        deviations=frozenset(seen),
    )


def _fingerprint(info: bytes) -> str:
    return digest(Digest.SHA256, info).hex()


def _layout(version: int, *, two: bool, members: int, seen: set[SealDeviation]) -> SealLayout:
    """Structure and integer, which must agree as authentic seals let them agree."""
    if two:
        if version not in _V1_INTEGERS:
            _to_come(version)
            raise Malformed("SESeal: the layout of 2014 with a version it never carried")
        if version != 1:
            seen.add(SealDeviation.OTHER_INTEGER_IN_V1)
        return SealLayout.V1
    match version:
        case 4 if members == 4:  # noqa: PLR2004
            return SealLayout.V4
        case 4:
            raise Malformed("SESeal: a fifth member, which version 4 does not have")
        case 5:
            return SealLayout.V5
        case _:
            _to_come(version)
            raise Malformed("SESeal: four members with neither version 4 nor 5")


def _to_come(version: int) -> None:
    """What comes after the newest standard is not ours to call forged; 3 there never was."""
    if version > _NEWEST:
        raise BeyondLimits("SESeal: of a version this service does not know")


def _token(fields: Fields, seen: set[SealDeviation]) -> bytes | None:
    """Optional timeStamp [0] EXPLICIT BIT STRING; what is in it is for the token's reader."""
    tagged = fields.maybe(Tag.CONTEXT_0, "timeStamp")
    if tagged is None:
        return None
    token = bit_octets(asn1.inner(tagged, "timeStamp"), "timeStamp", seen)
    if len(token) > MAX_TOKEN:
        raise BeyondLimits(f"timeStamp: larger than {MAX_TOKEN} bytes")
    return token


# ---- signatures ----


def _signature_v1(outer: Fields, raw: bytes) -> SealSignature:
    seen: set[SealDeviation] = set()
    to_sign = outer.take(Tag.SEQUENCE, "toSign")
    value = bit_octets(outer.any("signature"), "signature", seen)
    outer.end()
    tbs = asn1.sequence(to_sign, "toSign")
    version = asn1.integer(tbs.take(Tag.INTEGER, "version"), "toSign.version")
    seal = _embedded(tbs)
    if seal.layout is not SealLayout.V1 or seal.version != version:
        raise Malformed("SES_Signature: its seal is of another version")
    time_content = bit_octets(tbs.any("timeInfo"), "toSign.timeInfo", seen)
    digest = data_hash(tbs.any("dataHash"), "toSign.dataHash", seen)
    scope = short_text(tbs.take(Tag.IA5, "propertyInfo"), "toSign.propertyInfo", MAX_PROPERTY)
    certificate = certificate_octets(tbs.any("cert"), "toSign.cert", seen)
    algorithm = asn1.oid(tbs.any("signatureAlgorithm"), "toSign.signatureAlgorithm")
    tbs.end()
    at, token = None, None
    match time_content[:1]:
        case b"\x30":
            if len(time_content) > MAX_TOKEN:
                raise BeyondLimits(f"timeInfo: larger than {MAX_TOKEN} bytes")
            token = time_content
        case b"\x17" | b"\x18":
            element = asn1.read(time_content, LIMITS, "toSign.timeInfo")
            at = asn1_time(element, Tag.UTC_TIME, "toSign.timeInfo", seen)
        case _:
            at = text_time(time_content, "toSign.timeInfo", seen)
    return SealSignature(
        layout=SealLayout.V1,
        version=version,
        seal=seal,
        time=at,
        time_token=token,
        data_hash=digest,
        property_info=scope,
        extensions=(),
        message=to_sign.raw,
        certificate=certificate,
        algorithm=algorithm,
        value=value,
        timestamp=None,
        raw=raw,
        deviations=frozenset(seen),
    )


def _signature_v4(outer: Fields, raw: bytes) -> SealSignature:
    seen: set[SealDeviation] = set()
    to_sign = outer.take(Tag.SEQUENCE, "toSign")
    certificate = certificate_octets(outer.any("cert"), "cert", seen)
    algorithm = asn1.oid(outer.any("signatureAlgID"), "signatureAlgID")
    value = bit_octets(outer.any("signature"), "signature", seen)
    timestamp = _token(outer, seen)
    outer.end()
    tbs = asn1.sequence(to_sign, "toSign")
    version = asn1.integer(tbs.take(Tag.INTEGER, "version"), "toSign.version")
    seal = _embedded(tbs)
    match seal.layout:
        case SealLayout.V1:
            raise Malformed("SES_Signature: four members around a seal of 2014")
        case SealLayout.V4 | SealLayout.V5:
            if version != seal.version:
                raise Malformed("SES_Signature: its seal is of another version")
        case _ as never:
            assert_never(never)
    at = asn1_time(tbs.any("timeInfo"), Tag.GENERALIZED_TIME, "toSign.timeInfo", seen)
    digest = data_hash(tbs.any("dataHash"), "toSign.dataHash", seen)
    scope = short_text(tbs.take(Tag.IA5, "propertyInfo"), "toSign.propertyInfo", MAX_PROPERTY)
    more = extensions(tbs, seen)
    tbs.end()
    return SealSignature(
        layout=seal.layout,
        version=version,
        seal=seal,
        time=at,
        time_token=None,
        data_hash=digest,
        property_info=scope,
        extensions=more,
        message=to_sign.raw,
        certificate=certificate,
        algorithm=algorithm,
        value=value,
        timestamp=timestamp,
        raw=raw,
        deviations=frozenset(seen),
    )


def _embedded(tbs: Fields) -> Seal:
    element = tbs.take(Tag.SEQUENCE, "eseal")
    return _seal(element, element.raw, set())
