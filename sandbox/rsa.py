"""RSA keys and RSASSA-PSS signatures that come out the same every time.

No library makes a key from a seed or takes the salt from outside, so both are done here
(FIPS 186-5 A.1.3 in spirit, RFC 8017 §8.1 and §9.1 to the letter). For fictional keys only.
"""

import hashlib
import math
from dataclasses import dataclass
from functools import lru_cache

from sandbox.stream import Stream

EXPONENT = 65537
ROUNDS = 5
"""Miller-Rabin rounds with bases from the stream: for primes of 1,024 bits (FIPS 186-5, B.1)."""
BASES = 24
"""Taken from the stream for each prime, whether used or not: they decide what comes after it."""
SIEVE_LIMIT = 4000
"""Candidates with a factor below are dropped without an exponentiation, and without a base."""
DEEPER_LIMIT = 30_000
"""Those with a factor below, without an exponentiation: the first base would have told them."""


def _primorial(limit: int) -> int:
    marks = bytearray([1]) * limit
    product = 1
    for n in range(3, limit, 2):
        if marks[n]:
            product *= n
            marks[n * n :: n] = bytes(len(range(n * n, limit, n)))
    return product


SMALL = _primorial(SIEVE_LIMIT)
LARGER = _primorial(DEEPER_LIMIT) // SMALL


@dataclass(frozen=True, slots=True)
class Numbers:
    """A private key of two primes."""

    p: int
    q: int

    @property
    def n(self) -> int:
        return self.p * self.q

    @property
    def d(self) -> int:
        return _private(self.p, self.q)[0]

    def power(self, message: int) -> int:
        """message^d mod n through the Chinese remainder theorem."""
        _, d_p, d_q, inverse = _private(self.p, self.q)
        at_p = pow(message % self.p, d_p, self.p)
        at_q = pow(message % self.q, d_q, self.q)
        return at_q + self.q * (inverse * (at_p - at_q) % self.p)


@lru_cache(maxsize=64)
def _private(p: int, q: int) -> tuple[int, int, int, int]:
    """d, d mod p - 1, d mod q - 1, and the inverse of q modulo p."""
    d = pow(EXPONENT, -1, math.lcm(p - 1, q - 1))
    return d, d % (p - 1), d % (q - 1), pow(q, -1, p)


def generate(stream: Stream, bits: int = 2048) -> Numbers:
    """Two primes of half the size with both top bits set, so that the product has full size."""
    p = _prime(stream, bits // 2)
    q = _prime(stream, bits // 2)
    while abs(p - q) < 1 << (bits // 2 - 100):  # pragma: no cover - once in 2^98
        q = _prime(stream, bits // 2)
    return Numbers(max(p, q), min(p, q))


def _prime(stream: Stream, bits: int) -> int:
    top = 3 << (bits - 2)
    while True:
        candidate = int.from_bytes(stream.take(bits // 8), "big") | top | 1
        if math.gcd(candidate, SMALL) > 1 or math.gcd(candidate - 1, EXPONENT) > 1:
            continue
        if _is_prime(candidate, stream):
            return candidate


def _is_prime(n: int, stream: Stream) -> bool:
    odd, twos = n - 1, 0
    while odd % 2 == 0:
        odd, twos = odd // 2, twos + 1
    for turn in range(BASES):
        base = stream.between(2, n - 2)
        if turn == 0 and math.gcd(n, LARGER % n) > 1:
            return False
        if turn < ROUNDS and not _passes(n, base, odd, twos):
            return False
    return True


def _passes(n: int, base: int, odd: int, twos: int) -> bool:
    """One round of Miller and Rabin."""
    x = pow(base, odd, n)
    if x in (1, n - 1):
        return True
    for _ in range(twos - 1):
        x = x * x % n
        if x == n - 1:
            return True
    return False


def sign_pss(key: Numbers, message: bytes) -> bytes:
    """RSASSA-PSS with SHA-256, MGF1-SHA-256 and 32 bytes of salt taken from the message (PS256)."""
    digest = hashlib.sha256(message).digest()
    salt = hashlib.sha256(b"salt" + key.d.to_bytes(512, "big") + digest).digest()
    bits = key.n.bit_length() - 1
    size = (bits + 7) // 8
    hashed = hashlib.sha256(bytes(8) + digest + salt).digest()
    block = bytes(size - len(salt) - len(hashed) - 2) + b"\x01" + salt
    masked = bytes(a ^ b for a, b in zip(block, _mgf1(hashed, len(block)), strict=True))
    masked = bytes((masked[0] & (0xFF >> (8 * size - bits)),)) + masked[1:]
    encoded = int.from_bytes(masked + hashed + b"\xbc", "big")
    return key.power(encoded).to_bytes((key.n.bit_length() + 7) // 8, "big")


_SHA256_INFO = bytes.fromhex("3031300d060960864801650304020105000420")
"""DigestInfo of SHA-256 up to the digest (RFC 8017 §9.2)."""


def sign_pkcs1(key: Numbers, message: bytes) -> bytes:
    """RSASSA-PKCS1-v1_5 with SHA-256 (RFC 8017 §8.2.1)."""
    size = (key.n.bit_length() + 7) // 8
    info = _SHA256_INFO + hashlib.sha256(message).digest()
    encoded = b"\x00\x01" + b"\xff" * (size - len(info) - 3) + b"\x00" + info
    return key.power(int.from_bytes(encoded, "big")).to_bytes(size, "big")


def _mgf1(seed: bytes, size: int) -> bytes:
    blocks = range(-(-size // 32))
    return b"".join(hashlib.sha256(seed + i.to_bytes(4, "big")).digest() for i in blocks)[:size]
