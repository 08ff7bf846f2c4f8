"""Writes sm2_sm3_verify.json: signature vectors for SM2 with SM3, in the schema of Wycheproof.

    python conformance/vectors/sm2/make.py            rewrites the file beside this script
    python conformance/vectors/sm2/make.py --check    says whether it is what this script makes

Standard library only, and nothing of any verifier: SM3 (GB/T 32905-2016) and SM2 (GB/T 32918-2016)
are written here from the standards' formulas, slowly and in affine coordinates. All randomness
comes from one seed, so the file is the same everywhere. The keys sign nothing but these vectors.

Two things are added to Wycheproof's shape. Each group carries `id`, the hexadecimal distinguishing
id a verifier has to be given. In groups flagged InvalidPublicKey the key itself must be refused.
"""

import base64
import hashlib
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

SEED = b"zhengyan sm2 vectors 1"
FILE = Path(__file__).with_name("sm2_sm3_verify.json")
DEFAULT_ID = b"1234567812345678"

# GB/T 32918.5-2017
P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
A = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFC
B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93
N = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
G = (
    0x32C4AE2C1F1981195F9904466A39C9948FE30BBFF2660BE1715A4589334C74C7,
    0xBC3736A2F4F6779C59BDCEE36B692153D0A9877CC62A474002DF32E52139F0A0,
)

Point = tuple[int, int] | None
"""Affine; None is the point at infinity."""

DOUBLINGS: list[Point] = []


def sm3(data: bytes) -> bytes:
    """GB/T 32905-2016 §5."""
    mask = 0xFFFFFFFF

    def rol(word: int, bits: int) -> int:
        bits %= 32
        return (word << bits | word >> 32 - bits) & mask

    state = [
        0x7380166F, 0x4914B2B9, 0x172442D7, 0xDA8A0600,
        0xA96F30BC, 0x163138AA, 0xE38DEE4D, 0xB0FB0E4E,
    ]  # fmt: skip
    padded = data + b"\x80" + b"\0" * ((55 - len(data)) % 64) + (8 * len(data)).to_bytes(8, "big")
    for start in range(0, len(padded), 64):
        w = [int.from_bytes(padded[start + i : start + i + 4], "big") for i in range(0, 64, 4)]
        for j in range(16, 68):
            x = w[j - 16] ^ w[j - 9] ^ rol(w[j - 3], 15)
            w.append(x ^ rol(x, 15) ^ rol(x, 23) ^ rol(w[j - 13], 7) ^ w[j - 6])
        a, b, c, d, e, f, g, h = state
        for j in range(64):
            t = 0x79CC4519 if j < 16 else 0x7A879D8A
            ss1 = rol(rol(a, 12) + e + rol(t, j) & mask, 7)
            ss2 = ss1 ^ rol(a, 12)
            ff = a ^ b ^ c if j < 16 else a & b | a & c | b & c
            gg = e ^ f ^ g if j < 16 else e & f | ~e & g & mask
            tt1 = ff + d + ss2 + (w[j] ^ w[j + 4]) & mask
            tt2 = gg + h + ss1 + w[j] & mask
            a, b, c, d = tt1, a, rol(b, 9), c
            e, f, g, h = tt2 ^ rol(tt2, 9) ^ rol(tt2, 17), e, rol(f, 19), g
        state = [new ^ old for new, old in zip((a, b, c, d, e, f, g, h), state, strict=True)]
    return b"".join(word.to_bytes(4, "big") for word in state)


def add(left: Point, right: Point) -> Point:
    if left is None or right is None:
        return left or right
    (x1, y1), (x2, y2) = left, right
    if x1 == x2 and (y1 + y2) % P == 0:
        return None
    if left == right:
        slope = (3 * x1 * x1 + A) * pow(2 * y1, -1, P) % P
    else:
        slope = (y2 - y1) * pow(x2 - x1, -1, P) % P
    x = (slope * slope - x1 - x2) % P
    return x, (slope * (x1 - x) - y1) % P


