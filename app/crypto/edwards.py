"""Points of edwards25519 as octets: what Ed25519 keys and signatures must not hold.

RFC 8032 §5.1 leaves room that forgers use: points of small order verify many signatures, and some
points have two encodings (threats SIG-20). Verification itself is the library's.
"""

from typing import Final

from app.domain.errors import InvalidKey

P: Final = 2**255 - 19
L: Final = 2**252 + 27742317777372353535851937790883648493
"""Order of the base point (RFC 8032 §5.1)."""
D: Final = -121665 * pow(121666, -1, P) % P
_SQRT_M1: Final = pow(2, (P - 1) // 4, P)
_Y_MASK: Final = (1 << 255) - 1

Extended = tuple[int, int, int, int]
"""(X, Y, Z, T): x = X/Z, y = Y/Z, xy = T/Z."""


def _root(square: int) -> int | None:
    """A square root modulo p, or None (RFC 8032 §5.1.3)."""
    root = pow(square, (P + 3) // 8, P)
    if root * root % P == square % P:
        return root
    root = root * _SQRT_M1 % P
    return root if root * root % P == square % P else None


def _small_order_ys() -> frozenset[int]:
    """The y of the eight points of order 1, 2, 4 and 8.

    Order 1 and 2 have y = ±1, order 4 has y = 0; doubling a point of order 8 gives y = 0, that is
    x² = -y², and with the curve equation d·y⁴ + 2y² - 1 = 0.
    """
    ys = {0, 1, P - 1}
    half = _root(1 + D)
    for sign in (1, -1):
        y = None if half is None else _root((sign * half - 1) * pow(D, -1, P) % P)
        if y is not None:
            ys |= {y, P - y}
    return frozenset(ys)


SMALL_ORDER_YS: Final = _small_order_ys()


def why_not(encoded: bytes) -> str | None:
    """Why 32 octets may not stand for a point in a signature: not canonical, or of small order.

    Whether they are on the curve is left to `require_key` and to the verification.
    """
    if len(encoded) != 32:  # noqa: PLR2004
        return "not 32 octets"
    number = int.from_bytes(encoded, "little")
    y, sign = number & _Y_MASK, number >> 255
    if y >= P:
        return "not canonical (y ≥ p)"
    if y in SMALL_ORDER_YS:
        x_is_zero = y in {1, P - 1}
        return "not canonical (sign of x = 0)" if sign and x_is_zero else "a point of small order"
    return None


def _add(left: Extended, right: Extended) -> Extended:
    """Complete addition (RFC 8032 §5.1.4)."""
    x1, y1, z1, t1 = left
    x2, y2, z2, t2 = right
    a, b = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    c, d = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return e * f % P, g * h % P, f * g % P, e * h % P


def _times(scalar: int, point: Extended) -> Extended:
    total: Extended = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            total = _add(total, point)
        point = _add(point, point)
        scalar >>= 1
    return total


def require_key(encoded: bytes) -> None:
    """Require a canonical point of the curve, of the prime order L.

    A key with a part of small order verifies differently with and without the cofactor, so that
    two correct verifiers may disagree; it is refused too. Takes some 2 ms.

    Raises:
        InvalidKey: names the rule.
    """
    if why := why_not(encoded):
        raise InvalidKey(f"Ed25519 key: {why}")
    number = int.from_bytes(encoded, "little")
    y, sign = number & _Y_MASK, number >> 255
    x = _root((y * y - 1) * pow(D * y * y + 1, -1, P) % P)
    if x is None:
        raise InvalidKey("Ed25519 key: not a point of the curve")
    if x & 1 != sign:
        x = P - x
    x0, y0, z0, _ = _times(L, (x, y, 1, x * y % P))
    if x0 or y0 != z0:
        raise InvalidKey("Ed25519 key: a part of small order")
