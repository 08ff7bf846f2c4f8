"""The page and its script name the same things, in both languages."""

import re

import pytest
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from app.routers.pages import TEXTS, WEB

SCRIPT = (WEB / "static/page.js").read_text(encoding="utf-8")
DOCS = "".join(
    (WEB / name).read_text(encoding="utf-8") for name in ("static/docs.js", "templates/docs.html")
)
STYLE = (WEB / "static/page.css").read_text(encoding="utf-8")
CHINESE_THEN_ASCII = re.compile(r"[\u4e00-\u9fff][,;:?!]|[,;:?!][\u4e00-\u9fff]")


def rendered(lang: str) -> str:
    templates = Environment(
        loader=FileSystemLoader(WEB / "templates"), undefined=StrictUndefined, autoescape=True
    )
    return templates.get_template("page.html").render(t=TEXTS[lang])


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_everything_the_script_asks_of_the_page_is_there(lang: str) -> None:
    page = rendered(lang)
    asked = set(re.findall(r'(?:byId|show)\("([a-z-]+)"', SCRIPT))
    assert asked >= {"verify", "result", "mark", "blocks", "whole"}
    assert asked == set(re.findall(r' id="([a-z-]+)"', page)), "no more and no less"
    told = dict(re.findall(r'data-([a-z]+)="([^"]*)"', page))
    assert set(re.findall(r"\bsaid\.([a-z]+)", SCRIPT)) == set(told)
    assert all(told.values())


def test_both_languages_say_the_same_things() -> None:
    assert set(TEXTS["zh"]) == set(TEXTS["en"])
    assert not [text for text in TEXTS["zh"].values() if CHINESE_THEN_ASCII.search(text)]
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
        assert way not in SCRIPT + rendered("zh") + DOCS


def test_nothing_is_fetched_from_elsewhere() -> None:
    assert "://" not in SCRIPT + STYLE + rendered("en") + DOCS


def test_each_conclusion_looks_different_without_colour() -> None:
    marks = dict(re.findall(r'(valid|invalid|indeterminate): "(.)"', SCRIPT))
    assert len(set(marks.values())) == 3
    borders = dict(re.findall(r"\.mark\.(\w+)[^{]*\{ border-left-style: (\w+)", STYLE))
    assert borders["invalid"] != borders["indeterminate"]
    assert "valid" not in borders, "solid"