def times_g(scalar: int) -> tuple[int, int]:
    """[scalar]G for 0 < scalar < n, from the doublings of G made once."""
    if not DOUBLINGS:
        DOUBLINGS.append(G)
        for _ in range(255):
            DOUBLINGS.append(add(DOUBLINGS[-1], DOUBLINGS[-1]))
    total: Point = None
    for bit, point in enumerate(DOUBLINGS):
        if scalar >> bit & 1:
            total = add(total, point)
    assert total is not None
    return total


def octets(number: int) -> bytes:
    return number.to_bytes(32, "big")


def pseudo(*labels: object) -> int:
    """A number in [1, n - 2] that depends on the seed and the labels only."""
    text = repr(labels).encode()
    wide = hashlib.sha512(SEED + b"\0" + text).digest()
    return int.from_bytes(wide, "big") % (N - 2) + 1


@dataclass(frozen=True)
class Key:
    d: int
    public: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "public", times_g(self.d))

    @property
    def encoded(self) -> bytes:
        return b"\4" + octets(self.public[0]) + octets(self.public[1])

    def z(self, signer_id: bytes = DEFAULT_ID) -> bytes:
        entl = (8 * len(signer_id)).to_bytes(2, "big")
        rest = b"".join(map(octets, (A, B, *G, *self.public)))
        return sm3(entl + signer_id + rest)

    def sign(self, message: bytes, signer_id: bytes = DEFAULT_ID, k: int = 0) -> tuple[int, int]:
        """GB/T 32918.2 §6.1 with a nonce from the seed, or the given one."""
        return self.sign_digest(sm3(self.z(signer_id) + message), k)

    def sign_digest(self, digest: bytes, k: int = 0) -> tuple[int, int]:
        e = int.from_bytes(digest, "big")
        for attempt in range(100):
            nonce = k or pseudo("nonce", self.d, e, attempt)
            r = (e + times_g(nonce)[0]) % N
            s = pow(1 + self.d, -1, N) * (nonce - r * self.d) % N
            if r and r + nonce != N and s:
                return r, s
        raise AssertionError("no signature with that nonce")


def integer(number: int) -> bytes:
    """DER INTEGER, two's complement, shortest."""
    length = (number if number >= 0 else ~number).bit_length() // 8 + 1
    return bytes((2, length)) + number.to_bytes(length, "big", signed=True)


def sequence(*items: bytes) -> bytes:
    body = b"".join(items)
    assert len(body) < 0x80
    return bytes((0x30, len(body))) + body


def der(r: int, s: int) -> bytes:
    return sequence(integer(r), integer(s))


def raw(r: int, s: int) -> bytes:
    return octets(r) + octets(s)


Case = tuple[str, str, bytes, bytes, str]
"""Comment, flag, message, signature, result."""


@dataclass(frozen=True)
class Group:
    cases: list[Case]
    public: bytes
    signer_id: bytes = DEFAULT_ID
    form: str = "EcdsaVerify"


MESSAGES = (
    b"",
    b"a",
    b"message digest",
    b"\0" * 32,
    b"\xff" * 55,
    b"\xaa" * 56,
    "电子证照".encode(),
    bytes(range(64)),
    bytes(range(65)),
    b"3" * 127,
    b"4" * 128,
    b"5" * 1000,
)


def good(key: Key, message: bytes, comment: str = "", flag: str = "ValidSignature") -> Case:
    return comment, flag, message, der(*key.sign(message)), "valid"


def random_keys() -> Iterator[Group]:
    for index in range(14):
        key = Key(pseudo("key", index))
        cases = [good(key, m, f"message of {len(m)} octets") for m in MESSAGES]
        r, s = key.sign(MESSAGES[2])
        cases += [
            ("signature of another message", "ModifiedSignature", b"b", der(r, s), "invalid"),
            ("empty signature", "InvalidEncoding", MESSAGES[2], b"", "invalid"),
        ]
        yield Group(cases, key.encoded)


