"""Changes laid over sections: what is there, what is not, and what a follower could not read."""

import base64
import json
from datetime import UTC, datetime

import pytest

from app.domain.errors import Refused
from app.registry.lists.signed import compose, read_list
from app.registry.lists.withdrawals import withdrawals_of
from app.registry.making.changes import (
    Action,
    Change,
    Kind,
    apply,
    present,
    read_changes,
    read_sections,
    words,
)
from app.registry.reader import Reader
from sandbox import trustlist
from sandbox.trustlist import Publisher, make, signed
from tests.trust.conftest import NOW

ADD, CHANGE, END = Action


@pytest.fixture(scope="module")
def sections(world):
    """A province's whole list."""
    urls = {b.code: f"http://127.0.0.1:{9000 + i}/ivp" for i, b in enumerate(world.answering)}
    return trustlist.sections(world, urls)


@pytest.fixture(scope="module")
def entries(sections):
    """An entry of each kind that the list holds, as a change names it."""
    issuer = sections["issuers"][0]
    return {
        Kind.ANCHOR: sections["authorities"]["anchors"][0],
        Kind.INTERMEDIATE: {"certificate": sections["authorities"]["intermediates"][0]},
        Kind.CRL: {"crl": sections["authorities"]["crls"][0]},
        Kind.TYPE: sections["license_types"][0],
        Kind.ISSUER: issuer,
        Kind.KEY: {"owner": issuer["code"], **issuer["keys"][0]},
        Kind.DELEGATION: sections["delegations"][0],
    }


