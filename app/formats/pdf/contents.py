"""The value in /Contents, which ends before its zeros do (ISO 32000-2 §12.8.1)."""

from app.domain.errors import BeyondLimits, Malformed

MAX_CONTENTS = 4 * 1024 * 1024
"""Octets kept free for a value; what fills them has 2 kB to some 100 kB with revocation data."""
_DEEP = 64
_SHORT, _LONG = 0x7F, 4


def signature_value(contents: bytes) -> bytes:
    """The encoded value without what fills the space behind it.

    Raises:
        Malformed: nothing, no complete value, or anything but zeros behind it.
    """
    if len(contents) > MAX_CONTENTS:
        raise BeyondLimits(f"Contents: more than {MAX_CONTENTS} bytes")
    if not contents.strip(b"\x00"):
        raise Malformed("Contents: nothing but zeros")
    end = _end(contents)
    if contents[end:].strip(b"\x00"):
        raise Malformed("Contents: something stands behind the value")
    return contents[:end]


def _end(data: bytes) -> int:
    """Where the first value ends; inside indefinite lengths, after its last end-of-contents."""
    at, open_ = 0, 0
    while True:
        if at + 2 > len(data):
            raise Malformed("Contents: the value is longer than its space")
        tag, length, at = data[at], data[at + 1], at + 2
        if length == 0x80:  # noqa: PLR2004 - indefinite (X.690 §8.1.3.6)
            open_ += 1
            if open_ > _DEEP:
                raise BeyondLimits(f"Contents: nested deeper than {_DEEP}")
            continue
        if length > _SHORT:
            octets = length & _SHORT
            if octets > _LONG or at + octets > len(data):
                raise Malformed("Contents: no length stands there")
            length, at = int.from_bytes(data[at : at + octets], "big"), at + octets
        if tag == 0 and length == 0 and open_:
            open_ -= 1
        elif at + length > len(data):
            raise Malformed("Contents: the value is longer than its space")
        else:
            at += length
        if not open_:
            return at
