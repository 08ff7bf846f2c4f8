"""SM2 digital signatures (GB/T 32918.2-2016) with SM3 (GB/T 32905), in plain integers.

Own arithmetic, so that the service is never tested against itself. Not constant in time and
therefore good for fictional keys only. The nonce is derived from key and digest in the manner of
RFC 6979 with HMAC-SHA-256, so that equal input gives equal bytes.

Points are `(x, y)`; a signature is `(r, s)`; encodings are 65 bytes `04‖x‖y` and 64 bytes `r‖s`.
"""

import hmac
from dataclasses import dataclass
from functools import lru_cache

from cryptography.hazmat.primitives import hashes

from sandbox import der

# The recommended curve, GB/T 32918.5-2017.
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = P - 3
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)
DEFAULT_ID = b"1234567812345678"
CURVE_OID = "1.2.156.10197.1.301"
WINDOW = 5
"""Bits of a window of the table of multiples of a point."""

Affine = tuple[int, int]
Jacobian = tuple[int, int, int]
NOWHERE: Jacobian = (0, 1, 0)


def sm3(data: bytes) -> bytes:
    """32 bytes."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


@dataclass(frozen=True, slots=True)
class PublicKey:
    point: Affine

    def __post_init__(self) -> None:
        if not on_curve(self.point):
            raise ValueError("the point is not on the curve")

    def encode(self) -> bytes:
        """65 bytes: 04‖x‖y."""
        x, y = self.point
        return b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big")

    def spki(self) -> bytes:
        """SubjectPublicKeyInfo as GB/T 35275 and OpenSSL write it."""
        algorithm = der.sequence(der.oid("1.2.840.10045.2.1"), der.oid(CURVE_OID))
        return der.sequence(algorithm, der.bit_string(self.encode()))

    def digest(self, message: bytes, uid: bytes = DEFAULT_ID) -> bytes:
        """The digest e = SM3(Z‖M), 32 bytes; Z binds id and key (GB/T 32918.2, 5.5)."""
        return sm3(identity_hash(self, uid) + message)

    def verify(self, message: bytes, signature: tuple[int, int], uid: bytes = DEFAULT_ID) -> bool:
        """GB/T 32918.2, 7.1."""
        r, s = signature
        t = (r + s) % N
        if not (0 < r < N and 0 < s < N and t):
            return False
        e = int.from_bytes(self.digest(message, uid), "big")
        total = _add(_multiple(G, s), _multiple(self.point, t))
        return total[2] != 0 and (e + _affine(total)[0]) % N == r


@dataclass(frozen=True, slots=True)
class PrivateKey:
    d: int

    def __post_init__(self) -> None:
        if not 0 < self.d < N - 1:
            raise ValueError("d is out of range")

    def public(self) -> PublicKey:
        return PublicKey(_affine(_multiple(G, self.d)))

    def sign(
        self, message: bytes, uid: bytes = DEFAULT_ID, public: PublicKey | None = None
    ) -> tuple[int, int]:
        """Sign a message; `public` spares computing it again."""
        digest = (public or self.public()).digest(message, uid)
        attempt = 0
        while True:
            signature = self.sign_digest(digest, _nonce(self.d, digest, attempt))
            if signature is not None:
                return signature
            attempt += 1  # pragma: no cover - of 2^256 nonces a handful ends here

    def sign_digest(self, digest: bytes, k: int) -> tuple[int, int] | None:
        """GB/T 32918.2, 6.1, for a given nonce; None where the standard says to draw again."""
        e = int.from_bytes(digest, "big")
        r = (e + _affine(_multiple(G, k))[0]) % N
        if r == 0 or r + k == N:
            return None
        s = pow(1 + self.d, -1, N) * (k - r * self.d) % N
        return (r, s) if s else None


def identity_hash(key: PublicKey, uid: bytes) -> bytes:
    """Z = SM3(ENTL‖ID‖a‖b‖xG‖yG‖xA‖yA); ENTL is the length of the id in bits, two bytes."""
    numbers = b"".join(v.to_bytes(32, "big") for v in (A, B, *G, *key.point))
    return sm3((len(uid) * 8).to_bytes(2, "big") + uid + numbers)


def encode_raw(signature: tuple[int, int]) -> bytes:
    """64 bytes r‖s, as a JWS carries it."""
    return signature[0].to_bytes(32, "big") + signature[1].to_bytes(32, "big")


def encode_der(signature: tuple[int, int]) -> bytes:
    """SEQUENCE { r, s }, as GB/T 35276 and seals carry it."""
    return der.sequence(der.integer(signature[0]), der.integer(signature[1]))


def on_curve(point: Affine) -> bool:
    x, y = point
    return 0 <= x < P and 0 <= y < P and (y * y - (x * x * x + A * x + B)) % P == 0


def _nonce(d: int, digest: bytes, attempt: int) -> int:
    """1 ≤ k < N from key and digest (RFC 6979, 3.2, with `attempt` as additional data)."""
    secret = d.to_bytes(32, "big") + digest + attempt.to_bytes(4, "big")
    k, v = bytes(32), b"\x01" * 32
    for separator in (b"\x00", b"\x01"):
        k = hmac.digest(k, v + separator + secret, "sha256")
        v = hmac.digest(k, v, "sha256")
    while True:
        v = hmac.digest(k, v, "sha256")
        candidate = int.from_bytes(v, "big")
        if 0 < candidate < N:
            return candidate
        k = hmac.digest(k, v + b"\x00", "sha256")
        v = hmac.digest(k, v, "sha256")


def _double(point: Jacobian) -> Jacobian:
    x, y, z = point
    if not z or not y:
        return NOWHERE
    yy = y * y % P
    zz = z * z % P
    s = 4 * x * yy % P
    m = 3 * (x - zz) * (x + zz) % P  # a = -3
    x3 = (m * m - 2 * s) % P
    return x3, (m * (s - x3) - 8 * yy * yy) % P, 2 * y * z % P


def _add(left: Jacobian, right: Jacobian) -> Jacobian:
    x1, y1, z1 = left
    x2, y2, z2 = right
    if not z1:
        return right
    if not z2:
        return left
    z1z1, z2z2 = z1 * z1 % P, z2 * z2 % P
    u1, u2 = x1 * z2z2 % P, x2 * z1z1 % P
    s1, s2 = y1 * z2 * z2z2 % P, y2 * z1 * z1z1 % P
    h, r = (u2 - u1) % P, (s2 - s1) % P
    if not h:
        return NOWHERE if r else _double(left)
    hh = h * h % P
    hhh, v = h * hh % P, u1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - s1 * hhh) % P, h * z1 * z2 % P


def _add_affine(left: Jacobian, right: Affine) -> Jacobian:
    """The hot path of a multiplication by table: the right point has z = 1."""
    x1, y1, z1 = left
    x2, y2 = right
    if not z1:
        return x2, y2, 1
    z1z1 = z1 * z1 % P
    h = (x2 * z1z1 - x1) % P
    r = (y2 * z1 * z1z1 - y1) % P
    if not h:
        return NOWHERE if r else _double(left)
    hh = h * h % P
    hhh, v = h * hh % P, x1 * hh % P
    x3 = (r * r - hhh - 2 * v) % P
    return x3, (r * (v - x3) - y1 * hhh) % P, h * z1 % P


def _affine(point: Jacobian) -> Affine:
    x, y, z = point
    inverse = pow(z, -1, P)
    square = inverse * inverse % P
    return x * square % P, y * square * inverse % P


@lru_cache(maxsize=32)
def _table(point: Affine) -> tuple[tuple[Affine, ...], ...]:
    """Row i holds 1·2^(w·i)·P … (2^w - 1)·2^(w·i)·P, so that a multiple is additions only."""
    rows = []
    base: Jacobian = (*point, 1)
    for _ in range(-(-256 // WINDOW)):
        row = [base]
        for _ in range((1 << WINDOW) - 2):
            row.append(_add(row[-1], base))
        rows.append(row)
        base = _add(row[-1], base)
    return tuple(_flatten(row) for row in rows)


def _flatten(points: list[Jacobian]) -> tuple[Affine, ...]:
    """All affine with one inversion (Montgomery's trick)."""
    products = [1]
    for _, _, z in points:
        products.append(products[-1] * z % P)
    inverse = pow(products[-1], -1, P)
    flat: list[Affine] = []
    for (x, y, z), before in zip(reversed(points), reversed(products[:-1]), strict=True):
        own = inverse * before % P
        inverse = inverse * z % P
        square = own * own % P
        flat.append((x * square % P, y * square * own % P))
    return tuple(reversed(flat))


def _multiple(point: Affine, scalar: int) -> Jacobian:
    total, mask = NOWHERE, (1 << WINDOW) - 1
    for row in _table(point):
        digit = scalar & mask
        if digit:
            total = _add_affine(total, row[digit - 1])
        scalar >>= WINDOW
    return total
