"""Addresses of endpoints as they may be registered. What they resolve to is judged at each call."""

import ipaddress
import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit

from app.registry.reader import refuse

MAX_URL = 512
"""Characters."""
MAX_NETWORKS = 16

_URL = re.compile(r"[A-Za-z0-9._~:/?\[\]@!$&'()*+,;=%-]+\Z")
_HOST = re.compile(
    r"(?=.{1,253}\Z)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*\Z"
)
_LOCAL = re.compile(r"(localhost|127\.[0-9]+\.[0-9]+\.[0-9]+|::1)\Z")
_NUMERIC = re.compile(r"(0x[0-9a-f]*|[0-9]+)\Z")
"""A last label that a resolver may take for part of an address in an odd spelling."""


def read_url(place: str, text: str, networks: Sequence[str] = ()) -> str:
    """An endpoint's address: https, a plain host, no account, no query.

    http is for this machine and for networks that the operator opened (`networks`), and even
    there nothing is asked unless the network was opened. Raises `Refused`.
    """
    if len(text) > MAX_URL or not _URL.match(text):
        refuse(place, f"is not a URL of at most {MAX_URL} ASCII characters")
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        refuse(place, "is not a URL with a host and a port from 1 to 65535")
    inside = bool(networks) or _LOCAL.match(parts.hostname or "") is not None
    if parts.scheme != "https" and not (parts.scheme == "http" and inside):
        refuse(place, "is not https (http is for this machine and for opened networks)")
    if "@" in parts.netloc or parts.query or parts.fragment or "?" in text:
        refuse(place, "holds an account, a query or a fragment: leave them out")
    if port == 0:
        refuse(place, "is not a URL with a host and a port from 1 to 65535")
    _require_host(place, parts)
    return text


def _require_host(place: str, parts: SplitResult) -> None:
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        if not _HOST.match(host) or _NUMERIC.match(host.rpartition(".")[2]):
            refuse(place, "has a host that is neither a plain name nor a plain address")


def read_networks(place: str, networks: Sequence[str]) -> tuple[str, ...]:
    """CIDR networks, in canonical form. Raises `Refused`."""
    if len(networks) > MAX_NETWORKS:
        refuse(place, f"has more than {MAX_NETWORKS} items")
    found = []
    for index, text in enumerate(networks):
        try:
            found.append(str(ipaddress.ip_network(text)))
        except ValueError:
            refuse(f"{place}[{index}]", "is not a network like 127.0.0.0/8")
    return tuple(found)
