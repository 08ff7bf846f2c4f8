"""Making a trust list: people and their keys, proposals, decisions, and the list under way."""

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ARRAY,
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    func,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.caller import Scope
from app.domain.scheme import Scheme
from app.models.base import Base, one_of, some_of

MAKING = (Scope.TRUST_PROPOSE, Scope.TRUST_APPROVE)
"""What a person may be allowed to do."""


class Decided(StrEnum):
    """What another person said of a proposal."""

    APPROVED = "approved"
    REJECTED = "rejected"


class PersonRow(Base):
    """Somebody who signs with a key of their own. Never deleted: what they signed names them."""

    __tablename__ = "person"
    __table_args__ = (
        CheckConstraint("name ~ '^[a-z0-9][a-z0-9-]{1,62}$'", name="name"),
        some_of("scopes", MAKING),
    )

    name: Mapped[str] = mapped_column(primary_key=True)
    scopes: Mapped[list[str]]
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class PersonKeyRow(Base):
    """The public half of a person's key. One key, one person, for good; one live key a person."""

    __tablename__ = "person_key"
    __table_args__ = (
        one_of("scheme", Scheme),
        Index("uq_person_key_person", "person", unique=True, postgresql_where="ended_at IS NULL"),
    )

    key_id: Mapped[str] = mapped_column(primary_key=True)
    """RFC 7638 thumbprint."""
    person: Mapped[str] = mapped_column(ForeignKey("person.name"))
    scheme: Mapped[str]
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    ended_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ProposalRow(Base):
    """What somebody wants changed, signed by them. Only `published_in` is ever written again."""

    __tablename__ = "trust_proposal"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        # What a decision refers to, so that the database itself tells the two people apart.
        Index("uq_trust_proposal_number", "number", "person", "key_id", unique=True),
        Index("ix_trust_proposal_publisher", "publisher"),
    )

    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    publisher: Mapped[str]
    person: Mapped[str] = mapped_column(ForeignKey("person.name"))
    key_id: Mapped[str] = mapped_column(ForeignKey("person_key.key_id"))
    jws: Mapped[str]
    """The content is in it, under the signature, and nowhere else."""
    published_in: Mapped[int | None]
    """Number of the list."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DecisionRow(Base):
    """What another person said of it, signed by them: never the proposer, never the same key."""

    __tablename__ = "trust_decision"
    __table_args__ = (
        one_of("verdict", Decided),
        ForeignKeyConstraint(
            ["proposal", "proposer", "proposer_key"],
            ["trust_proposal.number", "trust_proposal.person", "trust_proposal.key_id"],
            name="fk_trust_decision_proposal",
        ),
        CheckConstraint("person <> proposer AND key_id <> proposer_key", name="two_people"),
    )

    proposal: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    verdict: Mapped[str] = mapped_column(primary_key=True)
    person: Mapped[str] = mapped_column(ForeignKey("person.name"))
    key_id: Mapped[str] = mapped_column(ForeignKey("person_key.key_id"))
    proposer: Mapped[str]
    proposer_key: Mapped[str]
    jws: Mapped[str]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class ListDraftRow(Base):
    """The next list of a publisher, waiting for signatures."""

    __tablename__ = "trust_draft"
    __table_args__ = (CheckConstraint("number > 0", name="number"),)

    publisher: Mapped[str] = mapped_column(ForeignKey("trust_source.publisher"), primary_key=True)
    number: Mapped[int]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    """Canonical octets: what is signed."""
    proposals: Mapped[list[int]] = mapped_column(ARRAY(Integer()))
    """Numbers of those it was composed of."""
    signatures: Mapped[list[Any]] = mapped_column(JSONB)
    """Entries of the signed form."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
