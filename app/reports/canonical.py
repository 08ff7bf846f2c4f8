"""One value, one sequence of bytes: what is signed, kept and compared.

RFC 8785 (JCS) narrowed to what reports hold: objects, arrays, strings, integers that every reader
holds exactly, booleans and null. No fractions, so no rounding; names are sorted by code point.
"""

from collections.abc import Callable, Mapping
from json.encoder import encode_basestring
from typing import Final, NoReturn

EXACT: Final = 2**53 - 1
"""The largest integer that a double, and so every JSON reader, holds exactly (RFC 7493 §2.2)."""


class Settled(dict[str, object]):
    """An object that many reports share: its canonical form was made once, and it never changes."""

    __slots__ = ("text",)

    def __init__(self, value: Mapping[str, object]) -> None:
        """`value`: nothing in it may change any more. Raises `ValueError` as `canonical`."""
        super().__init__(value)
        self.text: Final = _text(value)

    def _fixed(self, *_: object, **__: object) -> NoReturn:
        raise TypeError("a settled object is shared, and does not change")

    __setitem__ = __delitem__ = __ior__ = _fixed
    clear = pop = popitem = setdefault = update = _fixed

    def __reduce__(self) -> tuple[type[dict[str, object]], tuple[dict[str, object]]]:
        """A copy is a plain object, and may change."""
        return dict, (dict(self),)


def canonical(value: Mapping[str, object]) -> bytes:
    """UTF-8, names sorted, no spaces.

    Raises:
        ValueError: anything else than the above, a lone surrogate or a name that is no string
            among it.
    """
    try:
        return _text(value).encode()
    except UnicodeEncodeError as exc:
        raise ValueError(f"no canonical form: {exc}") from exc


def _text(value: Mapping[str, object]) -> str:
    if not isinstance(value, dict):
        raise ValueError(f"no canonical form: {type(value).__name__} is no object")  # noqa: TRY004
    pieces: list[str] = []
    try:
        _write_object(value, pieces.append)
    except RecursionError:
        raise ValueError("no canonical form: nested too deep, or in itself") from None
    return "".join(pieces)


def _write(value: object, put: Callable[[str], None]) -> None:
    """Each kind by name; what is none of them has no form, and is bent into none."""
    if isinstance(value, str):
        put(encode_basestring(value))
    elif isinstance(value, Settled):
        put(value.text)
    elif isinstance(value, dict):
        _write_object(value, put)
    elif value is None:
        put("null")
    elif value is True:
        put("true")
    elif value is False:
        put("false")
    elif isinstance(value, list):
        _write_array(value, put)
    elif isinstance(value, int) and abs(value) <= EXACT:
        put(int.__repr__(value))
    else:
        raise ValueError(f"no canonical form: {type(value).__name__}, or an integer not exact")


def _write_object(value: dict[object, object], put: Callable[[str], None]) -> None:
    names = [name for name in value if isinstance(name, str)]
    if len(names) != len(value):
        raise ValueError("no canonical form: a name that is no string")
    before = "{"
    for name in sorted(names):
        put(f"{before}{encode_basestring(name)}:")
        _write(value[name], put)
        before = ","
    put("}" if value else "{}")


def _write_array(value: list[object], put: Callable[[str], None]) -> None:
    before = "["
    for item in value:
        put(before)
        _write(item, put)
        before = ","
    put("]" if value else "[]")
