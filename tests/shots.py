"""Pictures of the pages for the documentation: `make screenshots` writes docs/shots.

The real service, over a database of its own, with the sandbox's issuers behind it; the Chromium of
this machine takes them. Whatever they show is fictional.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from PIL import Image

from app.domain.caller import Scope
from app.registry.authorities import put_authorities, read_authorities
from demo.steps import make_account
from embedded.postgres import SERVICE
from sandbox.attacks import ATTACKS
from sandbox.nodes import Nodes
from sandbox.ofd_samples import make_ofd_samples
from sandbox.photos import Shot as Turned
from sandbox.photos import photograph
from sandbox.serve import serve_in_thread
from sandbox.trust import authorities
from sandbox.world import World
from tests.service import Service, serving
from tests.web.browser import executable
from tests.web.test_console import PASSWORD, add, code

PROJECT: Final = Path(__file__).parents[1]
FOLDER: Final = PROJECT / "docs/shots"
MOST: Final = 1_500_000
"""Bytes of all pictures together."""
SIZES: Final = {"phone": (390, 844), "desktop": (1100, 800)}
STRANGE: Final = b"https://verify.example.com.invalid/login"
COLOURS: Final = 256
OPERATOR: Final = "picture"
ADDRESS: Final = "https://verify.example.cn"
"""What a printed report leads to; no such site is asked."""

Act = Callable[[Any, Service, Mapping[str, Path]], None]


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: where, how large, in which language, and what is done first."""

    name: str
    path: str
    size: str
    lang: str
    act: Act
    look: str = ""
    whole: bool = False
    """The whole page, and not only what is in sight."""


def nothing(_tab: Any, _service: Service, _files: Mapping[str, Path]) -> None:
    """As the page comes."""


def verified(file: str, kind: str, mood: str = "", *, picture: bool = False) -> Act:
    """A file verified, and what it looks like where that is wanted."""

    def act(tab: Any, service: Service, files: Mapping[str, Path]) -> None:
        if mood:
            service.issuers.set_behaviour("traffic", mood)
        tab.set_input_files("#file", str(files[file]))
        tab.click("#verify button")
        tab.wait_for_selector(f".mark.{kind}", timeout=20_000)
        if picture:
            tab.click("#picture summary")
            tab.wait_for_selector("#drawn:not([hidden])")
            tab.wait_for_function("document.getElementById('drawn').naturalWidth > 0")
        service.issuers.reset()
        tab.evaluate("document.activeElement.blur()")

    return act


def by_number(tab: Any, service: Service, _files: Mapping[str, Path]) -> None:
    license = service.world.pick("traffic")
    tab.click("#by-number summary")
    tab.fill("#number", license.number)
    tab.select_option("#kind", str(license.identifier.type))
    tab.fill("#holder", license.holder.name)
    tab.fill("#issuing", str(license.identifier.issuer))
    tab.click("#facts button")
    tab.wait_for_selector(".mark.valid, .mark.indeterminate, .mark.invalid")


def confirmed(tab: Any, service: Service, files: Mapping[str, Path]) -> None:
    verified("sealed", "valid")(tab, service, files)
    tab.click("#code")
    tab.wait_for_selector(".sheet")


def disputed(tab: Any, service: Service, _files: Mapping[str, Path]) -> None:
    license = service.world.pick("traffic")
    tab.fill("#identifier", str(license.identifier))
    tab.select_option("#element", "valid_until")
    tab.fill("#text", "已经延续，登记的仍是旧的有效期。")
    tab.click("#wrong button")
    tab.wait_for_selector("#filed-code")


def looked_after(tab: Any, _service: Service, files: Mapping[str, Path]) -> None:
    """An operator logs in, and sees what was verified for the pictures before."""
    secret = files["operator"].read_bytes()
    for field, value in (("name", OPERATOR), ("password", PASSWORD), ("code", code(secret))):
        tab.fill(f"#{field}", value)
    tab.click("main button")
    tab.wait_for_selector("table.bars")


