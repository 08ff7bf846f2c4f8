"""Timestamp tokens (时间戳), measured: structure, value and imprint once, and the TSA's paths."""

from datetime import timedelta

from app.checks.arithmetic import arithmetic
from app.checks.measure_certificates import Judge
from app.crypto.timestamps import read_timestamp, verify_timestamp
from app.domain.certificate import Role
from app.domain.cms import CmsSignature
from app.domain.errors import BeyondLimits, Malformed
from app.domain.scheme import Digest
from app.domain.sealed import Arithmetic, TimestampFacts


def measure_timestamp(
    token: bytes | None, stamped: bytes | None, judge: Judge
) -> TimestampFacts | None:
    """None where there is no token.

    Args:
        token: as received.
        stamped: the signature value it has to be about; None: it stands under the signature
            (timeInfo of GM/T 0031-2014) and cannot be about its value. What it is about instead,
            the standard leaves open, so that is not judged, and the time stays a claim.
        judge: of certificates.
    """
    if token is None:
        return None
    inside = stamped is None
    try:
        read = read_timestamp(token)
    except Malformed as exc:
        beyond = isinstance(exc, BeyondLimits)
        return TimestampFacts(
            value=Arithmetic.UNSUPPORTED if beyond else Arithmetic.UNREADABLE,
            detail=str(exc),
            at=None,
            accuracy=timedelta(0),
            tsa=None,
            inside=inside,
        )
    value, detail, found = arithmetic(lambda: verify_timestamp(read, stamped))
    signature = read.signature
    tsa = None
    if signature.certificate is not None:
        tsa = judge.facts(signature.certificate, Role.TSA, read.at, signature.intermediates)
    return TimestampFacts(
        value=value,
        detail=detail,
        at=read.at,
        accuracy=read.accuracy,
        tsa=tsa,
        inside=inside,
        algorithms=tuple(
            dict.fromkeys((found.scheme, *digests_of(signature), read.digest)) if found else ()
        ),
    )


def digests_of(cms: CmsSignature) -> tuple[Digest | None, ...]:
    """Of what is signed, and of the reference to the signer's certificate, if there is one."""
    reference = cms.attributes.certificate if cms.attributes else None
    return (cms.digest,) if reference is None else (cms.digest, reference.algorithm)
