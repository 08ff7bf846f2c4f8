"""Verifying on the page without scripts: the same verdict, the same words, and nothing echoed."""

import re
from html import unescape
from typing import Any

import httpx
import pytest

from app.domain.evidence import Block
from app.domain.verdict import Subject
from app.reports.phrases import question_of
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
    # What engineers are told is in English, and a screen reader is told so (WCAG 2.2 SC 3.1.2).
    (seen,) = re.findall(
        r"<bdi>[^<]*RFC 7515 5.2[^<]*</bdi><bdi lang=.en.>(ECDSA[^<]*)", forged.text
    )
    assert seen


def test_a_pasted_token_or_identifier_is_verified(service: Service) -> None:
    license = service.world.pick("traffic")
    assert mark(sent(service, text=service.world.token(license).decode()))[0] == "valid"
    told = service.told(identifier=str(license.identifier))
    assert mark(sent(service, text=str(license.identifier)))[0] == told.partition(" ")[0]


def test_what_was_copied_wrongly_is_a_slip_and_no_forgery(service: Service) -> None:
    """An identifier with another check character, and a token without its end."""
    license, said = service.world.pick("traffic"), VERIFY["zh"]["said"]
    identifier, token = str(license.identifier), service.world.token(license).decode()
    wrong = identifier[:-1] + ("0" if identifier[-1] != "0" else "1")
    answer = sent(service, text=wrong)
    assert mark(answer) == ("unfound", f"✎ {said['notfoundid']}")
    assert f"<li>{said['checkbad']}</li>" in answer.text
    cut = sent(service, text=token[:-30])
    assert mark(cut) == ("unfound", f"✎ {said['cutoff']}")
    for page in (answer, cut):
        assert 'class="failed"' not in page.text, "nothing red"
    assert mark(sent(service, file=token[:-30].encode()))[0] == "invalid", "a file came as it is"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_number_with_its_holder_is_verified_and_stands_in_its_fields_alone(
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
    asked = [unescape(each) for each in re.findall("<summary[^>]*>([^<]*)<", answer.text)]
    for block, outcome in ((Block.AUTHENTICITY, "none"), (Block.AUTHORITY, "passed")):
        of_file, of_record = (
            getattr(question_of(block, subject), lang)
            for subject in (Subject.DOCUMENT, Subject.RECORD)
        )
        assert not any(of_file in each for each in asked), "no file was shown"
        (title,) = (each for each in asked if of_record in each)
        assert f" {VERIFY[lang]['said'][outcome]} · " in title, "in words, not by a mark alone"
    other = sent(service, lang, **facts | {"holder": SECRET})
    differs = VERIFY[lang]["said"]["mismatch"].replace("{facts}", VERIFY[lang]["facts"]["holder"])
    assert mark(other) == ("unfound", f"✎ {differs}")
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
        without = re.sub(r"<input [^>]*>", "", page.text)
        for value in (SECRET, license.holder.name, license.number, license.holder.code):
            assert value not in without
        assert f'id="number" name="number" value="{license.number}"' in page.text, "to be mended"
        assert page.headers["cache-control"] == "no-store"
    assert f'id="holder" name="holder" value="{SECRET}"' in other.text
    chosen = f'<option value="{facts["type"]}" selected>'
    assert [chosen in page.text for page in (answer, wrong)] == [True, False]


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


def told(page: httpx.Response) -> str:
    """What stands in the page's body."""
    return unescape(page.text).partition("<main")[2]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_slip_of_the_keys_does_not_look_like_a_forgery(service: Service, lang: str) -> None:
    license, said = service.world.pick("traffic"), VERIFY[lang]["said"]
    facts = {"number": license.number, "type": str(license.identifier.type)}
    facts |= {"holder": license.holder.name, "issuer": str(license.identifier.issuer)}
    mistyped = facts | {"number": license.number[:-1] + "X"}
    assert service.told(**mistyped) == "invalid not_found", "the report says what it said"
    page = sent(service, lang, **mistyped)
    assert mark(page) == ("unfound", f"✎ {said['notfound']}")
    assert 'class="failed"' not in page.text, "nothing is red"
    assert mark(sent(service, lang, **facts))[0] == "valid"
    other = told(sent(service, lang, **facts | {"holder": SECRET}))
    assert f"✘ {VERIFY[lang]['facts']['holder']} · {said['differs']}" in other
    alone = sent(service, lang, text=str(license.identifier))
    assert mark(alone) == ("indeterminate", f"? {said['recordonly']}")
    nobody = sent(service, lang, **facts | {"issuer": ""})
    assert mark(nobody) == ("indeterminate", f"? {said['choosefirst']}")
    assert said["unregistered"] not in told(nobody)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_result_comes_first_and_says_what_it_is_about(service: Service, lang: str) -> None:
    said, token = VERIFY[lang]["said"], service.world.token(service.world.pick("traffic"))
    before = service.client.get(f"/?lang={lang}").text
    assert before.index('id="verify"') < before.index('id="result"')
    page = service.client.post(f"/?lang={lang}", files={"file": ("my <b>\u202e.jwt", token)})
    assert page.text.index('id="result"') < page.text.index('id="verify"')
    assert f"{said['about']}my <b>\ufffd.jwt" in told(page)
    assert "my &lt;b&gt;" in page.text
    assert said["unseen"] in told(page), "a token shows nobody's name"
    forged = sent(service, lang, file=ATTACKS["foreign_key"].make(service.world))
    assert said["unseen"] not in told(forged)
    assert VERIFY[lang]["switching"] in told(page)
    assert VERIFY[lang]["switching"] not in before
    photo = sent(service, lang, file=photograph([token]))
    assert mark(photo) == ("indeterminate", f"? {said['photogood']}")


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_meant_is_taken_and_what_was_not_is_named(service: Service, lang: str) -> None:
    license, said = service.world.pick("traffic"), VERIFY[lang]["said"]
    token = service.world.token(license).decode()
    assert mark(sent(service, lang, text=f" {token[:80]}\r\n{token[80:]}\u200b"))[0] == "valid"
    facts = {"number": license.number, "type": str(license.identifier.type)}
    facts |= {"holder": license.holder.name}
    code = str(license.identifier.issuer)
    found = re.search(f'<option value="{code}">([^<]*)', service.client.get(f"/?lang={lang}").text)
    assert found
    for issuer in (unescape(found[1]), code.lower()):
        assert mark(sent(service, lang, **facts, issuer=issuer))[0] == "valid", issuer
    unread = sent(service, lang, text=license.number)
    stranger = sent(service, lang, **facts, issuer=SECRET)
    empty = service.client.post(f"/?lang={lang}", files={"file": ("x.ofd", b"")})
    heic = sent(service, lang, file=b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    for page, name in (
        (unread, "unread"), (stranger, "noissuer"), (empty, "empty"), (heic, "heic"),
    ):  # fmt: skip
        assert (page.status_code, mark(page)[0]) == (422, "refused")
        assert said[name] in told(page), name
    assert license.number not in re.sub("<(input|textarea)[^>]*>[^<]*", "", unread.text)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_verified_is_carried_to_the_page_of_wrong_records(
    service: Service, lang: str
) -> None:
    """In a body: no address has a number or a name in it."""
    license = service.world.pick("traffic")
    facts = {"number": license.number, "type": str(license.identifier.type)}
    facts |= {"holder": license.holder.name, "issuer": str(license.identifier.issuer)}
    page = sent(service, lang, **facts).text
    form = re.search(r'<form id="mend" method="post" action="(/wrong/about\?[^"]*)">(.*?)</form>', page, re.DOTALL)  # fmt: skip
    assert form
    hidden = dict(re.findall(r'name="(\w+)" value="([^"]*)"', form[2]))
    assert {name: value for name, value in hidden.items() if value} == facts
    for name in ("number", "holder"):
        assert facts[name] not in "".join(re.findall(r'(?:href|action)="[^"]*"', page))
    there = service.client.post(unescape(form[1]), data=hidden)
    assert there.status_code == 200
    for name in ("number", "holder", "issuer"):
        assert f'name="{name}" value="{facts[name]}"' in there.text
    assert f'<option value="{facts["type"]}" selected>' in there.text
    token = sent(service, lang, file=service.world.token(license)).text
    assert f'name="type" value="{facts["type"]}"' in token
    assert license.holder.name not in token, "a file's holder is not known to the page"
