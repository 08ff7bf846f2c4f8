"""What names a license and its holder in a question: the same members, wherever one is asked."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from app.domain.errors import Refused
from app.domain.identifier import MAX_LENGTH, Identifier, IssuerCode, TypeCode
from app.domain.lookup import Asked
from app.schemas.asking import AskedIn
from app.schemas.verification import Number, Text, well_formed


class NamingIn(AskedIn):
    """证照标识（或证照编号和证照类型），以及持证主体信息."""

    identifier: Annotated[
        Annotated[str, Field(min_length=1, max_length=MAX_LENGTH), AfterValidator(well_formed)]
        | None,
        Field(description="证照标识, GB/T 36904"),
    ] = None
    number: Annotated[
        Number | None, Field(description="证照编号, with its type; beside an identifier compared")
    ] = None
    type: Annotated[str | None, Field(pattern=r"^[0-9A-Z]{21}$", description="证照类型代码")] = None
    issuer: Annotated[
        str | None,
        Field(pattern=r"^([0-9A-Z]{18}|[0-9]{6})$", description="颁发机构代码; narrows a number"),
    ] = None
    holder: Annotated[Text | None, Field(description="持证主体, by name")] = None
    holder_code: Annotated[Number | None, Field(description="持证主体代码")] = None

    def names_a_license(self) -> None:
        """Raises `Refused`: neither an identifier, nor number and type."""
        if self.identifier is None and (self.number is None or self.type is None):
            raise Refused("identifier", "names no license: send identifier, or number with type")

    def asks(self, at: datetime, known_at: datetime, **more: Any) -> Asked:
        """The question as the domain has it. Raises `Refused` where it names no license.

        more: other members of `Asked`.
        """
        self.names_a_license()
        return Asked(
            identifier=Identifier.read(self.identifier) if self.identifier else None,
            type=TypeCode(self.type) if self.type else None,
            number=self.number,
            issuer=IssuerCode(self.issuer) if self.issuer else None,
            holder=self.holder,
            holder_code=self.holder_code,
            at=at,
            known_at=known_at,
            **more,
        )