SHOTS: Final = (
    Shot("start", "/", "phone", "zh", nothing),
    Shot("valid", "/", "phone", "zh", verified("token", "valid")),
    Shot("invalid", "/", "phone", "zh", verified("forged", "invalid")),
    Shot("outage", "/", "phone", "zh", verified("token", "outage", "reset")),
    Shot("large", "/", "phone", "zh", verified("token", "valid"), look="both"),
    Shot("photo", "/", "phone", "zh", verified("photo", "indeterminate")),
    Shot("beware", "/", "phone", "zh", verified("strange", "indeterminate")),
    Shot("number", "/", "phone", "en", by_number),
    Shot("sealed", "/", "desktop", "zh", verified("sealed", "valid", picture=True), whole=True),
    Shot("confirm", "/", "desktop", "zh", confirmed, whole=True),
    Shot("issuers", "/issuers", "desktop", "en", nothing),
    Shot("help", "/help", "phone", "zh", nothing),
    Shot("wrong", "/wrong", "phone", "zh", disputed),
    Shot("console", "/console", "desktop", "zh", looked_after),
)


def files_of(world: World, folder: Path) -> dict[str, Path]:
    """What a reader has at hand."""
    made = {sample.name: sample.content for sample in make_ofd_samples(world)}
    token = world.token(world.pick("traffic"))
    contents = {
        "token": ("license.jwt", token),
        "forged": ("forged.jwt", ATTACKS["foreign_key"].make(world)),
        "photo": ("photo.png", photograph([token], Turned(turn=(4, 3, 5)))),
        "strange": ("strange.png", photograph([token, STRANGE], Turned(module=3))),
        "sealed": ("license.ofd", made["sealed-stamp-service"]),
    }
    for name, content in contents.values():
        (folder / name).write_bytes(content)
    return {key: folder / name for key, (name, _) in contents.items()}


def take(browser: Any, service: Service, files: Mapping[str, Path]) -> None:
    FOLDER.mkdir(exist_ok=True)
    for shot in SHOTS:
        width, height = SIZES[shot.size]
        context = browser.new_context(
            viewport={"width": width, "height": height}, locale=shot.lang, color_scheme="light"
        )
        tab = context.new_page()
        tab.goto(f"{service.url}{shot.path}?lang={shot.lang}&look={shot.look}")
        shot.act(tab, service, files)
        path = FOLDER / f"{shot.name}.png"
        tab.screenshot(path=path, full_page=shot.whole)
        make_small(path)
        context.close()


def make_small(path: Path) -> None:
    """In 256 colours, less than half as large: pages have a few, and the edges of letters."""
    with Image.open(path) as taken:
        fewer = taken.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    fewer.save(path, optimize=True)


def shoot(program: str, service: Service, files: Mapping[str, Path]) -> None:
    """In a thread of its own: Playwright keeps an event loop running in the one it is used in."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        take(browser, service, files)
        browser.close()


def main() -> int:
    """0, or 1 where there is no browser or the pictures are too large together."""
    program = executable()
    if program is None:
        sys.stderr.write("no Chromium on this machine (Debian: apt-get install chromium)\n")
        return 1
    subprocess.run([sys.executable, "-m", "alembic", "upgrade", "head"], check=True, cwd=PROJECT)
    make_account(os.environ["DATABASE_URL"], SERVICE)
    with (
        tempfile.TemporaryDirectory() as folder,
        serve_in_thread(World(1), nodes=Nodes()) as issuers,
        serving(
            os.environ["DATABASE_URL"],
            Path(folder),
            issuers,
            public_address=ADDRESS,
            console=True,
        ) as service,
        ThreadPoolExecutor(1) as thread,
    ):
        service.register()
        document = json.loads(json.dumps(authorities(service.world)))
        service.write(lambda session: put_authorities(session, read_authorities(document)))
        files = files_of(service.world, Path(folder))
        files["operator"] = Path(folder) / "operator.secret"
        files["operator"].write_bytes(add(service, OPERATOR, {Scope.SYSTEM_OPS}))
        thread.submit(shoot, program, service, files).result()
    size = sum(path.stat().st_size for path in FOLDER.glob("*.png"))
    sys.stdout.write(f"{len(SHOTS)} pictures, {size:,} bytes in docs/shots\n")
    return 0 if size <= MOST else 1


if __name__ == "__main__":
    sys.exit(main())
