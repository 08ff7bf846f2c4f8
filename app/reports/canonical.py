"""One value, one sequence of bytes: what is signed, kept and compared.

RFC 8785 (JCS) narrowed to what reports hold: objects with ASCII names, arrays, strings, integers
that every reader holds exactly, booleans and null. No fractions, so no rounding.
"""

import json
from collections.abc import Mapping
from typing import Final

EXACT: Final = 2**53 - 1
"""The largest integer that a double, and so every JSON reader, holds exactly (RFC 7493 §2.2)."""
DEPTH: Final = 16
"""Objects and arrays inside one another; a report needs seven."""


def canonical(value: Mapping[str, object]) -> bytes:
    """UTF-8, names sorted, no spaces.

    Raises:
        ValueError: anything else than the above, a lone surrogate among it.
    """
    _admit(value, DEPTH)
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode()


def _admit(value: object, depth: int) -> None:
    match value:
        case bool() | None | str():
            pass
        case int():
            if abs(value) > EXACT:
                raise ValueError("an integer too large to be exact")
        case list() if depth:
            for item in value:
                _admit(item, depth - 1)
        case dict() if depth:
            for name, item in value.items():
                if not isinstance(name, str) or not name.isascii():
                    raise ValueError("a name that is not ASCII text")
                _admit(item, depth - 1)
        case _:
            raise ValueError(f"no canonical form: {type(value).__name__}")
