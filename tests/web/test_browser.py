"""The pages in a real browser, against the real service: phone and desktop, both languages."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.domain.confirmation import ALPHABET
from app.routers.confirm_texts import CONFIRM
from app.routers.page_texts import VERIFY
from app.routers.wrong_texts import WRONG
from sandbox.attacks import ATTACKS
from sandbox.ofd_attacks import OFD_ATTACKS
from sandbox.photos import Shot, photograph
from tests.service import Service
from tests.web.browser import DESKTOP, PHONE, axe, chromium

__all__ = ["axe", "chromium"]

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SIDEWAYS = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@pytest.fixture(params=[PHONE, DESKTOP], ids=["phone", "desktop"])
def size(request: pytest.FixtureRequest) -> tuple[int, int]:
    found: tuple[int, int] = request.param
    return found


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(chromium: Any, service: Service, size: tuple[int, int], lang: str) -> Iterator[Any]:
    """A page that asked nobody but this node, whose scripts threw nothing and broke no policy."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]}, locale=lang)
    page, asked, wrong = context.new_page(), [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Policy" in said.text else None)
    page.on("dialog", lambda dialog: wrong.append("a dialog"))
    yield page
    assert context.cookies() == []
    context.close()
    assert asked
    assert all(url.startswith((service.url, "data:,", "blob:")) for url in asked), asked
    assert wrong == []


def saved(folder: Path, name: str, content: bytes) -> str:
    path = folder / name
    path.write_bytes(content)
    return str(path)


def verify(tab: Any, path: str, kind: str) -> None:
    tab.set_input_files("#file", path)
    tab.click("#verify button")
    tab.wait_for_selector(f".mark.{kind}", timeout=15_000)
    assert tab.locator("#mark").bounding_box()["y"] < tab.viewport_size["height"], "in sight"
    assert not tab.evaluate(SIDEWAYS)


def test_a_verdict_says_what_it_means_and_an_outage_looks_like_one(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    world, said = service.world, VERIFY[lang]["said"]
    victim = world.pick("traffic")
    good = saved(tmp_path, "good.jwt", world.token(victim))
    forged = saved(tmp_path, "forged.jwt", ATTACKS["foreign_key"].make(world))
    tab.goto(f"{service.url}/?lang={lang}")
    assert not tab.evaluate(SIDEWAYS)
    marks = []
    verify(tab, good, "valid")
    marks.append(tab.inner_text("#mark")[0])
    assert said["issuer"] == tab.inner_text("#issuer-label")
    assert tab.inner_text("#next")
    tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    whole = tab.inner_text("#result")
    for words in (said["unchecked"], said["sources"], said["signatures"], "RFC 7515 5.2",
                  said["timeclaimed"], said["unconcerned"]):  # fmt: skip
        assert words in whole
    assert victim.holder.name not in whole
    verify(tab, forged, "invalid")
    marks.append(tab.inner_text("#mark")[0])
    assert said["claimed"] == tab.inner_text("#issuer-label"), "nothing says that it issued this"
    assert tab.locator("details[open] .failed").count() >= 1, "what failed is open"
    service.issuers.set_behaviour("traffic", "reset")
    verify(tab, good, "outage")
    marks.append(tab.inner_text("#mark")[0])
    assert said["retry"] in tab.inner_text("#retry")
    assert tab.locator(".mark.invalid, #blocks .failed").count() == 0
    assert len(set(marks)) == 3, "told apart without colour"
    verify(tab, saved(tmp_path, "letter.txt", b"nothing of the kind"), "refused")
    assert tab.locator("#who").is_hidden()


def test_a_service_that_cannot_be_reached_is_no_forgery(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    tab.goto(f"{service.url}/?lang={lang}")
    tab.route("**/v1/verifications", lambda route: route.abort())
    verify(tab, saved(tmp_path, "x.jwt", b"eyJ9.e30.AA"), "outage")
    assert VERIFY[lang]["said"]["outage"] in tab.inner_text("#result")


def test_a_report_is_confirmed_and_a_file_compared(
    tab: Any, service: Service, size: tuple[int, int], lang: str, tmp_path: Path
) -> None:
    good = saved(tmp_path, "good.jwt", service.world.token(service.world.pick("traffic")))
    other = saved(tmp_path, "other.jwt", service.world.token(service.world.pick("university")))
    tab.goto(f"{service.url}/?lang={lang}")
    verify(tab, good, "valid")
    headline = tab.inner_text("#mark")
    code = tab.inner_text("#code")
    tab.click("#code")
    tab.wait_for_selector(".sheet")
    tab.wait_for_load_state()  # it is there before its style is, on a busy machine
    assert tab.inner_text("#conclusion") == headline
    assert not tab.evaluate(SIDEWAYS)
    assert tab.inner_text("#uncompared") == CONFIRM[lang]["uncompared"], "of no file at hand yet"
    for path, kind, words in (
        (good, "same", "same"), (other, "differs", "differs"), (good, "same", "same"),
    ):  # fmt: skip
        tab.set_input_files("#own", path)
        tab.wait_for_selector(f"#compared.{kind}")
        assert CONFIRM[lang]["said"][words] in tab.inner_text("#compared")
        assert tab.is_visible("#another") is (kind == "differs")
        assert not tab.is_visible("#uncompared")
        assert tab.locator("#conclusion.struck").count() == (kind == "differs")
    tab.set_input_files("#own", saved(tmp_path, "empty.jwt", b""))
    tab.wait_for_selector("#compared.refused")
    assert tab.inner_text("#compared") == CONFIRM[lang]["said"]["empty"]
    assert tab.is_visible("#uncompared"), "an empty file was compared with nothing"
    paper = tab.pdf(format="A4")
    assert len(re.findall(rb"/Type\s*/Page\b", paper)) == 1, "one sheet"
    tab.goto(f"{service.url}/r?lang={lang}")
    wrong = code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32]
    tab.fill("#code", wrong)
    tab.click("main button")
    assert CONFIRM[lang]["mistyped"] in tab.inner_text("main")
    assert tab.input_value("#code") == wrong, "to be mended"
    tab.fill("#code", code.lower().replace("-", " "))
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".sheet")
    tab.wait_for_load_state()  # it is there before its style is, on a busy machine
    assert tab.url == f"{service.url}/r?lang={lang}", "a typed code stands in no address"


def test_by_keyboard_alone(chromium: Any, service: Service) -> None:
    token = service.world.token(service.world.pick("traffic")).decode()
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    tab = context.new_page()
    tab.goto(f"{service.url}/?lang=en")

    def until(selector: str) -> None:
        for _ in range(40):
            tab.keyboard.press("Tab")
            if tab.evaluate("s => document.activeElement.matches(s)", selector):
                outline = "getComputedStyle(document.activeElement).outlineStyle"
                assert tab.evaluate(outline) != "none", "the focus is seen"
                return
        raise AssertionError(selector)

    until("#text")
    tab.keyboard.insert_text(token)
    until("#verify button")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".mark.valid")
    until("summary")
    tab.keyboard.press("Enter")
    assert tab.locator("details[open]").count() == 1
    until("#code")
    tab.keyboard.press("Enter")
    tab.wait_for_selector(".sheet")
    tab.wait_for_load_state()  # it is there before its style is, on a busy machine
    until("#print")
    until("#own")
    context.close()


