"""The mathematics of seals (电子签章), done once: GB/T 38540-2020 §6.3 and §7.3.

Certificates are judged twice, at the time of the act and today, because a claimed time can be
back-dated and a proven one cannot.
"""

from datetime import datetime

from app.checks.arithmetic import arithmetic
from app.checks.measure_certificates import Judge, same_holder_key
from app.checks.measure_cms import measure_cms
from app.checks.measure_entry import clocks, signature_facts, stamps, type_differs, unjudged
from app.checks.measure_package import coverage_facts, is_structural
from app.checks.measure_timestamps import measure_timestamp
from app.crypto.digests import digest, same
from app.crypto.jose import JsonLimits, read_json_object
from app.crypto.ses import lists_signer, verify_seal, verify_signature
from app.crypto.ses.verify import VerifiedValue
from app.domain.certificate import Purpose, Role
from app.domain.digested import StatedDigests
from app.domain.errors import Malformed
from app.domain.facts import SignatureFacts, Value
from app.domain.license import Sealing
from app.domain.proven import fault_of, signing_time
from app.domain.scheme import Digest
from app.domain.seal import Seal, SealDeviation, SealSignature, ValueForm, comparable
from app.domain.sealed import Arithmetic, Sameness, SealedFacts, SealFacts, TimestampFacts
from app.domain.trust import Trust

_SM2 = "1.2.156.10197.1.501"
_WEAK_SIZES = frozenset({16, 20})
"""Octets of MD5 and SHA-1."""


def measure_sealing(
    sealing: Sealing, trust: Trust, now: datetime, by: Purpose = Purpose.LICENSE_SEAL
) -> SignatureFacts:
    """Everything the checks of a signature by certificate will read; `by`: which anchors count."""
    judge = Judge(trust.authorities, now, trust.first_seen, by)
    if sealing.signature is not None:
        return _sealed(sealing, sealing.signature, trust, judge)
    if sealing.cms is not None and sealing.cms.certificate is None:
        return unjudged(sealing, Value.UNSUPPORTED, "no certificate in the container")
    if sealing.cms is not None:
        return measure_cms(sealing, sealing.cms, judge)
    if sealing.beyond:
        return unjudged(sealing, Value.BEYOND_LIMITS, sealing.problem)
    bare = sealing.form is ValueForm.BARE
    return unjudged(sealing, Value.UNSUPPORTED if bare else Value.UNREADABLE, sealing.problem)


def _sealed(
    sealing: Sealing, signature: SealSignature, trust: Trust, judge: Judge
) -> SignatureFacts:
    verified = arithmetic(lambda: verify_signature(signature))
    found = verified[2]
    stamp = stamp_of(signature, judge)
    claimed = claimed_time(signature, stamp, judge.now)
    then = signing_time(stamp, claimed, judge.now).at or judge.otherwise
    hashed = data_hash(sealing.entry.content, signature, verified[0])
    coverage = coverage_facts(sealing.coverage)
    sealed = SealedFacts(
        layout=signature.layout,
        version=signature.version,
        seal=seal_facts(signature, trust, judge),
        signer=judge.facts(signature.certificate, Role.SIGNER, then),
        listed=lists_signer(signature.seal, signature.certificate),
        data_hash=hashed[0],
        scope=_scope(sealing, signature),
        seal_file=_seal_file(sealing, signature.seal),
        mismatched_algorithms=_mismatches(sealing, signature, found),
        type_differs=type_differs(sealing),
        stamps=stamps(sealing, signature.seal.picture),
        clocks=clocks(sealing.entry.signed_at, claimed),
        coverage=coverage,
        deviations=signature.deviations | (found.deviations if found else frozenset()),
        timestamp=stamp,
        digests=(hashed[1], coverage.digest),
    )
    return signature_facts(sealing, sealed, verified, claimed)


def stamp_of(signature: SealSignature, judge: Judge) -> TimestampFacts | None:
    """Over the value (v4, v5), or in timeInfo (v1)."""
    if signature.time_token is not None:
        return measure_timestamp(signature.time_token, None, judge)
    return measure_timestamp(signature.timestamp, signature.value, judge)


def claimed_time(
    signature: SealSignature, stamp: TimestampFacts | None, now: datetime
) -> datetime | None:
    """TimeInfo; of a token in its place the genTime, if nothing is wrong with it."""
    if signature.time is not None or stamp is None:
        return signature.time
    sound = stamp.value is Arithmetic.HOLDS and fault_of(stamp, None, now) is None
    return stamp.at if sound else None


