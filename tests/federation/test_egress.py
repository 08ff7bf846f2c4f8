"""Where a question may go (threats API-01 to API-03): addresses and URLs, all refused but the good.

Sources: IANA special-purpose address registries (RFC 6890), RFC 6052 (NAT64), RFC 3056 (6to4),
RFC 4380 (Teredo), RFC 4291 §2.5.5 (IPv4 inside IPv6), RFC 9637 (3fff::/20), and the spellings of
127.0.0.1 that resolvers accept.
"""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Refused
from app.federation.egress import (
    FORBIDDEN,
    METADATA,
    OPENABLE,
    ForbiddenAddress,
    destination,
    forbidden,
    opened_network,
)

ADDRESSES = {
    "0.0.0.0": "this network",
    "0.1.2.3": "this network",
    "10.0.0.1": "private",
    "10.255.255.255": "private",
    "100.64.0.1": "carrier",
    "100.127.255.255": "carrier",
    "100.100.100.200": "metadata",
    "127.0.0.1": "loopback",
    "127.0.0.53": "loopback",
    "127.255.255.254": "loopback",
    "168.63.129.16": "metadata",
    "169.254.0.1": "link-local",
    "169.254.169.254": "metadata",
    "169.254.170.2": "link-local",
    "172.16.0.1": "private",
    "172.31.255.255": "private",
    "192.0.0.8": "protocol",
    "192.0.0.170": "protocol",
    "192.0.0.192": "metadata",
    "192.0.2.1": "documentation",
    "192.31.196.1": "AS112",
    "192.52.193.1": "AMT",
    "192.88.99.1": "6to4",
    "192.168.0.1": "private",
    "192.168.255.255": "private",
    "192.175.48.1": "AS112",
    "198.18.0.1": "benchmarking",
    "198.19.255.255": "benchmarking",
    "198.51.100.7": "documentation",
    "203.0.113.9": "documentation",
    "224.0.0.1": "multicast",
    "239.255.255.250": "multicast",
    "240.0.0.1": "reserved",
    "255.255.255.255": "reserved",
    "::": "unspecified",
    "::1": "loopback",
    "::2": "compatible",
    "::7f00:1": "compatible",
    "::808:808": "compatible",
    "::ffff:7f00:1": "mapped",
    "::ffff:808:808": "mapped",
    "::ffff:a9fe:a9fe": "mapped",
    "::ffff:0:7f00:1": "translated",
    "64:ff9b::7f00:1": "NAT64",
    "64:ff9b::a9fe:a9fe": "NAT64",
    "64:ff9b::808:808": "NAT64",
    "64:ff9b:1::1": "NAT64",
    "64:ff9b:1:ffff::1": "NAT64",
    "100::1": "discard",
    "100:0:0:1::1": "dummy",
    "200::1": "unicast",
    "400::1": "unicast",
    "1000::1": "unicast",
    "2001::1": "Teredo",
    "2001:0:53aa:64c::1": "Teredo",
    "2001:1::1": "protocol",
    "2001:2::1": "protocol",
    "2001:3::1": "protocol",
    "2001:4:112::1": "protocol",
    "2001:10::1": "protocol",
    "2001:20::1": "protocol",
    "2001:1ff:ffff::1": "protocol",
    "2001:db8::1": "documentation",
    "2002:7f00:1::": "6to4",
    "2002:a00:1::1": "6to4",
    "2002:808:808::1": "6to4",
    "2620:4f:8000::1": "AS112",
    "3fff::1": "documentation",
    "3fff:fff::1": "documentation",
    "4000::1": "unicast",
    "5f00::1": "segment",
    "8000::1": "unicast",
    "fc00::1": "unique local",
    "fd00::1": "unique local",
    "fd00:ec2::254": "metadata",
    "fe00::1": "unicast",
    "fe80::1": "link-local",
    "febf::1": "link-local",
    "fec0::1": "site-local",
    "ff01::1": "multicast",
    "ff02::1": "multicast",
    "ff0e::1": "multicast",
}
PUBLIC = (
    *("1.1.1.1", "8.8.8.8", "9.255.255.255", "11.0.0.0", "59.192.0.1", "100.63.255.255"),
    *("100.128.0.0", "126.255.255.255", "128.0.0.0", "172.15.255.255", "172.32.0.0"),
    *("192.0.1.1", "192.167.255.255", "192.169.0.0", "198.17.255.255", "198.20.0.0"),
    *("203.0.112.1", "223.255.255.255", "202.106.0.20"),
    *("2001:200::1", "2400:3200::1", "240e:4c:4008::1", "2606:4700::1111", "2a00:1450::1"),
)


