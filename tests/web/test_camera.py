"""Scanning with a camera, in a real browser whose camera sees a sheet with a code of the sandbox."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from app.routers.page_texts import VERIFY
from sandbox.photos import DESK, Shot, photograph
from sandbox.serve import Servers
from tests.service import Service
from tests.web.browser import PHONE, arguments, axe, chromium, executable
from tests.web.test_browser import RULES, SIDEWAYS

__all__ = ["axe", "chromium"]

SEEN = (1280, 720)
"""Width and height, in pixels, of what the camera sees."""
COUNTED = """{ const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    window.asked = []; window.streams = [];
    navigator.mediaDevices.getUserMedia = async wanted => {
        window.asked.push(wanted); const given = await ask(wanted);
        window.streams.push(given); return given; }; }
    { const post = window.fetch; window.sent = [];
    window.fetch = (where, options) => {
        window.sent.push([where, ...[...options.body].map(([name, each]) => [name, each.type || each])]);
        return post(where, options); }; }"""
"""Keeps how often a page asks for a camera, what it got, and what it sends."""
SENT = [["/v1/verifications", ["file", "image/jpeg"], ["any_signer", "true"]]]
"""What the form sends of a photo, and no text that a browser has read."""
OFF = "window.streams.every(each => each.getTracks().every(one => one.readyState === 'ended'))"
DETECTOR = """window.BarcodeDetector = class {
    static async getSupportedFormats() { return ['qr_code']; }
    async detect(picture) {
        window.looked = (window.looked || 0) + 1;
        return window.looked > 2 && picture.width === 1280 ? [{ rawValue: 'x' }] : []; } };"""
"""What Chromium has on telephones, and not on this system: sees a code at the third look."""
UNABLE = DETECTOR.replace("window.looked = ", "throw new Error('no service'); window.looked = ")
REFUSING = """name => { navigator.mediaDevices.getUserMedia = async () => {
    throw new DOMException('', name); }; }"""


def film(picture: bytes) -> bytes:
    """Two frames of YUV4MPEG2, 4:2:0, of this picture in the middle of a desk."""
    shown = Image.open(io.BytesIO(picture)).convert("L")
    desk = Image.new("L", SEEN, DESK)
    desk.paste(shown, ((SEEN[0] - shown.width) // 2, (SEEN[1] - shown.height) // 2))
    grey = bytes([128]) * (SEEN[0] * SEEN[1] // 2)
    frame = b"FRAME\n" + desk.tobytes() + grey
    head = f"YUV4MPEG2 W{SEEN[0]} H{SEEN[1]} F10:1 Ip A1:1 C420jpeg\n"
    return head.encode() + frame * 2


@pytest.fixture(scope="module")
def sighted(
    chromium: Any, sandbox_issuers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A browser whose one camera looks at the code of a license."""
    world = sandbox_issuers.world
    token = world.token(world.pick("traffic"))
    path: Path = tmp_path_factory.mktemp("film") / "code.y4m"
    path.write_bytes(film(photograph([token], Shot(module=5))))
    seeing = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={path}"]
    browser = chromium.browser_type.launch(
        executable_path=executable(), args=[*arguments(), *seeing]
    )
    yield browser
    browser.close()


@pytest.fixture(params=["zh", "en"])
def lang(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def tab(sighted: Any, service: Service, lang: str) -> Iterator[Any]:
    """The page on a telephone; nobody has allowed it anything yet."""
    context = sighted.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, locale=lang, permissions=[]
    )
    page, wrong = context.new_page(), []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "olicy" in said.text else None)
    page.add_init_script(COUNTED)
    yield page
    context.close()
    assert wrong == []


def allow(tab: Any, service: Service) -> None:
    tab.context.grant_permissions(["camera"], origin=service.url)


def told(tab: Any, lang: str, name: str) -> None:
    """Waits for these words of the page."""
    tab.get_by_text(VERIFY[lang]["live"]["said"][name], exact=True).wait_for()


