"""Where a question may be sent: URLs, addresses and ports, refused unless known good.

An endpoint's URL is the registry's, but whoever writes the registry, or answers for a name in DNS,
must not be able to point this node at itself, its neighbours or a cloud's metadata service.
Public means: not in the tables below, which hold IANA's special-purpose registries (RFC 6890 and
what was added since) and every way to write an IPv4 address inside an IPv6 one. What an operator
opened for one entry is reachable for that entry only, and is never a public or metadata address.
"""

import errno
import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    AddressValueError,
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from types import MappingProxyType
from typing import Final

from app.domain.errors import Refused

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

PUBLIC_PORTS: Final = frozenset({443, 8443})
"""Of endpoints at public addresses; in an opened network any port will do."""
MAX_URL: Final = 2048
"""Characters."""
MAX_HOST: Final = 253
"""Characters of a DNS name (RFC 1035 §2.3.4, without the root's dot)."""

FORBIDDEN: Final = MappingProxyType(
    {
        ip_network(network): reason
        for network, reason in {
            "0.0.0.0/8": "this network",
            "10.0.0.0/8": "private",
            "100.64.0.0/10": "shared by a carrier",
            "127.0.0.0/8": "loopback",
            "168.63.129.16/32": "a cloud's host",
            "169.254.0.0/16": "link-local",
            "172.16.0.0/12": "private",
            "192.0.0.0/24": "protocol assignments",
            "192.0.2.0/24": "documentation",
            "192.31.196.0/24": "AS112",
            "192.52.193.0/24": "AMT",
            "192.88.99.0/24": "6to4 relay",
            "192.168.0.0/16": "private",
            "192.175.48.0/24": "AS112",
            "198.18.0.0/15": "benchmarking",
            "198.51.100.0/24": "documentation",
            "203.0.113.0/24": "documentation",
            "224.0.0.0/4": "multicast",
            "240.0.0.0/4": "reserved",
            "::/128": "unspecified",
            "::1/128": "loopback",
            "::/96": "IPv4-compatible",
            "::ffff:0:0/96": "IPv4-mapped",
            "::ffff:0:0:0/96": "IPv4-translated",
            "64:ff9b::/96": "NAT64",
            "64:ff9b:1::/48": "local NAT64",
            "100::/64": "discard",
            "100:0:0:1::/64": "dummy prefix",
            "2001::/32": "Teredo",
            "2001::/23": "protocol assignments",
            "2001:db8::/32": "documentation",
            "2002::/16": "6to4",
            "2620:4f:8000::/48": "AS112",
            "3fff::/20": "documentation",
            "5f00::/16": "segment routing",
            "fc00::/7": "unique local",
            "fe80::/10": "link-local",
            "fec0::/10": "site-local",
            "ff00::/8": "multicast",
        }.items()
    }
)
"""Network → what it is for. Never public; the first that fits gives the reason."""

GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
"""All of IPv6 that is assigned to anybody (RFC 4291 §2.4 and IANA); the rest has no public use."""

OPENABLE: Final = tuple(
    ip_network(network)
    for network in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "127.0.0.0/8"),
        *("::1/128", "fc00::/7"),
    )
)
"""What an operator may open for an entry, whole or in part."""

METADATA: Final = frozenset(
    ip_address(address)
    for address in (
        "100.100.100.200",
        "168.63.129.16",
        "169.254.169.254",
        "192.0.0.192",
        "fd00:ec2::254",
    )
)
"""Where clouds hand credentials to whoever asks: closed even in an opened network."""

_URL: Final = re.compile(
    r"(?P<scheme>https?)://"
    r"(?:\[(?P<v6>[0-9a-f:.]{2,45})\]|(?P<name>[a-z0-9.-]{1,253}))"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<path>/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?P<query>\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
)
"""Of RFC 3986 what an endpoint needs: no user, no fragment, lower case, nothing to normalise."""
_LABEL: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
_LOOKS_NUMERIC: Final = re.compile(r"(?:[0-9]+|0x[0-9a-f]*)")
"""A last label by which resolvers take a whole name for an IPv4 address (WHATWG URL §3.5)."""
_DOT_SEGMENT: Final = re.compile(r"(?:\.|%2e){1,2}", re.IGNORECASE)
_DEFAULT_PORTS: Final = MappingProxyType({"https": 443, "http": 80})
_MAX_PORT: Final = 65535


