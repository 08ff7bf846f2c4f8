"""Reporting a wrong record on the page, and following it: the same as the interface, in words."""

import re
from html import escape, unescape

import httpx
import pytest

from app.routers.wrong_texts import WRONG
from tests.service import Service

TEXT = "有效期应当是2030年<b>b</b>\u202e，登记的是2020年"
MARK = re.compile(r'<p class="mark \w+">([^<]*)</p>')


def sent(service: Service, path: str = "/wrong", lang: str = "zh", **fields: str) -> httpx.Response:
    return service.client.post(f"{path}?lang={lang}", data=fields)


def mark(answer: httpx.Response) -> str:
    found = MARK.search(answer.text)
    assert found, answer.text
    return unescape(found[1])


def filed(service: Service, lang: str = "zh") -> tuple[str, httpx.Response]:
    """Its code, and the page that told it."""
    license = service.world.pick("traffic")
    answer = sent(
        *(service, "/wrong", lang),
        identifier=str(license.identifier), holder=license.holder.name, element="valid_until",
        text=TEXT,
    )  # fmt: skip
    assert answer.status_code == 200, answer.text
    found = re.search(r'id="filed-code">([0-9A-Z-]+)<', answer.text)
    assert found
    return found[1], answer


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_it_is_reported_followed_and_withdrawn(service: Service, lang: str) -> None:
    words = WRONG[lang]
    code, told = filed(service, lang)
    assert mark(told) == words["filed"]
    followed = sent(service, "/wrong/follow", lang, code=code.lower().replace("-", " "))
    assert mark(followed) == words["states"]["open"]
    assert words["elements"]["valid_until"] in followed.text
    for page in (told, followed):
        for words_told in (words["filed_flag"], words["time"]):
            assert words_told in unescape(page.text)
        for kept in ("2030", service.world.pick("traffic").holder.name, "\u202e"):
            assert kept not in page.text, "nothing that was typed is shown again"
    unsure = sent(service, "/wrong/withdraw", lang, code=code)
    assert (unsure.status_code, mark(unsure)) == (422, words["unsure"])
    assert mark(sent(service, "/wrong/follow", lang, code=code)) == words["states"]["open"]
    withdrawn = sent(service, "/wrong/withdraw", lang, code=code, sure="yes")
    assert mark(withdrawn) == words["states"]["withdrawn"]
    assert "/wrong/withdraw" not in withdrawn.text, "it has ended"
    again = sent(service, "/wrong/withdraw", lang, code=code, sure="yes")
    assert (again.status_code, mark(again)) == (422, words["ended"])


def test_what_is_not_there_or_there_looks_alike(service: Service) -> None:
    code, told = filed(service)
    other = sent(
        service, identifier=str(service.world.pick("traffic").identifier).replace(".001.", ".999."),
        element="missing", text="x",
    )  # fmt: skip
    if other.status_code == 200:
        plain = re.compile(r"[0-9A-Z]{5}(-[0-9A-Z]{5}){5}|[0-9A-Z]{20}")
        assert plain.sub("", other.text) == plain.sub("", told.text)
    assert code not in other.text


def test_wrong_codes_and_forms_are_told_apart(service: Service) -> None:
    words = WRONG["zh"]
    code, _ = filed(service)
    wrong = code[:-1] + ("0" if code[-1] != "0" else "1")
    answer = sent(service, "/wrong/follow", code=wrong)
    assert (answer.status_code, mark(answer)) == (404, words["mistyped"])
    assert answer.text.count(code[:11]) == 1, "in its field, to be mended"
    assert f'value="{wrong}"' in answer.text
    assert answer.text.index(words["mistyped"]) > answer.text.index(words["follow"])
    assert answer.text.index(words["mistyped"]) < answer.text.index(wrong), "just above it"
    for fields in ({}, {"element": "holder", "text": "x"}, {"identifier": "<script>", "text": "x"},
                   {"number": "N-1", "element": "holder", "text": "x"}):  # fmt: skip
        answer = sent(service, **fields)
        assert (answer.status_code, mark(answer)) == (422, words["refused"])
        assert "<script>" not in answer.text


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("fields", "faults"),
    [
        ({}, ["missing_identifier", "missing_element", "missing_text"]),
        ({"number": "云2026", "element": "holder", "text": TEXT}, ["missing_type"]),
        ({"number": "云2026", "text": TEXT, "element": "all"}, ["missing_type", "element"]),
        ({"identifier": "1.2.<b>", "element": "holder", "text": "x"}, ["identifier"]),
        ({"identifier": "1.2.3", "issuer": "无此机构局", "element": "holder", "text": TEXT}, ["issuer"]),
    ],
)  # fmt: skip
def test_a_form_that_was_refused_keeps_what_was_typed_and_names_the_fault(
    service: Service, lang: str, fields: dict[str, str], faults: list[str]
) -> None:
    """By its field, which has the focus; two thousand characters are not to be written again."""
    answer = sent(service, "/wrong", lang, **fields)
    assert answer.status_code == 422
    told = [WRONG[lang]["faults"][each] for each in faults]
    listed = re.findall(r'<li><a href="#(\w+)">([^<]*)</a>', answer.text)
    assert [unescape(words) for _, words in listed] == told
    places = [each for each, _ in listed]
    assert all(f' id="{place}"' in answer.text for place in places)
    (focused,) = re.findall(r'id="(\w+)"[^>]* autofocus', answer.text)
    assert focused == places[0]
    assert answer.text.count('aria-invalid="true"') == len(faults)
    for name in ("number", "identifier", "issuer"):
        if name in fields:
            assert f'name="{name}" value="{escape(fields[name])}"' in answer.text
    if fields.get("text") == TEXT:
        assert escape(TEXT.replace("\u202e", "\ufffd")) in answer.text, "whole, and never markup"
    fresh = service.client.get(f"/wrong?lang={lang}").text
    assert "aria-invalid" not in fresh
    assert "autofocus" not in fresh


def test_an_issuer_is_entered_by_name(service: Service) -> None:
    license = service.world.pick("university")
    name = service.world.body("university").title  # the first in the list may be of another test
    assert f"<bdi>{name}</bdi>" in service.client.get("/issuers?lang=zh").text
    answer = sent(service, identifier=str(license.identifier), issuer=name, element="other", text="x")  # fmt: skip
    assert (answer.status_code, mark(answer)) == (200, WRONG["zh"]["filed"])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_flag_is_promised_only_where_it_will_be_seen(service: Service, lang: str) -> None:
    """Of a license whose record only its issuer keeps no verdict says that it is disputed."""
    words = WRONG[lang]
    page = unescape(service.client.get(f"/wrong?lang={lang}").text)
    where = "本站存有" if lang == "zh" else "Where this site keeps the record"
    assert where in words["holder_hint"]
    assert words["holder_hint"] in page
    assert words["privacy"] in page


def test_a_code_stands_in_no_address(service: Service) -> None:
    page = service.client.get("/wrong?lang=zh").text
    assert re.findall(r'<form id="follow" method="(\w+)"', page) == ["post"]
    assert "set-cookie" not in service.client.get("/wrong").headers
