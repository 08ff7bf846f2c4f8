"""验签: a value over a message, under the registered key that is to have made it.

The questions are those asked of a license token's signature, and so are the answers: the key
decides the scheme, a claimed time can be back-dated, and what is revoked counts from then on.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from app.checks.arithmetic import VALUES, arithmetic
from app.checks.base import failed, passed, unsure
from app.checks.issuer import ISSUER_KNOWN
from app.checks.measure_cms import content_hash
from app.checks.roles import about
from app.checks.signature import (
    KEY_FOR_TYPE,
    KEY_LIVE,
    SIGNATURE_HOLDS,
    SIGNED_IN_WINDOW,
    SIGNER_KNOWN,
)
from app.checks.standing import no_harder_than_known
from app.crypto import schemes
from app.crypto.cms import named_scheme, read_cms, verify_cms_by
from app.crypto.ses.verify import VerifiedValue
from app.domain.cms import CmsContent, CmsSignature
from app.domain.detached import (
    Detached,
    DetachedFinding,
    DetachedForm,
    MessageDigest,
    ToldDigest,
)
from app.domain.digested import StatedDigests
from app.domain.errors import BeyondLimits, Malformed, Refused
from app.domain.evidence import CheckName, Evidence
from app.domain.facts import DocumentFacts, Facts, SignatureFacts, Value
from app.domain.license import LicenseFormat
from app.domain.reasons import Reason
from app.domain.scheme import Digest, Scheme
from app.domain.sealed import Arithmetic
from app.domain.trust import Trust, TrustedKey

NO_TIME = "no time of signing is told: judged today"
_DIGESTS = {
    Scheme.SM2_SM3: MessageDigest.SM3_WITH_Z,
    Scheme.ECDSA_P256_SHA256: MessageDigest.SHA256,
    Scheme.ECDSA_P384_SHA384: MessageDigest.SHA384,
    Scheme.ECDSA_P521_SHA512: MessageDigest.SHA512,
    Scheme.RSA_PSS_SHA256: MessageDigest.SHA256,
    Scheme.RSA_PSS_SHA384: MessageDigest.SHA384,
    Scheme.RSA_PSS_SHA512: MessageDigest.SHA512,
    Scheme.RSA_PKCS1_SHA256: MessageDigest.SHA256,
    Scheme.RSA_PKCS1_SHA384: MessageDigest.SHA384,
    Scheme.RSA_PKCS1_SHA512: MessageDigest.SHA512,
}
"""What a value alone signs, by the scheme of the key."""
_PLAIN = {Digest(name.value): name for name in MessageDigest if name.value in set(Digest)}


def examine_detached(asked: Detached, trust: Trust, now: datetime) -> DetachedFinding:
    """Every question about one signature.

    Raises `Refused` where a digest was sent that this key, or this container, does not sign: then
    nothing could be said.
    """
    found = trust.keys.get(asked.key_id)
    key = found if found is not None and found.owner == asked.issuer else None
    cms, broken = _container(asked)
    signed_at = (cms.time if cms else None) or asked.signed_at
    value, detail = broken or (Value.UNMEASURED, "")
    about_message: Evidence | None = None
    if key is not None and broken is None:
        value, detail = _measured(asked, cms, key)
    facts = _facts(asked, replace(trust, keys={} if key is None else {key.key_id: key}), now)
    one = _signature(asked, key, signed_at, value, detail)
    facts = replace(facts, document=replace(facts.document, signatures=(one,)))
    if cms is not None:
        about_message = _about_message(asked, cms, facts)
    return DetachedFinding(
        at=now,
        evidence=(*_evidence(facts, asked), *((about_message,) if about_message else ())),
        issuer=trust.issuer,
        key=key,
        signed_at=signed_at,
        snapshot=trust.snapshot,
    )


def _evidence(facts: Facts, asked: Detached) -> tuple[Evidence, ...]:
    checks = [ISSUER_KNOWN, SIGNER_KNOWN, SIGNATURE_HOLDS, KEY_LIVE]
    checks += [KEY_FOR_TYPE] if asked.type is not None else []
    found = [item for check in checks for item in check.examine(facts)]
    return tuple(no_harder_than_known(item, facts) for item in (*found, _in_window(facts)))


def _in_window(facts: Facts) -> Evidence:
    """Without a time of signing, it is judged by today: it is there today."""
    (one,) = facts.document.signatures
    key = facts.trust.keys.get(one.key_id)
    if one.signed_at is not None or key is None:
        return next(iter(SIGNED_IN_WINDOW.examine(facts)))
    name, subject = CheckName.SIGNED_IN_WINDOW, about(one, facts)
    if key.window.contains(facts.now):
        return passed(name, subject, NO_TIME)
    return unsure(name, Reason.SIGNING_TIME_MISSING, subject)


def _container(asked: Detached) -> tuple[CmsSignature | None, tuple[Value, str] | None]:
    """(the container, what is wrong with it)."""
    if asked.form is not DetachedForm.CMS:
        return None, None
    try:
        return read_cms(asked.value), None
    except BeyondLimits as exc:
        return None, (Value.BEYOND_LIMITS, str(exc))
    except Malformed as exc:
        return None, (Value.UNREADABLE, str(exc))


def _measured(asked: Detached, cms: CmsSignature | None, key: TrustedKey) -> tuple[Value, str]:
    verify = _of_value(asked, key) if cms is None else _of_container(asked, cms, key)
    try:
        found, detail, _ = arithmetic(verify)
    except _SchemeDiffersError as exc:
        return Value.SCHEME_DIFFERS, str(exc)
    return VALUES[found], detail


class _SchemeDiffersError(Exception):
    """The container names another scheme than the key is registered for."""


def _of_container(
    asked: Detached, cms: CmsSignature, key: TrustedKey
) -> Callable[[], VerifiedValue]:
    content = _content(asked.message, cms)

    def verify() -> VerifiedValue:
        if named_scheme(cms, key.scheme) is not key.scheme:
            raise _SchemeDiffersError(f"the key is registered for {key.scheme}")
        return verify_cms_by(cms, content, key.scheme, key.spki)

    return verify


def _of_value(asked: Detached, key: TrustedKey) -> Callable[[], VerifiedValue]:
    message, scheme = asked.message, key.scheme
    if isinstance(message, ToldDigest):
        wanted = _DIGESTS.get(scheme)
        if wanted is None:
            raise Refused("digest", f"a key of {scheme} signs no digest: send message")
        if message.algorithm is not wanted:
            raise Refused("digest.algorithm", f"the key signs {wanted}: send that, or message")

    def verify() -> VerifiedValue:
        plain = asked.form is DetachedForm.PLAIN
        value = schemes.from_parts(scheme, asked.value) if plain else asked.value
        if isinstance(message, ToldDigest):
            schemes.verify_digest(scheme, spki=key.spki, digest=message.value, value=value)
        else:
            schemes.verify(scheme, spki=key.spki, message=message, value=value)
        return VerifiedValue(scheme, frozenset())

    return verify


def _content(message: bytes | ToldDigest, cms: CmsSignature) -> bytes | StatedDigests:
    if not isinstance(message, ToldDigest):
        return message
    name = message.plain
    if name is None or name is not cms.digest:
        wanted = _PLAIN.get(cms.digest) if cms.digest else None
        told = f"the container holds a digest by {wanted}" if wanted else "the container holds none"
        raise Refused("digest.algorithm", f"{told}: send that, or message")
    return StatedDigests({name: message.value})


def _about_message(asked: Detached, cms: CmsSignature, facts: Facts) -> Evidence:
    """Whether what is signed is this message: messageDigest, or the digest inside."""
    (one,) = facts.document.signatures
    name, subject = CheckName.DATA_HASH_HOLDS, about(one, facts)
    content = _content(asked.message, cms)
    if cms.form is CmsContent.WHOLE and isinstance(content, StatedDigests):
        return unsure(name, Reason.SIGNATURE_UNSUPPORTED, subject, "it holds a content of its own")
    match content_hash(cms, content):
        case Arithmetic.HOLDS:
            return passed(name, subject)
        case Arithmetic.WEAK:
            return failed(name, Reason.WEAK_ALGORITHM, subject)
        case Arithmetic.UNSUPPORTED:
            return unsure(name, Reason.SIGNATURE_UNSUPPORTED, subject)
        case _:
            return failed(name, Reason.DATA_HASH_DIFFERS, subject)


def _signature(
    asked: Detached, key: TrustedKey | None, at: datetime | None, value: Value, detail: str
) -> SignatureFacts:
    return SignatureFacts(
        label="signature",
        scheme=key.scheme if key else None,
        signer=asked.issuer,
        key_id=asked.key_id,
        covers=frozenset(),
        signed_at=at,
        value=value,
        detail=detail,
    )


def _facts(asked: Detached, trust: Trust, now: datetime) -> Facts:
    document = DocumentFacts(
        format=LicenseFormat.JWS,
        identifier=None,
        identifiers=frozenset(),
        type=asked.type,
        issuer=asked.issuer,
        stated=frozenset(),
        misnamed=(),
        disagreements=(),
        valid_from=None,
        valid_until=None,
        is_copy=False,
        copy_until=None,
        copy_matter=None,
        presentation_until=None,
        signatures=(),
    )
    return Facts(document=document, trust=trust, now=now)
