"""A limit of these readers is doubt (`BeyondLimits`), and a fault of the bytes beside it is not."""

from collections.abc import Callable

import pytest

from app.crypto import asn1
from app.crypto.asn1 import Limits
from app.crypto.cms import read_cms
from app.crypto.ses import read_seal_signature
from app.domain.errors import BeyondLimits, Malformed
from app.domain.reasons import Reason

TIGHT = Limits(octets=64, children=2, depth=2)
ONE = b"\x02\x01\x01"


def sequence(*members: bytes) -> bytes:
    content = b"".join(members)
    return b"\x30" + bytes([len(content)]) + content


def descend(data: bytes) -> object:
    element = asn1.read(data, TIGHT, "value")
    while element.tag == asn1.Tag.SEQUENCE:
        first, *_ = element.children("value")
        element = first
    return element


ROWS: list[tuple[str, Callable[[bytes], object], bytes, bytes]] = [
    ("octets", descend, sequence(b"\x04\x3e" + bytes(62)), sequence(ONE)),
    ("values", descend, sequence(ONE, ONE, ONE), sequence(ONE, ONE)),
    ("containers", descend, sequence(sequence(sequence(ONE))), sequence(sequence(ONE))),
]


@pytest.mark.parametrize(
    ("read", "over", "within"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS]
)
def test_over_a_limit(read: Callable[[bytes], object], over: bytes, within: bytes) -> None:
    read(within)
    with pytest.raises(BeyondLimits) as refused:
        read(over)
    assert refused.value.why is Reason.BEYOND_LIMITS
    with pytest.raises(Malformed) as broken:
        read(within[:-1])
    assert not isinstance(broken.value, BeyondLimits)
    assert broken.value.why is Reason.MALFORMED


@pytest.mark.parametrize("read", [read_seal_signature, read_cms])
def test_a_value_of_many_megabytes(read: Callable[[bytes], object]) -> None:
    size = 9 << 20
    with pytest.raises(BeyondLimits):
        read(b"\x30\x84" + size.to_bytes(4, "big") + bytes(size))
    with pytest.raises(Malformed) as broken:
        read(b"\x30\x00")
    assert not isinstance(broken.value, BeyondLimits)
