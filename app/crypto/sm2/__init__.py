"""SM2 signatures (GB/T 32918.2-2016, SM2 椭圆曲线公钥密码算法 第2部分：数字签名算法).

Two back ends, chosen once: libcrypto if it passes the standard's vectors, else Python integers.
Signature values are strict: DER in `verify`, 64 octets r ‖ s in `verify_raw`. What vendors deviate
in is tolerated by name above this package, never in it. The id is the caller's; nothing is tried
until it verifies (threats SM-02).
"""

from dataclasses import dataclass
from functools import cache

from app.crypto.der import signature_parts
from app.crypto.sm2.backend import Backend, BackendFailed, self_test
from app.crypto.sm2.curve import (
    DEFAULT_ID,
    POINT_SIZE,
    SIZE,
    coordinates,
    in_range,
    message_digest,
    za,
)
from app.crypto.sm2.native import NativeBackend
from app.crypto.sm2.pure import PureBackend
from app.domain.errors import InvalidSignature, Malformed, Unavailable

__all__ = [
    "DEFAULT_ID",
    "POINT_SIZE",
    "SIZE",
    "Chosen",
    "backend_name",
    "chosen",
    "coordinates",
    "message_digest",
    "verify",
    "verify_digest",
    "verify_raw",
    "za",
]


@dataclass(frozen=True, slots=True)
class Chosen:
    """The back end in use, the portable one beside it, and why any other was left out."""

    backend: Backend
    portable: Backend
    left_out: tuple[str, ...]


@cache
def chosen() -> Chosen:
    """Choose the back end; the first call runs the self-tests, in some 0.15 s.

    Raises:
        Unavailable: even the portable back end fails its vectors.
    """
    portable = PureBackend()
    if why := self_test(portable):
        raise Unavailable(f"SM2: the portable back end fails its vectors: {why}")
    try:
        native = NativeBackend()
    except BackendFailed as failure:
        return Chosen(portable, portable, (f"libcrypto: {failure}",))
    if why := self_test(native):
        return Chosen(portable, portable, (f"{native.name}: {why}",))
    return Chosen(native, portable, ())


def backend_name() -> str:
    """The back end in use, for the readiness report."""
    return chosen().backend.name


def verify_digest(point: bytes, digest: bytes, r: int, s: int) -> None:
    """Verify (r, s) over e = SM3(Z ‖ M).

    Args:
        point: 04 ‖ x ‖ y, 65 octets.
        digest: e, 32 octets.
        r: first part, any integer.
        s: second part, any integer.

    Raises:
        InvalidKey: the point is not a public key.
        InvalidSignature: the signature does not hold.
    """
    if len(digest) != SIZE:
        raise InvalidSignature("SM2: the digest is not of 32 octets")
    coordinates(point)
    if not in_range(r, s):
        raise InvalidSignature("SM2: r, s or r + s out of range")
    use = chosen()
    try:
        holds = use.backend.verify(point, digest, r, s)
    except BackendFailed:
        # No answer from libcrypto is not an answer about the signature: ask the other one.
        holds = use.portable.verify(point, digest, r, s)
    if holds is not True:
        raise InvalidSignature("SM2: the signature does not verify")


def verify(
    point: bytes, message: bytes, signature: bytes, *, signer_id: bytes = DEFAULT_ID
) -> None:
    """Verify a DER signature SEQUENCE { r, s } over a message.

    Raises:
        InvalidKey: the point is not a public key, or the id is too long.
        InvalidSignature: not strict DER, or the signature does not hold.
    """
    try:
        r, s = signature_parts(signature)
    except Malformed as broken:
        raise InvalidSignature(f"SM2: {broken}") from broken
    verify_digest(point, message_digest(point, message, signer_id), r, s)


def verify_raw(
    point: bytes, message: bytes, signature: bytes, *, signer_id: bytes = DEFAULT_ID
) -> None:
    """Verify a signature of 64 octets r ‖ s, the form of JOSE, over a message.

    Raises:
        InvalidKey: the point is not a public key, or the id is too long.
        InvalidSignature: not 64 octets, or the signature does not hold.
    """
    if len(signature) != 2 * SIZE:
        raise InvalidSignature("SM2: the signature is not of 64 octets")
    r, s = int.from_bytes(signature[:SIZE], "big"), int.from_bytes(signature[SIZE:], "big")
    verify_digest(point, message_digest(point, message, signer_id), r, s)
