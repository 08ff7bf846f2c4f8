"""Addresses of endpoints as they may be registered.

Only what can be told from the text alone; what a name resolves to is judged at each call, by the
egress rules, which this layer does not see and which are at least as strict.
"""

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

from app.registry.reader import refuse

Network = IPv4Network | IPv6Network

MAX_URL = 512
"""Characters."""
MAX_NETWORKS = 16

_URL = re.compile(
    r"(?P<scheme>https?)://(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9.-]{1,253}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?P<path>/[A-Za-z0-9._~!$&'()*+,;=:@/%-]*)?\Z"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_NUMERIC = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)\Z")
"""A last label that a resolver takes for part of an address in an odd spelling."""
_DOT_SEGMENT = re.compile(r"(?:\.|%2[eE]){1,2}\Z")
_MAX_PORT = 65535

_OPENABLE = tuple(
    map(
        ipaddress.ip_network,
        (
            *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
            *("::1/128", "fc00::/7"),
        ),
    )
)
"""Private, carrier and loopback networks; any other address is public or nobody's to open."""


def read_url(place: str, text: str, networks: Sequence[str] = ()) -> str:
    """An endpoint's address: https, a plain host, a path; no account, query or fragment.

    http is for this machine and for networks that the operator opened (`networks`), and even
    there nothing is asked unless the network was opened. Raises `Refused`.
    """
    found = _URL.match(text) if len(text) <= MAX_URL else None
    if found is None or int(found["port"] or 1) > _MAX_PORT:
        refuse(
            place,
            f"is not a URL like https://host:port/path, in lower case but for the path, without "
            f"account, query and fragment, of at most {MAX_URL} characters",
        )
    if any(_DOT_SEGMENT.match(segment) for segment in (found["path"] or "").split("/")):
        refuse(place, "has a path with dot segments")
    local = _is_local(place, found["v6"], found["name"] or "")
    if found["scheme"] != "https" and not (networks or local):
        refuse(place, "is not https (http is for this machine and for opened networks)")
    return text


def _is_local(place: str, v6: str | None, name: str) -> bool:
    """Whether the host is this machine. Refuses hosts that are read in more than one way."""
    try:
        return ipaddress.ip_address(name if v6 is None else v6).is_loopback
    except ValueError:
        labels = name.split(".")
        plain = v6 is None and all(map(_LABEL.match, labels)) and not _NUMERIC.match(labels[-1])
        if not plain:
            refuse(place, "has a host that is neither a plain name nor a plain address")
        return name == "localhost"


def read_networks(place: str, networks: Sequence[str]) -> tuple[str, ...]:
    """CIDR networks an operator may open. Raises `Refused`."""
    if len(networks) > MAX_NETWORKS:
        refuse(place, f"has more than {MAX_NETWORKS} items")
    return tuple(_network(f"{place}[{i}]", text) for i, text in enumerate(networks))


def _network(place: str, text: str) -> str:
    try:
        network = ipaddress.ip_network(text)
    except ValueError:
        refuse(place, "is not a network like 127.0.0.0/8")
    if not any(_within(network, openable) for openable in _OPENABLE):
        refuse(place, "is neither private, carrier nor loopback: only those can be opened")
    return str(network)


def _within(inner: Network, outer: Network) -> bool:
    if isinstance(inner, IPv4Network):
        return isinstance(outer, IPv4Network) and inner.subnet_of(outer)
    return isinstance(outer, IPv6Network) and inner.subnet_of(outer)
