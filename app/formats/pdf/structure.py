"""Octets of cross-reference and object streams, expanded within limits (ISO 32000-2 §7.4).

Only what holds the structure is ever expanded: no page, picture or font. Filters other than
FlateDecode are met in no signed document known and refused by name.
"""

import zlib
from dataclasses import dataclass

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf.objects import Name, Stream, Value

MAX_STREAM = 8 * 1024 * 1024
"""Octets one stream of the structure expands to."""
MAX_EXPANDED = 48 * 1024 * 1024
"""Octets all of them together expand to."""
_PNG = range(10, 16)
_PNG_UP = 2
_COLUMNS = range(1, 65)


@dataclass(slots=True)
class Allowance:
    """Octets that may still come out of streams."""

    left: int = MAX_EXPANDED

    def spend(self, octets: int) -> None:
        self.left -= octets
        if self.left < 0:
            raise BeyondLimits(f"PDF: structure expands to more than {MAX_EXPANDED} bytes")


def expanded(stream: Stream, allowance: Allowance) -> bytes:
    """The octets of a stream of the structure. Raises `Malformed`."""
    filters, parameters = _filters(stream)
    if not filters:
        allowance.spend(len(stream.data))
        return stream.data
    if filters != (Name("FlateDecode"),):
        raise BeyondLimits("PDF: structure behind a filter other than FlateDecode")
    data = _inflated(stream.data)
    allowance.spend(len(data))
    return _unpredicted(data, parameters)


def _filters(stream: Stream) -> tuple[tuple[Value, ...], dict[str, Value]]:
    """(filters, the first one's parameters)."""
    filters, parameters = stream.dictionary.get("Filter"), stream.dictionary.get("DecodeParms")
    if isinstance(filters, Name):
        filters = (filters,)
    if isinstance(parameters, tuple):
        parameters = parameters[0] if parameters else None
    if filters is None:
        return (), {}
    if not isinstance(filters, tuple) or not isinstance(parameters, dict | None):
        raise Malformed("PDF: filters of the structure are not readable")
    return filters, parameters or {}


def _inflated(data: bytes) -> bytes:
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(data, MAX_STREAM + 1)
    except zlib.error:
        raise Malformed("PDF: structure is not deflated data") from None
    if len(found) > MAX_STREAM:
        raise BeyondLimits(f"PDF: one stream of structure expands to more than {MAX_STREAM} bytes")
    if not inflater.eof:
        raise Malformed("PDF: deflated structure without end")
    return found


def _unpredicted(data: bytes, parameters: dict[str, Value]) -> bytes:
    """PNG prediction undone (§7.4.4.4); one octet a sample, as structure is written."""
    predictor, columns = parameters.get("Predictor", 1), parameters.get("Columns", 1)
    plain = (parameters.get("Colors", 1), parameters.get("BitsPerComponent", 8)) == (1, 8)
    if predictor == 1:
        return data
    if predictor not in _PNG or not isinstance(columns, int) or not 0 < columns <= 64 or not plain:  # noqa: PLR2004
        raise BeyondLimits(
            "PDF: a predictor of the structure that is not PNG's over up to 64 columns"
        )
    if len(data) % (columns + 1):
        raise Malformed("PDF: predicted rows are not whole")
    rows, above = [], bytes(columns)
    for start in range(0, len(data), columns + 1):
        above = _row(data[start], data[start + 1 : start + 1 + columns], above)
        rows.append(above)
    return b"".join(rows)


def _row(kind: int, row: bytes, above: bytes) -> bytes:
    """One row; Up is what nearly all writers use, so it goes first."""
    if kind == _PNG_UP:
        return bytes((a + b) & 0xFF for a, b in zip(row, above, strict=True))
    if kind == 0:
        return row
    found = bytearray()
    for place, octet in enumerate(row):
        left = found[place - 1] if place else 0
        corner = above[place - 1] if place else 0
        found.append((octet + _predicted(kind, left, above[place], corner)) & 0xFF)
    return bytes(found)


def _predicted(kind: int, left: int, up: int, corner: int) -> int:
    match kind:
        case 1:
            return left
        case 3:
            return (left + up) // 2
        case 4:
            estimate = left + up - corner
            near = (abs(estimate - left), abs(estimate - up), abs(estimate - corner))
            return (left, up, corner)[near.index(min(near))]
        case _:
            raise Malformed("PDF: no such predictor")
