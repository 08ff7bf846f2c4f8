"""What people enter on the page, before anything is asked: pasted text, names of issuers, files
that cannot be what was meant. Twin of `app/web/static/entered.js`.
"""

import re
from collections.abc import Mapping
from typing import Final

from app.domain.errors import ServiceError

_TOKEN: Final = re.compile(r"e[A-Za-z0-9_=-]*(\.[A-Za-z0-9_=-]*)+")
_BETWEEN: Final = re.compile("[\\s\u200b\u2060\ufeff]+")
"""What e-mail programs and copying put into a token or identifier; neither holds any."""
_CODE: Final = re.compile(r"[0-9A-Z]{18}|[0-9]{6}")
_HEIC: Final = frozenset(
    brand.encode() for brand in ("heic", "heix", "heim", "heis", "hevc", "mif1", "msf1")
)
"""Brands of ISO/IEC 23008-12; they stand at octets 8 to 12, after `ftyp`."""


class Slip(ServiceError):
    """Nothing to verify, or not what was meant; the page has words of this name for it."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


def pasted(text: str) -> Mapping[str, str]:
    """A token or an identifier, whatever line breaks it was copied with; empty: nothing."""
    whole = _BETWEEN.sub("", text)
    if not whole:
        return {}
    return {"token" if _TOKEN.fullmatch(whole) else "identifier": whole}


def issuer_meant(text: str, bodies: Mapping[str, str]) -> str:
    """The code of an issuer entered by code, in any case, or by name, whole or in part.

    Args:
        text: as entered, not empty.
        bodies: code → registered name.

    Raises:
        Slip: nobody is called so, or several are.
    """
    entered = "".join(text.split())
    code = entered.upper()
    if _CODE.fullmatch(code):
        return code
    names = {each: "".join(name.split()).casefold() for each, name in bodies.items()}
    sought = entered.casefold()
    found = [each for each, name in names.items() if name == sought]
    found = found or [each for each, name in names.items() if sought in name]
    if len(found) != 1:
        raise Slip("noissuer")
    return found[0]


def look_at(file: bytes) -> None:
    """Raises `Slip` for a file that is empty, or a photo as telephones keep them."""
    if not file:
        raise Slip("empty")
    if file[4:8] == b"ftyp" and file[8:12] in _HEIC:
        raise Slip("heic")
