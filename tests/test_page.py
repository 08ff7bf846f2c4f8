"""The page and its script name the same things, in both languages."""

import re
from datetime import timedelta

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.domain.dispute import By, DisputeState, Element
from app.domain.identifier import IssuerCode, TypeCode
from app.registry.directory import Availability, Body, Kind
from app.routers.confirm_texts import CONFIRM
from app.routers.list_texts import LISTS
from app.routers.lists import sheet
from app.routers.page_texts import FRAME, VERIFY
from app.routers.pages import WEB, frame, texts
from app.routers.result import MARKS, NONE_YET
from app.routers.verifying import FIELDS
from app.routers.wrong_texts import WRONG
from app.schemas.dispute import DisputeIn
from app.services.verify import Stage

PARTS = ("told", "entered", "shown", "page", "camera")
"""Scripts of the page that verifies, in the order they are run."""
SCRIPT = "".join((WEB / f"static/{name}.js").read_text(encoding="utf-8") for name in PARTS)
CONFIRMING = (WEB / "static/confirm.js").read_text(encoding="utf-8")
DOCS = "".join(
    (WEB / name).read_text(encoding="utf-8") for name in ("static/docs.js", "templates/docs.html")
)
STYLE = (WEB / "static/page.css").read_text(encoding="utf-8")
CHINESE_THEN_ASCII = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")
FOUND = {
    "kind": "valid", "headline": "x", "at": "2026-11-01 08:00:00", "age": "1", "until": None,
    "issuer": ("x", "630000"), "policy": "license-1.token", "node": "zhengyan-test", "file": True,
    "sha256": "0" * 64, "sm3": "1" * 64,
}  # fmt: skip
WRONG_STATES = (
    *("ask", "filed", "found", "unknown", "mistyped", "ended", "refused", "outage", "limited"),
)
DISPUTE = {
    "state": "open", "element": "holder", "ended": False, "filed_at": "2026-11-01 08:00:00",
    "steps": [("2026-11-01 08:00:00", "open", "filer", "x")],
}  # fmt: skip
STATES = ("ask", "mistyped", "unknown", "outage", "limited", "found")
ALL = {"page.html": VERIFY, "confirm.html": CONFIRM, "wrong.html": WRONG, **LISTS}
BODY = Body(IssuerCode("11630000MB0000019J"), "x", "x", None, (), Availability.STEADY)
KIND = Kind(TypeCode("11100000MB03271699001"), "x", "x", True, timedelta(minutes=5))
LIST = {
    "publisher": "x", "own": True, "number": 3, "issued": "2026-11-01", "age": "1", "until": "x",
    "late": True,
}  # fmt: skip


def rendered(lang: str, name: str = "page.html", state: str = "found") -> str:
    templates = Environment(
        loader=FileSystemLoader(WEB / "templates"), undefined=StrictUndefined, autoescape=True
    )
    values = {"code": "x", "here": "", "qr": None, "address": "", "again": ""}
    values |= {"most": 9, "d": DISPUTE, "filed": {"code": "x", "reference": "x"}}
    values |= {"kinds": [("x", "x")], "bodies": [("x", "x")], "by_number": False, "node_id": "x"}
    values |= {"typed": dict.fromkeys((*FIELDS, *DisputeIn.model_fields), ""), "most": "20 MB"}
    values |= {"last": "x"}
    values |= {"faults": ["missing_type", "issuer"], "unsure": True}
    values |= {"lists": [LIST], "known": True, "ages": {KIND.code: "1"}, "by": {KIND.code: 1}}
    return templates.get_template(name).render(
        t=texts(name, lang),
        **frame(lang, ""),
        checks=[("bound", "?", {"ofd": "x"})],
        state=state,
        r=NONE_YET if name == "page.html" else FOUND,
        sheet=sheet([KIND if name == "types.html" else BODY], 1, ""),
        **values,
    )


def every_page(lang: str) -> str:
    pages = [rendered(lang), *(rendered(lang, "confirm.html", state) for state in STATES)]
    pages += [rendered(lang, name) for name in LISTS]
    pages += [rendered(lang, "wrong.html", state) for state in WRONG_STATES]
    return "".join(pages)


def words(texts: object) -> list[str]:
    if isinstance(texts, list):
        return [word for each in texts for word in words(each)]
    if isinstance(texts, dict):
        return [word for each in texts.values() for word in words(each)]
    return [str(texts)]


