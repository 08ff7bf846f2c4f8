"""Whether others may confirm a report, and until when."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.schemas.examples import VERIFICATION
from app.schemas.report import Instant

EXAMPLE: Final[dict[str, Any]] = {
    "code": VERIFICATION["report"]["code"],
    "until": "2026-12-01T00:00:00Z",
}


class ConfirmationOut(BaseModel):
    """核验码, and its end."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    code: Annotated[str, Field(description="核验码: six groups of five; opens /r/{code}")]
    until: Annotated[Instant | None, Field(description="the code opens until then; null: closed")]
