"""What a look-up takes and tells."""

from datetime import date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from app.domain.clocks import CLOCK_SKEW
from app.domain.errors import Refused
from app.domain.lookup import Asked, Found, Shown, Told, masked_code, masked_name
from app.domain.records import Holder
from app.schemas.naming import NamingIn
from app.schemas.verification import LONG_TERM, Day, Instant, day_or_long_term

ASKED: Final[tuple[dict[str, Any], ...]] = (
    {
        "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
        "holder": "青海样例有限公司",
    },
    {
        "number": "N-1",
        "type": "11100000MB03271699001",
        "holder": "青海样例有限公司",
        "holder_code": "91630000M000100Y43",
        "at": "2026-01-01T00:00:00+08:00",
    },
)
EXAMPLE: Final[dict[str, Any]] = {
    "at": "2026-11-01T00:00:00Z",
    "known_at": "2026-11-01T00:00:00Z",
    "record": {
        "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
        "type": "11100000MB03271699001",
        "issuer": "11630000MB0000019J",
        "state": "suspended",
        "state_since": "2026-10-01T00:00:00+08:00",
        "state_until": None,
        "successor": None,
        "state_recorded_at": "2026-10-01T02:10:00Z",
        "compared": {"holder": "match"},
        "shown": "masked",
        "fields": {
            "number": "**1",
            "name": "道路运输经营许可证",
            "holders": [{"name": "青海****公司", "code": "**************0Y43"}],
            "issued_on": "2024-01-01",
            "valid_from": "2024-01-01",
            "valid_until": "长期",
        },
        "source": {
            "kind": "pushed",
            "as_of": "2026-09-30T00:00:00Z",
            "recorded_at": "2026-09-30T00:01:00Z",
        },
        "statement": {"code": 2, "as_of": "2026-10-01T02:00:00Z"},
        "disputed_since": None,
    },
}


class RecordIn(NamingIn):
    """A license, and as of when and how much of its record is to be told."""

    at: Annotated[Instant | None, Field(description="state at that time; absent: now")] = None
    known_at: Annotated[
        Instant | None, Field(description="as it was known then; absent: as it is known now")
    ] = None
    show: Annotated[
        Literal["compared", "masked", "full"],
        Field(description="fields of the record need status:detail, and are shown by level"),
    ] = "compared"
    purpose: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
            description="用证事由, as of a verification",
        ),
    ] = None
    matter: Annotated[
        str | None, Field(pattern=r"^[0-9A-Za-z-]{1,64}$", description="事项编码")
    ] = None

    def of_record(self, now: datetime, *, detail: bool, **more: Any) -> Asked:
        """The question as the domain has it.

        Args:
            now: where no time is stated.
            detail: the caller has the scope for fields.
            more: other members of `Asked`.

        Raises `Refused`: a member that is missing, or contradicts another.
        """
        for name in ("at", "known_at"):
            if (getattr(self, name) or now) > now + CLOCK_SKEW:
                raise Refused(name, "in the future; leave it out to ask about today")
        return self.asks(
            self.at or now, self.known_at or now, show=Shown(self.show), detail=detail, **more
        )


class LookupIn(RecordIn):
    """Which license, and what is known of its holder.

    证照标识（或证照编号和证照类型），以及持证主体信息。
    """

    model_config = ConfigDict(json_schema_extra={"examples": list(ASKED)})

    valid_from: Annotated[Day | None, Field(description="first day in force")] = None
    valid_until: Annotated[
        Annotated[date | Literal["长期"], BeforeValidator(day_or_long_term)] | None,
        Field(description="last day in force; or 长期"),
    ] = None

    def asked(self, now: datetime, *, detail: bool) -> Asked:
        """Raises `Refused`: a member that is missing, or contradicts another."""
        self.names_a_license()
        if not detail and self.holder is None and self.holder_code is None:
            raise Refused("holder", "name the holder, by name or code: numbers can be guessed")
        ends = self.valid_until
        return self.of_record(
            now,
            detail=detail,
            valid_from=self.valid_from,
            valid_until=None if isinstance(ends, str) else ends,
            long_term=ends == LONG_TERM,
        )


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HolderOut(_Out):
    """持证主体."""

    name: str | None
    code: str | None


