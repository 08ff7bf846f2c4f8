"""Certificate extensions: those that decide exactly, those that inform as far as they go."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from app.crypto import asn1
from app.crypto.asn1 import Element, Limits, Tag
from app.domain.certificate import CertificateDeviation, KeyUsage
from app.domain.errors import BeyondLimits, Malformed

_T = TypeVar("_T")

MAX_EXTENSIONS = 64
"""The most met is 19."""
MAX_PURPOSES = 32
MAX_POINTS = 16
MAX_POINT = 512
"""Octets of one distribution point shown as text."""
MAX_PATH_LENGTH = 64
LIMITS = Limits(octets=16 * 1024, children=256, depth=10)


class Extension(StrEnum):
    """Extensions processed here or by the path validator (RFC 5280 §4.2)."""

    KEY_USAGE = "2.5.29.15"
    BASIC_CONSTRAINTS = "2.5.29.19"
    EXTENDED_KEY_USAGE = "2.5.29.37"
    SUBJECT_KEY_ID = "2.5.29.14"
    AUTHORITY_KEY_ID = "2.5.29.35"
    CRL_POINTS = "2.5.29.31"
    FRESHEST_CRL = "2.5.29.46"
    POLICIES = "2.5.29.32"
    POLICY_MAPPINGS = "2.5.29.33"
    POLICY_CONSTRAINTS = "2.5.29.36"
    INHIBIT_ANY_POLICY = "2.5.29.54"
    NAME_CONSTRAINTS = "2.5.29.30"
    SUBJECT_ALT_NAME = "2.5.29.17"


ORGANISATION_CODE = frozenset({"1.2.156.10260.4.1.4", "1.2.156.10260.4.4"})
"""组织机构代码 / 统一社会信用代码: GB/T 20518 and GM/T 0015-2023."""
_KNOWN = frozenset(Extension)


@dataclass(slots=True)
class Extensions:
    """What the extensions of one certificate say; filled while reading, not changed after."""

    key_usage: frozenset[KeyUsage] | None = None
    extended_key_usage: frozenset[str] | None = None
    is_ca: bool = False
    path_length: int | None = None
    key_id: bytes | None = None
    authority_key_id: bytes | None = None
    crl_points: tuple[str, ...] = ()
    organisation_values: list[bytes] = field(default_factory=list)
    critical: set[str] = field(default_factory=set)

    def is_critical(self, extension: Extension) -> bool:
        return extension in self.critical


def read_extensions(tagged: Element, seen: set[CertificateDeviation]) -> Extensions:
    """The extensions inside [3].

    Raises:
        Malformed: broken framing, too many, or one that decides and cannot be read exactly.
    """
    found, names = Extensions(), set[str]()
    for count, element in enumerate(asn1.inner(tagged, "extensions").children("extensions"), 1):
        if count > MAX_EXTENSIONS:
            raise BeyondLimits(f"extensions: more than {MAX_EXTENSIONS}")
        name, critical, value = extension(element, seen)
        if name in names:
            seen.add(CertificateDeviation.DUPLICATE_EXTENSION)
            continue
        names.add(name)
        if critical:
            found.critical.add(name)
            if name not in _KNOWN:
                seen.add(CertificateDeviation.UNKNOWN_CRITICAL)
        _process(name, value, found, seen)
    return found


def extension(
    element: Element, seen: set[CertificateDeviation] | None = None
) -> tuple[str, bool, bytes]:
    """(dotted OID, critical, value) of one Extension of a certificate or a list."""
    fields = asn1.sequence(element, "extension")
    name = asn1.oid(fields.any("extnID"), "extension.extnID")
    critical = False
    flag = fields.maybe(Tag.BOOLEAN, "critical")
    if flag is not None:
        critical = asn1.boolean(flag, "extension.critical")
        if not critical and seen is not None:
            seen.add(CertificateDeviation.DEFAULT_ENCODED)
    value = fields.take(Tag.OCTET_STRING, "extnValue").content
    fields.end()
    return name, critical, value


def _process(name: str, value: bytes, found: Extensions, seen: set[CertificateDeviation]) -> None:
    match name:
        case Extension.KEY_USAGE:
            found.key_usage = _key_usage(asn1.read(value, LIMITS, "keyUsage"), seen)
        case Extension.BASIC_CONSTRAINTS:
            found.is_ca, found.path_length = _basic(value, seen)
        case Extension.EXTENDED_KEY_USAGE:
            found.extended_key_usage = _purposes(value)
        case Extension.SUBJECT_KEY_ID:
            found.key_id = _as_far(_octets, value, seen)
        case Extension.AUTHORITY_KEY_ID:
            found.authority_key_id = _as_far(_authority, value, seen)
        case Extension.CRL_POINTS:
            found.crl_points = _as_far(_points, value, seen) or ()
        case _ if name in ORGANISATION_CODE:
            found.organisation_values.append(value[:MAX_POINT])
        case _:
            return


def _as_far(
    read: Callable[[bytes], _T], value: bytes, seen: set[CertificateDeviation]
) -> _T | None:
    """What an informing extension says, or nothing where it cannot be read."""
    try:
        return read(value)
    except Malformed:
        seen.add(CertificateDeviation.EXTENSION_UNREADABLE)
        return None


_BITS = tuple(KeyUsage)
_MAX_UNUSED = 7


def _key_usage(element: Element, seen: set[CertificateDeviation]) -> frozenset[KeyUsage]:
    unused, content = asn1.bits(element, "keyUsage")
    if unused > _MAX_UNUSED or len(content) > 2 or (unused and not content):  # noqa: PLR2004
        raise Malformed("keyUsage: not up to nine named bits")
    number = int.from_bytes(content.ljust(2, b"\0"), "big") >> unused << unused
    if content and (content[-1] & -content[-1]) != 1 << unused:
        seen.add(CertificateDeviation.UNUSED_BITS)
        number = int.from_bytes(content.ljust(2, b"\0"), "big")
    return frozenset(usage for bit, usage in enumerate(_BITS) if number >> (15 - bit) & 1)


def _basic(value: bytes, seen: set[CertificateDeviation]) -> tuple[bool, int | None]:
    fields = asn1.sequence(asn1.read(value, LIMITS, "basicConstraints"), "basicConstraints")
    flag = fields.maybe(Tag.BOOLEAN, "cA")
    is_ca = flag is not None and asn1.boolean(flag, "basicConstraints.cA")
    if flag is not None and not is_ca:
        seen.add(CertificateDeviation.DEFAULT_ENCODED)
    length = fields.maybe(Tag.INTEGER, "pathLenConstraint")
    fields.end()
    if length is None:
        return is_ca, None
    number = asn1.integer(length, "basicConstraints.pathLenConstraint")
    if number < 0:
        raise Malformed("basicConstraints: negative path length")
    return is_ca, min(number, MAX_PATH_LENGTH)


def _purposes(value: bytes) -> frozenset[str]:
    element = asn1.read(value, LIMITS, "extKeyUsage")
    if element.tag != Tag.SEQUENCE:
        raise Malformed("extKeyUsage: SEQUENCE expected")
    purposes = [asn1.oid(item, "extKeyUsage") for item in element.children("extKeyUsage")]
    if not purposes:
        raise Malformed("extKeyUsage: no purpose")
    if len(purposes) > MAX_PURPOSES:
        raise BeyondLimits(f"extKeyUsage: more than {MAX_PURPOSES} purposes")
    return frozenset(purposes)


def _octets(value: bytes) -> bytes:
    element = asn1.read(value, LIMITS, "subjectKeyIdentifier")
    if element.tag != Tag.OCTET_STRING:
        raise Malformed("subjectKeyIdentifier: OCTET STRING expected")
    return element.content


def _authority(value: bytes) -> bytes | None:
    """The keyIdentifier [0]; issuer and serial number are not used to choose issuers."""
    fields = asn1.sequence(asn1.read(value, LIMITS, "authorityKeyIdentifier"), "authorityKeyId")
    return fields.any("keyIdentifier").content if fields.peek() == _KEY_ID else None


_KEY_ID = 0x80
_URI = 0x86


def _points(value: bytes) -> tuple[str, ...]:
    """URIs of DistributionPoint.distributionPoint.fullName, as text."""
    found: list[str] = []
    outer = asn1.read(value, LIMITS, "cRLDistributionPoints")
    for point in outer.children("cRLDistributionPoints"):
        for part in point.children("distributionPoint"):
            if part.tag != Tag.CONTEXT_0:
                continue
            for name in part.children("distributionPointName"):
                if name.tag != Tag.CONTEXT_0:
                    continue
                found.extend(
                    uri.content[:MAX_POINT].decode("utf-8", errors="replace")
                    for uri in name.children("fullName")
                    if uri.tag == _URI
                )
    return tuple(found[:MAX_POINTS])