@pytest.mark.parametrize("address", ADDRESSES)
def test_forbidden_address(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    with pytest.raises(ForbiddenAddress, match=ADDRESSES[address]):
        destination(f"https://{literal}/ivp")
    with pytest.raises(ForbiddenAddress, match=ADDRESSES[address]):
        destination("https://issuer.example/ivp").check(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_address(address: str) -> None:
    literal = f"[{address}]" if ":" in address else address
    read = destination(f"https://{literal}/ivp")
    assert read.address == ipaddress.ip_address(address)
    read.check(address)
    with pytest.raises(ForbiddenAddress, match="without TLS"):
        destination(f"http://{literal}/ivp")


def test_nothing_forbidden_is_called_public_by_accident() -> None:
    """Both ends of every network in the table, and the addresses just outside."""
    for network in FORBIDDEN:
        for address in (network[0], network[-1]):
            assert forbidden(str(address)), (network, address)


@given(st.ip_addresses())
def test_the_table_is_at_least_as_strict_as_the_library(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    """What Python calls private, reserved or multicast is never public here."""
    if not address.is_global or address.is_multicast or address.is_reserved:
        assert forbidden(str(address))


@given(st.ip_addresses(v=4))
def test_an_address_inside_an_address_is_forbidden(inner: ipaddress.IPv4Address) -> None:
    number = int(inner)
    for outer in (
        number,
        0xFFFF << 32 | number,
        0xFFFF << 48 | number,
        0x64FF9B << 96 | number,
        0x2002 << 112 | number << 80,
        0x20010000 << 96 | (number ^ 0xFFFFFFFF),
    ):
        assert forbidden(str(ipaddress.IPv6Address(outer)))


@pytest.mark.parametrize(
    "text", ["fe80::1%1", "2400:3200::1%1", "fe80::1%eth0", "127.0.0.1%0", "", "host", "1.2.3"]
)
def test_what_is_no_address_is_forbidden(text: str) -> None:
    with pytest.raises(ForbiddenAddress):
        destination("https://issuer.example/").check(text)


URLS = {
    # schemes
    "": "URL",
    "issuer.example": "URL",
    "//issuer.example/": "URL",
    "ftp://issuer.example/": "URL",
    "file:///etc/passwd": "URL",
    "gopher://127.0.0.1:6379/_INFO": "URL",
    "unix:///var/run/docker.sock": "URL",
    "data:text/plain,x": "URL",
    "jar:https://issuer.example!/": "URL",
    "HTTPS://issuer.example/": "URL",
    "https:/issuer.example/": "URL",
    "https:issuer.example/": "URL",
    "https:///issuer.example/": "URL",
    "https://": "URL",
    "https:///": "URL",
    # somebody else's host
    "https://issuer.example@127.0.0.1/": "URL",
    "https://user:secret@issuer.example/": "URL",
    "https://127.0.0.1#@issuer.example/": "URL",
    "https://127.0.0.1\\@issuer.example/": "URL",
    "https://issuer.example\\.attacker.example/": "URL",
    "https://issuer.example:443@127.0.0.1/": "URL",
    "https://issuer.example,127.0.0.1/": "URL",
    "https://issuer.example;127.0.0.1/": "URL",
    "https://issuer.example 127.0.0.1/": "URL",
    "https://issuer.example%00.attacker.example/": "URL",
    "https://%31%32%37.0.0.1/": "URL",
    "https://issuer.example%2f@127.0.0.1/": "URL",
    # odd spellings of 127.0.0.1
    "https://2130706433/": "usual form",
    "https://0x7f000001/": "usual form",
    "https://0x7f.1/": "usual form",
    "https://0x7f.0x0.0x0.0x1/": "usual form",
    "https://0177.0.0.1/": "usual form",
    "https://017700000001/": "usual form",
    "https://127.1/": "usual form",
    "https://127.0.1/": "usual form",
    "https://127.0.0.01/": "usual form",
    "https://127.0.0.1./": "ASCII",
    "https://127.0.0.0x1/": "usual form",
    "https://127.0.0.256/": "usual form",
    "https://127.0.0.1.1/": "usual form",
    "https://0/": "usual form",
    "https://issuer.example.0x/": "usual form",
    "https://issuer.127/": "usual form",
    "https://①②⑦.⓪.⓪.①/": "URL",
    "https://127。0。0。1/": "URL",
    "https://１２７.0.0.1/": "URL",
    "https://ｌocalhost/": "URL",
    "https://localhoſt/": "URL",
    # IPv6
    "https://[::1/": "URL",
    "https://::1/": "URL",
    "https://[fe80::1%25eth0]/": "URL",
    "https://[fe80::1%eth0]/": "URL",
    "https://[v1.fe80::a]/": "URL",
    "https://[0:0:0:0:0:0:0:1]/": "usual form",
    "https://[::0001]/": "usual form",
    "https://[::FFFF:127.0.0.1]/": "URL",
    "https://[::ffff:127.0.0.1]/": "usual form",
    "https://[::127.0.0.1]/": "usual form",
    "https://[64:ff9b::127.0.0.1]/": "usual form",
    "https://[127.0.0.1]/": "usual form",
    "https://[::1]issuer.example/": "URL",
    "https://[]/": "URL",
    # names
    "https://核验.政务.cn/": "URL",
    "https://Issuer.example/": "URL",
    "https://issuer_1.example/": "URL",
    "https://-issuer.example/": "ASCII",
    "https://issuer-.example/": "ASCII",
    "https://issuer..example/": "ASCII",
    "https://.issuer.example/": "ASCII",
    "https://issuer.example./": "ASCII",
    "https://./": "ASCII",
    f"https://{'a' * 64}.example/": "ASCII",
    f"https://{'a.' * 130}example/": "URL",
    # ports
    "https://issuer.example:/": "URL",
    "https://issuer.example:0/": "URL",
    "https://issuer.example:0443/": "URL",
    "https://issuer.example:-1/": "URL",
    "https://issuer.example:65536/": "65535",
    "https://issuer.example:99999/": "65535",
    "https://issuer.example:4430000/": "URL",
    "https://issuer.example:443:8443/": "URL",
    "https://issuer.example:٤٤٣/": "URL",
    # the rest
    "https://issuer.example/#f": "URL",
    "https://issuer.example/a/../b": "dot segments",
    "https://issuer.example/./b": "dot segments",
    "https://issuer.example/%2e%2E/b": "dot segments",
    "https://issuer.example/.%2e/b": "dot segments",
    "https://issuer.example/%zz": "URL",
    "https://issuer.example/a b": "URL",
    "https://issuer.example/a\r\nHost: x": "URL",
    "https://issuer.example/\n": "URL",
    "https://issuer.example/\x00": "URL",
    "https://issuer.example/\\": "URL",
    "https://issuer.example/{number}": "URL",
    "https://issuer.example/证照": "URL",
    " https://issuer.example/": "URL",
    "https://issuer.example/ ": "URL",
    "https://issuer.example/" + "a" * 2048: "URL",
}


@pytest.mark.parametrize("url", URLS)
def test_refused_url(url: str) -> None:
    with pytest.raises(Refused, match=URLS[url]) as caught:
        destination(url, ("127.0.0.0/8", "::1/128"))
    assert caught.value.field == "url"


NOT_OPENED = {
    "http://issuer.example/": "no network opened",
    "https://issuer.example:80/": "no network opened",
    "https://issuer.example:22/": "no network opened",
    "https://issuer.example:6379/": "no network opened",
    "https://8.8.8.8:8080/": "unusual port",
    "http://8.8.8.8/": "without TLS",
    "https://[2606:4700::1111]:53/": "unusual port",
}


@pytest.mark.parametrize("url", NOT_OPENED)
def test_port_or_scheme_that_was_not_opened(url: str) -> None:
    with pytest.raises(ForbiddenAddress, match=NOT_OPENED[url]):
        destination(url)


GOOD = {
    "https://issuer.example": 443,
    "https://issuer.example/": 443,
    "https://issuer.example:8443/ivp/v1": 8443,
    "https://xn--fiqs8s.example/ivp?tenant=1&x=%2F": 443,
    "https://a-b.c-d.example/~a;b=1/@:$": 443,
    "https://8.8.8.8/": 443,
    "https://[2606:4700::1111]:8443/": 8443,
}


@pytest.mark.parametrize("url", GOOD)
def test_good_url(url: str) -> None:
    read = destination(url)
    assert (read.url, read.port, read.secure) == (url, GOOD[url], True)
    assert not read.loopback


def test_an_opened_network_is_open_for_its_entry_only() -> None:
    inside = destination("http://10.1.2.3:9000/ivp", ("10.1.0.0/16",))
    inside.check("10.1.255.1")
    for outside in ("10.2.0.1", "127.0.0.1", "192.168.0.1", "::ffff:a01:203"):
        with pytest.raises(ForbiddenAddress):
            inside.check(outside)
    with pytest.raises(ForbiddenAddress, match="without TLS"):
        inside.check("8.8.8.8")
    with pytest.raises(ForbiddenAddress, match="private"):
        destination("http://10.1.2.3:9000/ivp", ("10.2.0.0/16",))
    with pytest.raises(ForbiddenAddress, match="private"):
        destination("https://10.1.2.3/ivp")


def test_a_name_with_an_opened_network_may_still_be_public_over_tls() -> None:
    read = destination("https://issuer.example/", ("10.0.0.0/8",))
    read.check("10.1.1.1")
    read.check("8.8.8.8")
    with pytest.raises(ForbiddenAddress):
        read.check("192.168.1.1")


def test_only_this_machine_is_loopback() -> None:
    assert destination("http://127.0.0.1:9000/", ("127.0.0.0/8",)).loopback
    assert destination("http://[::1]:9000/", ("::1/128",)).loopback
    assert not destination("http://10.0.0.1:9000/", ("10.0.0.0/8",)).loopback
    assert not destination("http://localhost:9000/", ("127.0.0.0/8",)).loopback


@pytest.mark.parametrize("address", sorted(map(str, METADATA)))
def test_a_metadata_service_is_closed_in_an_opened_network(address: str) -> None:
    networks = ("100.64.0.0/10", "fc00::/7")
    with pytest.raises(ForbiddenAddress, match="metadata"):
        destination("https://issuer.example/", networks).check(address)


BAD_NETWORKS = (
    *("0.0.0.0/0", "::/0", "8.8.8.0/24", "10.0.0.0/7", "10.0.0.1/8", "169.254.0.0/16"),
    *("169.254.169.254/32", "224.0.0.0/4", "fe80::/10", "ff00::/8", "64:ff9b::/96"),
    *("::ffff:0:0/96", "2000::/3", "0.0.0.0/8", "168.63.129.16/32", "", "all", "10.0.0.0/33"),
)


@pytest.mark.parametrize("network", BAD_NETWORKS)
def test_network_that_cannot_be_opened(network: str) -> None:
    with pytest.raises(Refused):
        opened_network(network)


@pytest.mark.parametrize(
    "network", ["10.0.0.0/8", "10.1.2.3/32", "127.0.0.1", "::1/128", "fd12::/48"]
)
def test_network_that_can_be_opened(network: str) -> None:
    assert opened_network(network).num_addresses >= 1
    assert len(OPENABLE) == 7


def test_enough_of_them() -> None:
    assert len(ADDRESSES) + len(URLS) + len(NOT_OPENED) >= 180


def test_what_is_refused_is_not_repeated() -> None:
    with pytest.raises(Refused) as caught:
        destination("https://user:secret@issuer.example/")
    assert "secret" not in str(caught.value)
    with pytest.raises(ForbiddenAddress) as stopped:
        destination("https://10.11.12.13/")
    assert "10.11" not in str(stopped.value)


@given(st.text("htps:/@[].0127axf%#?\\ -", max_size=40).map(lambda tail: "https://" + tail))
def test_any_text_is_a_destination_or_refused(url: str) -> None:
    try:
        read = destination(url)
    except (Refused, ForbiddenAddress):
        return
    assert url.startswith(("https://" + read.host, f"https://[{read.host}]"))
