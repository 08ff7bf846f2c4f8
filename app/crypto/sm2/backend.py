"""What a back end of SM2 is, and the vectors it must pass before it is used.

A distribution may build libcrypto without SM2, or with a patch that breaks it; a back end that does
not reproduce the standard's example, or accepts one of its forgeries, is not used at all.
"""

from dataclasses import dataclass
from typing import Protocol

from app.crypto.sm2.curve import DEFAULT_ID, N, message_digest
from app.domain.errors import InvalidKey


class BackendFailed(Exception):
    """A back end could not answer; this says nothing about the signature."""


class Backend(Protocol):
    """Verification of one signature over a digest."""

    @property
    def name(self) -> str: ...

    def verify(self, point: bytes, digest: bytes, r: int, s: int) -> bool:
        """Whether (r, s) by the key `point` (04 ‖ x ‖ y) signs the 32-octet digest.

        Raises:
            InvalidKey: the point is not a public key.
            BackendFailed: no answer.
        """


@dataclass(frozen=True, slots=True)
class Example:
    """GB/T 32918.5-2017 annex A.2: signature of "message digest" under the default id."""

    point: bytes = bytes.fromhex(
        "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
        "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
    )
    message: bytes = b"message digest"
    digest: bytes = bytes.fromhex(
        "f0b43e94ba45accaace692ed534382eb17e6ab5a19ce7b31f4486fdfc0d28640"
    )
    r: int = 0xF5A03B06_48D2C463_0EEAC513_E1BB81A1_5944DA38_27D5B741_43AC7EAC_EEE720B3
    s: int = 0xB1B6AA29_DF212FD8_763182BC_0D421CA1_BB9038FD_1F7F42D4_840B69C4_85BBC1AA


EXAMPLE = Example()


def self_test(backend: Backend) -> str | None:
    """Why this back end must not be used; None when it passes."""
    e, r, s = EXAMPLE.digest, EXAMPLE.r, EXAMPLE.s
    if message_digest(EXAMPLE.point, EXAMPLE.message, DEFAULT_ID) != e:
        return "the example's digest is not reproduced"
    forgeries = {
        "another digest": (bytes([e[0] ^ 1]) + e[1:], r, s),
        "another r": (e, r ^ 1, s),
        "another s": (e, r, s ^ 1),
        "r and s swapped": (e, s, r),
        "n - s": (e, r, N - s),
        "r = s = 0": (e, 0, 0),
        "s = 0": (e, r, 0),
        "s = n": (e, r, N),
        "s + n": (e, r, s + N),
        "r + n": (e, r + N, s),
        "r + s = n": (e, r, N - r),
    }
    try:
        if backend.verify(EXAMPLE.point, e, r, s) is not True:
            return "the standard's example is refused"
        for what, (digest, bad_r, bad_s) in forgeries.items():
            if backend.verify(EXAMPLE.point, digest, bad_r, bad_s) is not False:
                return f"accepted: {what}"
    except BackendFailed as failure:
        return str(failure)
    off_curve = EXAMPLE.point[:-1] + bytes([EXAMPLE.point[-1] ^ 1])
    try:
        backend.verify(off_curve, e, r, s)
    except InvalidKey:
        return None
    return "a point off the curve is taken for a key"