class FieldsOut(_Out):
    """The record's own values, masked or whole."""

    number: str | None
    name: str | None
    holders: list[HolderOut]
    issued_on: date | None
    valid_from: date | None
    valid_until: date | Literal["长期"] | None


class SourceOut(_Out):
    """Where it comes from, and how old it is."""

    kind: Annotated[Literal["pushed"], Field(description="its issuer told this node")]
    as_of: Annotated[datetime | None, Field(description="when its issuer's system said so")]
    recorded_at: Annotated[datetime, Field(description="when this node took it down")]


class WordOut(_Out):
    """The issuer's newest signed word."""

    code: Annotated[int, Field(ge=0, le=3, description="GB/T 36906: 0 in force … 3 ended")]
    as_of: datetime


class RecordOut(_Out):
    """What this caller may know. No conclusion: that is what a verification is for."""

    identifier: Annotated[str | None, Field(description="证照标识; null: the license has none")]
    type: str
    issuer: str
    state: Annotated[str, Field(description="at `at`, as known at `known_at`")]
    state_since: datetime | None
    state_until: datetime | None
    successor: Annotated[str | None, Field(description="证照标识 of what took its place")]
    state_recorded_at: Annotated[
        datetime | None, Field(description="null: nothing was decided about it, as far as is known")
    ]
    compared: Annotated[
        dict[str, Literal["match", "differs", "unknown"]],
        Field(description="each fact that was stated"),
    ]
    shown: Shown
    fields: FieldsOut | None
    source: SourceOut
    statement: WordOut | None
    disputed_since: Annotated[
        datetime | None,
        Field(description="数据质量异议 since then, not settled today; says nothing of validity"),
    ]

    @classmethod
    def of(cls, told: Told) -> Self:
        found, held = told.found, told.found.held
        word = found.statement
        return cls(
            identifier=None if found.internal else str(found.identifier),
            type=found.type,
            issuer=found.issuer,
            state=held.state.value if held else "issued",
            state_since=held.since if held else None,
            state_until=held.until if held else None,
            successor=held.successor if held else None,
            state_recorded_at=held.recorded_at if held else None,
            compared={name: match.value for name, match in told.compared.items()},
            shown=told.shown,
            fields=None if told.shown is Shown.COMPARED else _fields(found, told.shown),
            source=SourceOut(kind="pushed", as_of=found.as_of, recorded_at=found.recorded_at),
            statement=None if word is None else WordOut(code=int(word.code), as_of=word.as_of),
            disputed_since=found.disputed_since,
        )


class LookupOut(_Out):
    """Facts of a record with their age; null where there is none for this caller.

    查询结果：不是核验结论。
    """

    at: datetime
    known_at: datetime
    record: Annotated[
        RecordOut | None,
        Field(description="null: no such record, or not yours to know; which, is not told"),
    ]

    @classmethod
    def of(cls, asked: Asked, told: Told | None) -> Self:
        record = None if told is None else RecordOut.of(told)
        return cls(at=asked.at, known_at=asked.known_at, record=record)

    @classmethod
    def written(cls, asked: Asked, told: Told | None) -> bytes:
        """`of`, as JSON."""
        return cls.__pydantic_serializer__.to_json(cls.of(asked, told))


def _fields(found: Found, shown: Shown) -> FieldsOut:
    whole = shown is Shown.FULL
    number = found.number
    return FieldsOut(
        number=number if whole or number is None else masked_code(number),
        name=found.name,
        holders=[_holder(holder, whole=whole) for holder in found.holders],
        issued_on=found.issued_on,
        valid_from=found.valid_from,
        valid_until="长期" if found.long_term else found.valid_until,
    )


def _holder(holder: Holder, *, whole: bool) -> HolderOut:
    if whole:
        return HolderOut(name=holder.name, code=holder.code)
    return HolderOut(
        name=masked_name(holder.name) if holder.name else None,
        code=masked_code(holder.code) if holder.code else None,
    )
