"""What `POST /v1/signatures:verify` takes and answers (验签)."""

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.checks.base import passed
from app.checks.issuer import ISSUER_KNOWN
from app.checks.signature import KEY_LIVE, SIGNATURE_HOLDS, SIGNED_IN_WINDOW, SIGNER_KNOWN
from app.domain.clocks import CLOCK_SKEW
from app.domain.detached import (
    DIGEST_SIZES,
    Detached,
    DetachedFinding,
    DetachedForm,
    MessageDigest,
    ToldDigest,
)
from app.domain.errors import Refused
from app.domain.evidence import WHOLE, About, CheckName, Outcome, Role
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.license import KeyId
from app.domain.reasons import Reason
from app.domain.scheme import Scheme
from app.domain.trust import Issuer, TrustedKey, Window
from app.reports.detached import told
from app.reports.entry import Bilingual
from app.schemas.report import NamedOut, OtherReasonOut, TextOut
from app.schemas.verification import Instant

_VALUE: Final = 60_000
"""Characters of base64: a container with its certificates."""
ASKED: Final[dict[str, Any]] = {
    "form": "der",
    "issuer": "11630000MB0000019J",
    "key": "k1",
    "message": "5ZCM5oSP44CC",
    "signature": "MEUCIQ==",
    "purpose": "public-check",
}
DIGESTED: Final[dict[str, Any]] = {
    "form": "cms",
    "issuer": "11630000MB0000019J",
    "key": "k1",
    "digest": {"algorithm": "sm3", "value": "5a" * 32},
    "signature": "MIIB",
}


class DigestIn(BaseModel):
    """内容的摘要: of a message that stays with the caller."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    algorithm: Annotated[
        Literal["sm3", "sm3_with_z", "sha256", "sha384", "sha512"],
        Field(description="sm3_with_z: SM3(Z ‖ M) with the default id, which an SM2 value signs"),
    ]
    value: Annotated[
        str, Field(pattern=r"^[0-9a-f]{64,128}$", description="hexadecimal, small letters")
    ]


class SignatureIn(BaseModel):
    """A message or its digest, a signature over it, and the registered key that is to have made it.

    待验的内容（或其摘要）、签名值，以及应为签名者的登记公钥。
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={"examples": [ASKED, DIGESTED]},
    )

    form: Annotated[
        Literal["der", "plain", "cms"],
        Field(description="der: the value alone; plain: r ‖ s; cms: GB/T 35275 or RFC 5652"),
    ]
    issuer: Annotated[
        str, Field(pattern=r"^([0-9A-Z]{18}|[0-9]{6})$", description="whose key: 颁发机构代码")
    ]
    key: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9._~-]{1,128}$", description="its name in the registry")
    ]
    signature: Annotated[str, Field(min_length=1, max_length=_VALUE, description="base64")]
    message: Annotated[
        str | None, Field(max_length=_VALUE, description="the octets, base64; or send digest")
    ] = None
    digest: DigestIn | None = None
    type: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Z]{21}$",
            description="证照类型代码 it is about: the key must be registered for it",
        ),
    ] = None
    signed_at: Annotated[
        Instant | None,
        Field(description="as you were told; signingTime of a container stands above it"),
    ] = None
    purpose: Annotated[
        str | None,
        Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", description="用证事由, as a code"),
    ] = None

    def asked(self, now: datetime) -> Detached:
        """As the domain has it. Raises `Refused`, naming field and fix."""
        if (self.message is None) == (self.digest is None):
            raise Refused("message", "message or digest, one of the two")
        if self.signed_at is not None and self.signed_at > now + CLOCK_SKEW:
            raise Refused("signed_at", "in the future; leave it out, or send the time told")
        message = self._digest() if self.message is None else _octets(self.message, "message")
        return Detached(
            form=DetachedForm(self.form),
            value=_octets(self.signature, "signature"),
            message=message,
            issuer=IssuerCode(self.issuer),
            key_id=KeyId(self.key),
            type=None if self.type is None else TypeCode(self.type),
            signed_at=self.signed_at,
        )

    def _digest(self) -> ToldDigest:
        if self.digest is None:
            raise Refused("message", "message or digest, one of the two")
        name, value = MessageDigest(self.digest.algorithm), bytes.fromhex(self.digest.value)
        if len(value) != (size := DIGEST_SIZES[name]):
            raise Refused("digest.value", f"{2 * size} hexadecimal digits, small letters")
        return ToldDigest(name, value)


def _octets(text: str, field: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(field, "base64 (RFC 4648 §4), with its padding") from None


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class KeyOut(_Out):
    """The key as it is registered."""

    kid: str
    scheme: Scheme
    not_before: str
    not_after: str | None
    revoked_at: str | None


class SignatureCheckOut(_Out):
    """One question and what was found."""

    name: CheckName
    question: TextOut
    outcome: Outcome
    reason: Reason | None
    detail: str


class SignatureVerificationOut(_Out):
    """验签结果: about this signature over this content, and no word about any license."""

    at: str
    node: str
    trust: Annotated[str, Field(description="registry or list that was asked")]
    result: Annotated[Outcome, Field(description="passed, failed, or indeterminate")]
    headline: TextOut
    reason: Annotated[OtherReasonOut | None, Field(description="null if and only if it passed")]
    issuer: Annotated[NamedOut | None, Field(description="null: not registered")]
    key: Annotated[KeyOut | None, Field(description="null: the issuer has no such key")]
    signed_at: Annotated[str | None, Field(description="claimed; null: nobody says")]
    checks: list[SignatureCheckOut]


def _example() -> dict[str, Any]:
    """An answer as it is made, of a signature that holds."""
    at = datetime(2026, 11, 1, tzinfo=UTC)
    asked = (ISSUER_KNOWN, SIGNER_KNOWN, SIGNATURE_HOLDS, KEY_LIVE, SIGNED_IN_WINDOW)
    one = About("signature", Role.ISSUER)
    issuer = IssuerCode(str(ASKED["issuer"]))
    finding = DetachedFinding(
        at=at,
        evidence=tuple(passed(c.name, one if c.name.each else WHOLE) for c in asked),
        issuer=Issuer(issuer, "青海样例局", "Qinghai Sample Bureau", frozenset()),
        key=TrustedKey(
            key_id=KeyId(str(ASKED["key"])),
            owner=issuer,
            scheme=Scheme.SM2_SM3,
            spki=b"",
            types=frozenset(),
            window=Window(at.replace(year=2024), None),
            status_good_until=None,
        ),
        signed_at=None,
        snapshot="local",
    )
    questions = {c.name: Bilingual(c.question_zh, c.question) for c in asked}
    return told(finding, "zhengyan-example", questions)


EXAMPLE: Final = _example()
