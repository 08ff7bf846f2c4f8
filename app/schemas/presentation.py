"""What a presentation code (亮证码) is asked for with, and what is answered."""

from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from app.domain.presentation import LONGEST, PUBLIC, SHORTEST, is_presentation
from app.schemas.asking import AskedIn
from app.schemas.verification import Told, VerificationIn

ASKED: Final[dict[str, Any]] = {
    "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
    "holder": "青海样例有限公司",
    "holder_code": "91630000M000100Y43",
    "audience": "xn-hospital",
    "purpose": "admission",
    "seconds": 60,
}
GIVEN: Final[dict[str, Any]] = {
    "code": "ZYP1:AEBAGBAFAYDQQCIKBMGA2DQPCA",
    "expires_at": "2026-11-01T00:01:00Z",
}
OFFERED: Final[dict[str, Any]] = {"code": GIVEN["code"], "purpose": "admission"}

_PURPOSE: Final = r"^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$"
_LEAST, _MOST = int(SHORTEST.total_seconds()), int(LONGEST.total_seconds())


def _described(schema: dict[str, Any]) -> None:
    schema["examples"] = [ASKED]
    schema["properties"].pop("digests")


class PresentationIn(VerificationIn):
    """A license as for a verification, and who may be shown it, why, and how long.

    出示的证照、对谁出示、用证事由、有效时间。
    """

    model_config = ConfigDict(json_schema_extra=_described)

    audience: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9-]{1,62}$",
            description=f"the tenant (单位) that may use it, or {PUBLIC}: whoever scans it",
        ),
    ]
    purpose: Annotated[
        str,
        Field(pattern=_PURPOSE, description="用证事由 the verifier has to state, as a code"),
    ]
    seconds: Annotated[int, Field(ge=_LEAST, le=_MOST, description="until it ends")] = _MOST

    @model_validator(mode="before")
    @classmethod
    def _shows_no_file(cls, members: Any) -> Any:
        """Before anything in them is complained of: nobody is to mend what is not taken."""
        if isinstance(members, dict) and members.get("digests") is not None:
            raise Told("digests", "of a file that stays with you; leave them out: a code shows it")
        return members


class PresentationOut(BaseModel):
    """The code, told this once, to be shown as a QR code.

    亮证码，只告知这一次。
    """

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"examples": [GIVEN]})

    code: Annotated[str, Field(description="the text of the QR code; nothing personal is in it")]
    expires_at: datetime


def _is_code(value: str) -> str:
    if not is_presentation(value):
        raise ValueError("the text of the QR code as it is: ZYP1: and 26 letters and digits")
    return value


class OfferIn(AskedIn):
    """A code that was scanned.

    扫到的亮证码和用证事由。
    """

    model_config = ConfigDict(json_schema_extra={"examples": [OFFERED]})

    code: Annotated[
        str, AfterValidator(_is_code), Field(max_length=64, description="the text of the QR code")
    ]
    purpose: Annotated[
        str | None, Field(pattern=_PURPOSE, description="用证事由, as of a verification")
    ] = None
