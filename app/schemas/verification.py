"""What `POST /v1/verifications` takes, strictly; complaints name field and fix, never input."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    model_validator,
)

from app.domain.clocks import CLOCK_SKEW
from app.domain.codes import uscc_check_ok
from app.domain.errors import Refused
from app.domain.identifier import MAX_LENGTH, Identifier
from app.domain.license import LicenseFormat
from app.domain.names import unseen
from app.domain.policies import POLICIES, PolicyKind, asked_kind, policy_for
from app.domain.signers import ANY_SIGNER, MAX_SIGNERS, WHOSE_SEALS, Signers
from app.domain.verification import PUBLIC_CHECK
from app.schemas.digested import DIGESTS, DigestsIn, refused_digests
from app.schemas.report import ReportOut, VerificationOut

__all__ = [
    "ReportOut",
    "TermsIn",
    "TypedIn",
    "VerificationIn",
    "VerificationOut",
    "refused",
]

MAX_TOKEN: Final = 16 * 1024
"""Characters of a token (docs/license-token.md)."""
MAX_AGE: Final = 366 * 24 * 3600
"""Seconds; a longer limit would tighten nothing."""
LONG_TERM: Final = "长期"
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The first moment an issuer can be asked about: docs/ivp.md counts seconds from there."""

_INSTANT: Final = re.compile(
    r"\A\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)\Z", re.ASCII
)
_DAY: Final = re.compile(r"\A\d{4}-\d\d-\d\d\Z", re.ASCII)
_BOOLEANS: Final = frozenset({"true", "false"})
NAME: Final = re.compile(r"\A[A-Za-z0-9_.-]{1,64}\Z", re.ASCII)


def _instant(value: object) -> datetime:
    return instant_of(value, "a time with its offset, as 2026-11-01T08:00:00+08:00")


def instant_of(value: object, fix: str) -> datetime:
    """RFC 3339, with an offset: a bare local time is eight hours wrong somewhere.

    Raises `ValueError`, with what mends it.
    """
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value
    if not isinstance(value, str) or not _INSTANT.match(value):
        raise ValueError(fix)
    try:
        at = datetime.fromisoformat(value.upper())
    except ValueError:
        raise ValueError(fix) from None
    if at < EPOCH:
        raise ValueError(f"{fix}; not before 1970")
    return at


def _day(value: object) -> date:
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    fix = "a date, as 2026-11-01"
    if not isinstance(value, str) or not _DAY.match(value):
        raise ValueError(fix)
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise ValueError(fix) from None


def day_or_long_term(value: object) -> date | Literal["长期"]:
    if value == LONG_TERM:
        return LONG_TERM
    try:
        return _day(value)
    except ValueError:
        raise ValueError(f"a date, as 2026-11-01, or {LONG_TERM}") from None


def well_formed(value: str) -> str:
    Identifier.read(value)  # its message repeats nothing
    return value


def plain(value: str) -> str:
    """Text that can be shown. Raises `ValueError`."""
    if not value.strip():
        raise ValueError("only spaces; leave the field out, or fill it")
    if any(unicodedata.category(char) == "Cc" for char in value):
        raise ValueError("control characters; send plain text")
    return value


def seen(value: str) -> str:
    """A number or a code, of which nothing may be hidden: it would find no license, and the person
    who pasted it would see no reason. Raises `ValueError`.
    """
    if unseen(value):
        raise ValueError("characters that cannot be seen (zero width); type it again by hand")
    return value


def _known_policy(value: str) -> str:
    known = (*PolicyKind, *POLICIES)
    if value not in known:
        raise ValueError(f"a policy of this service: {', '.join(known)}; or leave it out")
    return value


def _organisations(value: str) -> str:
    codes = value.split(",")
    fix = "codes of 18 characters (统一社会信用代码), with commas between"
    if not all(uscc_check_ok(code) for code in codes):
        raise ValueError(f"{fix}; one is mistyped")
    if len(set(codes)) != len(codes) or len(codes) > MAX_SIGNERS:
        raise ValueError(f"{fix}, each once, at most {MAX_SIGNERS}")
    return value


def _only_true(value: object) -> object:
    if value is not True:  # 1 is equal to it
        raise ValueError("true, or left out")
    return value


Instant = Annotated[datetime, BeforeValidator(_instant)]
Day = Annotated[date, BeforeValidator(_day)]
Text = Annotated[str, Field(min_length=1, max_length=256), AfterValidator(plain)]
Number = Annotated[Text, AfterValidator(seen)]


