"""What a dispute about a record takes and tells (数据质量异议)."""

import unicodedata
from datetime import datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from app.domain.dispute import MAX_NOTE, MAX_TEXT, By, Dispute, DisputeState, Element, Step
from app.domain.lookup import Asked
from app.schemas.asking import AskedIn
from app.schemas.naming import NamingIn

CODE: Final = "000G4-0R40M-30E20-9185G-R38E1-W65M7"
ASKED: Final[tuple[dict[str, Any], ...]] = (
    {
        "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
        "holder": "青海样例有限公司",
        "element": "valid_until",
        "text": "证照已于2026年延续，登记的有效期仍为2025年12月31日。",
    },
    {
        "type": "11100000MB03271699001",
        "number": "N-1",
        "issuer": "11630000MB0000019J",
        "element": "missing",
        "text": "持有纸质证照，查询不到电子证照信息。",
    },
)


def _written(value: str) -> str:
    if not value.strip():
        raise ValueError("only spaces; say what is wrong")
    if any(unicodedata.category(char) in ("Cc", "Cs") and char != "\n" for char in value):
        raise ValueError("control characters; send plain text")
    return value


class DisputeIn(NamingIn):
    """Which record, and what is wrong with it; no more of any person than that takes. Where the
    holder is named rightly, the record is flagged from now on.
    """

    model_config = ConfigDict(json_schema_extra={"examples": list(ASKED)})

    element: Annotated[
        Literal[tuple(each.value for each in Element)],  # type: ignore[valid-type]
        Field(description="what of the record is wrong"),
    ]
    text: Annotated[
        Annotated[str, Field(min_length=1, max_length=MAX_TEXT), AfterValidator(_written)],
        Field(description="in your words; kept encrypted, shown to the issuer alone"),
    ]

    def asked(self, now: datetime) -> Asked:
        """The record that is meant. Raises `Refused`: a member that is missing."""
        return self.asks(now, now)


class AnswerIn(AskedIn):
    """What the issuer says to a dispute."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"state": "corrected", "note": "已按延续决定更正。"}]}
    )

    state: Annotated[
        Literal["with_issuer", "accepted", "corrected", "rejected"],
        Field(description="`corrected` only after the record was pushed anew"),
    ]
    note: Annotated[
        Annotated[str, Field(min_length=1, max_length=MAX_NOTE), AfterValidator(_written)] | None,
        Field(description="shown to whoever has the code"),
    ] = None


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StepOut(_Out):
    """One state, and who brought it there."""

    at: datetime
    state: DisputeState
    by: By
    note: str | None

    @classmethod
    def of(cls, step: Step) -> Self:
        return cls(at=step.at, state=step.state, by=step.by, note=step.note)


class FiledOut(_Out):
    """Taken; the same whatever is known of the license here."""

    code: Annotated[str, Field(description="follows the dispute, and withdraws it; told this once")]
    reference: Annotated[str, Field(description="what the issuer calls it; opens nothing")]
    state: Literal["open"] = "open"
    filed_at: datetime


class FollowedOut(_Out):
    """How far a dispute is. Nothing of what was said in it, nor of the license."""

    reference: str
    element: Element
    state: DisputeState
    ended: bool
    filed_at: datetime
    changed_at: datetime
    steps: list[StepOut]

    @classmethod
    def of(cls, found: Dispute) -> Self:
        return cls(
            reference=found.reference,
            element=found.element,
            state=found.state,
            ended=found.state.ended,
            filed_at=found.filed_at,
            changed_at=found.changed_at,
            steps=[StepOut.of(step) for step in found.steps],
        )


class DisputeOut(_Out):
    """A dispute as its issuer sees it."""

    reference: str
    identifier: Annotated[str | None, Field(description="as filed; null: filed by number")]
    record: Annotated[
        str | None, Field(description="证照标识 of the record here; null: none is known")
    ]
    type: str
    issuer: Annotated[str | None, Field(description="of the record, whoever took over from it")]
    element: Element
    state: DisputeState
    filed_by: Annotated[str | None, Field(description="tenant; null: somebody of the public")]
    filed_at: datetime
    changed_at: datetime
    flagged_at: Annotated[datetime | None, Field(description="from when the record is flagged")]
    text: Annotated[str | None, Field(description="null: withdrawn")]
    number: str | None
    holder: str | None
    holder_code: str | None

    @classmethod
    def of(cls, found: Dispute) -> Self:
        said = found.complaint
        return cls(
            reference=found.reference,
            identifier=found.named,
            record=found.record,
            type=found.type,
            issuer=found.issuer,
            element=found.element,
            state=found.state,
            filed_by=found.tenant,
            filed_at=found.filed_at,
            changed_at=found.changed_at,
            flagged_at=found.flagged_at,
            text=said.text if said else None,
            number=said.number if said else None,
            holder=said.holder if said else None,
            holder_code=said.holder_code if said else None,
        )


class DisputesOut(_Out):
    """Disputes to be answered, oldest first."""

    disputes: list[DisputeOut]
    next: Annotated[str | None, Field(description="`after` of the next page; null: that is all")]


_REFERENCE: Final = "29BCX3G128ZMYPC77VYY"
_AT: Final = "2026-11-01T00:00:00Z"
FILED: Final[dict[str, Any]] = {
    "code": CODE,
    "reference": _REFERENCE,
    "state": "open",
    "filed_at": _AT,
}
FOLLOWED: Final[dict[str, Any]] = {
    "reference": _REFERENCE,
    "element": "valid_until",
    "state": "corrected",
    "ended": True,
    "filed_at": _AT,
    "changed_at": "2026-11-02T00:00:00Z",
    "steps": [
        {"at": _AT, "state": "open", "by": "filer", "note": None},
        {
            "at": "2026-11-02T00:00:00Z",
            "state": "corrected",
            "by": "issuer",
            "note": "已按延续决定更正。",
        },
    ],
}
LISTED: Final[dict[str, Any]] = {
    "disputes": [
        {
            "reference": _REFERENCE,
            "identifier": ASKED[0]["identifier"],
            "record": ASKED[0]["identifier"],
            "type": "11100000MB03271699001",
            "issuer": "11630000MB0000019J",
            "element": "valid_until",
            "state": "open",
            "filed_by": None,
            "filed_at": _AT,
            "changed_at": _AT,
            "flagged_at": _AT,
            "text": ASKED[0]["text"],
            "number": None,
            "holder": ASKED[0]["holder"],
            "holder_code": None,
        }
    ],
    "next": None,
}
