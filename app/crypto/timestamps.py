"""Timestamp tokens: RFC 3161 §2.4.2 and GB/T 20520 (the same structure with SM3 and SM2).

A token proves that what was stamped existed at genTime. Here: its structure, its signature, the
certificate it names as its own, and its imprint. Whether anybody vouches for that certificate, and
whether it may stamp (critical and only id-kp-timeStamping), `app.crypto.paths` says for role TSA.
"""

from datetime import datetime, timedelta

from app.crypto import asn1
from app.crypto.asn1 import Element, Fields, Limits, Tag
from app.crypto.certificates import algorithm
from app.crypto.cms import read_cms, verify_cms
from app.crypto.cms.read import SIZES
from app.crypto.digests import DIGEST_BY_OID, digest, same
from app.crypto.extensions import extension
from app.crypto.ses import VerifiedValue
from app.domain.errors import InvalidSignature, Malformed, UnknownAlgorithm
from app.domain.timestamp import TimestampToken

LIMITS = Limits(octets=64 * 1024, children=32, depth=10)
"""64 KiB a TSTInfo, with its extensions; the token around it has the limits of SignedData."""
MAX_ACCURACY = timedelta(minutes=1)
"""A service less exact than that orders nothing."""
MAX_SERIAL = 20
"""Octets (RFC 3161 §2.4.2: up to 160 bits)."""
_TST_INFO = frozenset({"1.2.840.113549.1.9.16.1.4"})
_MILLIS, _MICROS, _TSA, _EXTENSIONS = 0x80, 0x81, 0xA0, 0xA1
_PARTS = range(1, 1000)


def read_timestamp(der: bytes) -> TimestampToken:
    """The token `der` consists of.

    Raises:
        Malformed: anything but SignedData by one signer around a TSTInfo, within the limits.
    """
    signature = read_cms(der, _TST_INFO)
    if signature.content is None:
        raise Malformed("TSTInfo: not encapsulated")
    info = asn1.sequence(asn1.read(signature.content, LIMITS, "TSTInfo"), "TSTInfo")
    if asn1.integer(info.take(Tag.INTEGER, "version"), "TSTInfo.version") != 1:
        raise Malformed("TSTInfo.version: not v1")
    policy = asn1.oid(info.any("policy"), "TSTInfo.policy")
    stamped = asn1.sequence(info.take(Tag.SEQUENCE, "messageImprint"), "messageImprint")
    oid, _ = algorithm(stamped.take(Tag.SEQUENCE, "hashAlgorithm"), "messageImprint")
    imprint = stamped.take(Tag.OCTET_STRING, "hashedMessage").content
    stamped.end()
    name = DIGEST_BY_OID.get(oid)
    if name is not None and len(imprint) != SIZES[name]:
        raise Malformed("messageImprint: not of its digest's size")
    serial = info.take(Tag.INTEGER, "serialNumber")
    if serial.end - serial.body > MAX_SERIAL + 1:
        raise Malformed(f"TSTInfo.serialNumber: longer than {MAX_SERIAL} octets")
    at = _generated(info)
    accuracy = _accuracy(info.maybe(Tag.SEQUENCE, "accuracy"))
    _rest(info)
    return TimestampToken(
        signature=signature,
        digest=name,
        imprint=imprint,
        at=at,
        accuracy=accuracy,
        serial=int.from_bytes(serial.content, "big", signed=True),
        policy=policy,
    )


def _generated(info: Fields) -> datetime:
    return asn1.moment(info.take(Tag.GENERALIZED_TIME, "genTime"), "TSTInfo.genTime")


def _accuracy(element: Element | None) -> timedelta:
    """Accuracy { seconds, millis [0], micros [1] }, each optional and the last two below 1000."""
    if element is None:
        return timedelta(0)
    fields = asn1.sequence(element, "accuracy")
    whole = fields.maybe(Tag.INTEGER, "seconds")
    seconds = 0 if whole is None else asn1.integer(whole, "accuracy.seconds")
    millis, micros = _part(fields, _MILLIS), _part(fields, _MICROS)
    fields.end()
    if not 0 <= seconds <= MAX_ACCURACY.total_seconds():
        raise Malformed(f"accuracy: not within {MAX_ACCURACY}")
    return timedelta(seconds=seconds, milliseconds=millis, microseconds=micros)


def _part(fields: Fields, tag: int) -> int:
    if fields.peek() != tag:
        return 0
    value = asn1.integer(fields.any("part"), "accuracy")
    if value not in _PARTS:
        raise Malformed("accuracy: a part not between 1 and 999")
    return value


def _rest(info: Fields) -> None:
    """Ordering, nonce, tsa and extensions; a critical extension may change what all of it means."""
    ordering = info.maybe(Tag.BOOLEAN, "ordering")
    if ordering is not None:
        asn1.boolean(ordering, "TSTInfo.ordering")
    info.maybe(Tag.INTEGER, "nonce")
    if info.peek() == _TSA:
        info.any("tsa")
    if info.peek() == _EXTENSIONS:
        for element in info.any("extensions").children("TSTInfo.extensions"):
            if extension(element)[1]:
                raise Malformed("TSTInfo.extensions: a critical one")
    info.end()


def verify_timestamp(token: TimestampToken, stamped: bytes | None) -> VerifiedValue:
    """The TSA's signature, the certificate it names, and the imprint over `stamped`.

    Args:
        token: as read.
        stamped: what the token has to be about; None where that is not for us to say.

    Raises:
        Malformed: the certificate or the value cannot be read.
        WeakAlgorithm: by name; of the signature or of the imprint.
        UnknownAlgorithm: a digest or algorithm not in the table.
        InvalidSignature: another value, no certificate named, or an imprint of something else.
    """
    content, attributes = token.signature.content, token.signature.attributes
    if content is None or attributes is None:  # reading a token has refused both
        raise InvalidSignature("no TSTInfo is signed")
    if attributes.certificate is None:
        raise InvalidSignature("signingCertificate missing: whose token it is, it does not say")
    verified = verify_cms(token.signature, content)
    if stamped is not None:
        if token.digest is None:
            raise UnknownAlgorithm("messageImprint: a digest not in the table")
        if not same(digest(token.digest, stamped), token.imprint):
            raise InvalidSignature("messageImprint is of something else")
    return verified