class ForbiddenAddress(OSError):
    """Not connected to: the message says which rule, never where it would have gone.

    An OSError, so that connectors treat it like any address that cannot be reached.
    """

    def __init__(self, rule: str) -> None:
        super().__init__(errno.EACCES, rule)
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Destination:
    """A registered endpoint, read: where its questions may go."""

    url: str
    scheme: str
    host: str
    """Name or address, without brackets."""
    address: Address | None
    """Where the host is written as one."""
    port: int
    networks: tuple[Network, ...]
    """Opened for this entry."""

    @property
    def secure(self) -> bool:
        """The server has to prove its name."""
        return self.scheme == "https"

    @property
    def loopback(self) -> bool:
        """Written as an address of this machine: what is sent does not leave it."""
        return self.address is not None and self.address.is_loopback

    @property
    def inside_only(self) -> bool:
        """Without TLS, or at an unusual port: only in an opened network."""
        return not self.secure or self.port not in PUBLIC_PORTS

    def check(self, address: str) -> None:
        """Raise `ForbiddenAddress` unless this endpoint may be at that address."""
        parsed = _parse(address)
        if parsed in METADATA:
            raise ForbiddenAddress("metadata service")
        if any(parsed in network for network in self.networks):
            return
        rule = forbidden(address)
        if rule is not None:
            raise ForbiddenAddress(rule)
        if self.inside_only:
            raise ForbiddenAddress("public address without TLS or at an unusual port")


@lru_cache(4096)
def destination(url: str, networks: tuple[str, ...] = ()) -> Destination:
    """Read an endpoint's URL and the networks opened for it.

    Raises:
        Refused: not exactly an http(s) URL without user and fragment, a host that is neither a DNS
            name in ASCII nor an address in its usual form, a network that cannot be opened.
        ForbiddenAddress: an address, or a port or scheme, that is not opened.
    """
    opened = tuple(opened_network(network) for network in networks)
    match = _URL.fullmatch(url) if len(url) <= MAX_URL else None
    if match is None:
        raise Refused("url", "not an http or https URL in lower case with a path and a query only")
    if any(_DOT_SEGMENT.fullmatch(segment) for segment in (match["path"] or "").split("/")):
        raise Refused("url", "a path with dot segments")
    port = int(match["port"] or _DEFAULT_PORTS[match["scheme"]])
    if port > _MAX_PORT:
        raise Refused("url", "a port over 65535")
    address = _literal(match["v6"], match["name"])
    host = match["v6"] or match["name"]
    read = Destination(url, match["scheme"], host, address, port, opened)
    if address is not None:
        read.check(host)
    elif read.inside_only and not opened:
        raise ForbiddenAddress("no TLS or an unusual port, and no network opened")
    return read


def opened_network(text: str) -> Network:
    """A network an operator may open.

    Raises:
        Refused: no network in CIDR form, or one that is not all private, carrier or loopback.
    """
    try:
        network = ip_network(text)
    except ValueError:
        raise Refused("networks", "not a network in CIDR form") from None
    if not any(_within(network, openable) for openable in OPENABLE):
        raise Refused("networks", "only private, carrier and loopback networks can be opened")
    return network


@lru_cache(4096)
def forbidden(address: str) -> str | None:
    """Why nothing public may be at this address; None where it is public."""
    parsed = _parse(address)
    for network, reason in FORBIDDEN.items():
        if parsed in network:
            return reason
    if isinstance(parsed, IPv6Address) and parsed not in GLOBAL_UNICAST:
        return "not global unicast"
    return None


@lru_cache(4096)
def _parse(address: str) -> Address:
    if "%" in address:
        raise ForbiddenAddress("address with a zone")
    try:
        return ip_address(address)
    except ValueError:
        raise ForbiddenAddress("not an address") from None


def _within(network: Network, other: Network) -> bool:
    match network, other:
        case IPv4Network(), IPv4Network():
            return network.subnet_of(other)
        case IPv6Network(), IPv6Network():
            return network.subnet_of(other)
    return False


def _canonical(address: IPv6Address, text: str) -> IPv6Address:
    """The address, if this is how RFC 5952 writes it."""
    if address.compressed != text:
        raise AddressValueError("not the shortest form")
    return address


def _literal(v6: str | None, name: str | None) -> Address | None:
    """The host as an address, or None where it is a sound DNS name. Raises `Refused`."""
    try:
        if v6 is not None:
            return _canonical(IPv6Address(v6), v6)
        name = name or ""
        labels = name.split(".")
        if _LOOKS_NUMERIC.fullmatch(labels[-1]):
            return IPv4Address(name)
    except AddressValueError:
        raise Refused("url", "an address that is not in its usual form") from None
    if len(name) > MAX_HOST or not all(_LABEL.fullmatch(label) for label in labels):
        raise Refused("url", "not a DNS name in ASCII (write xn-- for Chinese)")
    return None