def edge_keys() -> Iterator[Group]:
    for name, d in {
        "1": 1,
        "2": 2,
        "3": 3,
        "n - 2": N - 2,
        "n - 3": N - 3,
        "(n - 1) / 2": N // 2,
    }.items():
        key = Key(d)
        cases = [good(key, m, f"private key {name}", "EdgeCaseKey") for m in MESSAGES[:5]]
        for k in (1, 2, N - 1, N - 2):
            value = der(*key.sign(b"edge", k=k))
            where = f"k = {k}" if k < N // 2 else f"k = n - {N - k}"
            cases.append((f"private key {name}, {where}", "EdgeCaseNonce", b"edge", value, "valid"))
            cases.append(
                (f"private key {name}, {where}", "ModifiedMessage", b"Edge", value, "invalid")
            )
        yield Group(cases, key.encoded)
    # -G: 1 + d = 0 mod n, so nothing can be signed; a verifier must still say no and not fail.
    key = Key(N - 1)
    cases = [
        (f"private key n - 1, r = {r}, s = {s}", "EdgeCaseKey", b"edge", der(r, s), "invalid")
        for r in (1, 2, N - 2)
        for s in (1, 3, N - 3)
    ]
    yield Group(cases, key.encoded)


def ranges() -> Iterator[Group]:
    key, message = Key(pseudo("range")), b"range"
    r, s = key.sign(message)
    special = {
        "0": 0, "1": 1, "n - 1": N - 1, "n": N, "n + 1": N + 1, "p": P, "p + 1": P + 1,
        "2^256 - 1": 2**256 - 1, "2^256": 2**256, "-1": -1, "2^255": 2**255,
    }  # fmt: skip
    cases = [good(key, message)]
    for name_r, bad_r in special.items():
        cases += [(f"r = {name_r}", "RangeCheck", message, der(bad_r, s), "invalid")]
        cases += [(f"s = {name_r}", "RangeCheck", message, der(r, bad_r), "invalid")]
        cases += [
            (f"r = {name_r}, s = {name_s}", "RangeCheck", message, der(bad_r, bad_s), "invalid")
            for name_s, bad_s in special.items()
        ]
    replaced = {
        "r + n": (r + N, s), "s + n": (r, s + N), "r - n": (r - N, s), "s - n": (r, s - N),
        "-r": (-r, s), "-s": (r, -s), "n - r": (N - r, s), "n - s": (r, N - s),
        "n - r, n - s": (N - r, N - s),
        "r + s = n, by s": (r, N - r), "r + s = n, by r": (N - s, s),
        "r and s swapped": (s, r), "r + p": (r + P, s), "r + 2^256": (r + 2**256, s),
        "r twice": (r, r), "s twice": (s, s), "r + 1": (r + 1, s), "s + 1": (r, s + 1),
    }  # fmt: skip
    cases += [
        (name, "ModifiedInteger", message, der(*pair), "invalid") for name, pair in replaced.items()
    ]
    # [s]G + [t]P at infinity: a verifier that calls its x zero accepts r = e.
    e = int.from_bytes(sm3(key.z() + message), "big") % N
    forged = -e * key.d * pow(1 + key.d, -1, N) % N
    cases.append(("sum at infinity, r = e", "PointAtInfinity", message, der(e, forged), "invalid"))
    yield Group(cases, key.encoded)