def shape(texts: object) -> object:
    if isinstance(texts, list):
        return [shape(each) for each in texts]
    return {k: shape(v) for k, v in texts.items()} if isinstance(texts, dict) else None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_script_asks_of_the_page_is_there(lang: str) -> None:
    page = rendered(lang)
    asked = set(re.findall(r'(?:byId|show)\("([a-z-]+)"', SCRIPT))
    assert asked >= {"verify", "result", "mark", "blocks", "whole"}
    there = set(re.findall(r' id="([a-z_-]+)"', page))
    assert asked <= there
    described = set(re.findall(r' (?:for|list|aria-describedby|href)="#?([a-z_-]+)"', page))
    assert there - asked - described == {"by-number"}, "no more and no less"
    told = dict(re.findall(r' data-([a-z]+)="([^"]*)"', page.split("<header>")[0]))
    assert set(re.findall(r"\bsaid\.([a-z]+)", SCRIPT)) == set(told) - {"soon"}
    assert all(told.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_comparing_script_asks_is_there(lang: str) -> None:
    page = rendered(lang, "confirm.html")
    asked = set(re.findall(r'getElementById\("([a-z0-9-]+)"', CONFIRMING))
    assert asked == {
        *("own", "compared", "print", "sha256", "another", "conclusion"),
        *("uncompared", "choosing"),
    }
    assert asked <= set(re.findall(r' id="([a-z0-9-]+)"', page))
    told = dict(re.findall(r' data-([a-z]+)="([^"]*)"', page))
    assert set(re.findall(r"\bsaid\.([a-z]+)", CONFIRMING)) == set(told) - {"lang", "another"}
    assert all(told.values())


def test_both_languages_say_the_same_things() -> None:
    for both in (FRAME, VERIFY, CONFIRM, WRONG, *LISTS.values()):
        assert shape(both["zh"]) == shape(both["en"])
        assert all(words(both))
        assert not [text for text in words(both["zh"]) if CHINESE_THEN_ASCII.search(text)]
    assert CHINESE_THEN_ASCII.search("证照,文件"), "the search finds what it is for"


def test_no_script_makes_markup_of_text() -> None:
    for way in (
        "innerHTML",
        "outerHTML",
        "insertAdjacentHTML",
        "document.write",
        "eval(",
        "style=",
    ):
        assert way not in SCRIPT + CONFIRMING + every_page("zh") + DOCS


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "://" not in SCRIPT + CONFIRMING + STYLE + every_page("en") + DOCS


def test_each_conclusion_looks_different_without_colour() -> None:
    kinds = ("valid", "invalid", "indeterminate", "outage")
    marks = dict(re.findall(r'(valid|invalid|indeterminate|outage): "(.)"', SCRIPT))
    assert len({marks[kind] for kind in kinds}) == 4
    borders = dict(re.findall(r"\.mark\.(\w+)[^{]*\{ border-left-style: (\w+)", STYLE))
    assert len({borders.get(kind, "solid") for kind in kinds}) == 4
    for kind in kinds:  # a confirmed report looks as it did
        shown = {**FOUND, "kind": kind}
        page = Environment(loader=FileSystemLoader(WEB / "templates"), autoescape=True).get_template(
            "confirm.html"
        ).render(t=texts("confirm.html", "zh"), **frame("zh", ""), state="found", r=shown)  # fmt: skip
        mark = (
            f'<p class="mark {kind}" id="conclusion"><span aria-hidden="true">{marks[kind]}</span>'
        )
        assert mark in page


def test_the_script_and_the_page_without_it_mark_alike() -> None:
    marks = dict(re.findall(r'(\w+): "(.)"', SCRIPT.split("const marks")[1].split("};")[0]))
    assert marks == dict(MARKS)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_stage_has_its_words(lang: str) -> None:
    assert set(VERIFY[lang]["stages"]) == {stage.value for stage in Stage}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_availability_has_its_words(lang: str) -> None:
    assert set(LISTS["issuers.html"][lang]["availability"]) == {each.value for each in Availability}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_every_word_of_a_dispute_has_its_words(lang: str) -> None:
    assert set(WRONG[lang]["states"]) == {each.value for each in DisputeState}
    assert set(WRONG[lang]["elements"]) == {each.value for each in Element}
    assert set(WRONG[lang]["bys"]) == {each.value for each in By}
