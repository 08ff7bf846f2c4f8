"""Registration documents: the sandbox's own is read; each spoilt one is refused at its place."""

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from app.domain.errors import Refused
from app.domain.evidence import Role
from app.domain.scheme import Scheme
from app.domain.trust import Kind
from app.models import Use
from app.registry.registration import read_registration
from app.registry.urls import read_networks, read_url
from tests.registry.conftest import LOOPBACK

Spoil = Callable[[dict[str, Any]], object]


def put(path: str, value: object) -> Spoil:
    """Set one member, at a path like `issuers.0.keys.1.kid`."""

    def spoil(document: dict[str, Any]) -> None:
        *way, last = (int(step) if step.isdigit() else step for step in path.split("."))
        inner: Any = document
        for step in way:
            inner = inner[step]
        inner[last] = value

    return spoil


def drop(path: str) -> Spoil:
    def spoil(document: dict[str, Any]) -> None:
        *way, last = path.split(".")
        inner: Any = document
        for step in way:
            inner = inner[int(step) if step.isdigit() else step]
        del inner[last]

    return spoil


def copy_of(source: str, target: str) -> Spoil:
    """Append to the list at `target` what stands at `source`."""

    def spoil(document: dict[str, Any]) -> None:
        def at(path: str) -> Any:
            inner: Any = document
            for step in path.split("."):
                inner = inner[int(step) if step.isdigit() else step]
            return inner

        at(target).append(deepcopy(at(source)))

    return spoil


def all_of(*spoils: Spoil) -> Spoil:
    def spoil(document: dict[str, Any]) -> None:
        for each in spoils:
            each(document)

    return spoil


def test_the_sandbox_is_read_whole(document):
    said = read_registration(document, networks=LOOPBACK)
    assert len(said.issuers) == len(document["issuers"])
    assert len(said.keys) == sum(len(i["keys"]) for i in document["issuers"])
    assert {k.scheme for k in said.keys} >= {Scheme.SM2_SM3, Scheme.ED25519, Scheme.RSA_PSS_SHA256}
    assert {e.networks for e in said.endpoints} == {LOOPBACK}
    assert {d.kind for d in said.delegations} == {Kind.ORIGINAL, Kind.COPY, Kind.ANSWER}
    type = next(t for t in said.license_types if t.max_status_age == timedelta(hours=1))
    assert type.must_be_sealed
    assert type.roles == {Role.ISSUER}
    revoked = [k for k in said.keys if k.revoked_at is not None]
    assert revoked
    assert all(k.revocation_reason == "key_compromise" for k in revoked)
    assert {use for k in said.keys for use in k.uses} == set(Use)


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(drop("license_types"), id="no types"),
        pytest.param(drop("comment"), id="no comment"),
        pytest.param(
            all_of(put("issuers.0.endpoint", None), drop("issuers.0.encryption_key")),
            id="no endpoint",
        ),
        pytest.param(put("issuers.0.keys.0.not_after", None), id="open end"),
        pytest.param(put("issuers.0.keys.0.types", None), id="key for all types"),
        pytest.param(put("license_types.0.signed_answers", True), id="signed answers"),
        pytest.param(
            put("issuers.0.keys.0.not_before", "2020-01-01T08:00:00+08:00"), id="Beijing time"
        ),
        pytest.param(put("issuers.0.endpoint", "https://verify.example/ivp"), id="https"),
        pytest.param(put("issuers.0.retrieval", None), id="no documents given"),
    ],
)
def test_what_may_differ_is_read(document, spoil):
    spoil(document)
    read_registration(document, networks=LOOPBACK)


def offer(**members: object) -> dict[str, object]:
    """Of documents (调阅)."""
    said = {
        "url": "https://issuer.example/retrievals/v1",
        "origins": ["https://files.issuer.example", "https://files.issuer.example:8443"],
        **members,
    }
    return {name: value for name, value in said.items() if value is not None}


