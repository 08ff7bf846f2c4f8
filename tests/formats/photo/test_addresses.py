"""Addresses in codes: what looks like an official one and is none (threats QR-04, QR-05)."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.photo import Address, OfficialUrl
from app.formats.photo.addresses import (
    NOWHERE,
    host_of,
    named_by,
    official,
    read_address,
)
from tests.world import IDENTIFIER, ISSUER, TYPE

HOST = "zheng.qinghai.gov.cn"
PLACE = OfficialUrl(TYPE, HOST, "/c/")
ANY = OfficialUrl(None, HOST, "/any")
KNOWN = (PLACE, ANY)
GENUINE = f"https://{HOST}/c/N-1"


def place_of(text: str) -> OfficialUrl | None:
    address = read_address(text)
    return None if address is None else official(address, KNOWN)


# ---- genuine twins first: what follows differs from these in one thing


@pytest.mark.parametrize(
    "text",
    [
        GENUINE,
        f"http://{HOST}/c/N-1",
        f"HTTPS://{HOST.upper()}/c/N-1",
        f"https://{HOST}:443/c/N-1",
        f"http://{HOST}:80/c/N-1",
        f"https://{HOST}./c/N-1",
        f"https://{HOST}/c/N-1#top",
        "https://zheng。qinghai．gov｡cn/c/N-1",
        "https://ｚｈｅｎｇ.qinghai.gov.cn/c/N-1",
    ],
)
def test_the_registered_host_however_it_is_spelt(text: str) -> None:
    assert place_of(text) == PLACE


_CYRILLIC = str.maketrans("aeocpxyi", "аеосрхуі")
LOOKALIKES = [
    # another host around the right one
    *(f"https://{HOST}.{end}/c/N-1" for end in ("verify-xx.com", "cn", "com", "example.cn")),
    *(f"https://{start}{HOST}/c/N-1" for start in ("x.", "www.", "a-", "x", "m.")),
    *(f"https://{HOST.replace('.', other)}/c/N-1" for other in ("-", "_", "..", ".-")),
    f"https://verify-xx.com/{HOST}/c/N-1",
    f"https://verify-xx.com/?u=https://{HOST}/c/N-1",
    f"https://verify-xx.com/#https://{HOST}/c/N-1",
    # user information and other tricks with the authority
    f"https://{HOST}@verify-xx.com/c/N-1",
    f"https://{HOST}:443@verify-xx.com/c/N-1",
    f"https://user@{HOST}/c/N-1",
    f"https://verify-xx.com\\@{HOST}/c/N-1",
    f"https:\\\\{HOST}\\c\\N-1",
    f"https:/{HOST}/c/N-1",
    f"https:///{HOST}/c/N-1",
    f"//{HOST}/c/N-1",
    *(f"https://{HOST}:{port}/c/N-1" for port in (80, 8443, 44, 4430, "0443", "443x", "-1")),
    f"http://{HOST}:443/c/N-1",
    f"https://{HOST}%2everify-xx.com/c/N-1",
    f"https://{HOST}%00.verify-xx.com/c/N-1",
    # letters that look alike
    *(f"https://{HOST.translate({ord(a): b})}/c/N-1" for a, b in zip("aeocgin", "аеосɡіո", strict=True)),
    f"https://{HOST.translate(_CYRILLIC)}/c/N-1",
    "https://zheng.qinghai.g0v.cn/c/N-1",
    "https://zheng.qlnghai.gov.cn/c/N-1",
    "https://zheng.qinghai.gov.cn.xn--p1ai/c/N-1",
    "https://xn--zheng-qinghai.gov.cn/c/N-1",
    "https://zhёng.qinghai.gov.cn/c/N-1",
    # what is not seen
    *(f"https://{HOST[:5]}{mark}{HOST[5:]}/c/N-1" for mark in "\u200b\u200d\u00ad\u2060\u202e\ufeff\u0000\t\n"),
    f"https://{HOST}\u202e/c/N-1",
    f"https://{HOST} /c/N-1",
    f"https://{HOST}/c/N-1\u202e",
    # numbers and short names
    *(f"https://{host}/c/N-1" for host in ("1.2.3.4", "[::1]", "2130706433", "0x7f.1", "127.1")),
    *(f"https://{host}/c/N-1" for host in ("t.cn", "dwz.cn", "url.cn", "bit.ly", "localhost")),
    # other schemes
    *(f"{scheme}{HOST}/c/N-1" for scheme in ("ftp://", "weixin://", "alipays://", "intent:", "data:")),
    "javascript:location='https://verify-xx.com'",
    f"weixin://dl/business/?t={HOST}",
    # without a scheme: a telephone opens it all the same
    f"{HOST}/c/N-1",
    "www.verify-xx.com",
    f"verify-xx.com/{HOST}",
    # the right host, and another place in it
    *(f"https://{HOST}{path}" for path in ("/", "", "/d/N-1", "/C/N-1", "/c", "/cc/N-1", "//c/N-1", "/anything")),
    *(f"https://{HOST}/c/{steps}" for steps in ("../d", "..", "%2e%2e/d", ".%2E/d", "./N-1", "x/../../d")),
    f"https://{HOST}/redirect?to=/c/N-1",
]  # fmt: skip


@pytest.mark.parametrize("text", LOOKALIKES)
def test_qr04_lookalikes_are_never_official(text: str) -> None:
    assert place_of(GENUINE) == PLACE
    assert place_of(text) is None


@pytest.mark.parametrize("at", range(len(HOST)))
@pytest.mark.parametrize("change", ["drop", "twice", "swap", "dash", "digit", "dot"])
def test_qr04_one_letter_beside_the_registered_host(at: int, change: str) -> None:
    a, b = HOST[:at], HOST[at + 1 :]
    near = {
        "drop": a + b,
        "twice": a + HOST[at] * 2 + b,
        "swap": a + HOST[at : at + 2][::-1] + HOST[at + 2 :],
        "dash": f"{a}-{HOST[at:]}",
        "digit": f"{a}1{b}",
        "dot": f"{a}.{HOST[at:]}",
    }[change]
    if near.removesuffix(".") != HOST:
        assert place_of(f"https://{near}/c/N-1") is None


@pytest.mark.parametrize(
    "text",
    ["", "青(2024)第0001号", "12.50", "v1.2.3", "MECARD:N:x;;", "tel:110", "WIFI:S:x;;", "a b.com", "N-1"],
)  # fmt: skip
def test_what_is_no_address(text: str) -> None:
    assert read_address(text) is None


@given(st.text())
def test_any_text_is_read_without_a_word(text: str) -> None:
    for prefix in ("", "https://", f"https://{HOST}", f"https://{HOST}/c/"):
        address = read_address(prefix + text)
        if address is not None and address.host:
            assert address.host.isascii()
            assert address.host == address.host.lower()


@given(st.text(alphabet=string.printable + "。．еаZ@:\\", max_size=40))
def test_no_host_but_the_registered_one_is_the_registered_one(name: str) -> None:
    found = host_of(name)
    if found == HOST:
        assert name.lower().replace("。", ".").replace("．", ".").removesuffix(".") == HOST


def test_long_addresses_lead_nowhere() -> None:
    assert read_address(GENUINE + "a" * 3000) == NOWHERE


# ---- what an official address names


def address(rest: str, host: str = HOST) -> Address:
    found = read_address(f"https://{host}{rest}")
    assert found is not None
    return found


def test_what_follows_the_place_is_the_number_of_a_license_of_its_type() -> None:
    claims = named_by(address("/c/N-1"), PLACE)
    assert claims is not None
    assert (claims.type, claims.number, claims.identifier) == (TYPE, "N-1", None)


@pytest.mark.parametrize("rest", [f"/c/{IDENTIFIER}", f"/c/?a=1&id={IDENTIFIER}"])
def test_an_identifier_names_the_license_whatever_the_place_is_for(rest: str) -> None:
    claims = named_by(address(rest), PLACE)
    assert claims is not None
    assert claims.identifier == IDENTIFIER
    any_type = named_by(address(rest.replace("/c/", "/any/")), ANY)
    assert any_type is not None
    assert any_type.identifier == IDENTIFIER


@pytest.mark.parametrize(
    "rest",
    [
        "/c/",
        "/c/a/b",
        "/c/%31",
        "/c/?n=N-1",
        f"/c/?a={IDENTIFIER}&b={str(IDENTIFIER)[:-1]}Z",
        "/c/?" + "&".join(f"a{i}={IDENTIFIER}" for i in range(20)),
        "/c/" + "N" * 161,
        "/c/编号",
    ],
)
def test_qr05_what_names_no_license_for_certain_names_none(rest: str) -> None:
    assert named_by(address("/c/N-1"), PLACE) is not None
    assert named_by(address(rest), PLACE) is None


OPAQUE = OfficialUrl(None, HOST, "/v", None, ISSUER)
BY_PARAMETER = OfficialUrl(TYPE, HOST, "/q", "code", ISSUER)
NUMBERED = OfficialUrl(TYPE, HOST, "/n", "zzbh")
CODE = "q3vJ0x_6TqWcV0dQ8Yh1Zg"


def test_a_code_of_the_issuers_own_is_taken_out_of_path_or_parameter() -> None:
    for rest, place, type_ in (
        (f"/v/{CODE}", OPAQUE, None),
        (f"/q?code={CODE}", BY_PARAMETER, TYPE),
        (f"/q/?lang=zh&code={CODE}#top", BY_PARAMETER, TYPE),
    ):
        claims = named_by(address(rest), place)
        assert claims is not None, rest
        assert (claims.code, claims.issuer, claims.type) == (CODE, ISSUER, type_)
        assert (claims.number, claims.identifier) == (None, None)
    numbered = named_by(address("/n?zzbh=N-1"), NUMBERED)
    assert numbered is not None
    assert (numbered.number, numbered.code) == ("N-1", None)
    by_identifier = named_by(address(f"/q?code={IDENTIFIER}"), BY_PARAMETER)
    assert by_identifier is not None
    assert (by_identifier.identifier, by_identifier.code) == (IDENTIFIER, None)


@pytest.mark.parametrize(
    "rest",
    [
        "/q",
        "/q?code=",
        "/q?Code=" + CODE,
        f"/q?code={CODE}&code={CODE[:-1]}A",
        f"/q?code={CODE}&code={CODE}",
        f"/q/x?code={CODE}",
        "/q?code=" + "N" * 161,
        "/q?code=a%20b",
        "/q?code=https://x.example/",
        f"/q?other={CODE}",
        "/q?" + "&".join(f"a{i}=1" for i in range(20)) + f"&code={CODE}",
    ],
)
def test_qr05_a_parameter_that_says_no_one_code_says_none(rest: str) -> None:
    assert named_by(address(f"/q?code={CODE}"), BY_PARAMETER) is not None
    assert named_by(address(rest), BY_PARAMETER) is None


@pytest.mark.parametrize("rest", ["/v", "/v/", "/v/a/b", "/v/%31", "/v/编号", f"/v?code={CODE}"])
def test_qr05_a_path_that_says_no_one_code_says_none(rest: str) -> None:
    assert named_by(address(f"/v/{CODE}"), OPAQUE) is not None
    assert named_by(address(rest), OPAQUE) is None


def test_an_identifier_of_another_type_is_not_taken_at_this_place() -> None:
    other = OfficialUrl(type(TYPE)("11100000MB03271699002"), HOST, "/c/")
    assert named_by(address(f"/c/{IDENTIFIER}"), other) is None


def test_a_number_without_a_type_names_nothing() -> None:
    assert named_by(address("/any/N-1"), ANY) is None
