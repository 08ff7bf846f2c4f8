"""One value, one sequence of bytes: what is signed, kept and compared.

RFC 8785 (JCS) narrowed to what reports hold: objects, arrays, strings, integers that every reader
holds exactly, booleans and null. No fractions, so no rounding; names are sorted by code point.
"""

import json
from collections.abc import Mapping
from typing import Final

EXACT: Final = 2**53 - 1
"""The largest integer that a double, and so every JSON reader, holds exactly (RFC 7493 §2.2)."""


def canonical(value: Mapping[str, object]) -> bytes:
    """UTF-8, names sorted, no spaces.

    Raises:
        ValueError: anything else than the above, a lone surrogate or a name that is no string
            among it.
    """
    try:
        text = json.dumps(
            value, ensure_ascii=False, sort_keys=True, allow_nan=False, separators=(",", ":")
        )
        octets = text.encode()
    except (TypeError, UnicodeEncodeError) as exc:
        raise ValueError(f"no canonical form: {exc}") from exc
    # Read back and compared: what the encoder would bend in silence (names, tuples) shows here.
    if json.loads(text, parse_float=_no_fraction, parse_int=_exact) != value:
        raise ValueError("no canonical form: it does not read back as itself")
    return octets


def _no_fraction(_: str) -> float:
    raise ValueError("a number that is no integer")


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) > EXACT:
        raise ValueError("an integer too large to be exact")
    return number