NEGATIVES: list[tuple[str, Spoil, str]] = [
    ("unknown member of the document", put("issuer", []), "document"),
    ("unknown member of an issuer", put("issuers.0.endpont", "x"), "issuers[0]"),
    ("unknown member of a key", put("issuers.0.keys.1.revoked", "x"), "issuers[0].keys[1]"),
    ("unknown member of a type", put("license_types.0.max_age", 1), "license_types[0]"),
    ("unknown member of a delegation", put("delegations.0.issuer", "x"), "delegations[0]"),
    ("issuers no list", put("issuers", {}), "issuers"),
    ("an issuer no object", put("issuers.0", "x"), "issuers[0]"),
    ("issuer without code", drop("issuers.0.code"), "issuers[0].code"),
    ("issuer without keys", drop("issuers.0.keys"), "issuers[0].keys"),
    ("mistyped code", put("issuers.0.code", "11639900MB99010106"), "issuers[0].code"),
    ("code of five digits", put("issuers.0.code", "63990"), "issuers[0].code"),
    ("code in full width", put("issuers.0.code", "６３９９００"), "issuers[0].code"),
    ("code a number", put("issuers.0.code", 639900), "issuers[0].code"),
    ("no English name", put("issuers.0.title", {"zh": "局"}), "issuers[0].title.en"),
    ("a blank name", put("issuers.0.title", {"zh": " ", "en": "x"}), "issuers[0].title.zh"),
    ("a name with NUL", put("issuers.0.title", {"zh": "a\0", "en": "x"}), "issuers[0].title.zh"),
    (
        "a name with half a character",
        put("issuers.0.title", {"zh": "a\ud800", "en": "x"}),
        "issuers[0].title.zh",
    ),
    *(
        (f"a name with U+{ord(char):04X}", put(f"{place}.{lang}", f"云海{char}大学"), f"{shown}.{lang}")
        for char in "\u202e\u2066\u200b\u00ad\u3164\u2028"
        for place, shown in (("issuers.0.title", "issuers[0].title"), ("license_types.1.name", "license_types[1].name"))
        for lang in ("zh", "en")
    ),
    ("a name without end", put("issuers.0.title.zh", "局" * 3000), "issuers[0].title.zh"),
    ("region", put("issuers.0.region", "0639900"), "issuers[0].region"),
    ("a page left open", put("issuers.0.tolerated_gaps", ["page"]), "issuers[0].tolerated_gaps[0]"),
    ("gaps that are none", put("issuers.0.tolerated_gaps", []), "issuers[0].tolerated_gaps"),
    ("type code short", put("issuers.0.types.0", "123"), "issuers[0].types[0]"),
    (
        "organisation codes of a type it has not",
        put("issuers.0.organisation_codes", {"11639900MB9900013W002": ["639900"]}),
        "issuers[0].organisation_codes.11639900MB9900013W002",
    ),
    ("issuer twice", copy_of("issuers.0", "issuers"), "issuers"),
    ("type twice", copy_of("license_types.0", "license_types"), "license_types"),
    ("kid twice", copy_of("issuers.0.keys.0", "issuers.0.keys"), "issuers[0].keys"),
    ("one key, two owners", copy_of("issuers.1.keys.0", "issuers.0.keys"), "issuers"),
    ("kid with a space", put("issuers.0.keys.0.kid", "a b"), "issuers[0].keys[0].kid"),
    ("kid too long", put("issuers.0.keys.0.kid", "a" * 129), "issuers[0].keys[0].kid"),
    ("alg none", put("issuers.0.keys.0.alg", "none"), "issuers[0].keys[0].alg"),
    ("alg HS256", put("issuers.0.keys.0.alg", "HS256"), "issuers[0].keys[0].alg"),
    ("alg of another curve", put("issuers.1.keys.0.alg", "ES384"), "issuers[1].keys[0].jwk"),
    ("private key", put("issuers.1.keys.0.jwk.d", "AAAA"), "issuers[1].keys[0].jwk"),
    ("point off the curve", put("issuers.1.keys.0.jwk.x", "A" * 43), "issuers[1].keys[0].jwk"),
    ("no use", put("issuers.0.keys.0.uses", []), "issuers[0].keys[0].uses"),
    ("unknown use", put("issuers.0.keys.0.uses", ["sign"]), "issuers[0].keys[0].uses[0]"),
    (
        "use twice",
        put("issuers.0.keys.0.uses", ["license", "license"]),
        "issuers[0].keys[0].uses",
    ),
    ("key without begin", drop("issuers.0.keys.0.not_before"), "issuers[0].keys[0].not_before"),
    (
        "time without offset",
        put("issuers.0.keys.0.not_before", "2020-01-01T00:00:00"),
        "issuers[0].keys[0].not_before",
    ),
    (
        "begin after the last day there is",
        put("issuers.0.keys.0.not_before", "9999-12-31T23:59:59-08:00"),
        "issuers[0].keys[0].not_before",
    ),
    (
        "begin before the first day there is",
        put("issuers.0.keys.0.not_before", "0001-01-01T00:00:00+08:00"),
        "issuers[0].keys[0].not_before",
    ),
    (
        "time that does not exist",
        put("issuers.0.keys.0.not_after", "2021-02-30T00:00:00Z"),
        "issuers[0].keys[0].not_after",
    ),
    (
        "ends before it begins",
        put("issuers.0.keys.0.not_after", "1999-01-01T00:00:00Z"),
        "issuers[0].keys[0].not_after",
    ),
    ("http outside", put("issuers.0.endpoint", "http://a.example/ivp"), "issuers[0].endpoint"),
    ("file URL", put("issuers.0.endpoint", "file:///etc/passwd"), "issuers[0].endpoint"),
    (
        "encryption key on another curve",
        put("issuers.0.encryption_key.crv", "P-384"),
        "issuers[0].encryption_key",
    ),
    (
        "encryption key for signatures",
        put("issuers.0.encryption_key.alg", "ES256"),
        "issuers[0].encryption_key",
    ),
    ("encryption key without endpoint", put("issuers.0.endpoint", None), "issuers[0].encryption_key"),
    (
        "private encryption key",
        put("issuers.0.encryption_key.d", "AAAA"),
        "issuers[0].encryption_key",
    ),
    *(
        (f"documents given {name}", put("issuers.0.retrieval", offer(**bad)), f"issuers[0].{field}")
        for name, bad, field in (
            ("nowhere", {"url": None}, "retrieval.url"),
            ("in clear", {"url": "http://a.example/r"}, "retrieval.url"),
            ("with a query", {"url": "https://a.example/r?a=b"}, "retrieval.url"),
            ("with an account", {"url": "https://a@a.example/r"}, "retrieval.url"),
            ("without links", {"origins": []}, "retrieval.origins"),
            ("with links to no list", {"origins": "https://a.example"}, "retrieval.origins"),
            ("with a path of links", {"origins": ["https://a.example/x"]}, "retrieval.origins[0]"),
            ("with links in clear", {"origins": ["http://a.example"]}, "retrieval.origins[0]"),
            ("with odd links", {"origins": ["https://127.1"]}, "retrieval.origins[0]"),
            ("with links anywhere", {"origins": ["https://*.a.example"]}, "retrieval.origins[0]"),
            (
                "with too many links",
                {"origins": [f"https://{n}.example" for n in "abcdefghijklmnopq"]},
                "retrieval.origins",
            ),
            ("opening a network", {"networks": ["10.0.0.0/8"]}, "retrieval"),
        )
    ),
    (
        "documents given without endpoint",
        all_of(
            put("issuers.0.retrieval", offer()),
            put("issuers.0.endpoint", None),
            drop("issuers.0.encryption_key"),
        ),
        "issuers[0].retrieval",
    ),
    ("age below nought", put("license_types.0.max_status_age", -1), "license_types[0].max_status_age"),
    ("age a boolean", put("license_types.0.max_status_age", True), "license_types[0].max_status_age"),
    ("age without end", put("license_types.0.max_status_age", 10**9), "license_types[0].max_status_age"),
    ("sealed as text", put("license_types.0.must_be_sealed", "no"), "license_types[0].must_be_sealed"),
    ("a role nobody fills", put("license_types.0.roles", ["extra"]), "license_types[0].roles[0]"),
    ("no roles", put("license_types.0.roles", []), "license_types[0].roles"),
    ("mandate without types", put("delegations.0.types", []), "delegations[0].types"),
    ("mandate of no known kind", put("delegations.0.kinds", ["all"]), "delegations[0].kinds[0]"),
    ("mandate twice", copy_of("delegations.0", "delegations"), "delegations"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("spoil", "field"), [pytest.param(s, f, id=name) for name, s, f in NEGATIVES]
)
def test_spoilt(document, spoil, field):
    networks = () if field.endswith(".endpoint") or "retrieval" in field else LOOPBACK
    if "retrieval" in field:
        put("issuers.0.retrieval", offer())(document)
    read_registration(document, networks=networks)  # the twin
    spoil(document)
    with pytest.raises(Refused) as caught:
        read_registration(document, networks=networks)
    assert caught.value.field == field
    assert str(caught.value).startswith(field)


def test_an_issuer_that_gives_its_documents(document):
    document["issuers"][0]["retrieval"] = offer()
    (read,) = read_registration(document, networks=LOOPBACK).offers
    assert read.issuer == document["issuers"][0]["code"]
    assert read.url == "https://issuer.example/retrievals/v1"
    assert read.origins == ("https://files.issuer.example", "https://files.issuer.example:8443")
    assert read.networks == LOOPBACK  # the operator's, as of its endpoint


def test_mandate_to_oneself(document):
    document["delegations"][0]["to"] = document["delegations"][0]["from"]
    with pytest.raises(Refused) as caught:
        read_registration(document, networks=LOOPBACK)
    assert caught.value.field == "delegations[0].to"


@pytest.mark.parametrize("value", [None, [], "x", 1, {1: 2}])
def test_no_document(value):
    with pytest.raises(Refused):
        read_registration(value)


def test_a_refusal_never_repeats_the_value(document):
    document["issuers"][0]["title"]["zh"] = "canary-4711\0"
    with pytest.raises(Refused) as caught:
        read_registration(document, networks=LOOPBACK)
    assert "canary" not in str(caught.value)


@pytest.mark.parametrize(
    "url",
    [
        "https://verify.example",
        "https://verify.example/ivp/v1",
        "https://verify.example:8443/ivp",
        "https://xn--fiqs8s.example/a%20b",
        "https://192.0.2.1/ivp",
        "https://[2001:db8::1]:8443/ivp",
        "http://127.0.0.1:9001/ivp",
        "http://localhost:9001/ivp",
        "http://[::1]:9001/",
    ],
)
def test_an_address_that_may_be_registered(url):
    assert read_url("url", url) == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "verify.example",
        "//verify.example/",
        "http://verify.example/",
        "http://10.0.0.1/",
        "ftp://verify.example/",
        "javascript:alert(1)",
        "https://",
        "https:///ivp",
        "https://user@verify.example/",
        "https://user:pass@verify.example/",
        "https://verify.example/?a=b",
        "https://verify.example/?",
        "https://verify.example/#a",
        "https://verify.example:0/",
        "https://verify.example:99999/",
        "https://verify.example:x/",
        "https://Verify.example/",
        "https://verify_.example/",
        "https://-verify.example/",
        "https://verify..example/",
        "https://verify.example./",
        "https://验证.example/",
        "https://ｖerify.example/",
        "https://verify。example/",
        "https://verify.example/ivp\n",
        "https://verify.example/ a",
        "https://verify.example/../a",
        "https://verify.example/a/%2e%2E/b",
        "https://verify.example\\@evil.example/",
        "https://2130706433/",
        "https://0x7f.1/",
        "https://127.1/",
        "https://0177.0.0.1/",
        "https://1.2.3.4.5/",
        "https://[::1/",
        "https://[fe80::1%25eth0]/",
        "https://verify.example/" + "a" * 512,
    ],
)
def test_an_address_that_may_not(url):
    with pytest.raises(Refused) as caught:
        read_url("endpoint", url)
    assert caught.value.field == "endpoint"


def test_plain_http_in_an_opened_network():
    assert read_url("url", "http://10.1.2.3/ivp", ["10.0.0.0/8"])


@pytest.mark.parametrize(
    "network", ["0.0.0.0/0", "8.8.8.0/24", "169.254.0.0/16", "10.0.0.1/8", "::/0", "x", "9.0.0.0/7"]
)
def test_a_network_that_cannot_be_opened(network):
    assert read_networks("networks", ["10.0.0.0/8", "fc00::/7"]) == ("10.0.0.0/8", "fc00::/7")
    with pytest.raises(Refused) as caught:
        read_networks("networks", ["10.0.0.0/8", network])
    assert caught.value.field == "networks[1]"
