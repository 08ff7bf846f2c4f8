"""The public page: served whole by this node, in two languages, with no script of its own in it."""

import re
from html.parser import HTMLParser

import pytest

from app.routers.pages import TEXTS, WEB
from tests.service import Service


class Elements(HTMLParser):
    """Every element with its attributes, and the text inside scripts."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.script = ""
        self._open = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attrs}))
        self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style"):
            self.script += data.strip()


@pytest.fixture(params=["zh", "en"])
def page(service: Service, request: pytest.FixtureRequest) -> Elements:
    answer = service.client.get(f"/?lang={request.param}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert TEXTS[request.param]["title"] in answer.text
    return Elements(answer.text)


def test_nothing_inline(page: Elements) -> None:
    assert page.script == ""
    for tag, attributes in page.found:
        assert not [name for name in attributes if name.startswith("on") or name == "style"], tag
        assert not any(v.lower().startswith("javascript:") for v in attributes.values()), tag


def test_everything_comes_from_this_node(service: Service, page: Elements) -> None:
    own = [a.get("src") or a.get("href", "") for t, a in page.found if t in ("script", "link")]
    own.remove("data:,")  # no icon is asked for
    assert len(own) >= 2
    for path in own:
        assert path.startswith("/"), path
        answer = service.client.get(path)
        assert answer.status_code == 200, path
        assert answer.headers["content-type"].split(";")[0] in ("text/css", "text/javascript")
    for _, attributes in page.found:
        for value in attributes.values():
            assert "//" not in value, "another host"


def test_every_field_has_a_label_and_the_result_is_announced(page: Elements) -> None:
    labelled = {a["for"] for t, a in page.found if t == "label"}
    for tag, attributes in page.found:
        if tag in ("input", "textarea", "select") and attributes.get("type") != "hidden":
            assert attributes.get("id") in labelled or "aria-label" in attributes
    assert any(a.get("aria-live") for _, a in page.found)
    assert any(t == "html" and a.get("lang") for t, a in page.found)


def test_the_language_is_the_readers(service: Service) -> None:
    def title(path: str, accepts: str = "") -> str:
        text = service.client.get(path, headers={"Accept-Language": accepts}).text
        return "".join(re.findall(r"<html lang=\"(\w+)", text))

    assert title("/") == "zh"
    assert title("/", "en-GB,en;q=0.9") == "en"
    assert title("/", "zh-CN,en;q=0.5") == "zh"
    assert title("/?lang=zh", "en") == "zh"
    assert title("/?lang=xx") == "zh"
    assert service.client.get("/?lang=" + "x" * 99).status_code in (200, 422)


def test_the_script_writes_text_and_never_markup() -> None:
    names = ("told", "entered", "shown", "page", "camera")
    script = "".join((WEB / "static" / f"{name}.js").read_text("utf-8") for name in names)
    for word in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(",
                 "new Function", "localStorage", "document.cookie"):  # fmt: skip
        assert word not in script, word
    assert "textContent" in script


def test_static_files_stay_inside_their_folder(service: Service) -> None:
    for path in ("/static/..%2f..%2fmain.py", "/static/%2e%2e/templates/page.html", "/static/",
                 "/static/../../config.py", "/static//etc/passwd"):  # fmt: skip
        assert service.client.get(path).status_code in (404, 405), path
