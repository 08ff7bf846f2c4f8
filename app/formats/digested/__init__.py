"""Files that stay with the caller: what is made of their parts, and how the parts are made."""

from typing import assert_never

from app.domain.digested import Digested, OfdParts, PdfParts
from app.domain.license import Claims, LicenseFormat, ParsedLicense
from app.formats.digested.ofd import read_ofd_parts
from app.formats.digested.pdf import read_pdf_parts

__all__ = ["format_of", "read_digested"]


def format_of(digested: Digested) -> LicenseFormat:
    """What the file is, by the caller's account."""
    match digested.parts:
        case OfdParts():
            return LicenseFormat.OFD
        case PdfParts():
            return LicenseFormat.PDF
        case _:
            assert_never(digested.parts)


def read_digested(digested: Digested, stated: Claims) -> ParsedLicense:
    """The signatures by themselves. Which license it is, the caller states; nobody signed that.

    Raises `Malformed` as the readers of whole files do.
    """
    match digested.parts:
        case OfdParts():
            return read_ofd_parts(digested.parts, stated)
        case PdfParts():
            return read_pdf_parts(digested.parts, stated)
        case _:
            assert_never(digested.parts)