def encodings() -> Iterator[Group]:
    key = Key(pseudo("encoding"))
    # A message whose r and s both need no leading zero, so that one added is always one too many.
    message = next(m for m in (b"encoding %d" % i for i in range(99)) if max(key.sign(m)) < 2**255)
    r, s = key.sign(message)
    plain, ri, si = der(r, s), integer(r), integer(s)
    body = ri + si
    length = len(body)
    long_r = b"\2\x81" + ri[1:]
    zero_r, zero_s = (b"\2" + bytes((i[1] + 1, 0)) + i[2:] for i in (ri, si))
    bad = {
        "outer length in long form": b"\x30\x81" + bytes((length,)) + body,
        "outer length in two octets": b"\x30\x82\0" + bytes((length,)) + body,
        "outer length in nine octets": b"\x30\x89" + b"\0" * 8 + bytes((length,)) + body,
        "length of r in long form": sequence(long_r, si),
        "length of s in long form": sequence(ri, b"\2\x81" + si[1:]),
        "indefinite length": b"\x30\x80" + body + b"\0\0",
        "indefinite length without end": b"\x30\x80" + body,
        "leading zero in r": sequence(zero_r, si),
        "leading zero in s": sequence(ri, zero_s),
        "leading zeros in both": sequence(zero_r, zero_s),
        "octet after the SEQUENCE": plain + b"\0",
        "two octets after the SEQUENCE": plain + b"\5\0",
        "the value twice": plain + plain,
        "NULL inside after s": sequence(ri, si, b"\5\0"),
        "third INTEGER": sequence(ri, si, integer(1)),
        "octet inside after s": sequence(ri, si, b"\0"),
        "NULL before r": sequence(b"\5\0", ri, si),
        "only r": sequence(ri),
        "empty SEQUENCE": b"\x30\0",
        "last octet missing": plain[:-1],
        "first octet missing": plain[1:],
        "only the tag": b"\x30",
        "length one too large": bytes((0x30, length + 1)) + body,
        "length one too small": bytes((0x30, length - 1)) + body,
        "length of r one too large": sequence(bytes((2, ri[1] + 1)) + ri[2:], si),
        "length of r one too small": sequence(bytes((2, ri[1] - 1)) + ri[2:], si),
        "length of s huge": sequence(ri, b"\2\x84\xff\xff\xff\xff" + si[2:]),
        "SET for SEQUENCE": b"\x31" + plain[1:],
        "primitive SEQUENCE": b"\x10" + plain[1:],
        "application tag": b"\x70" + plain[1:],
        "OCTET STRING for r": sequence(b"\4" + ri[1:], si),
        "BIT STRING for s": sequence(ri, b"\3" + si[1:]),
        "BOOLEAN for r": sequence(b"\1\1\xff", si),
        "NULL for s": sequence(ri, b"\5\0"),
        "UTF8String for r": sequence(b"\x0c" + ri[1:], si),
        "REAL for r": sequence(b"\x09" + ri[1:], si),
        "INTEGER without content for r": sequence(b"\2\0", si),
        "INTEGER without content for s": sequence(ri, b"\2\0"),
        "r negative": sequence(integer(r - 2**256), si),
        "s negative": sequence(ri, integer(s - 2**256)),
        "swapped": sequence(si, ri),
        "nested once more": sequence(sequence(ri, si)),
        "r in its own SEQUENCE": sequence(sequence(ri), si),
        "constructed INTEGER": sequence(b"\x22" + bytes((len(ri),)) + ri, si),
        "raw r ‖ s": raw(r, s),
        "raw s ‖ r": raw(s, r),
        "raw with 04 before": b"\4" + raw(r, s),
        "in hexadecimal": plain.hex().encode(),
        "in base64": base64.b64encode(plain),
        "in an OCTET STRING": bytes((4, len(plain))) + plain,
        "in a BIT STRING": bytes((3, len(plain) + 1, 0)) + plain,
        "infinity for s": sequence(ri, b"\x09\1\x40"),
    }
    cases = [("twin", "ValidSignature", message, plain, "valid")]
    cases += [(name, "InvalidEncoding", message, value, "invalid") for name, value in bad.items()]
    yield Group(cases, key.encoded)

    # Values that do need the leading zero, without it: their sign changes.
    message = next(m for m in (b"sign %d" % i for i in range(99)) if min(key.sign(m)) >= 2**255)
    r, s = key.sign(message)
    bare_r, bare_s = (b"\2\x20" + octets(value) for value in (r, s))
    yield Group(
        [
            ("twin", "ValidSignature", message, der(r, s), "valid"),
            ("zero missing in r", "MissingZero", message, sequence(bare_r, integer(s)), "invalid"),
            ("zero missing in s", "MissingZero", message, sequence(integer(r), bare_s), "invalid"),
            ("zero missing in both", "MissingZero", message, sequence(bare_r, bare_s), "invalid"),
        ],
        key.encoded,
    )


