"""Descriptions of share services: read whole, or refused by the member that is wrong."""

import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Malformed, Refused
from app.domain.identifier import IssuerCode
from app.domain.issuer import Adapter
from app.domain.license import Fact
from app.formats.share.answers import Another, NotPassedOn, read_shared
from app.formats.share.description import (
    MAX_CAUSE,
    REFRESH,
    Codes,
    Prefix,
    cause_of,
    read_platform,
    stored,
)
from app.registry.described import described_endpoint, mapped_endpoint
from tests.federation.mapped.test_description import GOOD as MAPPED
from tests.federation.mapped.test_description import JSON

OWNER = IssuerCode("639900")
GOOD: dict[str, Any] = {
    "adapter": "share-gateway",
    "url": "https://platform.example/share/v1/verifyCertInfo",
    "requester": "rid-1",
    "service": "sid-1",
    "clear_facts": True,
    "secret_expired": ["30002"],
}


def test_the_good_one_reads_and_is_stored_as_it_was():
    entry = described_endpoint(OWNER, GOOD)
    assert (entry.adapter, entry.url) == (Adapter.SHARE_GATEWAY, GOOD["url"])
    assert entry.description is not None
    assert json.loads(entry.description) == GOOD
    platform = stored(entry.description)
    assert platform == read_platform(GOOD)
    assert (platform.prefix, platform.codes, platform.result) == (
        Prefix.EXCHANGE, Codes.PROVINCE, "result",
    )  # fmt: skip
    assert (platform.refresh, platform.good) == (REFRESH, {"200"})


def test_without_a_name_of_an_adapter_it_is_mapped():
    assert described_endpoint(OWNER, MAPPED).adapter is Adapter.MAPPED
    with pytest.raises(Refused):
        mapped_endpoint(OWNER, GOOD)
    with pytest.raises(Refused):
        described_endpoint(OWNER, {**GOOD, "adapter": "mapped"})


REFUSED: list[tuple[str, object, str]] = [
    ("url", ..., "url"),
    ("url", "platform.example/x", "url"),
    ("url", "https://platform.example", "url"),
    ("url", "https://platform.example/x?y=1", "without variables"),
    ("url", "https://platform.example/{number}", "without variables"),
    ("url", "https://u:p@platform.example/x", "url"),
    ("url", "https://platform.example/../x", "dot segments"),
    ("url", "http://platform.example/x", "not https"),
    ("url", "https://127.1/x", "url"),
    ("refresh", "https://evil.example/x", "own host"),
    ("refresh", "//evil.example/x", "own host"),
    ("refresh", "evil", "own host"),
    ("refresh", "/x/../y", "own host"),
    ("refresh", "/x/%2E%2e/y", "own host"),
    ("refresh", "/x?y", "own host"),
    ("refresh", "/x y", "own host"),
    ("headers", "x", "gjgxjhpt"),
    ("requester", ..., "requester"),
    ("requester", "a b", "printable"),
    ("requester", "a\r\nX: y", "control"),
    ("requester", "请求方", "printable"),
    ("service", "", "service"),
    ("service", "s" * 129, "printable"),
    ("access_id", "a\nb", "control"),
    ("clear_facts", ..., "clear_facts"),
    ("clear_facts", False, "clear"),
    ("clear_facts", "true", "clear_facts"),
    ("codes", "mine", "province"),
    ("result", "data.result", "member of data"),
    ("secret_expired", ..., "secret_expired"),
    ("secret_expired", [], "empty"),
    ("secret_expired", [30002], "secret_expired"),
    ("secret_expired", ["200"], "shares a code"),
    ("secret_expired", ["a b"], "not a code"),
    ("secret_expired", [str(n) for n in range(20)], "more than 16"),
    ("good", [], "empty"),
    ("good", ["30002"], "shares a code"),
    ("clock_wrong", ["30002"], "shares a code"),
    ("matter", "事" * 200, "200 characters"),
    ("appkey", "x", "not known"),
    ("secret", "x", "not known"),
    ("comment", "x" * 9000, "longer"),
]


@pytest.mark.parametrize(("path", "value", "words"), REFUSED)
def test_what_is_wrong_is_refused_by_its_member(path: str, value: object, words: str):
    described_endpoint(OWNER, GOOD)
    changed = copy.deepcopy(GOOD)
    if value is ...:
        del changed[path]
    else:
        changed[path] = value
    with pytest.raises(Refused) as caught:
        described_endpoint(OWNER, changed)
    assert words in f"{caught.value.field} {caught.value}", caught.value


def test_the_cause_fits():
    platform = read_platform({**GOOD, "system": "证验", "matter": "核验"})
    assert len(cause_of(platform)) <= MAX_CAUSE
    assert json.loads(cause_of(platform))["certificateCallCategory"] == "1"


@given(st.sampled_from([*GOOD, "good", "codes", "refresh", "headers", "matter"]), JSON)
def test_whatever_a_member_is_it_reads_or_is_refused(name: str, value: object):
    try:
        read_platform({**GOOD, name: value})
    except Refused:
        return


SENT = {Fact.NUMBER: "N-1", Fact.HOLDER: "马某"}
PLATFORM = read_platform(GOOD)


@given(st.binary(max_size=200) | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_comes_back_is_read_or_refused(content: bytes):
    try:
        read_shared(content, PLATFORM, most=4096, sent=SENT)
    except (Malformed, NotPassedOn, Another):
        return


@given(JSON, JSON)
def test_whatever_stands_in_the_envelope(head: object, data: object):
    content = json.dumps({"code": "200", "data": {"head": {"status": head}, "data": data}})
    try:
        said = read_shared(content.encode(), PLATFORM, most=65536, sent=SENT)
    except (Malformed, NotPassedOn, Another):
        return
    assert head in ("10", "21", "22", "23", 10, 21, 22, 23, "0", 0)
    assert not said.facts or (
        isinstance(data, dict) and data["result"] in ("0", "1", "2", "3", 0, 1, 2, 3)
    )
