"""The code a report is confirmed by (核验码): its id as people read it out and type it.

128 random bits as 26 digits of Crockford's base 32 would do; 22 check bits fill them up to 30, six
groups of five. The checking is that of ISO/IEC 7064 (a pure system, as MOD 97-10 of IBANs is) with
a larger modulus: the whole, read as a number, leaves 1. So every single wrong character and every
two exchanged ones are found, and of all other slips but one in four million: a mistyped code is
told from an unknown one without asking anybody.
"""

import base64
import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from app.domain.errors import Malformed

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's: without I, L, O and U."""
LENGTH: Final = 30
"""Characters, without hyphens."""
GROUP: Final = 5
MODULUS: Final = 4_194_301
"""The largest prime below 2^22. No difference of two characters, at whatever places, is a multiple
of it; a test goes through all."""
MAX_TYPED: Final = 300
"""Characters looked at: a code with its hyphens, or the address it stands in."""

_ID_BYTES: Final = 16
_CHECK_BITS: Final = 22
_MEANT: Final = str.maketrans("OIL", "011")
_BETWEEN: Final = re.compile(r"[\s\u00b7_.\-\u2010-\u2015\u2212\u30fc]+")
_CODE: Final = re.compile(f"[{ALPHABET}]{{{LENGTH}}}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """All that a code tells; nothing of any person."""

    id: str
    at: datetime
    conclusion: str
    headline: tuple[str, str]
    """The whole of it in one line, zh and en: with the time asked about and what it rests on."""
    outage: bool
    """Open only because something did not answer; nothing is said against the license."""
    basis: str
    policy: str
    node: str
    issuer: tuple[str, str, str] | None
    """Code and registered names, zh and en; None: no registered one."""
    sha256: str | None
    """Of the file, hexadecimal; None: no file was shown."""
    sm3: str | None
    until: datetime | None
    """After this the code opens nothing; None: as long as the report is kept."""


def code_of(id: str) -> str:
    """The code of a report. Raises `ValueError` for what is no id."""
    try:
        octets = base64.b64decode(id + "==", altchars=b"-_", validate=True)
    except ValueError as exc:
        raise ValueError("no id of a report") from exc
    if len(octets) != _ID_BYTES or _id_of(octets) != id:
        raise ValueError("no id of a report")
    shifted = int.from_bytes(octets, "big") << _CHECK_BITS
    number = shifted + (1 - shifted) % MODULUS
    text = "".join(ALPHABET[number >> 5 * at & 31] for at in reversed(range(LENGTH)))
    return "-".join(text[at : at + GROUP] for at in range(0, LENGTH, GROUP))


def id_of(typed: str) -> str:
    """The id of the report a typed code is meant to open.

    Taken as typed: in either case, in full width, with or without hyphens, with O for 0 and I or L
    for 1, or the whole address that stands on a printed report.

    Raises:
        Malformed: mistyped; there is no such code.
    """
    if len(typed) > MAX_TYPED:
        raise Malformed("confirmation code: longer than any")
    text = _bare(typed)
    if not _CODE.fullmatch(text):
        raise Malformed(f"confirmation code: {LENGTH} characters, letters and digits")
    number = 0
    for each in text:
        number = number << 5 | ALPHABET.index(each)
    check = number & (1 << _CHECK_BITS) - 1
    if number % MODULUS != 1 or check >= MODULUS:
        raise Malformed("confirmation code: its check characters do not fit")
    return _id_of((number >> _CHECK_BITS).to_bytes(_ID_BYTES, "big"))


def length_of(typed: str) -> int:
    """Characters of what was typed as a code, as `id_of` takes it: more or less than `LENGTH` tells
    what to mend.
    """
    return len(_bare(typed[:MAX_TYPED]))


def _bare(typed: str) -> str:
    """Without what is pasted along: the address it stands in, or the words before a colon."""
    text = unicodedata.normalize("NFKC", typed).strip().partition("?")[0]
    text = text.rpartition("/")[2].rpartition(":")[2]
    return _BETWEEN.sub("", text).upper().translate(_MEANT)


def _id_of(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).decode().rstrip("=")
