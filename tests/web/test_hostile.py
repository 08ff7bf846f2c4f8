"""66 hostile names, in documents and in what is told of documents: nothing runs, nothing misleads.

Each rule of display has its test; they hold for the page with scripts and for the page without.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from html import unescape
from typing import Any

import pytest

from app.routers.page_texts import VERIFY
from app.routers.pages import names
from app.routers.result import LONGEST, STACKED, foreign, result_of
from sandbox import tokens
from sandbox.jws import sign
from sandbox.world import World
from tests.service import Service
from tests.web.browser import chromium
from tests.web.hostile import ALL, HOSTILE
from tests.web.test_without_scripts import mark, sent

__all__ = ["chromium"]

TURNING = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
WORDS = ("alert(1)", "evil.example", "官方", "公安部", "genuine")


def test_there_are_enough_of_each() -> None:
    assert len(set(ALL)) >= 60
    assert min(map(len, HOSTILE.values())) >= 6


@pytest.mark.parametrize("hostile", ALL, ids=range(len(ALL)))
def test_words_of_a_document_are_one_short_visible_line(hostile: str) -> None:
    shown = foreign(hostile)
    assert len(shown) <= LONGEST + 1
    assert not set(shown) & set(TURNING)
    assert not [c for c in shown if unicodedata.category(c) in ("Cc", "Cf", "Zl", "Zp", "Co")]
    runs = re.findall(
        "x+", "".join("x" if unicodedata.category(c)[0] == "M" else " " for c in shown)
    )
    assert all(len(run) <= STACKED for run in runs)


def test_ordinary_names_stay_as_they_are() -> None:
    for name in ("青海省公安厅", "བོད་རང་སྐྱོང་ལྗོངས།", "ᠮᠣᠩᠭᠣᠯ", "Crédit Municipal", "กรุงเทพ", "𠮷野家"):
        assert foreign(name) == name


@pytest.fixture(scope="module")
def documents(sandbox_issuers: Any) -> dict[str, bytes]:
    """Tokens that bear these names, signed by their issuer's own key."""
    world: World = sandbox_issuers.world
    license = world.pick("traffic")
    held = world.held(license.kid)
    made = {}
    for name in ALL:
        text = name.encode("utf-8", "replace").decode()
        changed = replace(license, name=text[:500], holder=replace(license.holder, name=text[:500]))
        made[name] = tokens.license_token(changed, held)
    return made


def shown_names(page: str) -> Iterator[str]:
    """Texts of the page that are not ours: they stand in <bdi>."""
    for found in re.findall(r"<bdi>([^<]*)</bdi>", page):
        yield unescape(found)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_no_name_of_a_document_reaches_the_page(
    service: Service, documents: dict[str, bytes], lang: str
) -> None:
    """Its twin, untouched, is valid in the same run; and a hostile one is shown like any other."""
    license = service.world.pick("traffic")
    twin = sent(service, lang, file=service.world.token(license))
    assert mark(twin)[0] == "valid"
    for name, token in documents.items():
        answer = sent(service, lang, file=token)
        kind, words = mark(answer)
        assert answer.status_code == 200
        assert kind in ("valid", "invalid", "indeterminate"), name
        assert "<script>" not in answer.text
        assert not set(TURNING) & set(answer.text), name
        page = unescape(answer.text)
        assert name[:40] not in page.replace(words, ""), name
        assert not [w for w in WORDS if w in page], name


def test_an_unknown_signer_has_no_name(service: Service) -> None:
    """Whatever a stranger calls itself: the page says that nobody registered goes with it."""
    license = service.world.pick("traffic")
    held = service.world.held(license.kid)
    # What anybody may choose from, before a file was ever sent: the register's own names.
    choices = re.findall(
        r"<datalist.*?</datalist>", service.client.get("/?lang=zh").text, re.DOTALL
    )
    assert len(choices) == 1
    for name in HOSTILE["a name of its own is none"]:
        payload = tokens.payload_of(license)
        payload |= {"iss": "91630000M000100Y43", "name": name, "issuer_name": name}
        header = tokens.header_of(held) | {"kid": "stranger"}
        answer = sent(service, file=sign(header, payload, held.key))
        assert mark(answer)[0] != "valid"
        assert answer.text.count(choices[0]) == 1
        assert name.strip() not in unescape(answer.text.replace(choices[0], ""))


def hostile_report(service: Service) -> dict[str, Any]:
    """A real answer, with every name in every place a document has a part in."""
    answer = service.verify(service.world.token(service.world.pick("traffic")))
    report = answer["report"]
    checks = report["blocks"]["authenticity"]["checks"]
    (passed,) = [each for each in checks if each["name"] == "signature_holds"]
    for name in ALL:
        checks.append({**passed, "detail": name, "subject": name})
    for each in report["signatures"]:
        each |= {"label": ALL[0], "signer": None}
    return answer


def test_without_scripts_each_name_is_text_in_a_place_of_its_own(service: Service) -> None:
    report = hostile_report(service)["report"]
    lines = [line for part in result_of(report, names("zh")).parts for line in part.lines]
    told = [line for line in lines if line.foreign]
    assert len(told) > len(ALL)
    assert {foreign(f"[{name}]") for name in ALL} <= {line.foreign for line in told}
    evidence = "".join(note for line in lines for note in (*line.notes, line.seen))
    for name in ALL:
        assert foreign(name) in evidence
        assert not any(name in line.words for line in lines)


def test_with_scripts_it_is_the_same_text_and_nothing_runs(chromium: Any, service: Service) -> None:
    answer = hostile_report(service)
    context = chromium.new_context(viewport={"width": 320, "height": 640}, locale="zh")
    tab, asked, wrong = context.new_page(), [], []
    tab.on("request", lambda request: asked.append(request.url))
    tab.on("dialog", lambda dialog: wrong.append("a dialog"))
    tab.on("pageerror", lambda error: wrong.append(str(error)))
    tab.goto(f"{service.url}/?lang=zh")
    tab.route("**/v1/verifications", lambda route: route.fulfill(status=200, json=answer))
    tab.fill("#text", "e.e.e")
    tab.click("#verify button")
    tab.wait_for_selector(".mark.valid")
    tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    told = tab.evaluate(
        "[...document.querySelectorAll('#blocks li > bdi')].map(e => e.textContent)"
    )
    evidence = tab.evaluate(
        "[...document.querySelectorAll('#blocks .note bdi')].map(e => e.textContent)"
    )
    for name in ALL:
        assert foreign(f"[{name}]") in told, "the same words as without scripts"
        assert foreign(name) in evidence
    made = "#result script, #result img:not(#drawn), #result svg, #result iframe, #result form:not(#mend), #result style"
    assert tab.locator(made).count() == 0
    assert tab.locator(".mark:visible").count() == 1, "one verdict, and it is ours"
    sideways = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not tab.evaluate(sideways)
    tall = "Math.max(...[...document.querySelectorAll('#blocks li')].map(e => e.clientHeight))"
    assert tab.evaluate(tall) < 700, "no line buries the others"
    assert wrong == []
    assert all(url.startswith((service.url, "data:,")) for url in asked)
    assert VERIFY["zh"]["said"]["unproven"] in tab.inner_text("#blocks")
    context.close()