class TermsIn(BaseModel):
    """What bounds a verification; the text fields beside a file, and part of the JSON body."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)

    policy: Annotated[
        Annotated[str, AfterValidator(_known_policy)] | None,
        Field(
            description="license, sealed-document, or one of them by version; the kind of document "
            "picks it: where given, it must agree"
        ),
    ] = None
    expected_signers: Annotated[
        Annotated[str, Field(min_length=1, max_length=512), AfterValidator(_organisations)] | None,
        Field(
            description="of a sealed document: 统一社会信用代码 of all who have to have sealed it, "
            "with commas between; anybody else's seal makes it invalid"
        ),
    ] = None
    any_signer: Annotated[
        bool | None,
        Field(description="true: where it is a sealed document, whoever sealed it is told"),
    ] = None
    purpose: Annotated[
        str | None,
        Field(
            pattern=r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$",
            description="用证事由, as a code: callers with an account state one; "
            f"{PUBLIC_CHECK} is that of all others",
        ),
    ] = None
    at: Annotated[
        Instant | None,
        Field(description="asked about; RFC 3339 with offset, not in the future; absent: now"),
    ] = None
    max_status_age: Annotated[
        int | None,
        Field(ge=0, le=MAX_AGE, description="seconds; only tightens the limits of type and policy"),
    ] = None
    matter: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Za-z-]{1,64}$",
            description="事项编码 of the matter at hand; compared with that of an annotated copy",
        ),
    ] = None

    sm_only: Annotated[
        Annotated[Literal[True], BeforeValidator(_only_true)] | None,
        Field(
            description="true: valid only where SM2 and SM3 alone protect every layer (密评); the "
            "report tells the algorithm of each"
        ),
    ] = None

    @classmethod
    def of_form(cls, texts: Mapping[str, str]) -> Self:
        """From the text fields of a multipart form, where every value is text.

        Raises:
            ValidationError: to be turned into `Refused` by `refused`.
        """
        fields: dict[str, Any] = dict(texts)
        if (said := fields.get("any_signer")) in _BOOLEANS:
            fields["any_signer"] = said == "true"
        if fields.get("sm_only") == "true":
            fields["sm_only"] = True
        age = fields.get("max_status_age")
        if isinstance(age, str) and re.fullmatch(r"[0-9]{1,9}", age, re.ASCII):
            fields["max_status_age"] = int(age)
        return cls.model_validate(fields)

    @property
    def signers(self) -> Signers | None:
        """Whose seals are expected on a sealed document; None: nobody said."""
        if self.expected_signers is not None:
            return Signers(frozenset(self.expected_signers.split(",")))
        return ANY_SIGNER if self.any_signer else None

    @model_validator(mode="after")
    def _whose_seals(self) -> Self:
        if self.expected_signers is not None and self.any_signer:
            raise Told("any_signer", "one of the two: expected_signers, or any_signer")
        if asked_kind(self.policy) is PolicyKind.SEALED_DOCUMENT and self.signers is None:
            raise Told("expected_signers", WHOSE_SEALS)
        return self

    def not_in_future(self, now: datetime) -> None:
        """Nobody can vouch for a day to come. Raises `Refused`."""
        if self.at is not None and self.at > now + CLOCK_SKEW:
            raise Refused("at", "in the future; ask for a time that has come, or leave it out")


class TypedIn(TermsIn):
    """What a caller reads off a license: facts by themselves, or beside the picture of one."""

    identifier: Annotated[
        Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(well_formed)]
        | None,
        Field(description="证照标识, GB/T 36904"),
    ] = None
    number: Annotated[Number | None, Field(description="证照编号")] = None
    type: Annotated[
        str | None,
        Field(
            pattern=r"^[0-9A-Z]{21}$",
            description="证照类型代码; needed beside a number",
        ),
    ] = None
    issuer: Annotated[
        str | None,
        Field(
            pattern=r"^([0-9A-Z]{18}|[0-9]{6})$",
            description="颁发机构代码: 统一社会信用代码 or region; routes a question by number",
        ),
    ] = None
    holder: Annotated[Text | None, Field(description="持证主体, by name")] = None
    holder_code: Annotated[Number | None, Field(description="持证主体代码")] = None
    valid_from: Annotated[Day | None, Field(description="first day in force, Beijing time")] = None
    valid_until: Annotated[
        Annotated[date | Literal["长期"], BeforeValidator(day_or_long_term)] | None,
        Field(description="last day in force, inclusive, Beijing time; or 长期"),
    ] = None

    @property
    def typed(self) -> list[str]:
        """Names of the facts that are given."""
        given = sorted(self.model_fields_set & _FACTS)
        return [name for name in given if getattr(self, name) is not None]


class VerificationIn(TypedIn):
    """A token, or facts: an identifier, or a number with its type, and what is known of the holder;
    beside these, digests of a file that stays with the caller.

    待核验的证照令牌，或者证照标识（证照编号和证照类型）及持证主体信息；文件留存在调用方的，另送其摘要。
    """

    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        hide_input_in_errors=True,
        json_schema_extra={
            "examples": [
                {"token": "eyJ0eXAiOiJsaWNlbnNlK2p3dCIsImFsZyI6IkVTMjU2Iiwia2lkIjoiazEifQ.e30.AA"},
                {
                    "identifier": "1.2.156.3005.2.11100000MB03271699001"
                    ".11630000MB0000019J.2024000001.001.B",
                    "holder": "青海样例有限公司",
                    "number": "N-1",
                },
                {
                    "number": "N-1",
                    "type": "11100000MB03271699001",
                    "issuer": "11630000MB0000019J",
                    "holder": "青海样例有限公司",
                    "holder_code": "91630000M000100Y43",
                    "max_status_age": 600,
                },
                {
                    "identifier": "1.2.156.3005.2.11100000MB03271699001"
                    ".11630000MB0000019J.2024000001.001.B",
                    "digests": DIGESTS,
                },
            ]
        },
    )

    token: Annotated[
        str | None,
        Field(
            min_length=1,
            max_length=MAX_TOKEN,
            description="证照令牌, JWS compact; stands alone",
        ),
    ] = None

    digests: Annotated[
        DigestsIn | None,
        Field(
            description="parts of the signatures, and digests, of a file that stays with you "
            "(`zhengyan digest` makes them); goes with identifier, or number and type"
        ),
    ] = None

    @model_validator(mode="after")
    def _one_ground(self) -> Self:
        """A token, or facts that name a license; the complaint says which field to change."""
        given = self.typed + (["digests"] if self.digests is not None else [])
        if self.token is not None and given:
            raise Told("token", "a token stands alone: leave out " + ", ".join(given))
        if self.token is None and not given:
            raise Told("body", "nothing to verify: send token, or identifier, or number with type")
        if self.token is None and self.identifier is None:
            if self.number is None:
                raise Told("identifier", "names no license: send identifier, or number with type")
            if self.type is None:
                raise Told("type", "a number needs its type; send the code of 21 characters")
        kind = LicenseFormat.FACTS if self.token is None else LicenseFormat.JWS
        if self.digests is not None:
            kind = LicenseFormat(self.digests.format)
        fit = policy_for(kind).name
        if self.policy not in {None, PolicyKind.LICENSE.value, fit}:
            raise Told("policy", f"does not go with what was sent: {fit}")
        for name in ("expected_signers", "any_signer"):
            if getattr(self, name) is not None:
                raise Told(name, "goes with a file that is a sealed document; leave it out")
        return self


_FACTS: Final = frozenset(
    {
        "identifier",
        "number",
        "type",
        "issuer",
        "holder",
        "holder_code",
        "valid_from",
        "valid_until",
    }
)


class Told(ValueError):
    """A complaint about several fields that knows which one to name."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


