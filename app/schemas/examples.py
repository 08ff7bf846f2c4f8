"""Examples of answers, kept as files so that documentation and tests show the very same."""

import json
from pathlib import Path
from typing import Any, Final

_FOLDER = Path(__file__).parent
VERIFICATION: Final[dict[str, Any]] = json.loads(
    (_FOLDER / "verification.example.json").read_text("utf-8")
)
"""What `POST /v1/verifications` answers; made by `python -m tests.examples`, checked by a test."""