def focused(tab: Any) -> str:
    return str(tab.evaluate("document.activeElement.id"))


def violations(tab: Any) -> list[str]:
    assert not tab.evaluate(SIDEWAYS)
    return [
        each["id"] for each in tab.evaluate(f"() => axe.run({{runOnly: {RULES}}})")["violations"]
    ]


def test_a_frame_is_verified_as_a_photo_and_the_camera_is_off(
    tab: Any, service: Service, lang: str, axe: str
) -> None:
    """By keyboard alone; nothing asks for the camera before it is pressed for."""
    allow(tab, service)
    tab.add_init_script(axe)
    tab.goto(f"{service.url}/?lang={lang}")
    assert tab.locator("#seen").is_hidden()
    tab.focus("#scan")
    assert tab.evaluate("window.asked") == []
    assert violations(tab) == []
    tab.keyboard.press("Enter")
    told(tab, lang, "on")
    assert tab.evaluate("window.asked")[0]["video"]["facingMode"] == {"ideal": "environment"}
    assert tab.evaluate("window.asked")[0]["audio"] is False
    assert not tab.evaluate(OFF)
    assert focused(tab) == "shot"
    box = tab.locator("#scanning").bounding_box()
    assert box["y"] >= 0, "what it sees and what to press are in sight"
    assert box["y"] + box["height"] < PHONE[1] + 1
    assert tab.locator("#seen").bounding_box()["width"] > 200
    assert violations(tab) == []
    tab.keyboard.press("Enter")
    assert tab.evaluate(OFF), "at once"
    assert tab.locator("#seen").is_hidden()
    assert focused(tab) == "scan"
    tab.wait_for_selector(".mark.indeterminate", timeout=15_000)
    assert tab.evaluate("window.sent") == SENT
    assert VERIFY[lang]["said"]["photogood"] in tab.inner_text("#mark")
    assert VERIFY[lang]["live"]["name"] in tab.inner_text("#about")
    assert len(tab.evaluate("window.asked")) == 1


def test_a_code_that_the_browser_sees_takes_the_frame_and_decides_nothing_else(
    tab: Any, service: Service, lang: str
) -> None:
    allow(tab, service)
    tab.add_init_script(DETECTOR)
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#scan")
    tab.wait_for_selector(".mark.indeterminate", timeout=15_000)
    assert tab.evaluate(OFF)
    assert tab.evaluate("window.looked") == 3
    assert tab.evaluate("window.sent") == SENT
    assert VERIFY[lang]["said"]["photogood"] in tab.inner_text("#mark")


@pytest.mark.parametrize("lang", ["en"])
def test_a_browser_that_sees_no_codes_after_all_leaves_it_to_the_button(
    tab: Any, service: Service, lang: str
) -> None:
    allow(tab, service)
    tab.add_init_script(UNABLE)
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#scan")
    told(tab, lang, "on")
    assert not tab.evaluate(OFF)
    tab.click("#shot")
    tab.wait_for_selector(".mark.indeterminate", timeout=15_000)


HIDDEN = """Object.defineProperty(document, 'hidden', { value: true });
    document.dispatchEvent(new Event('visibilitychange'));"""
LEFT = "window.dispatchEvent(new PageTransitionEvent('pagehide', { persisted: true }));"


@pytest.mark.parametrize("lang", ["en"])
@pytest.mark.parametrize("end", ["stop", "submit", "unplugged", HIDDEN, LEFT],
                         ids=["stop", "submit", "unplugged", "hidden", "left"])  # fmt: skip
