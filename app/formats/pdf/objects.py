"""Objects of a PDF (ISO 32000-2 §7.3) as values, read token by token within named limits.

Strict where two readers could differ: what is not written as the standard says is refused, never
guessed. Names are without their slash; a dictionary is a `dict`, an array a `tuple`.
"""

import re
from dataclasses import dataclass, field

from app.domain.errors import BeyondLimits, Malformed

MAX_NESTING = 48
"""Arrays and dictionaries inside each other; documents known have up to 9."""
MAX_TOKENS = 400_000
"""Values read of one file, those in object streams with them; documents known have 25,483."""
MAX_VISITS = 2_000_000
"""Values followed from one object to the next, over all revisions; documents known have 24,149."""
MAX_NAME = 127
"""Octets of a name (ISO 32000-1, annex C)."""
MAX_DIGITS = 24
"""Of one number."""

_SPACE = re.compile(rb"(?:[\x00\t\n\x0c\r ]++|%[^\r\n]*+)*+")
"""Possessive: to go back into white space is worth nothing, and costs a hundred octets each."""
_NAME = re.compile(rb"/([^\x00\t\n\x0c\r ()<>\[\]{}/%]*)")
_NUMBER = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_REFERENCE = re.compile(
    rb"([0-9]{1,10})[\x00\t\n\x0c\r ]+([0-9]{1,5})[\x00\t\n\x0c\r ]+R"
    rb"(?=[\x00\t\n\x0c\r ()<>\[\]{}/%]|\Z)"
)
_WORD = re.compile(rb"[a-z]{1,10}")
_HEX = re.compile(rb"<([0-9A-Fa-f\x00\t\n\x0c\r ]*)>")
_LITERAL = re.compile(rb"[^()\\\r]+")
_ESCAPED_NAME = re.compile(rb"#([0-9A-Fa-f]{2})")
_DELIMITERS = b"\x00\t\n\x0c\r ()<>[]{}/%"
_SPACES = b"\x00\t\n\x0c\r "
_PLAIN_ESCAPES = {
    ord("n"): b"\n",
    ord("r"): b"\r",
    ord("t"): b"\t",
    ord("b"): b"\b",
    ord("f"): b"\f",
    ord("("): b"(",
    ord(")"): b")",
    ord("\\"): b"\\",
}


@dataclass(frozen=True, slots=True)
class Ref:
    """An indirect reference."""

    number: int
    generation: int


