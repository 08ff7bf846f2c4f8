"""Annotated copies (加注件) as OFD: the license's page with until when and for what it was copied.

Sealed anew by the share platform (GB/T 36903: 加注件制作时间, 制作者, 制作事由, 有效期截止时间; the
matter, 事项编码, is that of the use cause in GB/T 36906 interfaces).
"""

from dataclasses import dataclass, replace
from datetime import datetime

from sandbox.bodies import BEIJING
from sandbox.licenses import License
from sandbox.pages import Made

UNTIL, MATTER = "加注件有效期截止时间", "事项编码"


@dataclass(frozen=True, slots=True)
class Copy:
    """An annotated copy made by the issuer's delegate for copies."""

    license: License
    maker: str
    purpose: str
    matter: str | None
    made_at: datetime
    expires: datetime

    def expired(self, at: datetime) -> bool:
        return at >= self.expires


def copied(made: Made, copy: Copy, maker: str) -> Made:
    """What the copy is made from: the license, and the terms of the copy below; `maker` by name."""
    terms = {
        "加注件制作时间": compact(copy.made_at),
        "加注件制作者": maker,
        "加注件制作事由": copy.purpose,
        UNTIL: compact(copy.expires),
    }
    if copy.matter is not None:
        terms[MATTER] = copy.matter
    return replace(made, fields=(*made.fields, *terms.items()))


def compact(at: datetime) -> str:
    """YYYYMMDDHHMMSS, Beijing time, as the national share table has it."""
    return f"{at.astimezone(BEIJING):%Y%m%d%H%M%S}"
