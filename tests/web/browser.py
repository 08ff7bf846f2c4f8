"""A real browser: the Chromium this machine has, driven by Playwright. None is ever fetched.

Playwright keeps an event loop running in its thread, where no test could run one of its own: it has
a thread to itself, and tests hold stand-ins that hand their calls over.
"""

import os
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from importlib import resources
from typing import Any, Final

import pytest

PHONE: Final = (320, 640)
DESKTOP: Final = (1280, 900)
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")


def executable() -> str | None:
    """The browser's program."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Elsewhere:
    """Stands for an object of Playwright's; what is asked of it happens in Playwright's thread."""

    def __init__(self, real: Any, thread: Executor) -> None:
        self._real, self._thread = real, thread

    def __getattr__(self, name: str) -> Any:
        return self._shown(self._thread.submit(getattr, self._real, name).result())

    def _shown(self, found: Any) -> Any:
        if callable(found):
            return lambda *args, **named: self._shown(
                self._thread.submit(found, *args, **named).result()
            )
        ours = type(found).__module__.startswith("playwright.")
        return Elsewhere(found, self._thread) if ours else found


def arguments() -> list[str]:
    """How it is started."""
    # Chromium's own sandbox does not run as root; nothing but this node's pages is opened.
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    return [*root, "--disable-dev-shm-usage"]


def _start(begin: Callable[[], Any], program: str) -> tuple[Any, Any]:
    driver = begin().start()
    return driver, driver.chromium.launch(executable_path=program, args=arguments())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program = executable()
    if program is None:
        missing = pytest.fail if os.environ.get("CI") else pytest.skip
        missing(f"no browser: none of {', '.join(NAMES)} is installed (Debian: chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with ThreadPoolExecutor(1, "playwright") as thread:
        driver, browser = thread.submit(_start, playwright.sync_playwright, program).result()
        yield Elsewhere(browser, thread)
        thread.submit(browser.close).result()
        thread.submit(driver.stop).result()


@pytest.fixture(scope="session")
def axe() -> str:
    """The program of axe-core, as the locked axe-playwright-python carries it."""
    return resources.files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
