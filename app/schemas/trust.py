"""The payload of a trust list as a published schema: `python -m docs.make` writes it.

The reader is `app.registry.lists`; it is stricter, since a schema cannot check a check character,
a certificate or a canonical form.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.crypto.schemes import SCHEME_BY_JOSE
from app.domain.certificate import Purpose
from app.domain.trust import Gap, Kind, SealEnding
from app.models import Use
from app.registry.lists.content import LEVELS, MAX_FIELDS, MAX_MATTERS, MAX_SEAL_ID, MAX_SEALS
from app.registry.lists.signed import FORMAT, LEAST_THRESHOLD, MAX_NUMBER, MAX_SIGNERS
from app.registry.offers import MAX_ORIGINS
from app.registry.registration import LONGEST_AGE, MAX_ISSUERS, MAX_KEYS, MAX_PLATFORMS

EXAMPLE: Final[Any] = json.loads(
    Path(__file__).with_name("trust-list.example.json").read_text(encoding="utf-8")
)
"""A list of the sandbox, made by `python -m tests.list_examples`."""

Whole = Annotated[
    str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", examples=["2026-11-01T00:00:00Z"])
]
Moment = Annotated[str, Field(examples=["2026-11-01T00:00:00Z"], description="RFC 3339")]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Code = Annotated[str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{6})$", description="证照颁发机构代码")]
TypeCode = Annotated[str, Field(pattern=r"^[0-9A-Z]{18}[0-9]{3}$", description="证照类型代码")]
Text = Annotated[str, Field(min_length=1, max_length=2048)]
Base64 = Annotated[str, Field(min_length=1, description="DER in base64")]
Alg = Annotated[str, Field(json_schema_extra={"enum": sorted(SCHEME_BY_JOSE)})]


class _Part(BaseModel):
    """Members that are not named here are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Names(_Part):
    zh: Text
    en: Text


class Jwk(_Part):
    """A public key (RFC 7517). No private member, ever."""

    kty: Literal["EC", "OKP", "RSA"]
    crv: str | None = None
    x: str | None = None
    y: str | None = None
    n: str | None = None
    e: str | None = None
    kid: str | None = None
    alg: Alg | None = None
    use: Literal["sig"] | None = None
    key_ops: list[Literal["verify"]] | None = None


class SignerJwk(Jwk):
    """A key that signs lists; `kid` is its RFC 7638 thumbprint."""

    alg: Alg


class SignersPart(_Part):
    """Who signs this and the next list."""

    threshold: Annotated[
        int, Field(ge=1, le=MAX_SIGNERS, description="2 at least, but in a demonstration")
    ]
    keys: Annotated[list[SignerJwk], Field(min_length=1, max_length=MAX_SIGNERS)]


class MatterPart(_Part):
    """事项."""

    code: Annotated[str, Field(pattern=r"^[0-9A-Za-z-]{1,64}$", description="事项编码")]
    name: Names


class FieldPart(_Part):
    """A field of a license."""

    name: Text
    level: Annotated[int, Field(ge=1, le=LEVELS, description="分级, 1 public")]


class TypePart(_Part):
    """证照类型."""

    code: TypeCode
    name: Names
    must_be_sealed: bool
    max_status_age: Annotated[int, Field(ge=0, le=LONGEST_AGE, description="seconds")]
    signed_answers: bool = False
    required_roles: list[Literal["issuer", "copier", "countersigner"]] = ["issuer"]
    issued_by: Annotated[
        list[MatterPart], Field(max_length=MAX_MATTERS, description="发证清单")
    ] = []
    used_in: Annotated[list[MatterPart], Field(max_length=MAX_MATTERS, description="用证清单")] = []
    fields: Annotated[list[FieldPart], Field(max_length=MAX_FIELDS)] = []


