"""authorities.json: which certification authorities an operator of this world would register."""

import base64
from collections.abc import Iterable
from datetime import datetime

from sandbox.authorities import BRANCHES, Authorities
from sandbox.jws import JsonObject
from sandbox.world import World

LICENSE_SEAL, SEAL_MAKER, TSA = "license-seal", "seal-maker", "tsa"
SEALED_DOCUMENT = "sealed-document"


def authorities(world: World) -> JsonObject:
    """Anchors with purposes and windows, intermediates trusted for nothing, revocation lists.

    Everything in base64 of DER. The branches of `sandbox.authorities` stand among the
    intermediates, bad ones too: an operator may import any, and none of them is an anchor.
    """
    made = world.authorities
    return {
        "comment": "虚构数据，仅供测试。 Fictional data, for tests and demonstrations only.",
        "authorities": {
            "anchors": list(_anchors(made)),
            "intermediates": [_b64(der) for der in intermediates(made)],
            "crls": [_b64(der) for der in lists(made)],
        },
    }


def intermediates(made: Authorities) -> Iterable[bytes]:
    yield made.issuing.certificate
    yield made.making.certificate
    for name in BRANCHES:
        yield made.branch(name).certificate


def lists(made: Authorities) -> Iterable[bytes]:
    """Fresh ones, a stale one of the issuing authority beside its fresh one, and the odd ones."""
    yield made.root_crl
    yield made.issuing_crl
    yield made.stale_crl
    yield made.maker_root_crl
    yield made.making_crl
    yield made.free_crl
    yield made.time_crl
    yield made.documents_crl
    yield from made.branch_crls


def _anchors(made: Authorities) -> Iterable[JsonObject]:
    start = made.day(-4500)
    yield _anchor(made.root.certificate, LICENSE_SEAL, start, verified=True)
    yield _anchor(made.maker_root.certificate, SEAL_MAKER, start)
    yield _anchor(made.time_root.certificate, TSA, start)
    yield _anchor(made.documents.certificate, SEALED_DOCUMENT, start)
    yield _anchor(made.past_root.certificate, LICENSE_SEAL, start, until=made.day(-1000))
    yield _anchor(made.old_root.certificate, LICENSE_SEAL, start)
    yield _anchor(made.free_root.certificate, LICENSE_SEAL, start)


def _anchor(
    der: bytes,
    purpose: str,
    since: datetime,
    until: datetime | None = None,
    *,
    verified: bool = False,
) -> JsonObject:
    return {
        "certificate": _b64(der),
        "purposes": [purpose],
        "since": _time(since),
        "until": None if until is None else _time(until),
        "egov_ca": True,
        "organisation_verified": verified,
    }


def _b64(der: bytes) -> str:
    return base64.b64encode(der).decode()


def _time(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
