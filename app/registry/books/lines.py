"""One line of a table, read exactly. What cannot be read is refused with its place.

Column names may be ours, or the Chinese ones that stand beside them.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from app.domain.book import BookEntry
from app.domain.identifier import Identifier, TypeCode
from app.domain.issuer import State
from app.domain.license import OWN_CODE
from app.registry.reader import refuse

COLUMNS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "identifier": "证照标识",
        "type": "证照类型代码",
        "number": "证照编号",
        "holder": "持证主体",
        "holder_code": "持证主体代码",
        "valid_from": "有效期开始",
        "valid_until": "有效期截止",
        "state": "状态",
        "since": "状态起始",
        "successor": "承继证照标识",
        "files": "文件摘要",
        "code": "查验码",
    }
)
"""Our name → its name in Chinese."""
LONG_TERM: Final = "长期"
STATES: Final[Mapping[str, State]] = MappingProxyType(
    {
        **{state.value: state for state in State},
        **dict.fromkeys(("", "有效", "正常", "在用"), State.ISSUED),
        "暂扣": State.SUSPENDED,
        "失效": State.EXPIRED,
        "撤销": State.ANNULLED,
        "撤回": State.WITHDRAWN,
        "吊销": State.REVOKED,
        "注销": State.CANCELLED,
        **dict.fromkeys(("变更", "换发", "延续", "补发"), State.SUPERSEDED),
        "作废": State.VOID,
    }
)
MAX_TEXT: Final = 512
"""Characters of one cell but that of the files."""
MAX_FILES: Final = 64
LEAST_CODE: Final = 14
"""Characters of a code: fewer cannot hold 80 random bits (docs/ivp.md)."""
LEAST_DIGITS: Final = 25
"""Of one that is digits alone."""
_TYPE: Final = re.compile(r"[0-9A-Z]{18}[0-9]{3}")
_DIGEST: Final = re.compile(r"(sm3|sha256):([0-9a-fA-F]{64})")
_DAYS: Final = ("%Y-%m-%d", "%Y/%m/%d", "%Y%m%d")


def columns_of(header: list[str], renamed: Mapping[str, str], place: str) -> Mapping[str, int]:
    """Our name → position. Columns nobody knows are left alone. Raises `Refused`."""
    positions = {name.strip(): index for index, name in enumerate(header)}
    if len(positions) != len(header):
        refuse(place, "has two columns of one name")
    found: dict[str, int] = {}
    for ours, chinese in COLUMNS.items():
        wanted = [renamed[ours]] if ours in renamed else [ours, chinese]
        for name in wanted:
            if name in positions:
                found.setdefault(ours, positions[name])
    for ours in sorted(renamed.keys() - found.keys()):
        refuse(place, f"has no column {renamed[ours]} for {ours}")
    if "identifier" not in found and not {"number", "type"} <= found.keys():
        refuse(
            place,
            f"needs a column identifier (证照标识), or number and type; it has {_few(header)}",
        )
    return MappingProxyType(found)


def _few(header: list[str]) -> str:
    return ", ".join(name[:32] for name in header[:16]) or "none"


def read_entry(cell: Callable[[str], str], place: str) -> BookEntry:
    """One license. `cell` gives the text under our name, empty where there is none.

    Raises `Refused`: it names place and column, never what stands there.
    """

    def text(name: str) -> str | None:
        value = cell(name).strip()
        if len(value) > MAX_TEXT:
            refuse(f"{place}, {name}", f"is longer than {MAX_TEXT} characters")
        return value or None

    identifier = _identifier(text("identifier"), f"{place}, identifier")
    until = text("valid_until")
    long_term = until == LONG_TERM
    state = STATES.get(text("state") or "")
    if state is None:
        refuse(f"{place}, state", f"is none of {', '.join(word for word in STATES if word)}")
    return BookEntry(
        identifier=identifier,
        type=_type(text("type"), identifier, f"{place}, type"),
        number=text("number"),
        holder=text("holder"),
        holder_code=text("holder_code"),
        valid_from=_day(text("valid_from"), f"{place}, valid_from"),
        valid_until=None if long_term else _day(until, f"{place}, valid_until"),
        long_term=long_term,
        state=state,
        since=_day(text("since"), f"{place}, since"),
        successor=_identifier(text("successor"), f"{place}, successor"),
        files=_files(cell("files"), f"{place}, files"),
        code=_code(text("code"), f"{place}, code"),
    )


def _identifier(text: str | None, place: str) -> Identifier | None:
    if text is None:
        return None
    try:
        return Identifier.read(text.upper())
    except ValueError:
        refuse(place, "is not a 证照标识: root.type.issuer.serial.version.check")


def _code(text: str | None, place: str) -> str | None:
    if text is None:
        return None
    if not OWN_CODE.fullmatch(text):
        refuse(place, "is not 1 to 160 letters, digits, '.', '_', '~', '-'")
    if guessable(text):
        least = f"{LEAST_CODE} characters at least, {LEAST_DIGITS} of digits alone"
        refuse(place, f"can be guessed: it needs 80 random bits, {least}")
    return text


def guessable(code: str) -> bool:
    """Too short for what docs/ivp.md asks for; whether a longer one is random nobody can see."""
    return len(code) < (LEAST_DIGITS if code.isdigit() else LEAST_CODE)


def _type(text: str | None, identifier: Identifier | None, place: str) -> TypeCode:
    if text is None:
        if identifier is None:
            refuse(place, "is missing, and there is no identifier")
        return identifier.type
    if not _TYPE.fullmatch(text):
        refuse(place, "is not a 证照类型代码 of 21 characters")
    if identifier is not None and identifier.type != text:
        refuse(place, "is not the type in the identifier")
    return TypeCode(text)


def _day(text: str | None, place: str) -> date | None:
    days = [day for form in _DAYS if text and (day := _as_day(text, form))]
    if text and not days:
        refuse(place, "is not a day like 2026-01-31")
    return days[0] if days else None


def _as_day(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day, without a time
    except ValueError:
        return None


def _files(text: str, place: str) -> frozenset[tuple[str, bytes]]:
    words = text.split()
    if len(words) > MAX_FILES:
        refuse(place, f"has more than {MAX_FILES} digests")
    found = set[tuple[str, bytes]]()
    for word in words:
        match = _DIGEST.fullmatch(word)
        if match is None:
            refuse(place, "is not digests like sm3:0123… (64 hexadecimal digits), apart by spaces")
        found.add((match[1], bytes.fromhex(match[2])))
    return frozenset(found)
