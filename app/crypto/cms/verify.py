"""Signature values of SignedData, and whether one is about this very content.

The digest and the signature algorithm must go together, and both with the key; the table is closed.
Whose certificate it is, and whether anybody vouches for it, is asked elsewhere.
"""

from base64 import b64encode
from hashlib import sha1
from types import MappingProxyType
from typing import assert_never

from app.crypto import schemes, spki
from app.crypto.certificates import read_certificate
from app.crypto.digests import digest, same
from app.crypto.ses import VerifiedValue, sm2_value
from app.crypto.weak import WeakAlgorithm
from app.domain.certificate import Certificate
from app.domain.cms import CertificateReference, CmsContent, CmsSignature
from app.domain.digested import StatedDigests
from app.domain.errors import InvalidSignature, UnknownAlgorithm
from app.domain.scheme import WEAK_DIGESTS, Digest, Scheme
from app.domain.seal import SealDeviation

_SM2_KEY = "1.2.156.10197.1.301.1"
"""SM2 signing: what GB/T 35275 §7 writes; the digest beside it is SM3."""
_RSA_BY_DIGEST = MappingProxyType(
    {
        Digest.SHA256: Scheme.RSA_PKCS1_SHA256,
        Digest.SHA384: Scheme.RSA_PKCS1_SHA384,
        Digest.SHA512: Scheme.RSA_PKCS1_SHA512,
    }
)
_DIGEST_BY_SCHEME = MappingProxyType(
    {
        Scheme.SM2_SM3: Digest.SM3,
        Scheme.ECDSA_P256_SHA256: Digest.SHA256,
        Scheme.ECDSA_P384_SHA384: Digest.SHA384,
        Scheme.ECDSA_P521_SHA512: Digest.SHA512,
        Scheme.ED25519: Digest.SHA512,
        Scheme.RSA_PSS_SHA256: Digest.SHA256,
        Scheme.RSA_PSS_SHA384: Digest.SHA384,
        Scheme.RSA_PSS_SHA512: Digest.SHA512,
        Scheme.RSA_PKCS1_SHA256: Digest.SHA256,
        Scheme.RSA_PKCS1_SHA384: Digest.SHA384,
        Scheme.RSA_PKCS1_SHA512: Digest.SHA512,
    }
)
"""The digest that goes with a scheme (RFC 5754, RFC 8419 §3, GB/T 35275 §7)."""


def verify_cms(cms: CmsSignature, content: bytes | StatedDigests) -> VerifiedValue:
    """The signer's signature over its attributes, or over what it encapsulates, or over `content`.

    Args:
        cms: as read.
        content: what stands elsewhere; used only where nothing is encapsulated nor attributed.

    Raises:
        Malformed: the certificate or the value cannot be read.
        WeakAlgorithm: by name, before anything is computed.
        UnknownAlgorithm: digest or signature algorithm not in the table, or a value over content
            of which only digests are known.
        InvalidSignature: no certificate, algorithms that do not go together, a messageDigest that
            is not of what is encapsulated, another certificate named than used, or another value.
    """
    if cms.certificate is None:
        raise InvalidSignature("no certificate in the container is the signer's")
    key = read_certificate(cms.certificate)
    return _verified(cms, content, named_scheme(cms, key.scheme), key.spki)


def verify_cms_by(
    cms: CmsSignature, content: bytes | StatedDigests, scheme: Scheme, spki: bytes
) -> VerifiedValue:
    """The same by a key that is known otherwise; a certificate in the container is not needed.

    Raises as `verify_cms`.
    """
    return _verified(cms, content, scheme, spki)


def _verified(
    cms: CmsSignature, content: bytes | StatedDigests, scheme: Scheme, key: bytes
) -> VerifiedValue:
    message = content if cms.content is None else cms.content
    if cms.attributes is not None:
        if cms.content is not None and not _is_digest(cms, cms.attributes.digest, cms.content):
            raise InvalidSignature("messageDigest is not of what is encapsulated")
        if cms.attributes.certificate is not None and cms.certificate is not None:
            _same_certificate(cms.attributes.certificate, read_certificate(cms.certificate))
        message = cms.attributes.message
    if isinstance(message, StatedDigests):
        raise UnknownAlgorithm("the value is over the content itself, which was not sent")
    value = cms.value
    deviations: frozenset[SealDeviation] = frozenset()
    if scheme is Scheme.SM2_SM3:
        normal = sm2_value(value)
        value, deviations = normal.der, normal.deviations
    schemes.verify(scheme, spki=key, message=message, value=value)
    return VerifiedValue(scheme, deviations)


def content_agrees(cms: CmsSignature, content: bytes | StatedDigests) -> bool:
    """Whether the container is about `content`; its signature value is asked by `verify_cms`.

    A weak or unknown digest agrees with nothing.
    """
    match cms.form:
        case CmsContent.DETACHED:
            # Without attributes the value is over the content itself.
            return cms.attributes is None or _is_digest(cms, cms.attributes.digest, content)
        case CmsContent.DIGEST:
            return cms.content is not None and _is_digest(cms, cms.content, content)
        case CmsContent.DIGEST_TEXT:
            expected = _digest(cms, content)
            return expected is not None and cms.content == b64encode(expected)
        case CmsContent.WHOLE:
            return cms.content == content
        case _:
            assert_never(cms.form)


def _digest(cms: CmsSignature, data: bytes | StatedDigests) -> bytes | None:
    if cms.digest is None or cms.digest in WEAK_DIGESTS:
        return None
    if isinstance(data, StatedDigests):
        return data.by.get(cms.digest)
    return digest(cms.digest, data)


def _is_digest(cms: CmsSignature, claimed: bytes, data: bytes | StatedDigests) -> bool:
    expected = _digest(cms, data)
    return expected is not None and same(expected, claimed)


def named_scheme(cms: CmsSignature, key: Scheme | None) -> Scheme:
    """The one scheme that digest and signature algorithm name together, beside a key of `key`.

    Raises:
        WeakAlgorithm, UnknownAlgorithm: as `verify_cms`.
        InvalidSignature: they do not go together.
    """
    if cms.digest is None:
        raise UnknownAlgorithm("algorithm unknown: a digest not in the table")
    if cms.digest in WEAK_DIGESTS:
        raise WeakAlgorithm(cms.digest)
    if cms.algorithm == _SM2_KEY:
        scheme: Scheme | None = Scheme.SM2_SM3
    elif cms.algorithm == spki.RSA_ENCRYPTION:
        scheme = _RSA_BY_DIGEST.get(cms.digest)
        if scheme is None and key is None:  # an RSA key; 1.2.156.10197.1.504 and its like
            raise UnknownAlgorithm("algorithm unknown: RSA with that digest")
    else:
        scheme = schemes.scheme_for_oid(cms.algorithm, cms.parameters)
    if scheme is None or _DIGEST_BY_SCHEME[scheme] is not cms.digest:
        raise InvalidSignature("digest and signature algorithm do not go together")
    return scheme


def _same_certificate(named: CertificateReference, key: Certificate) -> None:
    """ESSCertID only narrows: a match proves nothing, so SHA-1 may say that it differs."""
    if named.algorithm is None:
        raise UnknownAlgorithm("signingCertificate: a digest not in the table")
    if named.algorithm is Digest.SHA1:
        found = sha1(key.der, usedforsecurity=False).digest()
    else:
        found = digest(named.algorithm, key.der)
    elsewhere = named.serial is not None and (named.issuer, named.serial) != (
        key.issuer_raw,
        key.serial,
    )
    if elsewhere or not same(found, named.value):
        raise InvalidSignature("signingCertificate names another certificate")
