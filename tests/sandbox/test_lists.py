"""`python -m sandbox lists` as docs/trust.md says it."""

import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from app.registry.lists.signed import read_list
from app.registry.lists.store import read_pinned

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("attack", [None, "rollback", "zipped"])
def test_lists_are_written_and_served(tmp_path, attack):
    words = [sys.executable, "-m", "sandbox", "lists", "--out", str(tmp_path), "--port", "0"]
    words += ["--attack", attack] if attack else []
    running = subprocess.Popen(
        words, cwd=PROJECT, stdout=subprocess.PIPE, text=True, env={**os.environ}
    )
    try:
        assert running.stdout is not None
        told = ""
        for line in running.stdout:
            told += line
            if "lists ready" in line:
                break
        found = re.search(r"http://127\.0\.0\.1:\d+/trust", told)
        assert found is not None
        url = f"{found[0]}/latest.json"
        first = read_list(fetch(url).read())
        pinned = read_pinned(json.loads((tmp_path / "signers.json").read_text()))
        assert pinned.signers.satisfied_by(first.signed_by(pinned.signers.keys))
        assert first.head.number == 2
        ended = {end.status.value for _, end in first.content.seals}
        assert ended == {"frozen", "cancelled"}
        assert (tmp_path / "trust-list.json").read_bytes() == first.raw
        again = fetch(url)
        if attack == "zipped":
            assert again.headers["Content-Encoding"] == "gzip"
        else:
            assert read_list(again.read()).head.number == (1 if attack else 2)
    finally:
        running.terminate()
        assert running.wait(10) == 0
        assert running.stdout is not None
        running.stdout.close()


def fetch(url):
    return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(url, timeout=10)
