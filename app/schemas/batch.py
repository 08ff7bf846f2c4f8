"""What a batch takes, one item a line, and the lines it is answered with."""

from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.schemas.examples import VERIFICATION
from app.schemas.problem import Problem
from app.schemas.report import ReportOut
from app.schemas.verification import TermsIn, VerificationIn, plain

MAX_ID: Final = 255
"""Characters of the caller's name for an item: as long as a file may be named."""

ItemId = Annotated[
    str,
    Field(
        min_length=1,
        max_length=MAX_ID,
        description="your name for the item; it comes back with the answer and is kept nowhere",
    ),
    AfterValidator(plain),
]


class BatchItemIn(VerificationIn):
    """One item: an `id` of yours, and what a verification takes.

    一条待核验的内容及其编号。
    """

    id: ItemId


ITEMS: Final = (
    '{"id":"a","token":"eyJ0eXAiOiJsaWNlbnNlK2p3dCIsImFsZyI6IkVTMjU2Iiwia2lkIjoiazEifQ.e30.AA",'
    '"purpose":"loan-check"}\n'
    '{"id":"b","number":"N-1","type":"11100000MB03271699001","holder":"青海样例有限公司",'
    '"purpose":"loan-check"}\n'
    '{"id":"c","number":"N-2","purpose":"loan-check"}\n'
)
"""The third names no type: it is refused by its own line, and the others are answered."""


class BatchLineOut(BaseModel):
    """One answered line: the report as signed, or what was wrong with the item; or the last line.

    批量核验的一行应答：核验报告，或者该条的错误，或者末行合计。
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Annotated[
        str | None, Field(description="as you named it; null where the line had none to read")
    ] = None
    line: Annotated[int | None, Field(ge=1, description="of the body; or the part, from 1")] = None
    report: Annotated[ReportOut | None, Field(description="as of a single verification")] = None
    jws: Annotated[str | None, Field(description="the report signed by this node")] = None
    problem: Annotated[
        Problem | None, Field(description="why this item was not answered; the others are")
    ] = None
    items: Annotated[int | None, Field(description="last line only: how many there were")] = None
    answered: Annotated[int | None, Field(description="last line only: with a report")] = None
    refused: Annotated[int | None, Field(description="last line only: with a problem")] = None


LINES: Final[tuple[dict[str, Any], ...]] = (
    {"id": "a", "line": 1, **VERIFICATION},
    {
        "id": "c",
        "line": 3,
        "problem": {
            "type": "/problems/refused",
            "title": "The request cannot be carried out as asked",
            "status": 422,
            "field": "type",
            "detail": "a number needs its type; send the code of 21 characters",
        },
    },
    {"items": 2, "answered": 1, "refused": 1},
)
"""Lines of an answer, one of each kind."""

FORM: Final = {
    "type": "object",
    "required": ["file"],
    "properties": {
        "file": {
            "type": "array",
            "items": {"type": "string", "format": "binary"},
            "description": "证照文件, several parts of this name; the file name is the item's id",
        },
        **TermsIn.model_json_schema()["properties"],
    },
    "additionalProperties": False,
}
"""Of a batch of files: the terms hold for all."""
