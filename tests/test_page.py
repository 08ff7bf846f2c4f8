"""The page and its script name the same things, in both languages."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.routers.page_texts import CONFIRM, FRAME, VERIFY
from app.routers.pages import WEB

SCRIPT = (WEB / "static/page.js").read_text(encoding="utf-8")
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
STATES = ("ask", "mistyped", "unknown", "outage", "limited", "found")
ALL = {"page.html": VERIFY, "confirm.html": CONFIRM}


def rendered(lang: str, name: str = "page.html", state: str = "found") -> str:
    templates = Environment(
        loader=FileSystemLoader(WEB / "templates"), undefined=StrictUndefined, autoescape=True
    )
    values = {"code": "x", "here": "", "qr": None, "address": "", "again": ""}
    return templates.get_template(name).render(
        t=FRAME[lang] | ALL[name][lang],
        checks=[("bound", "?", {"ofd": "x"})],
        state=state,
        r=FOUND,
        **values,
    )


def every_page(lang: str) -> str:
    pages = [rendered(lang), *(rendered(lang, "confirm.html", state) for state in STATES)]
    return "".join(pages)


def words(texts: object) -> list[str]:
    if isinstance(texts, dict):
        return [word for each in texts.values() for word in words(each)]
    return [str(texts)]


def shape(texts: object) -> object:
    return {k: shape(v) for k, v in texts.items()} if isinstance(texts, dict) else None


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_script_asks_of_the_page_is_there(lang: str) -> None:
    page = rendered(lang)
    asked = set(re.findall(r'(?:byId|show)\("([a-z-]+)"', SCRIPT))
    assert asked >= {"verify", "result", "mark", "blocks", "whole"}
    assert asked == set(re.findall(r' id="([a-z-]+)"', page)), "no more and no less"
    told = dict(re.findall(r' data-([a-z]+)="([^"]*)"', page.split("<header>")[0]))
    assert set(re.findall(r"\bsaid\.([a-z]+)", SCRIPT)) == set(told)
    assert all(told.values())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_comparing_script_asks_is_there(lang: str) -> None:
    page = rendered(lang, "confirm.html")
    asked = set(re.findall(r'getElementById\("([a-z0-9-]+)"', CONFIRMING))
    assert asked == {"own", "compared", "print", "sha256"}
    assert asked <= set(re.findall(r' id="([a-z0-9-]+)"', page))
    told = dict(re.findall(r' data-([a-z]+)="([^"]*)"', page))
    assert set(re.findall(r"\bsaid\.([a-z]+)", CONFIRMING)) == set(told) - {"lang"}
    assert all(told.values())


def test_both_languages_say_the_same_things() -> None:
    for texts in (FRAME, VERIFY, CONFIRM):
        assert shape(texts["zh"]) == shape(texts["en"])
        assert all(words(texts))
        assert not [text for text in words(texts["zh"]) if CHINESE_THEN_ASCII.search(text)]
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
        ).render(t=FRAME["zh"] | CONFIRM["zh"], state="found", r=shown)  # fmt: skip
        assert f'<p class="mark {kind}"><span aria-hidden="true">{marks[kind]}</span>' in page
