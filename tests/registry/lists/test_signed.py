"""The signed form: what the sandbox writes is read, and nothing else is."""

import hashlib
import json
from contextlib import suppress
from copy import deepcopy
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.crypto.provider import FolderKeys
from app.domain.errors import Malformed, Refused
from app.domain.scheme import Scheme
from app.domain.trust import SealEnding
from app.domain.trustlist import Held, Refusal, accept, held_from
from app.registry.lists import signed
from app.registry.lists.signed import assemble, compose, read_list, read_signers, sign
from sandbox import trustlist
from sandbox.keys import b64, unb64
from sandbox.trustlist import ATTACKS, canonical, make, seal_ended
from tests.registry.conftest import DAY, NOW


def held_of(publisher):
    pinned = read_signers(publisher.pinned()["signers"], "signers")
    held = Held(publisher=publisher.name, signers=pinned)
    for made in publisher.lists:
        read = read_list(made.raw)
        held = accept(held, read.offered(held.signers), NOW)
        assert isinstance(held, Held)
    return held


def test_a_list_of_the_sandbox_is_read(publisher, world):
    made = publisher.latest
    read = read_list(made.raw)
    head = read.head
    assert (head.publisher, head.number, head.demonstration) == ("yunhai.example", 2, False)
    assert (head.issued_at, head.expires_at) == (NOW - DAY, NOW + 29 * DAY)
    assert head.previous == publisher.lists[0].address
    assert head.address == read.address == hashlib.sha256(made.octets).hexdigest()
    assert (head.signers.threshold, len(head.signers.keys)) == (2, 3)
    assert {k.scheme for k in head.signers.keys} == {
        Scheme.SM2_SM3,
        Scheme.ECDSA_P256_SHA256,
        Scheme.ED25519,
    }
    assert len(read.signed_by(head.signers.keys)) == 2
    content = read.content
    assert {e.issuer.code for e in content.registration.issuers} == {
        b.code for b in world.registered
    }
    assert len(content.authorities.anchors) == 7
    type = content.registration.license_types[0]
    assert content.details[type.code].fields[0].level == 2
    assert type.roles == {"issuer"}
    assert (read.payload, read.raw) == (made.octets, made.raw)


def test_what_only_a_list_says(publisher, world):
    market, data = (world.body(name).code for name in ("market", "data"))
    type = publisher.latest.payload["license_types"][0]["code"]

    def more(payload):
        payload["license_types"][0]["issued_by"] = [
            {"code": "0001", "name": {"zh": "设立登记", "en": "Registration"}}
        ]
        payload["license_types"][0]["used_in"] = []
        payload["official_urls"] = [
            {"type": type, "host": "zz.yunhai.example", "path": "/c/"},
            {"type": None, "host": "yunhai.example", "path": "/"},
            {
                "type": None,
                "host": "yunhai.example",
                "path": "/v",
                "parameter": "code",
                "issuer": market,
            },
        ]
        payload["authorities"]["crl_locations"] = [
            {"authority": "0" * 64, "url": "https://ca.yunhai.example/list.crl"}
        ]

    read = read_list(
        publisher.publish(
            more,
            trustlist.renamed(market, data, NOW),
            seal_ended("63990000000001", "frozen", NOW - DAY, NOW),
            seal_ended("63990000000001", "cancelled", NOW),
        ).raw
    )
    content = read.content
    assert content.successions[market].code == data
    assert content.details[type].issued_by[0].name_en == "Registration"
    assert [u.type for u in content.official_urls] == [type, None, None]
    opaque = content.official_urls[2]
    assert (opaque.parameter, opaque.issuer) == ("code", market)
    assert {(u.parameter, u.issuer) for u in content.official_urls[:2]} == {(None, None)}
    assert content.crl_locations[0].url == "https://ca.yunhai.example/list.crl"
    assert [(id, e.status) for id, e in content.seals] == [
        ("63990000000001", SealEnding.FROZEN),
        ("63990000000001", SealEnding.CANCELLED),
    ]
    assert content.seals[0][1].holds_at(NOW - DAY)
    assert not content.seals[0][1].holds_at(NOW)