_SHAPES: Final = {
    "purpose": "a code of lower-case letters, digits and hyphens, as public-check",
    "matter": "a 事项编码 of letters, digits and hyphens, at most 64",
    "type": "a 证照类型代码 of 21 capital letters and digits",
    "issuer": "a 统一社会信用代码 of 18 characters, or a region of 6 digits",
    "any_signer": "true, or left out",
    "sm_only": "true, or left out: it only tightens",
    "max_status_age": f"whole seconds from 0 to {MAX_AGE}",
}


def refused(exc: ValidationError) -> Refused:
    """The first complaint as field and fix. The input is not in it, whatever it was."""
    first = exc.errors(include_url=False, include_input=False)[0]
    told = first.get("ctx", {}).get("error")
    if isinstance(told, Told):
        return Refused(told.field, str(told))
    place = next((str(part) for part in first["loc"]), "body")
    if place == "digests":
        return refused_digests(first["loc"], first["type"])
    if first["type"] == "extra_forbidden":
        # A stranger wrote this name: repeated only where it can do no harm.
        shown = place if NAME.match(place) else "body"
        return Refused(shown, "unknown field; leave it out")
    if isinstance(told, ValueError):
        return Refused(place, str(told))
    if first["type"] == "string_too_long":
        return Refused(place, f"longer than {first['ctx']['max_length']} characters")
    if first["type"] == "string_too_short":
        return Refused(place, "empty; leave the field out, or fill it")
    if place == "body":
        return Refused(place, "a JSON object with the members that are documented")
    return Refused(place, f"must be {_SHAPES.get(place, 'text')}")
