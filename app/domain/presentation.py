"""亮证码: what a phone shows in place of a license, for a minute, once.

128 random bits and nothing else: what they stand for is known to the node that gave them out
(standards §1.12: at least 128 bits, 30 to 60 seconds, single use, nothing personal).
"""

import base64
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

PREFIX: Final = "ZYP1:"
"""Tells the code from other texts. All of it is in the alphanumeric mode of QR codes (ISO/IEC 18004
§7.3.4), so the picture is small."""
BYTES: Final = 16
SHORTEST: Final = timedelta(seconds=30)
LONGEST: Final = timedelta(seconds=60)
PUBLIC: Final = "public"
"""The audience that is anybody."""

_CODE: Final = re.compile(r"ZYP1:[A-Z2-7]{25}[AEIMQUY4]\Z")


def presentation_code(bits: bytes) -> str:
    """The text of a QR code for 16 random octets."""
    if len(bits) != BYTES:
        raise ValueError(f"a code is {BYTES} octets")
    return PREFIX + base64.b32encode(bits).decode().rstrip("=")


def is_presentation(text: str) -> bool:
    """Whether a text read from a screen is such a code, in the one spelling there is."""
    return _CODE.match(text) is not None


class Refusal(StrEnum):
    """Why a code that was shown is answered with no verdict."""

    UNKNOWN = "presentation_unknown"
    """Never given out, or so long ago that it is forgotten."""
    USED = "presentation_used"
    """It was answered once already: a copy of a screen, or a second look."""
    EXPIRED = "presentation_expired"
    FOR_OTHERS = "presentation_for_others"
    """Meant for another audience; it is not used up by that."""
    OTHER_PURPOSE = "presentation_other_purpose"
    """Shown for another purpose (用证事由) than the verifier's; not used up either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presentation:
    """A code to be kept: everything but the code."""

    content: bytes = field(repr=False)
    """What would have been submitted without it."""
    caller: str
    tenant: str
    audience: str
    """A tenant, or PUBLIC."""
    purpose: str
    made_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Offer:
    """Somebody shows a code."""

    code: str = field(repr=False)
    tenant: str | None
    """Of who scanned it; None: nobody in particular."""
    purpose: str
    at: datetime