def test_checks_appear_before_the_issuer_has_answered(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    good = saved(tmp_path, "good.jwt", service.world.token(service.world.pick("traffic")))
    service.issuers.set_behaviour("traffic", "delay", seconds=1.5)
    tab.goto(f"{service.url}/?lang={lang}")
    tab.set_input_files("#file", good)
    tab.click("#verify button")
    tab.wait_for_selector("#steps .passed")
    assert tab.inner_text("#mark").startswith(VERIFY[lang]["stages"]["asking"])
    assert tab.locator(".mark.valid, .mark.invalid, .mark.indeterminate").count() == 0
    assert tab.locator("#proof").is_hidden(), "no code before there is a verdict"
    tab.wait_for_selector(".mark.valid, .mark.outage", timeout=15_000)
    assert tab.locator("#steps").is_hidden()


def test_a_number_is_verified_and_the_record_told(tab: Any, service: Service, lang: str) -> None:
    license, said = service.world.pick("traffic"), VERIFY[lang]["said"]
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#by-number summary")
    tab.fill("#number", license.number)
    tab.select_option("#kind", str(license.identifier.type))
    tab.fill("#holder", license.holder.name)
    tab.fill("#issuing", str(license.identifier.issuer))
    for holder_code, kind in ((license.holder.code, "valid"), ("440101199001011234", "unfound")):
        tab.fill("#holder_code", holder_code)
        tab.click("#facts button")
        tab.wait_for_selector(f".mark.{kind}", timeout=15_000)
        tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
        shown = tab.inner_text("#result")
        assert said["answer"] in shown
        for value in (license.holder.name, license.holder.code, license.number, holder_code):
            assert value not in shown
    assert not tab.evaluate(SIDEWAYS)
    issuer = str(license.identifier.issuer)
    assert tab.locator(f"#bodies option[value='{issuer}']").count() == 1, "chosen by its name"
    assert tab.locator("#retry").is_hidden()
    tab.fill("#issuing", "")
    tab.click("#facts button")
    tab.wait_for_selector("#retry:not([hidden])")
    assert tab.inner_text("#retry") == said["unnamed"]


def lines(tab: Any) -> list[str]:
    """What the result says, but for times and code, which are each verification's own."""
    tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    script = """() => [...document.querySelectorAll(
        '#mark, #beware, #meaning, #next, #who dt, #who dd, #blocks summary, #blocks li, #reason')]
        .map(each => each.className + '|' + each.querySelectorAll('[lang=en]').length + '|' +
            each.textContent.replace(/\\s+/g, ' ').trim())"""
    told = [re.sub(r"\d\d:\d\d:\d\d", "", each) for each in tab.evaluate(script)]
    return [
        re.sub(r"刚刚|现在|just now|now|\d+ ?(seconds?|秒钟?)( ?ago|前)", "", each) for each in told
    ]


def test_the_page_says_the_same_without_scripts(
    tab: Any, chromium: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    world = service.world
    context = chromium.new_context(java_script_enabled=False, locale=lang)
    plain = context.new_page()
    for content, kind in (
        (world.token(world.pick("traffic")), "valid"),
        (ATTACKS["foreign_key"].make(world), "invalid"),
    ):
        path = saved(tmp_path, "license.jwt", content)
        tab.goto(f"{service.url}/?lang={lang}")
        verify(tab, path, kind)
        plain.goto(f"{service.url}/?lang={lang}")
        plain.set_input_files("#file", path)
        plain.click("#verify button")
        plain.wait_for_selector(f".mark.{kind}")
        scripted = lines(tab)
        assert len(scripted) > 20
        # The browser without scripts runs none of ours either: its words come from the octets.
        assert lines(plain) == scripted
    context.close()


def test_a_photo_of_a_license_tells_its_status_and_is_no_original(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    token = service.world.token(service.world.pick("traffic"))
    picture = photograph([token], Shot(turn=(4, 3, 5)))
    tab.goto(f"{service.url}/?lang={lang}")
    assert tab.get_attribute("#photo", "capture") == "environment", "a camera, only when pressed"
    verify(tab, saved(tmp_path, "photo.png", picture), "indeterminate")
    tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    shown = tab.inner_text("#result")
    assert VERIFY[lang]["said"]["codes"] in shown
    assert "(unsigned_copy)" in shown or "unsigned_copy" in tab.inner_text("#reason")
    assert tab.locator("#beware").is_hidden(), "nothing in it leads elsewhere"
    strange = photograph([token, b"https://verify-xx.com/login"], Shot(module=3))
    verify(tab, saved(tmp_path, "strange.png", strange), "indeterminate")
    warning = tab.locator("#beware")
    assert warning.inner_text() == f"⚠ {VERIFY[lang]['said']['beware']}"
    size = "each => parseFloat(getComputedStyle(each).fontSize)"
    assert warning.evaluate(size) > tab.locator("#meaning").evaluate(size), "no footnote"
    assert warning.evaluate("each => getComputedStyle(each).borderTopWidth") != "0px"
    assert warning.bounding_box()["y"] < tab.locator("#meaning").bounding_box()["y"]
    assert "verify-xx" not in tab.inner_text("#result"), "what is strange is not repeated"
    assert not tab.evaluate(SIDEWAYS)
    verify(tab, saved(tmp_path, "license.jwt", token), "valid")
    assert tab.locator("#beware").is_hidden()


def test_a_first_view_is_small_and_does_not_move(
    chromium: Any, service: Service, size: tuple[int, int]
) -> None:
    """Counted, not timed: 150 kB uncompressed with an empty cache, and no layout shift."""
    context = chromium.new_context(viewport={"width": size[0], "height": size[1]})
    tab, taken = context.new_page(), []
    tab.on("response", lambda answer: taken.append(answer.url))
    for path in ("/", "/help"):
        taken.clear()
        tab.goto(f"{service.url}{path}?lang=zh")
        moved = tab.evaluate(
            """() => new Promise(done => { let sum = 0;
            new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; }))
                .observe({ type: 'layout-shift', buffered: true });
            setTimeout(() => done(sum), 300); })"""
        )
        octets = sum(len(service.client.get(url).content) for url in taken if "://" in url)
        assert moved == 0
        assert 0 < octets < 150_000
    context.close()


HOSTILE = "<img src=x onerror=alert(1)>\u202egnp.exe\u2066\u200b" + "界" * 500


def test_words_of_a_document_execute_nothing_and_turn_nothing(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    """Labels and evidence are the only words of a report that a document may have a part in."""
    token = service.world.token(service.world.pick("traffic"))
    answer = service.verify(token)
    report = answer["report"]
    for block in report["blocks"].values():
        for each in block["checks"]:
            each["detail"] = HOSTILE
            each["subject"] = HOSTILE
    for each in report["signatures"]:
        each["label"] = HOSTILE
        each["signer"] = None
    tab.goto(f"{service.url}/?lang={lang}")
    body = json.dumps(answer)
    tab.route(
        "**/v1/verifications",
        lambda route: route.fulfill(status=200, content_type="application/json", body=body),
    )
    verify(tab, saved(tmp_path, "x.jwt", token), "valid")
    tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
    shown = tab.inner_text("#result")
    assert "<img src=x onerror=alert(1)>�gnp.exe��" in shown, "as text, its marks made visible"
    assert not set("\u202e\u2066\u200b") & set(shown)
    assert "界" * 200 not in shown
    assert tab.locator("#result img[src]").count() == 0  # the page of the file itself has none yet
    assert tab.locator("bdi", has_text="gnp.exe").count() > 3, "nothing beside it is turned"
    assert VERIFY[lang]["said"]["unproven"] in shown, "no name but a registered one"
    assert not tab.evaluate(SIDEWAYS)


LOOKS = {PHONE: ("", "both"), DESKTOP: ("", "contrast")}
"""Displays tried at each size: large type is about room, contrast about colour."""


def test_no_violations_of_axe(  # noqa: PLR0917
    tab: Any, service: Service, size: tuple[int, int], lang: str, tmp_path: Path, axe: str
) -> None:
    """Every page and state there is, and no text is cut or sideways in any display."""

    def violations() -> list[str]:
        assert not tab.evaluate(SIDEWAYS), tab.url
        found = tab.evaluate(f"() => axe.run({{runOnly: {RULES}}})")["violations"]
        return [f"{each['id']}: {[n['html'] for n in each['nodes']]}" for each in found]

    tab.add_init_script(axe)
    world = service.world
    good = saved(tmp_path, "good.jwt", world.token(world.pick("traffic")))
    forged = saved(tmp_path, "forged.jwt", ATTACKS["foreign_key"].make(world))
    for look in LOOKS[size]:
        query = f"lang={lang}&look={look}"
        tab.goto(f"{service.url}/?{query}")
        assert violations() == []
        tab.click("#by-number summary")
        assert violations() == []
        for path, kind in ((forged, "invalid"), (good, "valid")):
            verify(tab, path, kind)
            tab.eval_on_selector_all("details", "all => all.forEach(each => each.open = true)")
            assert violations() == []
        tab.click("#code")
        tab.wait_for_selector(".sheet")
        tab.wait_for_load_state()  # it is there before its style is, on a busy machine
        tab.set_input_files("#own", good)
        tab.wait_for_selector("#compared.same")
        assert violations() == []
        for path in ("/r", "/r/AAAAA", "/issuers", "/types", "/help", "/wrong"):
            tab.goto(f"{service.url}{path}?{query}")
            assert violations() == []


def test_type_twice_as_large_and_sparse_text_fit(tab: Any, service: Service, lang: str) -> None:
    """WCAG 2.2 SC 1.4.4 (200 %), 1.4.10 (320 px) and 1.4.12 (spacing); nothing is cut off."""
    spaced = """* { line-height: 1.5 !important; letter-spacing: .12em !important;
        word-spacing: .16em !important } p { margin-bottom: 2em !important }"""
    cut = """() => [...document.querySelectorAll('main *')].filter(each =>
        getComputedStyle(each).overflow === 'hidden' && each.scrollHeight > each.clientHeight + 1)
        .length"""
    for path in ("/", "/r", "/issuers", "/types", "/help", "/wrong"):
        tab.goto(f"{service.url}{path}?lang={lang}")
        tab.evaluate(
            """css => { const sheet = new CSSStyleSheet();
            sheet.replaceSync(css + ' :root { font-size: 200% }');
            document.adoptedStyleSheets = [sheet]; }""",
            spaced,
        )
        assert not tab.evaluate(SIDEWAYS), path
        assert tab.evaluate(cut) == 0, path


def test_whatever_is_pressed_is_large_enough(tab: Any, service: Service, lang: str) -> None:
    """WCAG 2.2 SC 2.5.8: 24 by 24 CSS pixels, for whatever does not stand in a sentence."""
    for path in ("/", "/r", "/issuers", "/types", "/help", "/wrong"):
        tab.goto(f"{service.url}{path}?lang={lang}")
        small = tab.evaluate(
            """() => [...document.querySelectorAll(
                'nav a, footer a, button, input, select, summary')]
                .map(each => [each.getBoundingClientRect(), each.outerHTML])
                .filter(([box]) => box.width > 0 && Math.min(box.width, box.height) < 24)
                .map(([, html]) => html)"""
        )
        assert small == [], path


def test_the_layout_takes_tibetan_mongolian_and_right_to_left(
    chromium: Any, service: Service
) -> None:
    """Taller lines, columns from left to right, lines from the right: nothing is cut or hidden."""
    words = {
        "bo": "གློག་རྡུལ་ལག་ཁྱེར་ཞིབ་བཤེར། ",
        "mn-Mong": "ᠴᠠᠬᠢᠯᠭᠠᠨ ᠦᠨᠡᠮᠯᠡᠯ ",
        "ug": "ئېلېكترونلۇق كىنىشكا ",
    }
    context = chromium.new_context(viewport={"width": 320, "height": 640})
    tab = context.new_page()
    for tongue, text in words.items():
        tab.goto(f"{service.url}/help?lang=zh")
        mode, height, whole = tab.evaluate(
            """([tongue, words]) => {
            document.documentElement.lang = tongue;
            document.documentElement.dir = tongue === 'ug' ? 'rtl' : 'ltr';
            for (const each of document.querySelectorAll('main li, main p')) {
                each.textContent = words.repeat(30);
            }
            const style = getComputedStyle(document.querySelector('main p:last-child'));
            return [style.writingMode, parseFloat(style.lineHeight) / parseFloat(style.fontSize),
                    [...document.querySelectorAll('main p, main li')].every(each =>
                        each.scrollWidth <= each.clientWidth + 1 && each.clientHeight > 0)];
            }""",
            [tongue, text],
        )
        assert mode == ("vertical-lr" if tongue == "mn-Mong" else "horizontal-tb")
        assert tongue != "bo" or height > 2
        assert whole, tongue
        assert not tab.evaluate(SIDEWAYS), tongue
    context.close()


def test_a_reader_who_asks_for_contrast_or_darkness_gets_it(
    chromium: Any, service: Service, axe: str
) -> None:
    for wish in ({"color_scheme": "dark"}, {"contrast": "more"}, {"forced_colors": "active"}):
        context = chromium.new_context(viewport={"width": 320, "height": 640}, **wish)
        tab = context.new_page()
        tab.add_init_script(axe)
        for path in ("/", "/help"):
            tab.goto(f"{service.url}{path}?lang=zh")
            assert tab.evaluate(f"() => axe.run({{runOnly: {RULES}}})")["violations"] == [], wish
        context.close()


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_the_page_counts_the_seals_of_a_picture_where_no_document_can_draw(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    """A painted seal, which looks like a good one, and one that nobody here can prove."""
    world, said = service.world, VERIFY[lang]["said"]
    tab.goto(f"{service.url}/?lang={lang}")
    for name, words in (
        ("seal_painted", said["sealsnone"]),
        ("value_one_bit", f"{said['sealbroken']}1"),
    ):
        tab.set_input_files("#file", saved(tmp_path, f"{name}.ofd", OFD_ATTACKS[name].make(world)))
        assert tab.locator("#seals").is_hidden(), "of a file that was put away"
        tab.click("#verify button")
        tab.wait_for_selector("#picture:not([hidden])", timeout=15_000)
        tab.click("#picture summary")
        tab.wait_for_selector("#seals:not([hidden])", timeout=15_000)
        assert tab.inner_text("#seals") == said["sealshere"] + words
        assert not tab.evaluate(SIDEWAYS)


@pytest.mark.parametrize("size", [PHONE], ids=["phone"])
def test_a_refused_report_and_a_withdrawal_are_led_by_the_focus(
    tab: Any, service: Service, lang: str, axe: str
) -> None:
    """The fault in sight, with what was typed; a withdrawal only of whoever says it is meant."""

    def fine() -> bool:
        found = tab.evaluate(f"() => axe.run({{runOnly: {RULES}}})")["violations"]
        return not tab.evaluate(SIDEWAYS) and found == []

    focused = "document.activeElement.id"
    tab.add_init_script(axe)
    tab.goto(f"{service.url}/wrong?lang={lang}")
    tab.fill("#number", "N-1")
    tab.select_option("#element", "other")
    tab.fill("#text", "x" * 2000)
    tab.click("#wrong button")
    tab.wait_for_selector(".fault")
    assert tab.evaluate(focused) == "kind"
    assert tab.input_value("#text") == "x" * 2000
    assert fine()
    tab.fill("#identifier", str(service.world.pick("market").identifier))
    tab.click("#wrong button")
    code = tab.inner_text("#filed-code")
    tab.fill("#code", code[:-1] + ALPHABET[(ALPHABET.index(code[-1]) + 1) % 32])
    tab.click("#follow button")
    tab.wait_for_selector(".mark.refused")
    assert tab.evaluate(focused) == "code"
    assert tab.locator(".mark").bounding_box()["y"] < tab.viewport_size["height"], "beside it"
    assert fine()
    tab.fill("#code", code)
    tab.click("#follow button")
    tab.wait_for_selector("[name=sure]")
    assert fine()
    tab.click("form[action*=withdraw] button")
    assert tab.locator("[name=sure]:invalid").count() == 1, "the browser asks for the tick first"
    tab.check("[name=sure]")
    tab.click("form[action*=withdraw] button")
    tab.wait_for_selector("[name=sure]", state="detached")
    assert WRONG[lang]["states"]["withdrawn"] in tab.inner_text("main")
