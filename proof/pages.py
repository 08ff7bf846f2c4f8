"""The pages by the clock: what a first view costs, whether it moves, how soon a verdict is there.

`python -m proof.pages` drives the Chromium of this machine against the real service and the
sandbox's issuers. A view is loaded with an empty cache; a verdict is timed in the page, from the
drop of a sealed OFD file to its mark, median of five.
"""

import base64
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from app.registry.authorities import put_authorities, read_authorities
from demo.steps import make_account
from embedded import start, temporary_folder
from embedded.postgres import SERVICE
from proof.parts.page import ran, write_section
from sandbox.nodes import Nodes
from sandbox.serve import serve_in_thread
from sandbox.trust import authorities
from sandbox.world import World
from tests.service import Service, serving
from tests.shots import SIZES, files_of
from tests.web.browser import executable

MOST: Final = 150_000
"""Octets of a first view, headers and all."""
SOON: Final = 1.0
"""Seconds from the drop to the verdict."""
RUNS: Final = 5
PATHS: Final = ("/", "/r", "/issuers", "/types", "/help", "/wrong")

SHIFTS: Final = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const each of list.getEntries()) { sum += each.value; }
  }).observe({ type: 'layout-shift', buffered: true });
  setTimeout(() => done(sum), 500);
})"""
DROP: Final = """content => new Promise(done => {
  const octets = Uint8Array.from(atob(content), each => each.charCodeAt(0));
  const files = new DataTransfer();
  files.items.add(new File([octets], 'license.ofd'));
  const mark = document.getElementById('mark');
  const begun = performance.now();
  new MutationObserver(() => {
    if (mark.classList.contains('valid')) { done((performance.now() - begun) / 1000); }
  }).observe(mark, { attributes: true, childList: true });
  document.dispatchEvent(new DragEvent('drop', { dataTransfer: files, cancelable: true }));
})"""


@dataclass(frozen=True, slots=True)
class View:
    """One page at one size, first seen."""

    path: str
    size: str
    octets: int
    requests: int
    shift: float


def viewed(browser: Any, service: Service, path: str, size: str) -> View:
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, locale="zh")
    tab = context.new_page()
    wire, costs = context.new_cdp_session(tab), []
    wire.on("Network.loadingFinished", lambda told: costs.append(int(told["encodedDataLength"])))
    wire.send("Network.enable")
    tab.goto(f"{service.url}{path}?lang=zh", wait_until="load")
    shift = float(tab.evaluate(SHIFTS))
    context.close()
    return View(path, size, sum(costs), len(costs), shift)


def dropped(browser: Any, service: Service, content: bytes) -> float:
    """Seconds until its verdict is shown."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, locale="zh")
    tab = context.new_page()
    tab.goto(f"{service.url}/?lang=zh")
    took = float(tab.evaluate(DROP, base64.b64encode(content).decode()))
    context.close()
    return took


def measured(
    program: str, service: Service, files: Mapping[str, Path]
) -> tuple[list[View], list[float]]:
    """In a thread of its own: Playwright keeps an event loop running in the one it is used in."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
        browser = driver.chromium.launch(executable_path=program, args=arguments)
        views = [viewed(browser, service, path, size) for path in PATHS for size in SIZES]
        content = files["sealed"].read_bytes()
        times = [dropped(browser, service, content) for _ in range(RUNS + 1)][1:]
        browser.close()
    return views, times


def main() -> int:
    """0 when every view is small and still, and the verdict soon."""
    program = executable()
    if program is None:
        sys.stderr.write("no Chromium on this machine (Debian: apt-get install chromium)\n")
        return 1
    place = temporary_folder("zhengyan-pages-")
    try:
        with start(place, durable=False) as server, tempfile.TemporaryDirectory() as folder:
            environment = {**os.environ, "DATABASE_URL": server.url}
            command = [sys.executable, "-m", "alembic", "upgrade", "head"]
            subprocess.run(command, check=True, env=environment)
            make_account(server.url, SERVICE)
            views, times = _run(program, server.url, Path(folder))
    finally:
        shutil.rmtree(place, ignore_errors=True)
    still = all(view.shift == 0 for view in views)
    small = all(view.octets < MOST for view in views)
    soon = statistics.median(times) < SOON
    write_section("pages", "The pages by the clock", _section(views, times))
    print(f"small {small}, still {still}, soon {soon}")
    return 0 if small and still and soon else 1


def _run(program: str, url: str, folder: Path) -> tuple[list[View], list[float]]:
    with (
        serve_in_thread(World(1), nodes=Nodes()) as issuers,
        serving(url, folder, issuers) as service,
        ThreadPoolExecutor(1) as thread,
    ):
        service.register()
        document = json.loads(json.dumps(authorities(service.world)))
        service.write(lambda session: put_authorities(session, read_authorities(document)))
        files = files_of(service.world, folder)
        return thread.submit(measured, program, service, files).result()


def _section(views: list[View], times: list[float]) -> str:
    rows = "\n".join(
        f"| `{v.path}` | {v.size} | {v.octets:,} | {v.requests} | {v.shift:g} |" for v in views
    )
    spread = f"{min(times):.2f} to {max(times):.2f}"
    median = statistics.median(times)
    return (
        f"{ran('python -m proof.pages')} A first view, empty cache, uncompressed; asked: "
        f"less than {MOST:,} octets and no layout shift.\n\n"
        "| page | size | octets | requests | layout shift |\n" + "|---|---|---|---|---|\n"
        f"{rows}\n\n"
        "From the drop of a sealed OFD file of the sandbox to its verdict, issuer asked: "
        f"**{median:.2f} s**, median of {len(times)} ({spread}); asked: less than {SOON:g} s.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
