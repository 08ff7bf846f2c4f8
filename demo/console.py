"""What the newcomer sees: one line a step, one line a verdict, on whatever terminal there is.

Chinese where the terminal can show it, unless the locale asks for another language. Marks and
words are chosen by what the terminal can encode; nothing is ever cut off.
"""

import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, TextIO

from rich.cells import cell_len
from rich.console import Console
from rich.markup import escape

Language = Literal["zh", "en"]

MARKS = ("✓✗?", "√×?", "+x?")
"""Good, bad, undecided: Unicode; GBK and other Chinese code pages; ASCII."""
STEPS_ZH = {
    "database": "数据库",
    "tables": "数据表",
    "sandbox": "模拟机构",
    "issuers": "登记机构",
    "service": "核验服务",
    "samples": "核验样例",
}
CONCLUSIONS = {  # Chinese word, which of the marks, colour
    "valid": ("有效", 0, "green"),
    "invalid": ("无效", 1, "red"),
    "indeterminate": ("暂不能确定", 2, "yellow"),
}
UNKNOWN = ("", 2, "yellow")
_INDENT = 2
_LEAST = 20
"""Columns a sentence has at least, however narrow the terminal."""


class DemoError(Exception):
    """A step that could not be done; the message says what to do next."""


@dataclass(frozen=True, slots=True)
class Row:
    """One verdict: conclusion, reason (or nothing), and a sentence about what was verified."""

    conclusion: str
    reason: str
    zh: str
    en: str
    complaint: str = ""


def language_of(environment: Mapping[str, str], encoding: str) -> Language:
    """By the locale, as the page does by the browser; English where Chinese cannot be encoded."""
    chosen = (environment.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    locale = next((value for value in chosen if value), "").lower()
    neutral = locale.split(".")[0] in {"", "c", "posix"}
    return "zh" if (neutral or locale.startswith("zh")) and _can("有效", encoding) else "en"


def marks_of(encoding: str) -> str:
    return next((marks for marks in MARKS if _can(marks, encoding)), MARKS[-1])


def _can(text: str, encoding: str) -> bool:
    try:
        text.encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


class Screen:
    """Steps, verdicts, and closing lines."""

    def __init__(
        self, out: TextIO | None = None, environment: Mapping[str, str] = os.environ
    ) -> None:
        out = sys.stdout if out is None else out
        self._console = Console(file=out, highlight=False, soft_wrap=True)
        encoding = out.encoding or "ascii"
        self._encoding = encoding
        self.language = language_of(environment, encoding)
        self._marks = marks_of(encoding)

    @contextmanager
    def step(self, name: str, doing: str) -> Iterator[list[str]]:
        """Show a step while it lasts; what the body appends to the list is shown at its end."""
        notes: list[str] = []
        title = _padded(f"{STEPS_ZH[name]} {name}" if self.language == "zh" else name, 18)
        begun = time.monotonic()
        try:
            with self._console.status(self._fit(f"{title} {doing}"), spinner="line"):
                yield notes
        except BaseException:
            self._print(f"[red]{self._marks[1]}[/] {title} {escape(doing)}")
            raise
        seconds = f"{time.monotonic() - begun:.1f} s"
        said = escape(", ".join(notes) or doing)
        self._print(f"[green]{self._marks[0]}[/] {title} {said} ({seconds})")

    def verdicts(self, title: str, rows: Sequence[Row]) -> None:
        """One line each: mark, conclusion, sentence (reason); a long one goes on below itself."""
        self.say("", title)
        words = [self._word(row.conclusion) for row in rows]
        column = max((cell_len(word) for word in words), default=0) + 2
        room = max(self._console.width - _INDENT - 2 - column, _LEAST)
        for row, word in zip(rows, words, strict=True):
            _, mark, colour = CONCLUSIONS.get(row.conclusion, UNKNOWN)
            sentence = (row.zh if self.language == "zh" else row.en).rstrip("。.")
            why = f" ({row.reason})" if row.reason else ""
            first, *more = _pieces(sentence + why + row.complaint, room)
            self._print(
                f"{'':{_INDENT}}[{colour}]{self._marks[mark]} {_padded(word, column)}[/]"
                f"{escape(first)}"
            )
            for piece in more:
                self._print(" " * (_INDENT + 2 + column) + escape(piece))

    def _word(self, conclusion: str) -> str:
        chinese = CONCLUSIONS.get(conclusion, UNKNOWN)[0]
        return f"{chinese} {conclusion}" if self.language == "zh" else conclusion

    def say(self, *lines: str) -> None:
        for line in lines:
            self._console.print(self._fit(line), markup=False)

    def complain(self, text: str) -> None:
        self._console.print()
        self._console.print(self._fit(text), style="red", markup=False)

    def _print(self, line: str) -> None:
        self._console.print(self._fit(line))

    def _fit(self, text: str) -> str:
        """What the terminal cannot encode (a folder's name, say) becomes `?`, never an error."""
        return text.encode(self._encoding, "replace").decode(self._encoding)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - cell_len(text))


def _pieces(text: str, width: int) -> Iterator[str]:
    """Broken at spaces, and between wide characters, but not before a closing mark."""
    line = ""
    for part in _parts(text):
        if line and cell_len((line + part).rstrip()) > width:
            yield line.rstrip()
            line = part.lstrip()
        else:
            line += part
    yield line.rstrip()


_CLOSING = tuple("，。；：）！？、")


def _parts(text: str) -> Iterator[str]:
    part = ""
    for at, char in enumerate(text):
        part += char
        if (char == " " or cell_len(char) > 1) and text[at + 1 : at + 2] not in _CLOSING:
            yield part
            part = ""
    yield part