def seal_facts(signature: SealSignature, trust: Trust, judge: Judge) -> SealFacts:
    seal = signature.seal
    value, detail, found = arithmetic(lambda: verify_seal(seal))
    return SealFacts(
        layout=seal.layout,
        version=seal.version,
        id=seal.id if is_structural(seal.id) else "",
        sha256=seal.sha256,
        named=comparable(seal.id) is not None,
        ends=tuple(end for name in sorted(seal.names) for end in trust.seal_status.get(name, ())),
        type=seal.type,
        created=seal.created,
        valid_from=seal.valid_from,
        valid_until=seal.valid_until,
        value=value,
        value_detail=detail,
        maker=judge.facts(seal.maker_certificate, Role.MAKER, seal.created),
        made_by_signer=same_holder_key(seal.maker_certificate, signature.certificate),
        deviations=seal.deviations | (found.deviations if found else frozenset()),
        timestamp=measure_timestamp(seal.timestamp, seal.maker_value, judge),
        algorithms=tuple(
            dict.fromkeys((found.scheme, *(each.algorithm for each in seal.digests)))
            if found
            else ()
        ),
    )


# ---- comparisons


def data_hash(
    content: bytes | StatedDigests, signature: SealSignature, value: Arithmetic
) -> tuple[Arithmetic, Digest | None]:
    """What was found, and the digest that met: SM3 with SM2 (§7.2); seals by RSA of
    GM/T 0031-2014 took other digests, told by length.
    """
    by_length = {32: (Digest.SM3, Digest.SHA256), 48: (Digest.SHA384,), 64: (Digest.SHA512,)}
    candidates = by_length.get(len(signature.data_hash), ())
    if signature.algorithm == _SM2:
        candidates = (Digest.SM3,)
    if len(signature.data_hash) in _WEAK_SIZES and signature.algorithm != _SM2:
        return Arithmetic.WEAK, None
    found = {name: each for name in candidates if (each := _digest(name, content)) is not None}
    for name, each in found.items():
        if same(each, signature.data_hash):
            return Arithmetic.HOLDS, name
    if candidates and not found:  # nothing to compare with: no fault of the seal
        return Arithmetic.UNSUPPORTED, None
    # Beside an algorithm that is not in our table, a digest may be none of ours either.
    unsupported = value is Arithmetic.UNSUPPORTED
    return Arithmetic.UNSUPPORTED if unsupported else Arithmetic.FAILS, None


def _digest(name: Digest, content: bytes | StatedDigests) -> bytes | None:
    """None: the content was not sent, nor its digest by this algorithm."""
    return content.by.get(name) if isinstance(content, StatedDigests) else digest(name, content)


def _scope(sealing: Sealing, signature: SealSignature) -> Sameness:
    """The 签名保护范围: propertyInfo has to name it, as the path of Signature.xml."""
    text = signature.property_info.strip()
    if not text:
        return Sameness.ABSENT
    named = _members(text) if text.startswith("{") else (text,)
    found = any(name.lstrip("/") == sealing.entry.part for name in named)
    return Sameness.SAME if found else Sameness.DIFFERS


def _members(text: str) -> tuple[str, ...]:
    """The texts of a JSON object: its structure is free (§7.1), and one vendor's is this."""
    try:
        found = read_json_object(text.encode(), JsonLimits(size=4096))
    except Malformed:
        return ()
    return tuple(value for value in found.values() if isinstance(value, str))


def _seal_file(sealing: Sealing, seal: Seal) -> Sameness:
    if not sealing.entry.seal_declared:
        return Sameness.ABSENT
    return Sameness.SAME if sealing.entry.seal == seal.raw else Sameness.DIFFERS


def _mismatches(
    sealing: Sealing, signature: SealSignature, found: VerifiedValue | None
) -> tuple[str, ...]:
    """Places that name another algorithm than the value was verified by (OFD-23)."""
    declared, written = sealing.entry.method, signature.algorithm
    tolerated = {SealDeviation.KEY_ALGORITHM, SealDeviation.CMS_ALGORITHM}
    misnamed = found is not None and bool(found.deviations & tolerated)
    if declared is None or declared == written or (misnamed and declared == _SM2):
        return ()
    return ("SignatureMethod",)