def test_whatever_ends_it_the_camera_is_off_and_nothing_is_sent(
    tab: Any, service: Service, lang: str, end: str
) -> None:
    allow(tab, service)
    sent: list[str] = []
    tab.on("request", lambda request: sent.append(request.url))
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#scan")
    told(tab, lang, "on")
    sent.clear()
    match end:
        case "stop":
            tab.keyboard.press("Tab")
            assert focused(tab) == "stop"
            tab.keyboard.press("Enter")
        case "submit":
            tab.click("#verify button")
        case "unplugged":
            tab.evaluate("window.streams[0].getTracks()[0].dispatchEvent(new Event('ended'))")
        case script:
            tab.evaluate(script)
    told(tab, lang, "failed" if end == "unplugged" else "off")
    assert tab.evaluate(OFF)
    assert tab.locator("#scanning").is_hidden()
    assert tab.locator("#seen").evaluate("each => each.srcObject") is None
    assert sent == []
    if end == "stop":
        assert focused(tab) == "scan"
        tab.click("#scan")
        told(tab, lang, "on")
        assert not tab.evaluate(OFF), "and it can be asked for again"


@pytest.mark.parametrize("lang", ["en"])
def test_a_camera_allowed_after_it_is_no_longer_wanted_does_not_stay_on(
    tab: Any, service: Service, lang: str
) -> None:
    allow(tab, service)
    tab.add_init_script(
        """{ const ask = navigator.mediaDevices.getUserMedia;
        window.held = new Promise(held => {
            navigator.mediaDevices.getUserMedia = async wanted => {
                const given = await ask(wanted); held();
                await new Promise(go => { window.go = go; }); return given; }; }); }"""
    )
    tab.goto(f"{service.url}/?lang={lang}")
    tab.click("#scan")
    told(tab, lang, "asking")
    tab.evaluate("window.held")
    tab.evaluate(LEFT)
    assert not tab.evaluate(OFF), "it was given, only late"
    tab.evaluate("window.go(), new Promise(done => setTimeout(done, 100))")
    assert tab.evaluate(OFF)
    assert tab.locator("#scanning").is_hidden()


def test_a_camera_that_is_denied_or_missing_says_what_to_do_instead(
    tab: Any, service: Service, lang: str, axe: str
) -> None:
    tab.add_init_script(axe)
    tab.goto(f"{service.url}/?lang={lang}")
    tab.focus("#scan")
    tab.keyboard.press("Enter")
    told(tab, lang, "denied")  # by the browser itself: nobody has allowed it
    assert focused(tab) == "scan"
    assert violations(tab) == []
    for error, name in (("NotFoundError", "none"), ("NotReadableError", "busy"),
                        ("OverconstrainedError", "none"), ("TypeError", "failed")):  # fmt: skip
        tab.evaluate(REFUSING, error)
        tab.keyboard.press("Enter")
        told(tab, lang, name)
        assert tab.locator("#scanning").is_hidden()
        assert tab.locator("#result").is_hidden(), "nothing against any license"


@pytest.mark.parametrize("lang", ["en"])
def test_where_there_is_no_camera_to_ask_for_nothing_is_offered(
    tab: Any, sighted: Any, service: Service, lang: str
) -> None:
    tab.goto(f"{service.url}/?lang={lang}")
    assert tab.is_visible("#scan")
    context = sighted.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto(f"{service.url}/?lang={lang}")
    assert plain.locator("#live").is_hidden()
    context.close()
    bare = sighted.new_context()
    old = bare.new_page()
    old.add_init_script("Object.defineProperty(navigator, 'mediaDevices', { value: undefined });")
    old.goto(f"{service.url}/?lang={lang}")
    assert old.locator("#live").is_hidden()
    assert old.is_visible("#verify button")
    bare.close()


def test_only_the_page_that_scans_may_ask_for_the_camera(service: Service) -> None:
    def policy(path: str) -> str:
        return str(service.client.get(path).headers["permissions-policy"])

    assert policy("/") == policy("/?lang=en") == "camera=(self), geolocation=(), microphone=()"
    for path in ("/r", "/help", "/issuers", "/wrong", "/console", "/docs", "/livez", "/nothing",
                 "/static/camera.js", "/v1/verifications/x"):  # fmt: skip
        assert policy(path) == "camera=(), geolocation=(), microphone=()", path
    answer = service.client.post("/?lang=en", data={"text": "x"})
    assert answer.headers["permissions-policy"].startswith("camera=(self)"), "scanned from again"
