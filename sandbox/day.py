"""Which day a world is made for, when nobody says.

A world's dates are relative to its day, so files of one day and issuers of another disagree about
every license. What is made while issuers run is therefore made for their day, though midnight in
Beijing has passed since they started.
"""

import json
import os
import urllib.request
from collections.abc import Mapping
from datetime import UTC, date, datetime
from http.client import HTTPException

from sandbox.bodies import BEIJING

SETTING = "ZHENGYAN_SANDBOX_TODAY"
WAIT_SECONDS = 1.0
LARGEST_REPORT = 1 << 20


def utc_now() -> datetime:
    return datetime.now(UTC)


def today(environment: Mapping[str, str] = os.environ) -> date:
    """The day of ZHENGYAN_SANDBOX_TODAY (YYYY-MM-DD), else today in Beijing.

    Raises ValueError where the setting is no day.
    """
    named = environment.get(SETTING)
    if not named:
        return utc_now().astimezone(BEIJING).date()
    try:
        return date.fromisoformat(named)
    except ValueError as exc:
        raise ValueError(f"{SETTING} is {named!r}; it has to be a day, YYYY-MM-DD") from exc


def day_of_running(seed: int, port: int) -> date | None:
    """The day of the issuers that serve this seed's world on this machine now, if any do."""
    url = f"http://127.0.0.1:{port}/_sandbox/calls"
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=WAIT_SECONDS) as answer:
            told = json.loads(answer.read(LARGEST_REPORT))
        world = told["world"]
        return date.fromisoformat(world["today"]) if world["seed"] == seed else None
    except (OSError, HTTPException, ValueError, KeyError, TypeError):
        return None  # nobody there, or something else than these issuers
