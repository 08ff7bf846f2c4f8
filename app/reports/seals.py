"""Of a signature by certificate, sealed or not: which seal, whose certificates, what is uncovered.

Certificates stand by fingerprint and serial number; names in them are nobody's word.
"""

from collections.abc import Iterable
from typing import Final

from app.domain.sealed import (
    CertificateFacts,
    CoverageFacts,
    RangeFacts,
    SealedFacts,
    SealFacts,
    TimestampFacts,
)
from app.reports.words import Json, instant

SHOWN: Final = 20
"""Names of parts a list shows; the count tells how many there are."""


def seal(found: SealedFacts) -> Json:
    """One act of sealing, or of signing without a seal."""
    return {
        "layout": found.layout.value,
        "version": found.version,
        "deviations": sorted(each.value for each in found.deviations),
        "container_deviations": sorted(each.value for each in found.container_deviations),
        "content": found.content.value if found.content else None,
        "stamp": _stamp(found.seal) if found.seal else None,
        "certificate": _certificate(found.signer),
        "coverage": _coverage(found.coverage),
        "timestamp": _timestamp(found.timestamp),
        "byte_range": _range(found.range),
    }


def _range(found: RangeFacts | None) -> Json | None:
    """What a signature of a PDF covers, and what came after it that is not allowed."""
    if found is None:
        return None
    return {
        "scope": found.scope.value,
        "revision": found.revision,
        "later": _parts(str(change) for change in found.later),
        "sub_filter": found.sub_filter or None,
    }


def _stamp(found: SealFacts) -> Json:
    """电子印章."""
    return {
        "layout": found.layout.value,
        "version": found.version,
        "id": found.id,
        "sha256": found.sha256,
        "created": instant(found.created),
        "valid_from": instant(found.valid_from),
        "valid_until": instant(found.valid_until),
        "maker": _certificate(found.maker),
        "timestamp": _timestamp(found.timestamp),
        "deviations": sorted(each.value for each in found.deviations),
    }


def _timestamp(found: TimestampFacts | None) -> Json | None:
    """时间戳: what was found of the token; whether it proves a time, the checks say."""
    if found is None:
        return None
    return {
        "value": found.value.value,
        "at": instant(found.at) if found.at else None,
        "accuracy_milliseconds": round(found.accuracy.total_seconds() * 1000),
        "tsa": _certificate(found.tsa),
        "under_signature": found.inside,
    }


def _certificate(found: CertificateFacts | None) -> Json | None:
    """As judged at the time of the act, and as of today."""
    if found is None:
        return None
    return {
        "sha256": found.sha256,
        "sm3": found.sm3,
        "serial": found.serial,
        "not_before": instant(found.not_before),
        "not_after": instant(found.not_after),
        "chain_then": found.then.chain.value,
        "revocation_then": found.then.revocation.state.value,
        "chain_today": found.today.chain.value,
        "revocation_today": found.today.revocation.state.value,
        "anchor": found.then.anchor,
    }


def _coverage(found: CoverageFacts) -> Json:
    """签名保护范围: what is signed, and, more telling, what is not."""
    return {
        "digest": found.digest.value if found.digest else None,
        "covered": found.covered,
        "missing": found.missing,
        "changed": _parts(found.changed),
        "unchecked": _parts(found.unchecked),
        "uncovered": {
            kind.value: _parts(parts) for kind, parts in found.uncovered.items() if parts
        },
        "unreferenced": _parts(found.unreferenced),
    }


def _parts(names: Iterable[str]) -> Json:
    every = sorted(names)
    return {"count": len(every), "first": list(every[:SHOWN])}