def short_parts() -> Iterator[Group]:
    """Values whose r or s is short: where fixed sizes and stripped zeros are mixed up."""
    key = Key(pseudo("short"))
    cases, raw_cases = [], []
    for index in range(700):
        message = b"short %d" % index
        r, s = key.sign(message)
        if min(r, s) < 2**248:
            cases.append(("a part below 2^248", "SmallRorS", message, der(r, s), "valid"))
            raw_cases.append(("a part below 2^248", "SmallRorS", message, raw(r, s), "valid"))
            stripped = raw(r, s).lstrip(b"\0")
            if len(stripped) < 64:
                raw_cases.append(("r stripped", "SignatureSize", message, stripped, "invalid"))
    yield Group(cases, key.encoded)
    yield Group(raw_cases, key.encoded, form="EcdsaP1363Verify")


def ecdsa(key: Key, message: bytes, digest: bytes) -> tuple[int, int]:
    """ECDSA on the SM2 curve, for the wrong scheme."""
    k = pseudo("ecdsa", key.d, message)
    r = times_g(k)[0] % N
    return r, pow(k, -1, N) * (int.from_bytes(digest, "big") + r * key.d) % N


def wrong_digests() -> Iterator[Group]:
    key, other = Key(pseudo("digest")), Key(pseudo("digest", "other"))
    z = key.z()
    cases: list[Case] = []
    for message in MESSAGES[1:5]:
        digests = {
            "SHA-256(Z ‖ M)": hashlib.sha256(z + message).digest(),
            "SHA-256(M)": hashlib.sha256(message).digest(),
            "SM3(M), no Z": sm3(message),
            "SM3(SM3(M))": sm3(sm3(message)),
            "SM3(Z ‖ SM3(M))": sm3(z + sm3(message)),
            "SM3(M ‖ Z)": sm3(message + z),
            "Z of another key": sm3(other.z() + message),
            "ENTL in octets": sm3(
                sm3(b"\0\x10" + DEFAULT_ID + b"".join(map(octets, (A, B, *G, *key.public))))
                + message
            ),
            "no ENTL": sm3(
                sm3(DEFAULT_ID + b"".join(map(octets, (A, B, *G, *key.public)))) + message
            ),
            "Z without curve": sm3(
                sm3(b"\0\x80" + DEFAULT_ID + b"".join(map(octets, key.public))) + message
            ),
            "Z with p for a": sm3(
                sm3(b"\0\x80" + DEFAULT_ID + b"".join(map(octets, (P, B, *G, *key.public))))
                + message
            ),
            "zero digest": b"\0" * 32,
        }
        cases.append(good(key, message, "twin"))
        cases += [
            (name, "WrongHash", message, der(*key.sign_digest(digest)), "invalid")
            for name, digest in digests.items()
        ]
        for name, digest in {
            "SM3": sm3(message),
            "SM3 with Z": sm3(z + message),
            "SHA-256": hashlib.sha256(message).digest(),
        }.items():
            value = der(*ecdsa(key, message, digest))
            cases.append((f"ECDSA with {name}", "WrongPrimitive", message, value, "invalid"))
        # A verifier without Z would take the signature of M for one of Z ‖ M.
        value = der(*key.sign(message))
        cases.append(("Z ‖ M with the signature of M", "CrossMode", z + message, value, "invalid"))
    cases.append(
        ("signed by another key", "ModifiedSignature", b"a", der(*other.sign(b"a")), "invalid")
    )
    yield Group(cases, key.encoded)


IDS = {
    "the default": DEFAULT_ID,
    "none": b"",
    "of TLS 1.3 (RFC 8998)": b"TLSv1.3+GM+Cipher+Suite",
    "of the standard's older example": b"ALICE123@YAHOO.COM",
    "one zero octet": b"\0",
    "in Chinese": "青海省".encode(),
    "one octet longer than the default": DEFAULT_ID + b"9",
    "in full width": "１２３４５６７８".encode(),
    "the longest": b"i" * 8191,
}


def ids() -> Iterator[Group]:
    key, message = Key(pseudo("id")), b"id"
    signed = {name: der(*key.sign(message, signer_id)) for name, signer_id in IDS.items()}
    for name, signer_id in IDS.items():
        cases = [
            (f"signed under the id: {other}", "ValidSignature" if other == name else "WrongId",
             message, value, "valid" if other == name else "invalid")
            for other, value in signed.items()
        ]  # fmt: skip
        yield Group(cases, key.encoded, signer_id)


