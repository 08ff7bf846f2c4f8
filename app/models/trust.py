"""Whom we trust for what: issuers, keys, delegations, endpoints, license types."""

from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, Interval, LargeBinary, func, text
from sqlalchemy.orm import Mapped, mapped_column

from app.domain.evidence import Role
from app.domain.issuer import Adapter, EndpointKind
from app.domain.lookup import Level
from app.domain.scheme import Scheme
from app.domain.trust import Gap, Kind
from app.models.base import Base, in_order, one_of, some_of, words_of

ISSUER_CODE = "'^([0-9A-Z]{18}|[0-9]{6})$'"
"""统一社会信用代码 or region, as `app.domain.identifier` reads it."""
TYPE_CODE = "'^[0-9A-Z]{18}[0-9]{3}$'"


class Use(StrEnum):
    """What an owner uses a key for. A key does nothing else, whatever its owner may do."""

    LICENSE = "license"
    """Sign licenses, for itself or as a delegate for originals or countersignatures."""
    COPY = "copy"
    """Sign annotated copies (加注件)."""
    ANSWER = "answer"
    """Sign answers and statements."""


class IssuerRow(Base):
    """证照颁发机构, or a body that acts for one."""

    __tablename__ = "issuer"
    __table_args__ = (
        CheckConstraint(f"code ~ {ISSUER_CODE}", name="code"),
        CheckConstraint(f"tolerated_gaps <@ ARRAY[{words_of(Gap)}]", name="tolerated_gaps"),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    region: Mapped[str | None]
    types: Mapped[list[str]]
    """证照类型代码 it may issue."""
    tolerated_gaps: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """What its own seals leave open, and are not refused for."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IssuerOrganisationRow(Base):
    """Codes by which seals and certificates name the issuer, for one type."""

    __tablename__ = "issuer_organisation"

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    organisation_code: Mapped[str] = mapped_column(primary_key=True)


class IssuerKeyRow(Base):
    """A public key. Never replaced under its name, never deleted: it ends or is revoked."""

    __tablename__ = "issuer_key"
    __table_args__ = (
        one_of("scheme", Scheme),
        some_of("uses", Use),
        in_order("not_before", "not_after"),
        CheckConstraint("octet_length(sha256) = 32", name="sha256"),
        # One key, one owner, one scheme: otherwise a signature proves nobody's act.
        Index("uq_issuer_key_sha256", "sha256", unique=True),
    )

    owner: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    key_id: Mapped[str] = mapped_column(primary_key=True)
    scheme: Mapped[str]
    spki: Mapped[bytes] = mapped_column(LargeBinary)
    """SubjectPublicKeyInfo, DER, as the ingest gate encodes it."""
    sha256: Mapped[bytes] = mapped_column(LargeBinary)
    """Of `spki`."""
    uses: Mapped[list[str]]
    types: Mapped[list[str] | None]
    """NULL: all that its owner is entitled to."""
    not_before: Mapped[datetime]
    not_after: Mapped[datetime | None]
    """Excluded; NULL is open."""
    revoked_at: Mapped[datetime | None]
    revocation_reason: Mapped[str | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class SuccessionRow(Base):
    """颁发机构调整: who took over from an issuer."""

    __tablename__ = "succession"
    __table_args__ = (CheckConstraint("issuer <> successor", name="two_parties"),)

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    successor: Mapped[str] = mapped_column(ForeignKey("issuer.code"))
    since: Mapped[datetime]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class DelegationRow(Base):
    """One issuer lets one body do one kind of thing for one type. Not transitive."""

    __tablename__ = "delegation"
    __table_args__ = (
        one_of("kind", Kind),
        in_order("not_before", "not_after"),
        CheckConstraint("issuer <> delegate", name="two_parties"),
    )

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    type: Mapped[str] = mapped_column(primary_key=True)
    delegate: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    not_before: Mapped[datetime]
    not_after: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class IssuerEndpointRow(Base):
    """Where a body answers questions, and within which bounds."""

    __tablename__ = "issuer_endpoint"
    __table_args__ = (
        one_of("kind", EndpointKind),
        one_of("adapter", Adapter),
        CheckConstraint(
            "(kind IN ('issuer', 'upstream')) = (cardinality(prefixes) = 0)", name="prefixes"
        ),
        CheckConstraint("(adapter = 'ivp') = (description IS NULL)", name="description"),
        CheckConstraint("deadline > interval '0'", name="deadline"),
        CheckConstraint("max_answer > 0", name="max_answer"),
        CheckConstraint("max_in_flight > 0", name="max_in_flight"),
    )

    issuer: Mapped[str] = mapped_column(ForeignKey("issuer.code"), primary_key=True)
    kind: Mapped[str] = mapped_column(
        primary_key=True, server_default=text(f"'{EndpointKind.ISSUER.value}'")
    )
    adapter: Mapped[str] = mapped_column(primary_key=True)
    prefixes: Mapped[list[str]] = mapped_column(server_default=text("'{}'"))
    """Type owner: 18 characters of type codes; region: 2, 4 or 6 digits of GB/T 2260."""
    url: Mapped[str]
    networks: Mapped[list[str]]
    """CIDR networks, other than public addresses, that the operator opened for it."""
    deadline: Mapped[timedelta] = mapped_column(Interval)
    max_answer: Mapped[int]
    """Bytes."""
    max_in_flight: Mapped[int]
    encryption_jwk: Mapped[str | None]
    """JSON of the public key for holder facts."""
    description: Mapped[str | None]
    """JSON, of adapters told by data. Names secrets, and holds none."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())


class LicenseTypeRow(Base):
    """证照类型, with what its owner demands of a verification."""

    __tablename__ = "license_type"
    __table_args__ = (
        CheckConstraint(f"code ~ {TYPE_CODE}", name="code"),
        CheckConstraint("max_status_age >= interval '0'", name="max_status_age"),
        some_of("roles", (Role.ISSUER, Role.COPIER, Role.COUNTERSIGNER)),
        one_of("level", Level),
    )

    code: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    name_en: Mapped[str]
    must_be_sealed: Mapped[bool] = mapped_column(server_default=text("true"))
    max_status_age: Mapped[timedelta] = mapped_column(Interval)
    signed_answers: Mapped[bool] = mapped_column(server_default=text("false"))
    roles: Mapped[list[str]]
    level: Mapped[str] = mapped_column(server_default=text(f"'{Level.SHARED.value}'"))
    """分级: how much of a record a look-up may show."""
    identity_source: Mapped[bool] = mapped_column(server_default=text("false"))
    """身份信任源点, as a 营业执照 is: from one the holder's other licenses may be asked for."""
    recorded_at: Mapped[datetime] = mapped_column(server_default=func.now())
