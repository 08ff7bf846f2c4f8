"""Which formats exist, in the order they are tried: most specific first."""

from app.domain.errors import UnrecognisedFormat
from app.formats.base import Format
from app.formats.jws import Jws
from app.formats.ofd.license import Ofd
from app.formats.pdf.license import Pdf

__all__ = ["FORMATS", "Format", "detect"]

FORMATS: tuple[Format, ...] = (Jws(), Ofd(), Pdf())


def detect(content: bytes, formats: tuple[Format, ...] = FORMATS) -> Format:
    """The one format these bytes are read as. Raises `UnrecognisedFormat`."""
    for format in formats:
        if format.recognises(content):
            return format
    raise UnrecognisedFormat("these bytes are no license in any format read here")
