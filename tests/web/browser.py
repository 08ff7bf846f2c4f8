"""A real browser: the Chromium this machine has, driven by Playwright. None is ever fetched."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest

PHONE: Final = (320, 640)
DESKTOP: Final = (1280, 900)
NAMES: Final = ("chromium", "chromium-browser", "google-chrome")
AXE: Final = "ZHENGYAN_AXE"
"""Environment variable: where axe.min.js of npm's axe-core lies."""


def executable() -> str | None:
    """The browser's program."""
    return next(filter(None, map(shutil.which, NAMES)), None)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Any]:
    program = executable()
    if program is None:
        pytest.skip(f"no browser: none of {', '.join(NAMES)} is installed (Debian: chromium)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as driver:
        # Chromium's own sandbox does not run as root; nothing but this node's pages is opened.
        root = ["--no-sandbox"] if os.geteuid() == 0 else []
        started = driver.chromium.launch(
            executable_path=program, args=[*root, "--disable-dev-shm-usage"]
        )
        yield started
        started.close()


@pytest.fixture(scope="session")
def axe() -> str:
    """The program of axe-core; it is MPL-2.0 and does not come with this repository."""
    given = os.environ.get(AXE)
    here = Path(__file__).parents[2] / "node_modules/axe-core/axe.min.js"
    path = Path(given) if given else here
    if not path.is_file():
        pytest.skip(f"no axe-core: `npm install axe-core`, or {AXE} says where axe.min.js lies")
    return path.read_text(encoding="utf-8")
