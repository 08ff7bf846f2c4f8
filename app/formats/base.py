"""The shape every format module has."""

from typing import Protocol

from app.domain.license import LicenseFormat, ParsedLicense


class Format(Protocol):
    """A name and two methods; adding a format is one file and one entry in `FORMATS`."""

    @property
    def name(self) -> LicenseFormat: ...

    def recognises(self, content: bytes) -> bool:
        """Look at the leading bytes, and at what they promise; never raise, read nothing."""

    def parse(self, content: bytes) -> ParsedLicense:
        """Copy out what is stated and what was signed; verify nothing, look nothing up.

        Raises `Malformed` for anything that cannot be read exactly, within the format's limits.
        """
