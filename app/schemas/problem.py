"""A request that could not be carried out: RFC 9457 problem details."""

from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

MEDIA_TYPE = "application/problem+json"
EXAMPLE: Final[dict[str, Any]] = {
    "type": "/problems/refused",
    "title": "The request cannot be carried out as asked",
    "status": 422,
    "field": "at",
    "detail": "a time with its offset, as 2026-11-01T08:00:00+08:00",
}


class Problem(BaseModel):
    """Not a verdict: nothing was judged. Names the field and the fix, and never repeats the input.

    一份请求错误说明，不是核验结论。
    """

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"examples": [EXAMPLE]},
    )

    type: Annotated[str, Field(description="names the kind of problem; relative to this service")]
    title: Annotated[str, Field(description="the same for every problem of the type")]
    status: Annotated[int, Field(ge=400, le=599, description="the HTTP status")]
    detail: Annotated[
        str | None,
        Field(description="what was wrong and what to send instead, without the input itself"),
    ] = None
    field: Annotated[
        str | None, Field(description="the member of the request it is about; body for the whole")
    ] = None
