"""What 一照关联 takes and tells: a body's other licenses, from its business license."""

from datetime import datetime
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.domain.codes import uscc_check_ok
from app.domain.holdings import Holdings
from app.domain.identifier import TypeCode
from app.domain.lookup import Asked
from app.domain.names import folded_code
from app.schemas import lookup
from app.schemas.lookup import RecordIn, RecordOut

MAX_TYPES: Final = 20
MAX_CURSOR: Final = 512
"""Characters."""
_TYPE: Final = r"^[0-9A-Z]{21}$"

ASKED: Final[tuple[dict[str, Any], ...]] = (
    {
        "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
        "holder_code": "91630000M000100Y4R",
        "types": ["11100000MB03271699004"],
    },
    {
        "number": "91630000M000100Y4R",
        "type": "11100000MB03271699001",
        "holder_code": "91630000M000100Y4R",
        "matter": "11639900MB9902027X300",
    },
)
_FOUND: Final[dict[str, Any]] = {
    **lookup.EXAMPLE["record"],
    "compared": {"holder_code": "match"},
    "shown": "compared",
    "fields": None,
}
EXAMPLE: Final[dict[str, Any]] = {
    "at": "2026-11-01T00:00:00Z",
    "known_at": "2026-11-01T00:00:00Z",
    "source": {**_FOUND, "state": "issued", "state_since": None, "statement": None},
    "licenses": [
        {
            **_FOUND,
            "type": "11100000MB03271699004",
            "identifier": (
                "1.2.156.3005.2.11100000MB03271699004.11630000MB0000019J.2024000007.001.D"
            ),
        }
    ],
    "next": None,
}


def _of_a_body(value: str) -> str:
    if not uscc_check_ok(folded_code(value)):
        raise ValueError("no 统一社会信用代码, or mistyped: its check character does not agree")
    return value


class HoldingsIn(RecordIn):
    """A business license, by identifier or number, and the code of its holder.

    营业执照的证照标识（或证照编号和证照类型），以及持证主体的统一社会信用代码。
    """

    model_config = ConfigDict(json_schema_extra={"examples": list(ASKED)})

    holder_code: Annotated[
        Annotated[str, Field(min_length=1, max_length=64), AfterValidator(_of_a_body)],
        Field(description="统一社会信用代码 of the holder"),
    ]
    types: Annotated[
        Annotated[
            list[Annotated[str, Field(pattern=_TYPE)]], Field(min_length=1, max_length=MAX_TYPES)
        ]
        | None,
        Field(description="证照类型代码 that are needed, and no others (最小必要); absent: all"),
    ] = None
    after: Annotated[
        str | None,
        Field(
            pattern=rf"^[0-9A-Za-z_-]{{1,{MAX_CURSOR}}}$", description="`next` of the page before"
        ),
    ] = None

    @property
    def wanted_types(self) -> frozenset[TypeCode] | None:
        """As the domain has them."""
        return None if self.types is None else frozenset(map(TypeCode, self.types))

    def asked(self, now: datetime, *, detail: bool) -> Asked:
        """Raises `Refused`: a member that is missing, or contradicts another."""
        return self.of_record(now, detail=detail)


class HoldingsOut(BaseModel):
    """Facts of records with their age; null where there is no such license for this caller.

    关联查询结果：不是核验结论。
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    at: datetime
    known_at: datetime
    source: Annotated[
        RecordOut | None,
        Field(
            description="the license it was asked from; null: not there, no business license, "
            "another holder's, or not yours to know; which, is not told"
        ),
    ]
    licenses: Annotated[
        list[RecordOut],
        Field(description="others of the holder, a page of them; none of a restricted type"),
    ]
    next: Annotated[str | None, Field(description="`after` of the next page; null: that is all")]

    @classmethod
    def of(cls, asked: Asked, told: Holdings | None, next: str | None) -> Self:
        return cls(
            at=asked.at,
            known_at=asked.known_at,
            source=None if told is None else RecordOut.of(told.source),
            licenses=[] if told is None else [RecordOut.of(other) for other in told.others],
            next=next,
        )
