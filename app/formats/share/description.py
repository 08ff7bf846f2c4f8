"""A share service behind an exchange platform, described: where, under which names, which codes.

{"adapter": "share-gateway", "url": "https://platform/share/v1/verifyCertInfo",
 "refresh": "/sysapi/auth/refreshappsecret", "headers": "gjgxjhpt", "requester": "…",
 "service": "…", "clear_facts": true, "codes": "province", "secret_expired": ["…"]}

What is secret (the appkey, a token of the share service) is named here by nobody: it stands in the
node's secrets folder under fixed names.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar

from app.domain.reader import Reader, refuse

Word = TypeVar("Word", bound=StrEnum)

ADAPTER: Final = "share-gateway"
MAX_DESCRIPTION: Final = 8 * 1024
"""Characters of the whole."""
MAX_CODES: Final = 16
MAX_CAUSE: Final = 200
"""Characters of useCause, as the callers of share services know it."""
REFRESH: Final = "/sysapi/auth/refreshappsecret"
"""Path at which the national platform and its daughters hand out secrets."""

_URL: Final = re.compile(
    r"(?P<base>https?://[^/{}?#\s]+)(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)"
)
_PATH: Final = re.compile(r"/[A-Za-z0-9._~!$&'()*+,;=:@/%-]{0,255}")
_NAME: Final = re.compile(r"[\x21-\x7e]{1,128}")
_CODE: Final = re.compile(r"[A-Za-z0-9_.-]{1,32}")
_MEMBER: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,31}")


class Prefix(StrEnum):
    """Whose header names: `…_rid`, `…_sid`, `…_rtime`, `…_sign`."""

    EXCHANGE = "gjgxjhpt"
    """国家政务信息资源共享交换平台."""
    SERVICE = "gjzwfwpt"
    """国家政务服务平台, 数据直达."""


class Codes(StrEnum):
    """Which table `head.status` of the share service is from (standards.md §1.7)."""

    PROVINCE = "province"
    """0 成功, 10 未找到, 21 已废止或已注销, 22 已过期, 23 已受限使用, 100–113."""
    BASE = "base"
    """0 成功, 1 未获得授权, 2 服务超时, 3 未检索到记录, 4 参数错误, 11 已注销, 5–22."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """A share service as data."""

    base: str
    """Scheme, host and port: of the service and of the refresh alike."""
    url: str
    refresh: str
    """Path on the same host."""
    prefix: Prefix
    requester: str
    """请求方标识, `rid`."""
    service: str
    """服务标识, `sid`."""
    access_id: str | None
    """Of the share service itself, `head.accessId`; with it goes its own token."""
    codes: Codes
    result: str
    """Member of `data` that has the result code."""
    good: frozenset[str]
    """Codes by which the platform says that it passed the call on."""
    secret_expired: frozenset[str]
    clock_wrong: frozenset[str]
    system: str | None
    """certificateSystemName in useCause."""
    matter: str | None
    """certificateMatterName in useCause."""


@lru_cache(512)
def stored(text: str) -> Platform:
    """A description as it was saved. Raises `Refused`."""
    return read_platform(json.loads(text))


def read_platform(document: object) -> Platform:
    """Raises `Refused`: it names the member and how to mend it."""
    top = Reader.of(document, "")
    top.close(
        required={"adapter", "url", "requester", "service", "clear_facts", "secret_expired"},
        optional={
            *("refresh", "headers", "access_id", "codes", "result", "good", "clock_wrong"),
            *("system", "matter", "comment"),
        },
    )
    if len(json.dumps(document, ensure_ascii=False)) > MAX_DESCRIPTION:
        refuse("description", f"is longer than {MAX_DESCRIPTION} characters")
    if top.text("adapter") != ADAPTER:
        refuse("adapter", f"is not {ADAPTER}")
    if not top.boolean("clear_facts"):
        refuse(
            "clear_facts",
            "is not true: a share service is asked by the holder's name and code, which go in "
            "clear inside TLS. Say so by clear_facts: true, or register no such endpoint",
        )
    base, url = _url(top)
    good = _codes(top, "good") if top.given("good") else frozenset({"200"})
    expired = _codes(top, "secret_expired")
    clock = _codes(top, "clock_wrong") if top.given("clock_wrong") else frozenset()
    if good & expired or good & clock or expired & clock:
        refuse("secret_expired", "shares a code with good or clock_wrong")
    platform = Platform(
        base=base,
        url=url,
        refresh=_path(top),
        prefix=_word(top, "headers", Prefix, Prefix.EXCHANGE),
        requester=_name(top, "requester"),
        service=_name(top, "service"),
        access_id=_name(top, "access_id") if top.given("access_id") else None,
        codes=_word(top, "codes", Codes, Codes.PROVINCE),
        result=_member(top),
        good=good,
        secret_expired=expired,
        clock_wrong=clock,
        system=top.text("system") if top.given("system") else None,
        matter=top.text("matter") if top.given("matter") else None,
    )
    if len(cause_of(platform)) > MAX_CAUSE:
        refuse("matter", f"makes a useCause of more than {MAX_CAUSE} characters: shorten it")
    return platform


def cause_of(platform: Platform) -> str:
    """用证事由 (useCause) of every question: JSON, at most 200 characters."""
    said = {
        "certificateSystemName": platform.system,
        "certificateCallCategory": "1",
        "certificateMatterName": platform.matter,
    }
    known = {name: value for name, value in said.items() if value}
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))


def _url(top: Reader) -> tuple[str, str]:
    text = top.text("url")
    found = _URL.fullmatch(text)
    if found is None:
        refuse("url", "is not https://host:port/path without variables, query and fragment")
    return found["base"], text


def _path(top: Reader) -> str:
    """On the platform's own host: a whole URL could send the appkey's signature elsewhere."""
    path = top.text("refresh") if top.given("refresh") else REFRESH
    segments = path.lower().replace("%2e", ".").split("/")
    if not _PATH.fullmatch(path) or path.startswith("//") or {".", ".."} & set(segments):
        refuse("refresh", "is not a path on the platform's own host, like " + REFRESH)
    return path


def _word(top: Reader, name: str, words: type[Word], default: Word) -> Word:
    text = top.text(name) if top.given(name) else default.value
    try:
        return words(text)
    except ValueError:
        refuse(name, f"is none of {', '.join(words)}")


def _name(top: Reader, name: str) -> str:
    text = top.text(name)
    if not _NAME.fullmatch(text):
        refuse(name, "is not 1 to 128 printable characters of ASCII without spaces")
    return text


def _member(top: Reader) -> str:
    text = top.text("result") if top.given("result") else "result"
    if not _MEMBER.fullmatch(text):
        refuse("result", "is not the name of a member of data")
    return text


def _codes(top: Reader, name: str) -> frozenset[str]:
    found = frozenset(_each_code(top, name))
    if not 0 < len(found) <= MAX_CODES:
        refuse(name, f"is empty, or has more than {MAX_CODES} codes")
    return found


def _each_code(top: Reader, name: str) -> Iterator[str]:
    for place, text in top.texts(name):
        if not _CODE.fullmatch(text):
            refuse(place, "is not a code: letters, digits, dots, dashes, written as text")
        yield text
