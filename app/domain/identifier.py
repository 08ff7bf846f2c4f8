"""证照标识, GB/T 36904-2018."""

import re
from dataclasses import dataclass
from typing import NewType, Self

from app.domain.codes import mod_37_36

IssuerCode = NewType("IssuerCode", str)
"""证照颁发机构代码: 统一社会信用代码 of 18 characters, or a region of 6 digits."""
TypeCode = NewType("TypeCode", str)
"""证照类型代码: 18 characters of the defining body and 3 digits."""

ROOT = "1.2.156.3005.2"
MAX_LENGTH = 160
"""Characters. 证照标识 columns are 128 wide; anything longer is no identifier."""

_LAYOUT = re.compile(
    r"\A(?P<root>[0-9]+(?:\.[0-9]+){4})"
    r"\.(?P<type>[0-9A-Z]{21})"
    r"\.(?P<issuer>[0-9A-Z]{18}|[0-9]{6})"
    r"\.(?P<serial>[0-9A-Z]{1,64})"
    r"\.(?P<version>[0-9]{3})"
    r"\.(?P<check>[0-9A-Z])\Z",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class Identifier:
    """Names type and issuer itself, so both are as proven as it is."""

    root: str
    type: TypeCode
    issuer: IssuerCode
    serial: str
    version: str
    check: str

    @classmethod
    def read(cls, text: str) -> Self:
        """Raise `ValueError` for anything but the six parts of GB/T 36904."""
        found = _LAYOUT.match(text) if len(text) <= MAX_LENGTH else None
        if found is None:
            raise ValueError("an identifier is root.type.issuer.serial.version.check")
        root, type, issuer, serial, version, check = found.groups()
        return cls(root, TypeCode(type), IssuerCode(issuer), serial, version, check)

    def __str__(self) -> str:
        parts = (self.root, self.type, self.issuer, self.serial, self.version, self.check)
        return ".".join(parts)

    @property
    def root_ok(self) -> bool:
        """Under the arc of the standard."""
        return self.root == ROOT

    @property
    def check_ok(self) -> bool:
        """The check character of the parts after the root. Wrong means mistyped, not forged."""
        return self.check == mod_37_36(self.type + self.issuer + self.serial + self.version)


def nobodys(issuer: IssuerCode, type: TypeCode, serial: str, *, version: str = "000") -> Identifier:
    """An identifier in its right form, of a license that nobody has."""
    check = mod_37_36(type + issuer + serial + version)
    return Identifier(ROOT, type, issuer, serial, version, check)
