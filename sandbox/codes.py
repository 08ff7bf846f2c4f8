"""Codes of holders, bodies and licenses, with their check characters. Own implementation.

GB 32100-2015 (统一社会信用代码), GB 11714-1997 (组织机构代码), GB 11643-1999 (公民身份号码),
GB/T 36904-2018 (证照标识) with ISO/IEC 7064 MOD 37,36 (GB/T 17710).
"""

from dataclasses import dataclass

ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
"""31 characters: no I, O, S, V, Z."""
ROOT = "1.2.156.3005.2"
"""The arc of license identifiers."""


def organisation_check(body: str) -> str:
    """GB 11714: eight characters; 10 is written X, 11 is written 0."""
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * ALPHANUMERIC.index(c) for w, c in zip(weights, body, strict=True))
    return "0123456789X0"[11 - total % 11]


def uscc_check(body: str) -> str:
    """GB 32100: seventeen characters, weights 3^(i-1) mod 31."""
    if len(body) != 17:
        raise ValueError("seventeen characters are needed")
    total = sum(pow(3, i, 31) * USCC_ALPHABET.index(c) for i, c in enumerate(body))
    return USCC_ALPHABET[-total % 31]


def uscc(kind: str, region: str, organisation: str) -> str:
    """A whole code: two characters of kind, six of region, eight of organisation, two checks."""
    body = kind + region + organisation + organisation_check(organisation)
    return body + uscc_check(body)


def uscc_holds(code: str) -> bool:
    """Both check characters hold."""
    if len(code) != 18 or not set(code) <= set(USCC_ALPHABET):
        return False
    return uscc_check(code[:17]) == code[17] and organisation_check(code[8:16]) == code[16]


def citizen_check(body: str) -> str:
    """GB 11643: seventeen digits, ISO 7064 MOD 11-2."""
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(w * int(c) for w, c in zip(weights, body, strict=True))
    return "10X98765432"[total % 11]


def citizen_holds(number: str) -> bool:
    digits = number[:17]
    return (
        len(number) == 18
        and digits.isascii()
        and digits.isdigit()
        and citizen_check(digits) == number[17]
    )


def identifier_check(body: str) -> str:
    """ISO 7064 MOD 37,36 over type, issuer, serial and version without dots."""
    p = 36
    for c in body:
        s = (p + ALPHANUMERIC.index(c)) % 36 or 36
        p = 2 * s % 37
    return ALPHANUMERIC[(37 - p) % 36]


@dataclass(frozen=True, slots=True)
class Identifier:
    """证照标识, GB/T 36904."""

    type: str
    """证照类型代码: 18 characters of the defining body, 3 of its own numbering."""
    issuer: str
    serial: str
    version: int

    @property
    def check(self) -> str:
        return identifier_check(f"{self.type}{self.issuer}{self.serial}{self.version:03}")

    def __str__(self) -> str:
        parts = (ROOT, self.type, self.issuer, self.serial, f"{self.version:03}", self.check)
        return ".".join(parts)


def identifier_holds(text: str) -> bool:
    """Root, number of parts and check character. Says nothing about who exists."""
    if not text.startswith(ROOT + "."):
        return False
    parts = text.removeprefix(ROOT + ".").split(".")
    if len(parts) != 5 or not all(set(part) <= set(ALPHANUMERIC) for part in parts):
        return False
    return identifier_check("".join(parts[:4])) == parts[4]
