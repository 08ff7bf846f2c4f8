"""Web addresses in codes: taken apart, compared, never followed (threats QR-04, QR-05).

Only an address whose host and path a followed trust list names is official, and even that is only
read: whom to ask is the registry's to say.
"""

import re
import unicodedata
from collections.abc import Iterable
from contextlib import suppress
from typing import Final
from urllib.parse import parse_qsl

from app.domain.identifier import Identifier
from app.domain.license import Claims
from app.domain.photo import Address, OfficialUrl

MAX_ADDRESS: Final = 2048
"""Characters that are looked at."""
MAX_HOST: Final = 253
"""Characters of a host's name (RFC 1035 §2.3.4, as text)."""
NOWHERE: Final = Address("", "", "")
"""Something a telephone would open, and no address that could be official."""

_WEB: Final = re.compile(r"(?i)(https?)://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#.*)?\Z", re.DOTALL)
_OTHER_SCHEME: Final = re.compile(
    r"(?i)[a-z][a-z0-9+.-]*:(//|\\\\)|(javascript|data|vbscript|intent):"
)
_BARE: Final = re.compile(r"[^\s/:@?#\\]+\.[^\s/:@?#\\.0-9]{2,}([/:?#\\]\S*)?\Z")
"""A host and perhaps a path, without a scheme: telephones open that too."""
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_DOTS: Final = str.maketrans("。．｡", "...")
_PORTS: Final = {"http": ("", "80"), "https": ("", "443")}
_STEP: Final = re.compile(r"(?i)(^|/)(\.|%2e){1,2}(/|$)")
_NAME: Final = re.compile(r"[A-Za-z0-9._~-]{1,160}", re.ASCII)
_PARAMETERS: Final = 16


def read_address(text: str) -> Address | None:
    """The address a code leads to; `NOWHERE` for one no list could name; None for no address."""
    if (web := _WEB.match(text)) is None:
        opens = _OTHER_SCHEME.match(text) or _BARE.match(text)
        return NOWHERE if opens else None
    scheme, authority, path, query = web[1].lower(), web[2], web[3], web[4] or ""
    if len(text) > MAX_ADDRESS or "\\" in text or any(_odd(char) for char in text):
        return NOWHERE
    name, _, port = authority.partition(":")
    host = host_of(name)
    if "@" in authority or host is None or port not in _PORTS[scheme] or _STEP.search(path):
        return NOWHERE
    return Address(host, path or "/", query)


def _odd(char: str) -> bool:
    """White space, controls, and marks that are not seen."""
    return char.isspace() or unicodedata.category(char) in {"Cc", "Cf", "Cs", "Co", "Cn"}


def host_of(name: str) -> str | None:
    """A host as registered ones are written; None for a number, or what is no host.

    Compatibility forms are what they stand for (UTS #46 maps by NFKC), letters of other scripts
    their Punycode (RFC 5891): a Cyrillic letter is then nothing like the Latin one it looks like.
    """
    if len(name) > MAX_HOST:  # turning thousands of letters into Punycode takes a second
        return None
    mapped = unicodedata.normalize("NFKC", name.translate(_DOTS)).translate(_DOTS).lower()
    labels = [_ascii(label) for label in mapped.removesuffix(".").split(".")]
    if len(labels) < 2 or not all(_LABEL.fullmatch(label) for label in labels):  # noqa: PLR2004
        return None
    return None if labels[-1].isdigit() else ".".join(labels)


def _ascii(label: str) -> str:
    return label if label.isascii() else "xn--" + label.encode("punycode").decode()


def official(address: Address, known: Iterable[OfficialUrl]) -> OfficialUrl | None:
    """The registered place an address lies in, the longest path first."""
    places = [url for url in known if url.host == address.host and _within(address.path, url.path)]
    return max(places, key=lambda url: len(url.path), default=None)


def _within(path: str, place: str) -> bool:
    return path == place or path.startswith(place if place.endswith("/") else place + "/")


def named_by(address: Address, place: OfficialUrl) -> Claims | None:
    """Which license the address names, by the rule of docs/trust-list.md; None where it names none.

    What follows the registered path, or one parameter, is an identifier; or what follows it, or
    stands in the registered parameter, is the number of a license of the registered type, or a
    code that the registered issuer alone can read.
    """
    rest = address.path[len(place.path) :].strip("/")
    pairs = parse_qsl(address.query, max_num_fields=_PARAMETERS) if _few(address.query) else []
    texts = [rest] if _NAME.fullmatch(rest) else []
    if place.parameter is not None:
        texts = [value for name, value in pairs if name == place.parameter]
        if rest or len(texts) != 1:  # two values would be read one way here, and another there
            return None
        rest = texts[0]
    elif not rest:
        texts = [value for _, value in pairs]
    identifiers = {found for text in texts if (found := read_identifier(text)) is not None}
    if len(identifiers) == 1:
        (identifier,) = identifiers
        if place.type not in {None, identifier.type}:
            return None
        return Claims(identifier=identifier, identifiers=frozenset({str(identifier)}))
    if identifiers or not _NAME.fullmatch(rest):
        return None
    if place.issuer is not None:
        return Claims(identifier=None, type=place.type, issuer=place.issuer, code=rest)
    if place.type is None:
        return None
    return Claims(identifier=None, type=place.type, number=rest)


def _few(query: str) -> bool:
    return query.count("&") < _PARAMETERS


def read_identifier(text: str) -> Identifier | None:
    """None for anything that is none."""
    with suppress(ValueError):
        return Identifier.read(text)
    return None
