"""Reporting a wrong record on the page, and following it: the same as the interface, in words."""

import re
from html import unescape

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
        for kept in ("2030", service.world.pick("traffic").holder.name, "\u202e"):
            assert kept not in page.text, "nothing that was typed is shown again"
    withdrawn = sent(service, "/wrong/withdraw", lang, code=code)
    assert mark(withdrawn) == words["states"]["withdrawn"]
    assert "/wrong/withdraw" not in withdrawn.text, "it has ended"
    again = sent(service, "/wrong/withdraw", lang, code=code)
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
    assert code[:11] not in answer.text
    for fields in ({}, {"element": "holder", "text": "x"}, {"identifier": "<script>", "text": "x"},
                   {"number": "N-1", "element": "holder", "text": "x"}):  # fmt: skip
        answer = sent(service, **fields)
        assert (answer.status_code, mark(answer)) == (422, words["refused"])
        assert "<script>" not in answer.text


def test_a_code_stands_in_no_address(service: Service) -> None:
    page = service.client.get("/wrong?lang=zh").text
    assert re.findall(r'<form id="follow" method="(\w+)"', page) == ["post"]
    assert "set-cookie" not in service.client.get("/wrong").headers