KINDS = (
    *(Kind.ANCHOR, Kind.INTERMEDIATE, Kind.CRL, Kind.TYPE, Kind.ISSUER, Kind.KEY),
    Kind.DELEGATION,
)
ENDS = {
    Kind.ANCHOR: {"until": "2026-12-01T00:00:00Z"},
    Kind.KEY: {"revoked_at": "2026-12-01T00:00:00Z", "reason": "lost"},
    Kind.DELEGATION: {"revoked_at": "2026-12-01T00:00:00Z"},
}
NEW = {
    Kind.CRL_LOCATION: {"authority": "0" * 64, "url": "https://crl.example.cn/a.crl"},
    Kind.SEAL: {"id": "63990056616891", "status": "frozen", "since": "2026-11-01T00:00:00Z"},
    Kind.OFFICIAL_URL: {"type": None, "host": "code.example.cn", "path": "/c/"},
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_there_is_not_added_and_can_be_ended(kind, sections, entries):
    entry = entries[kind]
    assert present(sections, Change(ADD, kind, entry))
    with pytest.raises(Refused, match="is in the list already"):
        apply(sections, [Change(ADD, kind, entry)], place="changes")
    ended = apply(sections, [Change(END, kind, entry | ENDS.get(kind, {}))], place="changes")
    read_sections(ended, networks=("127.0.0.0/8",))
    if kind in ENDS:
        assert "2026-12-01" in json.dumps(ended)
    else:
        assert not present(ended, Change(END, kind, entry))
        again = apply(ended, [Change(ADD, kind, entry)], place="changes")
        assert present(again, Change(ADD, kind, entry))
    assert present(sections, Change(END, kind, entry))  # what was handed in stays as it is


@pytest.mark.parametrize("kind", NEW)
def test_what_is_not_there_is_added_and_can_neither_be_changed_nor_ended_before(kind, sections):
    entry = NEW[kind]
    for action in (CHANGE, END):
        with pytest.raises(Refused, match="is not in the list"):
            apply(sections, [Change(action, kind, entry)], place="changes")
    made = apply(sections, [Change(ADD, kind, entry)], place="changes")
    read_sections(made, networks=("127.0.0.0/8",))
    assert present(made, Change(ADD, kind, entry))


@pytest.mark.parametrize("kind", ENDS)
def test_an_end_says_from_when(kind, sections, entries):
    with pytest.raises(Refused, match="say from when"):
        apply(
            sections, [Change(END, kind, {**entries[kind], **dict.fromkeys(ENDS[kind])})], place="c"
        )


def test_documents_are_offered_and_no_longer_and_whoever_approves_reads_where(sections, entries):
    """调阅: a member of an issuer that serves; links to anywhere are refused as by any follower."""
    body = next(i for i in sections["issuers"] if i["endpoint"])
    said = {"url": "https://issuer.example/r", "origins": ["https://files.issuer.example"]}
    change = Change(CHANGE, Kind.ISSUER, {"code": body["code"], "retrieval": said})
    told = "\n".join(words(change, sections))
    assert "https://issuer.example/r" in told
    assert "https://files.issuer.example" in told
    made = apply(sections, [change], place="changes")
    (offer,) = read_sections(made, networks=("127.0.0.0/8",)).registration.offers
    assert offer.issuer == body["code"]
    bad = {**said, "origins": ["https://files.issuer.example/any"]}
    with pytest.raises(Refused, match=r"retrieval.origins\[0\]"):
        read_sections(
            apply(
                sections,
                [Change(CHANGE, Kind.ISSUER, {"code": body["code"], "retrieval": bad})],
                place="changes",
            ),
            networks=("127.0.0.0/8",),
        )
    ended = Change(CHANGE, Kind.ISSUER, {"code": body["code"], "retrieval": None})
    after = apply(made, [ended], place="changes")
    assert read_sections(after, networks=("127.0.0.0/8",)).registration.offers == ()


def test_a_change_that_changes_nothing_is_refused(sections, entries):
    entry = entries[Kind.TYPE]
    with pytest.raises(Refused, match="changes nothing"):
        apply(sections, [Change(CHANGE, Kind.TYPE, entry)], place="changes")
    made = apply(sections, [Change(CHANGE, Kind.TYPE, entry | {"max_status_age": 7})], place="c")
    assert made["license_types"][0]["max_status_age"] == 7


def test_changing_an_issuer_keeps_its_keys_and_null_takes_a_member_out(sections):
    issuer = sections["issuers"][0]
    change = Change(CHANGE, Kind.ISSUER, {"code": issuer["code"], "endpoint": None})
    made = apply(sections, [change], place="changes")["issuers"][0]
    assert made["keys"] == issuer["keys"]
    assert "endpoint" in issuer
    assert "endpoint" not in made


def test_succession_is_a_change_of_the_old_issuer(sections):
    old, new = sections["issuers"][:2]
    said = {"code": new["code"], "from": "2026-12-01T00:00:00Z", "types": old["types"]}
    change = Change(CHANGE, Kind.ISSUER, {"code": old["code"], "succeeded_by": said})
    content = read_sections(apply(sections, [change], place="c"), networks=("127.0.0.0/8",))
    assert content.successions[old["code"]].code == new["code"]


def test_a_freeze_ends_with_a_thaw_and_a_cancellation_never(sections):
    frozen = NEW[Kind.SEAL]
    until = {"until": "2026-11-20T00:00:00Z"}
    made = apply(sections, [Change(ADD, Kind.SEAL, frozen)], place="c")
    thawed = apply(made, [Change(END, Kind.SEAL, frozen | until)], place="c")
    assert read_sections(thawed, networks=("127.0.0.0/8",)).seals[0][1].until is not None
    gone = frozen | {"status": "cancelled"}
    made = apply(sections, [Change(ADD, Kind.SEAL, gone)], place="c")
    with pytest.raises(Refused, match="does not go with cancelled"):
        read_sections(
            apply(made, [Change(END, Kind.SEAL, gone | until)], place="c"),
            networks=("127.0.0.0/8",),
        )


@pytest.mark.parametrize(
    ("member", "value", "match"),
    [
        ("action", "remove", "action is none of"),
        ("kind", "root", "kind is none of"),
        ("entry", [], "is not a JSON object"),
        ("more", 1, "has a member that is not known"),
    ],
)
def test_a_change_is_read_to_its_last_member(member, value, match):
    good = Change(ADD, Kind.SEAL, NEW[Kind.SEAL]).payload()
    assert read_changes([Reader.of(good, "c")]) == (Change(ADD, Kind.SEAL, NEW[Kind.SEAL]),)
    with pytest.raises(Refused, match=match):
        read_changes([Reader.of(good | {member: value}, "c")])


@pytest.mark.parametrize("kind", [*KINDS, *NEW])
def test_an_entry_that_does_not_say_which_is_refused(kind, sections):
    entry = {"owner": sections["issuers"][0]["code"]} if kind is Kind.KEY else {}
    with pytest.raises(Refused, match="which one is meant"):
        apply(sections, [Change(ADD, kind, entry)], place="changes")


def test_a_key_needs_its_issuer(sections, entries):
    entry = entries[Kind.KEY] | {"owner": "nobody"}
    with pytest.raises(Refused, match="no issuer of this list"):
        apply(sections, [Change(ADD, Kind.KEY, entry)], place="changes")


def test_signers_are_changed_and_never_added_or_ended(sections):
    for action in (ADD, END):
        with pytest.raises(Refused, match="there always are some"):
            apply(sections, [Change(action, Kind.SIGNERS, {})], place="changes")


def test_an_anchor_is_shown_with_both_fingerprints_and_what_it_calls_itself(sections, entries):
    said = "\n".join(words(Change(ADD, Kind.ANCHOR, entries[Kind.ANCHOR]), {}))
    der = base64.b64decode(entries[Kind.ANCHOR]["certificate"])
    from app.crypto.certificates import read_certificate

    certificate = read_certificate(der)
    assert certificate.sha256 in said
    assert certificate.sm3 in said
    assert "CN=YUNHAI_ROOT_CA" in said


def test_a_change_is_shown_with_what_was_there(sections, entries):
    entry = {"code": entries[Kind.TYPE]["code"], "max_status_age": 7}
    before = entries[Kind.TYPE]["max_status_age"]
    lines = words(Change(CHANGE, Kind.TYPE, entry), sections)
    assert f"    max_status_age: 7 (was 原为 {before})" in lines
    assert not any("must_be_sealed" in line for line in lines)


def test_a_whole_province_changed_in_every_kind_composes(world, sections, entries):
    """One proposal with an end or an addition of each kind, as a list that followers read."""
    ends = [Change(END, kind, entries[kind] | ENDS[kind]) for kind in ENDS]
    adds = [Change(ADD, kind, entry) for kind, entry in NEW.items()]
    public = {**sections, "issuers": [_public(i) for i in sections["issuers"]]}
    made = apply(public, [*ends, *adds], place="changes")
    publisher = Publisher(world, NOW)
    octets = compose({**publisher.draft(), **made})
    before = read_list(make(publisher.draft(), publisher.keys).raw).content
    content = read_list(signed(octets, publisher.keys)).content
    taken, was = withdrawals_of(content), withdrawals_of(before)
    (anchor,) = taken.anchors.keys() - was.anchors.keys()
    assert anchor == content.authorities.anchors[0].fingerprint
    assert len(taken.keys.keys() - was.keys.keys()) == 1
    delegation = entries[Kind.DELEGATION]
    assert len(taken.mandates) == len(delegation["types"]) * len(delegation["kinds"])
    at = datetime(2026, 12, 1, tzinfo=UTC)
    assert {taken.anchors[anchor], *taken.mandates.values()} == {at}
    assert len(content.seals) == len(content.crl_locations) == len(content.official_urls) == 1
    for kind, member in ((Kind.SEAL, "status"), (Kind.CRL_LOCATION, "url")):
        bad = Change(ADD, kind, NEW[kind] | {member: "?"})  # one of them wrong, and it does not
        wrong = apply(public, [*ends, bad], place="changes")
        with pytest.raises(Refused):
            compose({**publisher.draft(), **wrong})


def _public(issuer):
    return {k: v for k, v in issuer.items() if k not in {"endpoint", "platforms", "encryption_key"}}
