"""Expressions of JMESPath (jmespath.org) that pick values out of an answer.

Bounded twice: by length and a list of functions when they are saved, and by what an answer may
weigh when they are used. Whatever they meet, they give a value or `Malformed`.
"""

import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import jmespath
from jmespath.exceptions import JMESPathError, JMESPathTypeError

from app.domain.errors import Malformed
from app.domain.reader import refuse

MAX_EXPRESSION: Final = 256
"""Characters: enough for a path and a comparison, and too few to nest deeply."""
FUNCTIONS: Final = frozenset(
    {
        *("contains", "ends_with", "join", "length", "not_null", "starts_with"),
        *("to_string", "to_number", "type"),
    }
)


@dataclass(frozen=True, slots=True)
class Expression:
    """Compiled."""

    text: str
    compiled: Any = field(repr=False, compare=False)

    def of(self, data: object) -> object:
        """The value, None where there is none. Raises `Malformed`."""
        try:
            found: object = self.compiled.search(data)
        except (JMESPathError, ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
            raise Malformed(f"{self.text}: does not fit the answer") from None
        return found


def read_expression(place: str, text: str) -> Expression:
    """Raises `Refused`: it names the place and what is wrong."""
    if len(text) > MAX_EXPRESSION:
        refuse(place, f"is longer than {MAX_EXPRESSION} characters")
    for found in _QUOTED.finditer(text):
        if found["literal"] is not None and not _is_json(found["literal"]):
            refuse(place, "has a literal between backticks that is no JSON; write '…' for a text")
    try:
        compiled = jmespath.compile(text)
        _check(place, compiled.parsed)
        with suppress(JMESPathTypeError):  # of an empty answer: there is nothing to fit
            compiled.search({})
    except JMESPathError as exc:
        refuse(place, f"is no JMESPath: {_first_line(exc)}")
    except (ArithmeticError, LookupError, RecursionError, TypeError, ValueError):
        refuse(place, "is no JMESPath that can be used")
    return Expression(text, compiled)


_QUOTED: Final = re.compile(
    r"""'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*"|`(?P<literal>(?:\\.|[^`\\])*)`""", re.DOTALL
)


def _is_json(literal: str) -> bool:
    """What is not is guessed at by the library (JEP-12), and warned of."""
    try:
        json.loads(literal.replace("\\`", "`"))
    except ValueError:
        return False
    return True


def _first_line(exc: Exception) -> str:
    return str(exc).partition("\n")[0].rstrip(":")


def _check(place: str, node: dict[str, Any]) -> None:
    if node["type"] == "function_expression" and node["value"] not in FUNCTIONS:
        refuse(place, f"calls a function that may not be; may: {', '.join(sorted(FUNCTIONS))}")
    for child in node["children"]:
        if isinstance(child, dict):
            _check(place, child)
