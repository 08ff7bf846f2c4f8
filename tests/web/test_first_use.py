"""What a new user met on the page, in a browser: a result is of what was sent, and nothing else."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.routers.page_texts import FRAME, VERIFY
from sandbox.attacks import ATTACKS
from tests.service import Service
from tests.web.browser import PHONE, axe, chromium
from tests.web.test_browser import RULES, SIDEWAYS, saved

__all__ = ["axe", "chromium"]

CHOSEN = """all => { const chosen = new DataTransfer();
    for (const [name, words] of all) { chosen.items.add(new File([words], name)); }
    return chosen.files; }"""


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(chromium: Any, lang: str, axe: str) -> Iterator[Any]:
    """Of a phone; whose scripts threw nothing."""
    context = chromium.new_context(viewport={"width": PHONE[0], "height": PHONE[1]}, locale=lang)
    context.add_init_script(axe)
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    yield page
    context.close()
    assert wrong == []


def right(tab: Any) -> None:
    """Nothing sideways, and nothing for axe to say."""
    assert not tab.evaluate(SIDEWAYS)
    found = tab.evaluate(f"() => axe.run({{runOnly: {RULES}}})")["violations"]
    assert [f"{each['id']}: {[n['html'] for n in each['nodes']]}" for each in found] == []


def verified(tab: Any, path: str, kind: str) -> str:
    tab.set_input_files("#file", path)
    tab.click("#verify button")
    tab.wait_for_selector(f".mark.{kind}", timeout=15_000)
    return str(tab.inner_text("#mark"))


def test_a_result_is_of_what_was_sent_and_stays_with_its_reader(
    tab: Any, service: Service, lang: str, tmp_path: Path
) -> None:
    said, world = VERIFY[lang]["said"], service.world
    good = saved(tmp_path, "good.jwt", world.token(world.pick("traffic")))
    forged = saved(tmp_path, "forged.jwt", ATTACKS["foreign_key"].make(world))
    tab.goto(f"{service.url}/?lang={lang}")
    headline = verified(tab, good, "valid")
    assert tab.inner_text("#about") == f"{said['about']}good.jwt"
    assert said["unseen"] in tab.inner_text("#notes")
    code = tab.inner_text("#code")

    # Another file is chosen, and nothing of the verdict stays but its code.
    tab.set_input_files("#file", forged)
    assert tab.inner_text("#mark") == said["changed"]
    assert tab.locator(".mark.valid, #blocks details").count() == 0
    for gone in ("#meaning", "#next", "#who", "#checks", "#notes", "#retry", "#picture"):
        assert tab.locator(gone).is_hidden(), gone
    assert tab.inner_text("#about") == f"{said['was']}good.jwt"
    assert tab.inner_text("#code") == code
    right(tab)
    assert verified(tab, forged, "invalid") != headline
    assert tab.inner_text("#about") == f"{said['about']}forged.jwt"
    tab.evaluate("document.getElementById('by-number').open = true")
    tab.fill("#holder", "x")
    assert tab.inner_text("#mark") == said["changed"], "whichever form is changed"

    # On paper it is the result alone.
    verified(tab, good, "valid")
    tab.emulate_media(media="print")
    assert tab.locator("#verify").is_hidden()
    assert tab.locator("#mark").is_visible()
    tab.emulate_media(media="screen")

    # Large type and the other language keep it; its address holds nothing of it.
    code = tab.inner_text("#code")
    tab.click("footer a[aria-current]")
    tab.wait_for_function("location.hash === ''")
    assert tab.inner_text("#code") == code, "nothing was switched, and nothing is lost"
    tab.get_by_role("link", name=FRAME[lang]["larger"], exact=True).click()
    tab.wait_for_selector(".large .mark.valid")
    assert tab.inner_text("#mark") == headline
    other = FRAME[lang]["other"]
    tab.click(f"a[hreflang={other}]")
    tab.wait_for_selector(f":lang({other}).large .mark.valid")
    assert tab.inner_text("#code") == code
    assert VERIFY[other]["said"]["aboutbefore"] in tab.inner_text("#about")
    assert tab.url.endswith(f"/?lang={other}&look=large")
    right(tab)
    tab.goto(f"{service.url}/?lang={lang}#report=unknown")
    tab.wait_for_selector(".mark.changed")
    assert tab.inner_text("#mark") == said["gone"]


def test_what_cannot_be_sent_is_said_in_sight(tab: Any, service: Service, lang: str) -> None:
    said = VERIFY[lang]["said"]
    tab.goto(f"{service.url}/?lang={lang}")
    asked = service.asked()
    heic = "\0\0\0\x18ftypheic\0\0\0\0"
    for files, words in (
        ([], "nothing"),
        ([["x.ofd", ""]], "empty"),
        ([["x.heic", heic]], "heic"),
    ):
        tab.evaluate(f"all => {{ byId('file').files = ({CHOSEN})(all); scrollTo(0, 0); }}", files)
        tab.click("#verify button")
        tab.wait_for_selector(f"#result:has-text({json.dumps(said[words], ensure_ascii=False)})")
        assert tab.locator("#mark").bounding_box()["y"] < PHONE[1]
        assert tab.evaluate("document.activeElement.id") == "file"
    tab.evaluate(f"all => {{ take(({CHOSEN})(all)); }}", [["a", "x"], ["b", "y"]])
    assert said["several"] in tab.inner_text("#result")
    right(tab)
    tab.fill("#text", "440123198")
    assert tab.locator("#result").is_hidden(), "the words are gone once it is mended"
    tab.click("#verify button")
    tab.wait_for_selector(f"#result:has-text({json.dumps(said['unread'], ensure_ascii=False)})")
    assert service.asked() == asked


def test_a_number_its_issuer_by_name_and_an_outage_tried_again(
    tab: Any, service: Service, lang: str
) -> None:
    license, said = service.world.pick("traffic"), VERIFY[lang]["said"]
    code, type = str(license.identifier.issuer), str(license.identifier.type)
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#by-number summary")
    tab.fill("#number", license.number[:-1] + "X")
    tab.select_option("#kind", type)
    tab.fill("#holder", license.holder.name)
    tab.fill("#issuing", "nobody of this name")
    tab.click("#facts button")
    assert said["noissuer"] in tab.inner_text("#result")
    assert tab.evaluate("document.activeElement.id") == "issuing"
    tab.fill("#issuing", tab.locator(f"#bodies option[value='{code}']").text_content())
    tab.click("#facts button")
    tab.wait_for_selector(".mark.unfound")
    assert tab.inner_text("#mark") == f"✎ {said['notfound']}"
    assert tab.locator(".mark.invalid, #blocks .failed").count() == 0, "nothing is red"
    right(tab)
    tab.fill("#number", license.number)
    tab.fill("#issuing", code.lower())
    tab.click("#facts button")
    tab.wait_for_selector(".mark.valid")
    service.issuers.set_behaviour("traffic", "reset")
    tab.fill("#holder_code", license.holder.code)  # another question, of which no answer is kept
    tab.click("#facts button")
    tab.wait_for_selector(".mark.outage", timeout=15_000)
    right(tab)
    service.issuers.reset()
    tab.click("#again")
    tab.wait_for_selector(".mark.valid", timeout=15_000)
    assert tab.locator("#again").is_hidden()

    # To the page of wrong records, with what was typed, in no address.
    tab.click("#mend button")
    tab.wait_for_url("**/wrong/about?*")
    assert tab.url == f"{service.url}/wrong/about?lang={lang}"
    shown = [tab.input_value(f"#{name}") for name in ("number", "kind", "holder", "issuer")]
    assert shown == [license.number, type, license.holder.name, code]
    right(tab)
