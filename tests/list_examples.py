"""The trust list that documentation shows, from the sandbox: `python -m tests.list_examples`."""

import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from sandbox.trustlist import Publisher, emptied
from sandbox.world import World

EXAMPLE = Path(__file__).parents[1] / "app/schemas/trust-list.example.json"


def served() -> dict[str, Any]:
    """What `GET /v1/trust-list` answers: a first list that names nobody yet."""
    made = Publisher(World(1, date(2026, 11, 1)), datetime(2026, 11, 1, tzinfo=UTC))
    found: dict[str, Any] = json.loads(made.publish(emptied).raw)
    return found


if __name__ == "__main__":
    EXAMPLE.write_text(json.dumps(served(), ensure_ascii=False, indent=2) + "\n", "utf-8")
