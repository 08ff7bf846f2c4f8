"""What a retrieval (调阅) is asked and answered by."""

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from app.crypto.jose import to_base64url
from app.domain.errors import Refused
from app.domain.identifier import Identifier
from app.domain.retrieval import Deliver, Wanted
from app.schemas.asking import AskedIn
from app.services.retrieving import Given

ASKED: Final[dict[str, Any]] = {
    "identifier": "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
    "purpose": "loan-review",
    "matter": "11639900MB9902027X300",
    "deliver": "link",
}
EXAMPLE: Final[dict[str, Any]] = {
    "issuer": "11630000MB0000019J",
    "link": "https://files.issuer.example/once/8f14e45fceea167a5a36dedd4bea2543",
    "expires": "2026-11-01T00:10:00Z",
    "media_type": "application/ofd",
    "size": 30211,
    "document": {"alg": "sha256", "value": "2jmj7l5rSw0yVb_vlWAYkK_YBwk2jmj7l5rSw0yVb_s"},
}


class RetrievalIn(AskedIn):
    """One document of one license, for one purpose."""

    identifier: Annotated[str, Field(max_length=128, description="证照标识")]
    purpose: Annotated[str, Field(max_length=64, description="of those the caller may state")]
    matter: Annotated[str | None, Field(max_length=64, description="事项编码 it is needed for")] = (
        None
    )
    deliver: Annotated[
        Literal["link", "file"],
        Field(description="the issuer's one-time link, or the bytes, checked and handed on"),
    ] = "link"

    def wanted(self, *, purpose: str, behalf: str) -> Wanted:
        """Raises `Refused`."""
        try:
            identifier = Identifier.read(self.identifier)
        except ValueError:
            raise Refused("identifier", "identifier is not one of GB/T 36904") from None
        return Wanted(
            identifier=identifier,
            purpose=purpose,
            matter=self.matter,
            behalf=behalf,
            deliver=Deliver(self.deliver),
        )


class DigestOut(BaseModel):
    """Of the whole document."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    alg: Literal["sm3", "sha256"]
    value: Annotated[str, Field(description="base64url")]


class RetrievalOut(BaseModel):
    """The issuer's one-time link. Whoever fetches holds what comes to size and digest."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    issuer: str
    link: Annotated[str, Field(description="good once, and until it expires")]
    expires: str
    media_type: str
    size: Annotated[int, Field(description="bytes")]
    document: DigestOut

    @classmethod
    def of(cls, given: Given) -> Self:
        said = given.delivered
        value = to_base64url(said.value)
        return cls(
            issuer=given.issuer,
            link=said.link,
            expires=f"{said.expires:%Y-%m-%dT%H:%M:%SZ}",
            media_type=said.media_type.value,
            size=said.size,
            document=DigestOut.model_validate({"alg": said.digest, "value": value}),
        )