@pytest.mark.parametrize("scheme", [Scheme.ED25519, Scheme.ECDSA_P256_SHA256, Scheme.SM2_SM3])
def test_what_this_node_signs_it_reads(publisher, tmp_path, scheme):
    keys = [FolderKeys(tmp_path / str(i), new_keys=scheme).signer() for i in range(2)]
    payload = deepcopy(publisher.latest.payload)
    payload["signers"] = {"threshold": 2, "keys": [key.public_jwk for key in keys]}
    octets = compose(payload)
    read = read_list(assemble(octets, [sign(octets, key) for key in keys]))
    assert read.payload == octets == canonical(payload)
    assert {k.kid for k in read.signed_by(read.head.signers.keys)} == {k.kid for k in keys}
    assert signed.signers_payload(read.head.signers)["threshold"] == 2
    assert read_signers(signed.signers_payload(read.head.signers), "s") == read.head.signers


def test_composing_refuses_what_nobody_would_read(publisher):
    payload = deepcopy(publisher.latest.payload)
    assert compose(payload)
    payload["issuers"][0]["keys"][0]["uses"] = ["everything"]
    with pytest.raises(Refused, match=r"issuers\[0\].keys\[0\].uses"):
        compose(payload)


@pytest.mark.parametrize("name", ATTACKS)
def test_an_attack_is_refused_for_its_reason(publisher, name):
    """The twin: the same publisher's honest next list, accepted in the same run."""
    held = held_of(publisher)
    attack = ATTACKS[name]
    data = attack.files(publisher)["latest.json"]
    assert told(held, data) == attack.refusal
    honest = publisher.publish()
    new = read_list(honest.raw)
    assert accept(held, new.offered(held.signers), NOW) == held_from(new.head)


def told(held, data):
    try:
        read = read_list(data)
    except Malformed:
        return Refusal.UNREADABLE.value
    result = accept(held, read.offered(held.signers), NOW)
    return result.value if isinstance(result, Refusal) else "accepted"


def test_a_rotation_is_followed_and_the_old_keys_are_nothing_any_more(publisher, world):
    held = held_of(publisher)
    old = publisher.keys
    rotation = read_list(publisher.publish(new_keys=trustlist.generation(1, "second")).raw)
    held = accept(held, rotation.offered(held.signers), NOW)
    assert held == held_from(rotation.head)
    stolen = make(publisher.draft(), old)
    assert told(held, stolen.raw) == "unsigned_by_held"
    assert told(held, publisher.publish().raw) == "accepted"


# ---- exactness


def envelope(publisher):
    return json.loads(publisher.latest.raw)


def bent(change):
    def bend(publisher):
        value = envelope(publisher)
        change(value)
        return canonical(value)

    return bend


def header(**members):
    def change(value):
        old = json.loads(unb64(value["signatures"][0]["protected"]))
        new = {**old, **members}
        value["signatures"][0]["protected"] = b64(
            canonical({k: v for k, v in new.items() if v is not None})
        )

    return bent(change)


