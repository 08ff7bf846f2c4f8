"""Texts with variables in braces, as `{number}`: read once, filled for each question.

`{name}` has to be known, or nothing is asked; `{name?}` leaves its place out where it is not. A
brace itself is written twice. What is filled in is never read again, so no value can make a
variable of itself.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from app.domain.reader import refuse

SUBJECT: Final = frozenset({"identifier", "number", "type", "issuer", "serial", "version"})
"""Of the license asked about."""
HOLDER: Final = frozenset({"holder", "holder_code", "valid_from", "valid_until"})
"""What is said about the holder: in a body, and nowhere else."""
CALL: Final = frozenset({"purpose", "sm3", "sha256", "nonce", "now", "now_ms", "now_s"})
"""Of this very question: purpose, digests of the file, and what makes it one of its own."""
SECRET: Final = "secret:"  # noqa: S105 - what stands before a name
"""Before the name of a secret: `{secret:token}`."""
MAX_TEMPLATE: Final = 2048
"""Characters."""

_PIECE: Final = re.compile(
    r"\{\{|\}\}|\{(?P<name>[a-z0-9_]+|secret:[a-z0-9][a-z0-9._-]{0,63})(?P<may>\?)?\}|[{}]"
)


class Missing(Exception):
    """A variable that is needed has no value in this question."""


@dataclass(frozen=True, slots=True)
class Variable:
    name: str
    optional: bool


@dataclass(frozen=True, slots=True)
class Template:
    """Pieces in their order."""

    pieces: tuple[str | Variable, ...]

    def variables(self) -> Iterator[Variable]:
        return (piece for piece in self.pieces if isinstance(piece, Variable))

    def secrets(self) -> Iterator[str]:
        """Names of secrets in it."""
        for variable in self.variables():
            if variable.name.startswith(SECRET):
                yield variable.name.removeprefix(SECRET)

    def fill(
        self, values: Mapping[str, str], encode: Callable[[str], str] = lambda value: value
    ) -> str | None:
        """The text; None where something optional is not known.

        Raises `Missing` where something else is not.
        """
        filled: list[str] = []
        for piece in self.pieces:
            if isinstance(piece, str):
                filled.append(piece)
                continue
            value = values.get(piece.name)
            if not value:
                if piece.optional:
                    return None
                raise Missing(piece.name)
            filled.append(encode(value))
        return "".join(filled)


def read_template(place: str, text: str, allowed: AbstractSet[str], *, secrets: bool) -> Template:
    """Raises `Refused`: it names the place, and what may stand there."""
    if len(text) > MAX_TEMPLATE:
        refuse(place, f"is longer than {MAX_TEMPLATE} characters")
    pieces: list[str | Variable] = []
    end = 0
    for found in _PIECE.finditer(text):
        pieces.append(text[end : found.start()])
        end = found.end()
        pieces.append(_piece(place, found, allowed, secrets=secrets))
    pieces.append(text[end:])
    return Template(tuple(piece for piece in pieces if piece != ""))


def _piece(
    place: str, found: re.Match[str], allowed: AbstractSet[str], *, secrets: bool
) -> str | Variable:
    name = found["name"]
    if name is None:
        if len(found[0]) == 1:
            refuse(place, "has a single brace; write {{ or }} for the character itself")
        return found[0][0]
    if name.startswith(SECRET):
        if not secrets:
            refuse(place, "names a secret: secrets stand in headers and bodies only")
        return Variable(name, optional=False)
    if name not in allowed:
        known = ", ".join(sorted(allowed)) or "none"
        hint = "; facts of the holder stand in the body only" if name in HOLDER else ""
        refuse(place, f"names a variable that may not stand there; may: {known}{hint}")
    return Variable(name, optional=found["may"] is not None)
