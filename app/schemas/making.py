"""What is told of a change of trust, and taken about it: texts that people signed at home."""

from typing import Annotated, Any, Final, Self

from pydantic import BaseModel, ConfigDict, Field

from app.models import Decided
from app.registry.making.proposals import Decision, Proposal, State
from app.schemas.asking import AskedIn

_PROPOSAL: Final = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjRDXzI3NVJpUlpVVmJmZGtxd3ZaTmFzTmhweU91Zi03a1kwQV9DbEZOMzAiLCJ0"
    "eXAiOiJ0cnVzdC1wcm9wb3NhbCtqd3QifQ.eyJhdCI6IuKApiJ9.c2lnbmF0dXJl"
)
_DECISION: Final = (
    "eyJhbGciOiJFZERTQSIsImtpZCI6IjRDXzI3NVJpUlpVVmJmZGtxd3ZaTmFzTmhweU91Zi03a1kwQV9DbEZOMzAiLCJ0"
    "eXAiOiJ0cnVzdC1kZWNpc2lvbitqd3QifQ.eyJhdCI6IuKApiJ9.c2lnbmF0dXJl"
)
PROPOSING: Final[dict[str, Any]] = {"signed": _PROPOSAL}
DECIDING: Final[dict[str, Any]] = {"signed": _DECISION}


class _SignedIn(AskedIn):
    signed: Annotated[
        str,
        Field(
            min_length=1,
            description="as the command prints it (compact JWS)",
        ),
    ]


class ProposingIn(_SignedIn):
    """What `zhengyan trust sign-proposal` prints 签名后的变更."""

    model_config = ConfigDict(json_schema_extra={"examples": [PROPOSING]})


class DecidingIn(_SignedIn):
    """What `zhengyan trust sign-decision` prints 签名后的决定."""

    model_config = ConfigDict(json_schema_extra={"examples": [DECIDING]})


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DecisionOut(_Out):
    """What one other person said, read under their key."""

    verdict: Decided
    person: str
    at: Annotated[str, Field(description="as they signed it")]
    why: str

    @classmethod
    def of(cls, said: Decision) -> Self:
        return cls(verdict=said.verdict, person=said.person, at=said.at, why=said.why)


class ProposalOut(_Out):
    """A proposal, read under the key of whoever made it."""

    number: int
    state: State
    publisher: Annotated[str, Field(description="whose list it would change")]
    person: Annotated[str, Field(description="who proposed it, and may not decide on it")]
    at: Annotated[str, Field(description="as they signed it")]
    note: str
    digest: Annotated[
        str, Field(description="SHA-256 of the signed content, hexadecimal: what a decision names")
    ]
    decisions: list[DecisionOut]
    published_in: Annotated[int | None, Field(description="number of the list it is in")]

    @classmethod
    def of(cls, found: Proposal) -> Self:
        return cls(**_members(found))


class ShownOut(ProposalOut):
    """A proposal for whoever decides on it."""

    words: Annotated[
        list[str],
        Field(description="what it would change, in words; texts of others are in it"),
    ]
    signed: Annotated[
        str,
        Field(description="as its proposer signed it: write it to a file for `sign-decision`"),
    ]

    @classmethod
    def shown(cls, found: Proposal, words: tuple[str, ...], signed: str) -> Self:
        return cls(**_members(found), words=list(words), signed=signed)


class ProposalsOut(_Out):
    """Proposals, newest first."""

    publisher: Annotated[
        str | None, Field(description="whose list this node makes; null: it makes none")
    ]
    proposals: list[ProposalOut]
    next: Annotated[int | None, Field(description="`before` of the next page; null: that is all")]


def _members(found: Proposal) -> dict[str, Any]:
    return {
        "number": found.number,
        "state": found.state,
        "publisher": found.publisher,
        "person": found.person,
        "at": found.at,
        "note": found.note,
        "digest": found.digest,
        "decisions": [DecisionOut.of(each) for each in found.decisions],
        "published_in": found.published_in,
    }


PROPOSED: Final[dict[str, Any]] = {
    "number": 3,
    "state": "proposed",
    "publisher": "city.example",
    "person": "chen",
    "at": "2026-11-25T01:47:10Z",
    "note": "fingerprints read out by telephone",
    "digest": "5b1d3a1a0f0ec0e7a3d0f6a3c5be0df4b7a4d7f14f4f8b1a2c7c9f0e64d7a911",
    "decisions": [],
    "published_in": None,
}
APPROVED: Final[dict[str, Any]] = PROPOSED | {
    "state": "approved",
    "decisions": [{"verdict": "approved", "person": "li", "at": "2026-11-25T02:10:00Z", "why": ""}],
}
SHOWN: Final[dict[str, Any]] = PROPOSED | {
    "words": [
        "proposal 3 by chen at 2026-11-25T01:47:10Z: proposed",
        f"sha256 {PROPOSED['digest']}",
        "note: fingerprints read out by telephone",
        "+ add 新增 official_url: one.example.cn",
    ],
    "signed": _PROPOSAL,
}
LISTED: Final[dict[str, Any]] = {
    "publisher": "city.example",
    "proposals": [PROPOSED],
    "next": None,
}
