"""JWS licenses by scheme: the pure part of a verification beside its one signature check."""

from collections.abc import Callable
from functools import partial

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from app.crypto.sm2.backend import EXAMPLE
from app.crypto.sm2.native import NativeBackend
from app.domain.license import Signature
from app.domain.scheme import Scheme
from app.domain.verdict import Conclusion
from app.formats.jws import Jws
from bench.materials import Core, world
from bench.measure import Timing, middle, ratio, rounds

ISSUERS = {
    "SM2-SM3": "market",
    "ECDSA P-256": "traffic",
    "Ed25519": "university",
    "RSA-PSS 2048": "housing",
}
CALLS = 200


def primitive(core: Core) -> Callable[[], object]:
    """The bare signature check of the same token: library, key and message at hand."""
    signature = Jws().parse(core.content).signatures[0]
    spki = core.trust.keys[signature.key_id].spki
    if signature.scheme is Scheme.SM2_SM3:  # the same work on the standard's example
        return partial(NativeBackend().verify, EXAMPLE.point, EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s)
    return _classic(spki, signature)


def _classic(spki: bytes, signature: Signature) -> Callable[[], object]:
    key, value, message = load_der_public_key(spki), signature.value, signature.message
    match key:
        case ed25519.Ed25519PublicKey():
            return partial(key.verify, value, message)
        case ec.EllipticCurvePublicKey():
            half = len(value) // 2
            r, s = int.from_bytes(value[:half], "big"), int.from_bytes(value[half:], "big")
            return partial(
                key.verify, encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256())
            )
        case rsa.RSAPublicKey():
            pss = padding.PSS(padding.MGF1(hashes.SHA256()), hashes.SHA256().digest_size)
            return partial(key.verify, value, message, pss, hashes.SHA256())
        case _:
            raise TypeError(type(key).__name__)


def measure_tokens() -> str:
    """The table, as Markdown."""
    candidates: dict[str, Callable[[], object]] = {}
    for scheme, issuer in ISSUERS.items():
        core = Core.of(world().token(world().pick(issuer)))
        _, verdict = core()
        if verdict.conclusion is not Conclusion.VALID:
            raise SystemExit(f"the {scheme} license is {verdict.conclusion}: {verdict.reason}")
        candidates[scheme] = core
        candidates[f"{scheme}, bare"] = primitive(core)
    found = rounds(candidates, CALLS)
    lines = [
        "| scheme | p50 µs | p95 µs | CPU µs | bare check, CPU µs | ratio |",
        "|---|---|---|---|---|---|",
        *(_row(scheme, found[scheme], found[f"{scheme}, bare"]) for scheme in ISSUERS),
    ]
    return "\n".join(lines)


def _row(scheme: str, whole: list[Timing], bare: list[Timing]) -> str:
    cells = [
        scheme,
        middle([t.p50 for t in whole], 1e6, 0),
        middle([t.p95 for t in whole], 1e6, 0),
        middle([t.cpu for t in whole], 1e6, 0),
        middle([t.cpu for t in bare], 1e6, 0),
        ratio([t.cpu for t in whole], [t.cpu for t in bare]),
    ]
    return f"| {' | '.join(cells)} |"