def flips() -> Iterator[Group]:
    key, message = Key(pseudo("flip")), b"bit flips are not signatures"
    value = der(*key.sign(message))
    cases: list[Case] = [("twin", "ValidSignature", message, value, "valid")]
    for bit in range(0, 8 * len(value), 11):
        flipped = bytearray(value)
        flipped[bit // 8] ^= 1 << bit % 8
        cases.append((f"bit {bit} of the value", "BitFlip", message, bytes(flipped), "invalid"))
    for bit in range(0, 8 * len(message), 13):
        flipped = bytearray(message)
        flipped[bit // 8] ^= 1 << bit % 8
        cases.append((f"bit {bit} of the message", "BitFlip", bytes(flipped), value, "invalid"))
    yield Group(cases, key.encoded)


def raw_form() -> Iterator[Group]:
    key, message = Key(pseudo("raw")), b"raw"
    cases: list[Case] = [("", "ValidSignature", m, raw(*key.sign(m)), "valid") for m in MESSAGES]
    r, s = key.sign(message)
    value = raw(r, s)
    cases.append(("twin", "ValidSignature", message, value, "valid"))
    bad = {
        "empty": b"", "one octet": value[:1], "only r": value[:32], "63 octets": value[:-1],
        "65 octets": value + b"\0", "a zero before": b"\0" + value, "r and s in 33 octets each":
        b"\0" + octets(r) + b"\0" + octets(s), "96 octets": value + octets(1), "twice": value * 2,
        "DER": der(r, s), "hexadecimal": value.hex().encode(), "swapped": raw(s, r),
        "r = s = 0": bytes(64), "r = 0": raw(0, s), "s = 0": raw(r, 0), "r = n": raw(N, s),
        "s = n": raw(r, N), "r = n + 1": raw(N + 1, s), "s = 2^256 - 1": raw(r, 2**256 - 1),
        "all ones": b"\xff" * 64, "r + s = n": raw(r, N - r), "n - s": raw(r, N - s),
        "p for r": raw(P, s), "little-endian": octets(r)[::-1] + octets(s)[::-1],
    }  # fmt: skip
    cases += [(name, "SignatureSize", message, v, "invalid") for name, v in bad.items()]
    yield Group(cases, key.encoded, form="EcdsaP1363Verify")


def square_root(number: int) -> int | None:
    root = pow(number, (P + 1) // 4, P)  # p = 3 mod 4
    return root if root * root % P == number % P else None


def bad_keys() -> Iterator[Group]:
    key, message = Key(pseudo("bad key")), b"bad key"
    value = der(*key.sign(message))
    x, y = key.public
    small = next(i for i in range(1, 99) if square_root(i**3 + A * i + B) is not None)
    small_y = square_root(small**3 + A * small + B) or 0
    twist = next(i for i in range(1, 99) if square_root(i**3 + A * i + B) is None)
    bad = {
        "off the curve": b"\4" + octets(x) + octets(y ^ 1),
        "coordinates swapped": b"\4" + octets(y) + octets(x),
        "(0, 0)": b"\4" + bytes(64),
        "x = 0 and y = 1": b"\4" + octets(0) + octets(1),
        "infinity, one octet": b"\0",
        "infinity, padded": bytes(65),
        "empty": b"",
        "x not below p": b"\4" + octets(small + P) + octets(small_y),
        "y = p": b"\4" + octets(x) + octets(P),
        "all ones": b"\4" + b"\xff" * 64,
        "on the twist": b"\4" + octets(twist) + octets(1),
        "compressed": bytes((2 + (y & 1),)) + octets(x),
        "compressed, other parity": bytes((3 - (y & 1),)) + octets(x),
        "hybrid": bytes((6 + (y & 1),)) + octets(x) + octets(y),
        "hybrid, other parity": bytes((7 - (y & 1),)) + octets(x) + octets(y),
        "without 04": octets(x) + octets(y),
        "one octet more": key.encoded + b"\0",
        "one octet less": key.encoded[:-1],
        "of P-256": b"\4"
        + bytes.fromhex("6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296")
        + bytes.fromhex("4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"),
    }
    yield Group([("twin", "ValidSignature", message, value, "valid")], key.encoded)
    for name, public in bad.items():
        yield Group([(name, "InvalidPublicKey", message, value, "invalid")], public)


MAKERS = (
    random_keys, edge_keys, ranges, encodings, short_parts, wrong_digests, ids, flips, raw_form,
    bad_keys,
)  # fmt: skip

NOTES = {
    "ValidSignature": "a signature that must be accepted",
    "EdgeCaseKey": "private key at the end of its range",
    "EdgeCaseNonce": "nonce at the end of its range",
    "SmallRorS": "r or s shorter than the field",
    "ModifiedMessage": "the message is not what was signed",
    "ModifiedSignature": "the signature is of something else",
    "ModifiedInteger": "r or s replaced by a value related to it",
    "RangeCheck": "r or s outside [1, n - 1], or a special value in it",
    "PointAtInfinity": "[s]G + [t]P is the point at infinity",
    "InvalidEncoding": "not the one DER encoding of two INTEGERs",
    "MissingZero": "a leading zero left out, so that a part is negative",
    "SignatureSize": "not the 64 octets of this signature",
    "WrongHash": "the digest signed is not SM3(Z ‖ M)",
    "WrongPrimitive": "not an SM2 signature",
    "WrongId": "Z is of another distinguishing id",
    "CrossMode": "accepted by verifiers that leave out Z",
    "BitFlip": "one bit changed",
    "InvalidPublicKey": "the key must be refused, whatever the signature",
}

SPKI_HEAD = bytes.fromhex("301306072a8648ce3d020106082a811ccf5501822d")


def public_der(public: bytes) -> bytes:
    return sequence(SPKI_HEAD, bytes((3, len(public) + 1, 0)) + public)


def document() -> dict[str, object]:
    groups: list[dict[str, object]] = []
    count = 0
    for group in (group for maker in MAKERS for group in maker()):
        tests = []
        for comment, flag, message, signature, result in group.cases:
            count += 1
            tests.append(
                {
                    "tcId": count,
                    "comment": comment,
                    "flags": [flag],
                    "msg": message.hex(),
                    "sig": signature.hex(),
                    "result": result,
                }
            )
        spki = public_der(group.public)
        pem = base64.encodebytes(spki).decode().replace("\n", "")
        groups.append(
            {
                "type": group.form,
                "publicKey": {
                    "type": "EcPublicKey",
                    "curve": "sm2p256v1",
                    "keySize": 256,
                    "uncompressed": group.public.hex(),
                    "wx": group.public[1:33].hex(),
                    "wy": group.public[33:].hex(),
                },
                "publicKeyDer": spki.hex(),
                "publicKeyPem": f"-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n",
                "sha": "SM3",
                "id": group.signer_id.hex(),
                "tests": tests,
            }
        )
    return {
        "algorithm": "SM2",
        "schema": "ecdsa_verify_schema_v1.json",
        "generatorVersion": "1",
        "numberOfTests": count,
        "header": [
            "SM2 with SM3 (GB/T 32918-2016, GB/T 32905-2016), in the schema of Wycheproof.",
            "Groups of type EcdsaVerify carry DER, groups of type EcdsaP1363Verify r ‖ s.",
            "Each group carries `id`: the hexadecimal distinguishing id to verify under.",
        ],
        "notes": {flag: {"description": text} for flag, text in NOTES.items()},
        "testGroups": groups,
    }


def text() -> str:
    return json.dumps(document(), ensure_ascii=False, indent=1) + "\n"


def main() -> int:
    made = text()
    if "--check" in sys.argv[1:]:
        same = FILE.read_text(encoding="utf-8") == made
        print("the same" if same else "differs: run this script without --check")
        return 0 if same else 1
    FILE.write_text(made, encoding="utf-8")
    print(f"{FILE.name}: {made.count('tcId')} vectors")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