MALFORMED = {
    "nothing": lambda p: b"",
    "not_json": lambda p: b"list",
    "an_array": lambda p: b"[]",
    "byte_order_mark": lambda p: b"\xef\xbb\xbf" + p.latest.raw,
    "too_long": lambda p: p.latest.raw + b" " * signed.MAX_LIST,
    "unprotected_header": bent(lambda v: v["signatures"][0].update(header={"kid": "x"})),
    "flattened": bent(lambda v: v.update(v.pop("signatures")[0])),
    "another_member": bent(lambda v: v.update(comment="")),
    "no_signature": bent(lambda v: v.update(signatures=[])),
    "too_many_signatures": bent(lambda v: v.update(signatures=v["signatures"] * 17)),
    "signatures_are_no_list": bent(lambda v: v.update(signatures={})),
    "padded_payload": bent(lambda v: v.update(payload=v["payload"] + "=")),
    "payload_is_no_text": bent(lambda v: v.update(payload=1)),
    "payload_is_no_object": bent(lambda v: v.update(payload=b64(b"[]"))),
    "typ": header(typ="license+jwt"),
    "no_typ": header(typ=None),
    "crit": header(crit=["b64"]),
    "jwk": header(jwk={}),
    "b64": header(b64=False),
    "doubled_member": lambda p: p.latest.raw.replace(b'{"payload"', b'{"payload":"","payload"', 1),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_another_form_is_not_read(publisher, name):
    assert read_list(publisher.latest.raw)
    with pytest.raises(Malformed):
        read_list(MALFORMED[name](publisher))


def without(member):
    return lambda payload: payload.pop(member)


def to(member, value):
    return lambda payload: payload.update({member: value})


def first(section, **members):
    return lambda payload: payload[section][0].update(members)


BAD_PAYLOADS = {
    **{f"without_{m}": without(m) for m in signed._HEAD},
    "format": to("format", "zhengyan-trust-list/2"),
    "publisher_upper": to("publisher", "Yunhai"),
    "publisher_short": to("publisher", "yu"),
    "publisher_path": to("publisher", "../x"),
    "number_0": to("number", 0),
    "number_text": to("number", "2"),
    "number_true": to("number", True),
    "number_huge": to("number", 2**31),
    "issued_offset": to("issued_at", "2026-11-24T12:00:00+00:00"),
    "issued_fraction": to("issued_at", "2026-11-24T12:00:00.5Z"),
    "issued_no_day": to("issued_at", "2026-02-30T12:00:00Z"),
    "expires_too_late": to("expires_at", "2027-12-29T12:00:01Z"),
    "issuer_sample": lambda p: p["issuers"][0].update(sample={"number": "1", "type": p["issuers"][0]["types"][0], "holder": "某"}),
    "platform_kind": lambda p: p["issuers"][0].update(
        platforms=[{"kind": "issuer", "url": "https://a.example/"}]
    ),
    "expires_before": to("expires_at", "2020-01-01T00:00:00Z"),
    "previous_null": to("previous", None),
    "previous_upper": to("previous", "A" * 64),
    "demonstration_text": to("demonstration", "yes"),
    "no_signers": to("signers", {"threshold": 2, "keys": []}),
    "threshold_3_of_2": lambda p: p["signers"].update(keys=p["signers"]["keys"][:2], threshold=3),
    "threshold_1": lambda p: p["signers"].update(threshold=1),
    "key_twice": lambda p: p["signers"].update(keys=[p["signers"]["keys"][0]] * 3),
    "key_without_alg": lambda p: p["signers"]["keys"][0].pop("alg"),
    "key_private": lambda p: p["signers"]["keys"][0].update(d="AA"),
    "key_other_kid": lambda p: p["signers"]["keys"][0].update(kid="x"),
    "misspelt_section": to("sealz", []),
    "comment": to("comment", "no place for it"),
    "roles": first("license_types", roles=["issuer"]),
    "unknown_of_type": first("license_types", limit=1),
    "level_5": first("license_types", fields=[{"name": "姓名", "level": 5}]),
    "matter_code": first("license_types", used_in=[{"code": "?", "name": {"zh": "事", "en": "m"}}]),
    "matter_twice": first(
        "license_types", used_in=[{"code": "1", "name": {"zh": "事", "en": "m"}}] * 2
    ),
    "succeeded_by_nobody": first("issuers", succeeded_by={"code": "1", "from": "", "types": []}),
    "succeeded_by_itself": lambda p: p["issuers"][0].update(
        succeeded_by={
            "code": p["issuers"][0]["code"],
            "from": "2026-01-01T00:00:00Z",
            "types": p["issuers"][0]["types"],
        }
    ),
    "succeeded_for_no_type": lambda p: p["issuers"][0].update(
        succeeded_by={"code": p["issuers"][1]["code"], "from": "2026-01-01T00:00:00Z", "types": []}
    ),
    "seal_unknown_status": to("seals", [{"id": "1", "status": "lost", "since": "2026-01-01T00:00:00Z"}]),
    "seal_cancelled_for_a_while": to(
        "seals",
        [{"id": "1", "status": "cancelled", "since": "2026-01-01T00:00:00Z", "until": "2026-02-01T00:00:00Z"}],
    ),
    "seal_thawed_before": to(
        "seals",
        [{"id": "1", "status": "frozen", "since": "2026-01-01T00:00:00Z", "until": "2026-01-01T00:00:00Z"}],
    ),
    "seal_twice": to("seals", [{"id": "1", "status": "frozen", "since": "2026-01-01T00:00:00Z"}] * 2),
    "seal_nameless": to("seals", [{"id": "{-}", "status": "frozen", "since": "2026-01-01T00:00:00Z"}]),
    "seal_unseen": to("seals", [{"id": "1\u200b", "status": "frozen", "since": "2026-01-01T00:00:00Z"}]),
    "seal_long": to("seals", [{"id": "1" * 129, "status": "frozen", "since": "2026-01-01T00:00:00Z"}]),
    "url_host": to("official_urls", [{"type": None, "host": "127.0.0.1", "path": "/"}]),
    "url_scheme": to("official_urls", [{"type": None, "host": "https://a.b", "path": "/"}]),
    "url_path": to("official_urls", [{"type": None, "host": "a.example", "path": "c"}]),
    **{
        f"retrieval_{name}": lambda p, said=said: p["issuers"][0].update(retrieval=said)
        for name, said in {
            "without_links": {"url": "https://a.example/r"},
            "links_to_a_path": {"url": "https://a.example/r", "origins": ["https://a.example/x"]},
            "in_clear": {"url": "http://a.example/r", "origins": ["https://a.example"]},
            "networks_of_its_own": {
                "url": "https://10.0.0.1/r",
                "origins": ["https://10.0.0.1"],
                "networks": ["10.0.0.0/8"],
            },
        }.items()
    },
    "crl_location": lambda p: p["authorities"].update(crl_locations=[{"authority": "x", "url": "https://a.b/"}]),
    "crl_over_http": lambda p: p["authorities"].update(
        crl_locations=[{"authority": "0" * 64, "url": "http://a.example/"}]
    ),
    "anchor_is_none": lambda p: p["authorities"]["anchors"][0].update(certificate="AAAA"),
    "networks_of_its_own": to("networks", ["10.0.0.0/8"]),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD_PAYLOADS)
def test_another_payload_is_not_read(publisher, name):
    """Well signed, and refused all the same; without the change the very same payload is read."""
    draft = publisher.draft()
    assert read_list(make(draft, publisher.keys).raw)
    BAD_PAYLOADS[name](draft)
    with pytest.raises(Malformed) as caught:
        read_list(make(draft, publisher.keys).raw)
    assert len(str(caught.value)) <= signed.MAX_MESSAGE


def test_a_list_lives_four_hundred_days_and_not_a_second_more(publisher):
    """A freeze is found out by the expiry alone: it must not be put off for ever."""
    for seconds, read in ((0, True), (1, False)):
        lifetime = signed.LONGEST + timedelta(seconds=seconds)
        raw = make(publisher.draft(at=NOW, lifetime=lifetime), publisher.keys).raw
        if read:
            assert read_list(raw).head.expires_at == NOW + lifetime
            continue
        with pytest.raises(Malformed, match="expires_at is more than 400 days after issued_at"):
            read_list(raw)


def test_a_demonstration_may_have_one_key(publisher):
    one = publisher.keys[:1]
    draft = publisher.draft(to("demonstration", True), to("signers", trustlist.signers(one, 1)))
    assert read_list(make(draft, one).raw).head.demonstration


def test_an_alg_that_is_not_the_keys_counts_for_nothing(publisher):
    """The signed header says ES384 over what is an honest signature of the key's own scheme."""
    octets, (first_key, second) = publisher.latest.octets, publisher.keys[:2]
    protected = b64(canonical({"typ": "trust-list+json", "alg": "ES256", "kid": first_key.kid}))
    entry = {
        "protected": protected,
        "signature": b64(first_key.key.sign(f"{protected}.{b64(octets)}".encode())),
    }
    read = read_list(assemble(octets, [entry, second.entry(octets)]))
    assert {k.kid for k in read.signed_by(read.head.signers.keys)} == {second.kid}


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_only_malformed_comes_out_of_any_bytes(publisher_bytes, data):
    raw = bytearray(publisher_bytes)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(raw[: data.draw(st.integers(0, len(raw)))])
    for each in (bytes(raw), cut, data.draw(st.binary(max_size=300))):
        with suppress(Malformed):
            read_list(each)


@pytest.fixture(scope="module")
def publisher_bytes(world):
    made = trustlist.Publisher(world, NOW)
    made.publish(trustlist.emptied)
    return made.latest.raw
