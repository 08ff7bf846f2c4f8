"""The SM2 curve sm2p256v1, its points as octets, and the digest that is signed.

GB/T 32918.5-2017 (parameters), GB/T 32918.1 §4.2 (encodings), GB/T 32918.2 §5.5 (Z).
"""

from functools import lru_cache
from typing import Final

from app.crypto.digests import digest
from app.domain.errors import InvalidKey
from app.domain.scheme import Digest

P: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFF_00000000_FFFFFFFF_FFFFFFFF
A: Final = P - 3
B: Final = 0x28E9FA9E_9D9F5E34_4D5A9E4B_CF6509A7_F39789F5_15AB8F92_DDBCBD41_4D940E93
N: Final = 0xFFFFFFFE_FFFFFFFF_FFFFFFFF_FFFFFFFF_7203DF6B_21C6052B_53BBF409_39D54123
GX: Final = 0x32C4AE2C_1F198119_5F990446_6A39C994_8FE30BBF_F2660BE1_715A4589_334C74C7
GY: Final = 0xBC3736A2_F4F6779C_59BDCEE3_6B692153_D0A9877C_C62A4740_02DF32E5_2139F0A0

SIZE: Final = 32
"""Octets of a field element, a scalar and an SM3 digest."""

POINT_SIZE: Final = 1 + 2 * SIZE
"""Octets of an uncompressed point, 04 ‖ x ‖ y; the only form accepted."""

DEFAULT_ID: Final = b"1234567812345678"
"""The signer's distinguishing id (用户身份标识) where nothing else is agreed (GB/T 35276 §10)."""

MAX_ID: Final = 0xFFFF // 8
"""Octets of an id: its length in *bits* must fit two octets (GB/T 32918.2 §5.5)."""

CACHED: Final = 4096
"""Values of Z and checked points kept: some 200 octets each."""

_PARAMETERS = b"".join(value.to_bytes(SIZE, "big") for value in (A, B, GX, GY))


@lru_cache(CACHED)
def coordinates(point: bytes) -> tuple[int, int]:
    """(x, y) of an uncompressed point on the curve.

    Raises:
        InvalidKey: another form, a coordinate outside the field, infinity, or off the curve.
    """
    if point == b"\0":
        raise InvalidKey("SM2 point: the point at infinity")
    if len(point) != POINT_SIZE or point[0] != 4:  # noqa: PLR2004 - uncompressed
        raise InvalidKey("SM2 point: not 65 octets in the uncompressed form")
    x, y = int.from_bytes(point[1 : 1 + SIZE], "big"), int.from_bytes(point[1 + SIZE :], "big")
    if x >= P or y >= P:
        raise InvalidKey("SM2 point: a coordinate is not below p")
    if (y * y - (x * x * x + A * x + B)) % P:
        raise InvalidKey("SM2 point: not on the curve")
    return x, y


@lru_cache(CACHED)
def za(point: bytes, signer_id: bytes) -> bytes:
    """Z = SM3(ENTL ‖ id ‖ a ‖ b ‖ Gx ‖ Gy ‖ Px ‖ Py), ENTL the id's length in bits.

    Raises:
        InvalidKey: the point is not on the curve, or the id is too long.
    """
    coordinates(point)
    if len(signer_id) > MAX_ID:
        raise InvalidKey(f"SM2 id: longer than {MAX_ID} octets")
    entl = (8 * len(signer_id)).to_bytes(2, "big")
    return digest(Digest.SM3, entl + signer_id + _PARAMETERS + point[1:])


def message_digest(point: bytes, message: bytes, signer_id: bytes) -> bytes:
    """The value e = SM3(Z ‖ M); e without Z is never offered (threats SM-03)."""
    return digest(Digest.SM3, za(point, signer_id) + message)


def in_range(r: int, s: int) -> bool:
    """1 ≤ r, s < n and r + s ≠ n (GB/T 32918.2 §7.1 B1, B2, B5)."""
    return 0 < r < N and 0 < s < N and r + s != N