@dataclass(frozen=True, slots=True)
class Name:
    """A name, its #xx escapes resolved."""

    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """A string, with its place in what it was read from."""

    value: bytes = field(repr=False)
    start: int
    end: int
    hexadecimal: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its dictionary, and its octets as stored."""

    dictionary: "dict[str, Value]"
    data: bytes = field(repr=False)


Value = (
    None
    | bool
    | int
    | float
    | Name
    | Text
    | Ref
    | Stream
    | tuple["Value", ...]
    | dict[str, "Value"]
)


@dataclass(slots=True)
class Meter:
    """What one file may still cost."""

    tokens: int = MAX_TOKENS
    visits: int = MAX_VISITS

    def visit(self) -> None:
        self.visits -= 1
        if self.visits < 0:
            raise BeyondLimits(f"PDF: more than {MAX_VISITS} values to follow")

    def token(self) -> None:
        self.tokens -= 1
        if self.tokens < 0:
            raise BeyondLimits(f"PDF: more than {MAX_TOKENS} values")


class Lexer:
    """Reads values one after another from `data`, from `at` on."""

    __slots__ = ("_meter", "at", "data")

    def __init__(self, data: bytes, at: int, meter: Meter) -> None:
        self.data = data
        self.at = at
        self._meter = meter

    def space(self) -> None:
        """Skip white space and comments."""
        found = _SPACE.match(self.data, self.at)
        if found is not None:
            self.at = found.end()

    def takes(self, word: bytes) -> bool:
        """Step over `word` if it stands here as a whole word, after white space."""
        self.space()
        end = self.at + len(word)
        if not self.data.startswith(word, self.at):
            return False
        if end < len(self.data) and self.data[end] not in _DELIMITERS:
            return False
        self.at = end
        return True

    def integer(self, place: str) -> int:
        """One unsigned integer."""
        self.space()
        found = _NUMBER.match(self.data, self.at)
        if found is None or not found[0].isdigit() or len(found[0]) > MAX_DIGITS:
            raise Malformed(f"{place}: a number expected")
        self._meter.token()
        self.at = found.end()
        return int(found[0])

    def value(self, depth: int = 0) -> Value:
        """The value that begins here. Raises `Malformed`."""
        self._meter.token()
        if depth > MAX_NESTING:
            raise BeyondLimits(f"PDF: nested deeper than {MAX_NESTING}")
        self.space()
        data, at = self.data, self.at
        match data[at : at + 1]:
            case b"/":
                return self.name()
            case b"<" if data.startswith(b"<<", at):
                return self._dictionary(depth)
            case b"<":
                return self._hexadecimal()
            case b"(":
                return self._literal()
            case b"[":
                return self._array(depth)
            case b"":
                raise Malformed("PDF: ends inside a value")
            case first if first in b"+-.0123456789":
                return self._number()
            case _:
                return self._word()

    def name(self) -> Name:
        """A name."""
        found = _NAME.match(self.data, self.at)
        if found is None or len(found[1]) > MAX_NAME:
            raise BeyondLimits(f"PDF: not a name of up to {MAX_NAME} octets")
        self.at = found.end()
        written = found[1]
        if b"#" in written:
            written = _ESCAPED_NAME.sub(lambda m: bytes.fromhex(m[1].decode()), written)
        return Name(written.decode("latin-1"))

    def _number(self) -> int | float | Ref:
        data, at = self.data, self.at
        reference = _REFERENCE.match(data, at)
        if reference is not None:
            self.at = reference.end()
            return Ref(int(reference[1]), int(reference[2]))
        found = _NUMBER.match(data, at)
        if found is None or len(found[0]) > MAX_DIGITS:
            raise Malformed("PDF: not a number")
        end = found.end()
        if end < len(data) and data[end] not in _DELIMITERS:
            raise Malformed("PDF: a number runs into something else")
        self.at = end
        return float(found[0]) if b"." in found[0] else int(found[0])

    def _word(self) -> bool | None:
        found = _WORD.match(self.data, self.at)
        word = found[0] if found else b""
        values: dict[bytes, bool | None] = {b"null": None, b"true": True, b"false": False}
        if word not in values:
            raise Malformed("PDF: no value stands here")
        self.at += len(word)
        if self.at < len(self.data) and self.data[self.at] not in _DELIMITERS:
            raise Malformed("PDF: a word runs into something else")
        return values[word]

    def _hexadecimal(self) -> Text:
        found = _HEX.match(self.data, self.at)
        if found is None:
            raise Malformed("PDF: a hexadecimal string with other characters, or without end")
        start, self.at = self.at, found.end()
        digits = found[1].translate(None, _SPACES)
        if len(digits) % 2:
            digits += b"0"  # ISO 32000-2 §7.3.4.3
        return Text(bytes.fromhex(digits.decode("ascii")), start, self.at, hexadecimal=True)

    def _literal(self) -> Text:
        data, start = self.data, self.at
        at, depth, pieces = start + 1, 1, []
        while True:
            run = _LITERAL.match(data, at)
            if run is not None:
                pieces.append(run[0])
                at = run.end()
            self._meter.token()
            match data[at : at + 1]:
                case b"(":
                    depth += 1
                    pieces.append(b"(")
                case b")":
                    depth -= 1
                    if depth == 0:
                        break
                    pieces.append(b")")
                case b"\r":  # an end of line counts as one line feed (§7.3.4.2)
                    pieces.append(b"\n")
                    at += data[at + 1 : at + 2] == b"\n"
                case b"\\":
                    piece, at = _escape(data, at + 1)
                    pieces.append(piece)
                    continue
                case _:
                    raise Malformed("PDF: a string without end")
            at += 1
        self.at = at + 1
        return Text(b"".join(pieces), start, self.at, hexadecimal=False)

    def _array(self, depth: int) -> tuple[Value, ...]:
        self.at += 1
        found: list[Value] = []
        while True:
            self.space()
            if self.data.startswith(b"]", self.at):
                self.at += 1
                return tuple(found)
            found.append(self.value(depth + 1))

    def _dictionary(self, depth: int) -> dict[str, Value]:
        self.at += 2
        found: dict[str, Value] = {}
        while True:
            self.space()
            if self.data.startswith(b">>", self.at):
                self.at += 2
                return found
            key = self.name().value
            if key in found:
                raise Malformed("PDF: a dictionary with one key twice")
            found[key] = self.value(depth + 1)


def _escape(data: bytes, at: int) -> tuple[bytes, int]:
    r"""(what `\` before `at` stands for, where to go on) (§7.3.4.2)."""
    code = data[at : at + 1]
    if not code:
        raise Malformed("PDF: a string without end")
    if code in b"01234567":
        digits = code
        while len(digits) < 3 and data[at + len(digits) : at + len(digits) + 1] in _OCTAL:  # noqa: PLR2004
            digits += data[at + len(digits) : at + len(digits) + 1]
        return bytes([int(digits, 8) & 0xFF]), at + len(digits)
    if code == b"\r":
        return b"", at + (2 if data[at + 1 : at + 2] == b"\n" else 1)
    if code == b"\n":
        return b"", at + 1
    return _PLAIN_ESCAPES.get(code[0], code), at + 1


_OCTAL = frozenset(bytes([c]) for c in b"01234567")


def same(one: Value, other: Value) -> bool:
    """Whether two values are the same, as a reader would find; references by where they point."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Text) and isinstance(other, Text):
        return one.value == other.value
    if isinstance(one, Stream) and isinstance(other, Stream):
        return one.data == other.data and same(one.dictionary, other.dictionary)
    return one == other
