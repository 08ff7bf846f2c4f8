"""What a signed value is made of, told by its first octets: the list in the XML only claims it."""

from app.domain.seal import ValueForm

_CMS = (
    bytes.fromhex("060a2a811ccf550601040202"),  # 1.2.156.10197.6.1.4.2.2, GB/T 35275 signedData
    bytes.fromhex("06092a864886f70d010702"),  # 1.2.840.113549.1.7.2, RFC 5652 signed-data
)
_SEQUENCE, _INTEGER = 0x30, 0x02
_LONG = 0x80
_RAW = 64
"""Octets of r ‖ s."""


def form_of(value: bytes) -> ValueForm:
    """A look, no reading: `read_seal_signature` and its like say whether it is one."""
    if len(value) == _RAW and value[:1] != bytes([_SEQUENCE]):
        return ValueForm.BARE
    if len(value) < 3 or value[0] != _SEQUENCE:  # noqa: PLR2004 - tag, length, first content octet
        return ValueForm.OTHER
    start = 2 + (value[1] & ~_LONG if value[1] & _LONG else 0)
    inner = value[start : start + 16]
    if inner.startswith(_CMS):
        return ValueForm.CMS
    if inner[:1] == bytes([_INTEGER]):
        return ValueForm.BARE
    return ValueForm.SEAL if inner[:1] == bytes([_SEQUENCE]) else ValueForm.OTHER
