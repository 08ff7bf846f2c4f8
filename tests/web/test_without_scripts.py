"""Verifying on the page without scripts: the same verdict, the same words, and nothing echoed."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.routers.page_texts import VERIFY
from sandbox.attacks import ATTACKS
from sandbox.photos import Shot, photograph
from tests.service import Service

SECRET = "张三丰Zhang-of-Nowhere"


def sent(service: Service, lang: str = "zh", **fields: Any) -> httpx.Response:
    """As a browser sends a form: every field, also an empty one."""
    file = fields.pop("file", b"")
    name = "license.jwt" if file else ""
    return service.client.post(
        f"/?lang={lang}",
        data={"text": "", **fields},
        files={"file": (name, file, "application/octet-stream")},
    )


def mark(answer: httpx.Response) -> tuple[str, str]:
    """Kind and words of the verdict."""
    found = re.search(r'<p class="mark (\w+)" id="mark">([^<]*)</p>', answer.text)
    assert found, answer.text
    return found[1], unescape(found[2])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_has_its_verdict_with_clause_and_code(service: Service, lang: str) -> None:
    token = service.world.token(service.world.pick("traffic"))
    answer = sent(service, lang, file=token)
    assert answer.status_code == 200
    assert mark(answer)[0] == "valid"
    assert answer.headers["x-robots-tag"] == "noindex"
    said = VERIFY[lang]["said"]
    for words in ("RFC 7515 5.2", said["unchecked"], said["sources"], said["issuer"]):
        assert words in answer.text
    code = re.search(r'href="/r/([0-9A-Z-]+)\?lang=', answer.text)
    assert code
    assert service.client.get(f"/r/{code[1]}").status_code == 200
    forged = sent(service, lang, file=ATTACKS["foreign_key"].make(service.world))
    assert mark(forged)[0] == "invalid"
    assert said["claimed"] in forged.text


def test_a_pasted_token_or_identifier_is_verified(service: Service) -> None:
    license = service.world.pick("traffic")
    assert mark(sent(service, text=service.world.token(license).decode()))[0] == "valid"
    told = service.told(identifier=str(license.identifier))
    assert mark(sent(service, text=str(license.identifier)))[0] == told.partition(" ")[0]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_number_with_its_holder_is_verified_and_nothing_is_echoed(
    service: Service, lang: str
) -> None:
    license = service.world.pick("traffic")
    facts = {
        "number": license.number,
        "type": str(license.identifier.type),
        "holder": license.holder.name,
        "holder_code": license.holder.code,
        "issuer": str(license.identifier.issuer),
    }
    answer = sent(service, lang, **facts)
    assert mark(answer)[0] == "valid"
    other = sent(service, lang, **facts | {"holder": SECRET})
    assert mark(other)[0] == "invalid"
    wrong = sent(service, lang, **facts | {"type": SECRET})
    assert (wrong.status_code, mark(wrong)[0]) == (422, "refused")
    nobody = sent(service, lang, **facts | {"issuer": " "})
    assert mark(nobody)[0] == "indeterminate"
    unnamed = VERIFY[lang]["said"]["unnamed"]
    assert [unnamed in unescape(page.text).partition("<main")[2] for page in (nobody, other)] == [
        True,
        False,
    ]
    for page in (answer, other, wrong, nobody):
        for value in (SECRET, license.holder.name, license.number, license.holder.code):
            assert value not in page.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_code_that_leads_elsewhere_is_warned_of_whatever_decides(
    service: Service, lang: str
) -> None:
    token = service.world.token(service.world.pick("traffic"))
    warning = f'<p id="beware" class="beware">⚠ {VERIFY[lang]["said"]["beware"]}</p>'
    codes = [b"https://verify-xx.com/"]
    for also in (codes, [*codes, token]):
        assert warning in sent(service, lang, file=photograph(also, Shot(module=3))).text
    none = '<p id="beware" class="beware" hidden></p>'
    for content in (photograph([token]), token):
        assert none in sent(service, lang, file=content).text


def test_an_outage_is_none_of_the_licenses_doing(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    assert mark(sent(service, file=token))[0] == "valid"
    service.issuers.set_behaviour("traffic", "reset")
    answer = sent(service, file=token)
    assert mark(answer)[0] == "outage"
    assert 'class="failed"' not in answer.text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_cannot_be_verified_is_refused_in_words(service: Service, lang: str) -> None:
    said, problems = VERIFY[lang]["said"], VERIFY[lang]["problems"]
    empty = sent(service, lang)
    assert (empty.status_code, mark(empty)) == (422, ("refused", said["nothing"]))
    letter = sent(service, lang, file=b"nothing of the kind")
    assert (letter.status_code, mark(letter)[0]) == (415, "refused")
    assert problems["unrecognised-format"] in unescape(letter.text)
    unknown = service.client.post(f"/?lang={lang}", files={"other": b"x"})
    assert (unknown.status_code, mark(unknown)[0]) == (422, "refused")
    plain = service.client.post(f"/?lang={lang}", data={"text": "x"})
    assert (plain.status_code, mark(plain)[0]) == (400, "refused")