class KeyPart(_Part):
    """A key of an issuer or delegate."""

    kid: Annotated[str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$")]
    alg: Alg
    uses: Annotated[list[Use], Field(min_length=1)]
    jwk: Jwk
    types: list[TypeCode] | None = None
    not_before: Moment
    not_after: Moment | None = None
    revoked_at: Moment | None = None
    reason: Text | None = None


class EncryptionJwk(_Part):
    """The key for holder facts: ECDH-ES on P-256 (docs/ivp.md)."""

    kty: Literal["EC"]
    crv: Literal["P-256"]
    x: str
    y: str
    kid: str
    alg: Literal["ECDH-ES"] = "ECDH-ES"
    use: Literal["enc"] = "enc"


class RetrievalPart(_Part):
    """调阅: the body gives its documents."""

    url: Annotated[str, Field(description="where they are asked for (docs/ivp.md)")]
    origins: Annotated[
        list[Annotated[str, Field(pattern=r"^https?://[^/?#@]+$")]],
        Field(
            min_length=1,
            max_length=MAX_ORIGINS,
            description="where its links may lead: https://host or https://host:port",
        ),
    ]


class SuccessionPart(_Part):
    """颁发机构调整."""

    code: Code
    from_: Annotated[Moment, Field(alias="from")]
    types: Annotated[list[TypeCode], Field(min_length=1)]


class OwnersPlatformPart(_Part):
    """Where the body answers for all types that somebody defined."""

    kind: Literal["type_owner"]
    prefixes: Annotated[
        list[Annotated[str, Field(pattern=r"^[0-9A-Z]{18}$", description="of type codes")]],
        Field(min_length=1),
    ]
    url: str


class RegionsPlatformPart(_Part):
    """Where the body answers for a region."""

    kind: Literal["region"]
    prefixes: Annotated[
        list[Annotated[str, Field(pattern=r"^([0-9]{2}){1,3}$", description="GB/T 2260")]],
        Field(min_length=1),
    ]
    url: str


class UpstreamPlatformPart(_Part):
    """Where the body answers for everybody."""

    kind: Literal["upstream"]
    url: str


class IssuerPart(_Part):
    """证照颁发机构, or a body that acts for one."""

    code: Code
    name: Annotated[Text | None, Field(description="short; informs")] = None
    title: Names
    region: Annotated[str | None, Field(pattern=r"^[0-9]{6}$")] = None
    organisation_codes: dict[str, list[str]] | None = None
    types: list[TypeCode]
    tolerated_gaps: Annotated[
        list[Gap] | None,
        Field(min_length=1, description="签章范围: what its own seals leave open"),
    ] = None
    keys: Annotated[list[KeyPart], Field(max_length=MAX_KEYS)]
    endpoint: str | None = None
    encryption_key: EncryptionJwk | None = None
    platforms: Annotated[
        list[OwnersPlatformPart | RegionsPlatformPart | UpstreamPlatformPart],
        Field(max_length=MAX_PLATFORMS, description="where it answers for others"),
    ] = []
    retrieval: RetrievalPart | None = None
    succeeded_by: SuccessionPart | None = None


class DelegationPart(_Part):
    """授权."""

    from_: Annotated[Code, Field(alias="from")]
    to: Code
    types: Annotated[list[TypeCode], Field(min_length=1)]
    kinds: Annotated[list[Kind], Field(min_length=1)]
    not_before: Moment
    not_after: Moment | None = None
    revoked_at: Moment | None = None


class AnchorPart(_Part):
    """信任锚."""

    certificate: Base64
    purposes: Annotated[list[Purpose], Field(min_length=1)]
    region: Annotated[
        str | None,
        Field(
            pattern=r"^[1-9][0-9]{5}$",
            description="bodies registered (GB 32100) elsewhere are not vouched for",
        ),
    ] = None
    since: Moment
    until: Moment | None = None
    egov_ca: Annotated[
        bool | None, Field(description="false vouches for no license seal; null: unknown")
    ] = None
    organisation_verified: Annotated[
        bool, Field(description="it verifies organisation codes in O; else only extensions count")
    ] = False


class CrlLocationPart(_Part):
    """Where an authority publishes its revocation list."""

    authority: Annotated[Hex, Field(description="SHA-256 of its certificate")]
    url: Annotated[str, Field(pattern=r"^https://")]


class AuthoritiesPart(_Part):
    anchors: list[AnchorPart] = []
    intermediates: list[Base64] = []
    crls: list[Base64] = []
    crl_locations: list[CrlLocationPart] = []


class SealPart(_Part):
    """冻结、注销 of one seal."""

    id: Annotated[str, Field(min_length=1, max_length=MAX_SEAL_ID, description="印章编码, esID")]
    status: SealEnding
    since: Moment
    until: Annotated[Moment | None, Field(description="of a freeze only: the thaw")] = None


class OfficialUrlPart(_Part):
    """Where official codes point to."""

    type: TypeCode | None
    host: str
    path: Annotated[str, Field(pattern=r"^/")]
    parameter: Annotated[
        str | None,
        Field(
            pattern=r"^[A-Za-z0-9_.-]{1,64}$",
            description="of the query, which names the license; null: what follows path does",
        ),
    ] = None
    issuer: Annotated[
        str | None,
        Field(
            pattern=r"^([0-9A-Z]{18}|[0-9]{6})$",
            description="who alone can read what stands there (opaque codes), and is asked by it",
        ),
    ] = None


class TrustListPayload(_Part):
    """Canonical JSON: members sorted by code point, no spaces, integers only."""

    format: Literal["zhengyan-trust-list/1"]
    publisher: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
    number: Annotated[int, Field(ge=1, le=MAX_NUMBER)]
    issued_at: Whole
    expires_at: Whole
    previous: Annotated[Hex | None, Field(description="address of the list before")]
    signers: SignersPart
    demonstration: bool = False
    license_types: Annotated[list[TypePart], Field(max_length=MAX_ISSUERS)] = []
    issuers: Annotated[list[IssuerPart], Field(max_length=MAX_ISSUERS)] = []
    delegations: Annotated[list[DelegationPart], Field(max_length=MAX_ISSUERS)] = []
    authorities: AuthoritiesPart | None = None
    seals: Annotated[list[SealPart], Field(max_length=MAX_SEALS)] = []
    official_urls: Annotated[list[OfficialUrlPart], Field(max_length=MAX_ISSUERS)] = []


def schema() -> dict[str, Any]:
    """JSON Schema of the payload."""
    found = TrustListPayload.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"Trust list 信任清单, {FORMAT}",
        "description": f"Thresholds are at least {LEAST_THRESHOLD} unless it is a demonstration.",
        **{name: value for name, value in found.items() if name not in {"title", "description"}},
    }
