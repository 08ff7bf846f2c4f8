"""Several lists and the tables as one, without a database: who defines, what adds up, what ends."""

import base64
from dataclasses import replace
from datetime import timedelta

import pytest

from app.crypto.revocation import read_crl
from app.domain.certificate import Anchor, Purpose
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import EndpointKind
from app.domain.license import KeyId
from app.domain.trust import (
    Authorities,
    Issuer,
    Kind,
    LicenseType,
    SealEnd,
    SealEnding,
    Succession,
    TrustQuestion,
    TrustSource,
    Window,
)
from app.models import Use
from app.registry.authorities import AuthoritiesEntry
from app.registry.entries import (
    DelegationEntry,
    EndpointEntry,
    IssuerEntry,
    KeyEntry,
    Look,
    Registration,
)
from app.registry.lists import withdrawals
from app.registry.lists.content import Content
from app.registry.lists.index import ListIndex
from app.registry.lists.merging import authorities_of, merge_look
from app.registry.lists.view import Followed, View
from app.registry.lists.withdrawals import key_name, withdrawals_of
from app.registry.snapshot import SnapshotRegistry
from sandbox.trust import authorities as sandbox_authorities
from sandbox.world import World
from tests.registry.conftest import DAY, NOW, TODAY
from tests.world import DELEGATE, IDENTIFIER, ISSUER, OTHER, PLATFORM, TYPE, key

OPEN = Window(NOW - 100 * DAY, None)
ORGANISATION = "11630000MB0000019J"


def signing(kid: str = "issuer", owner: IssuerCode = ISSUER, **changes: object) -> KeyEntry:
    trusted = key(kid)
    entry = KeyEntry(
        owner=owner,
        key_id=KeyId(kid),
        scheme=trusted.scheme,
        spki=trusted.spki,
        uses=frozenset({Use.LICENSE}),
        window=OPEN,
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def body(code: IssuerCode = ISSUER, name: str = "局", **changes: object) -> IssuerEntry:
    entry = IssuerEntry(Issuer(code, name, name, frozenset({TYPE})), "630000")
    return replace(entry, **changes)  # type: ignore[arg-type]


def mandate(**changes: object) -> DelegationEntry:
    entry = DelegationEntry(
        issuer=ISSUER, type=TYPE, delegate=DELEGATE, kind=Kind.ORIGINAL, window=OPEN
    )
    return replace(entry, **changes)  # type: ignore[arg-type]


def type_(name: str) -> LicenseType:
    return LicenseType(code=TYPE, name=name, name_en=name, max_status_age=timedelta(0))


def content(*, seals=(), anchors=(), lists=(), successions=None, **registered: object) -> Content:
    return Content(
        registration=Registration(**registered),  # type: ignore[arg-type]
        successions=successions or {},
        authorities=AuthoritiesEntry(anchors=tuple(anchors), lists=tuple(lists)),
        seals=tuple(seals),
    )


def view(*contents: Content) -> View:
    """One source for each, which expires one day after the one before it."""
    return View(
        tuple(
            Followed(
                source=TrustSource(
                    publisher=f"p{i}",
                    number=i,
                    address=f"{i}" * 64,
                    accepted_at=NOW,
                    expires_at=NOW + i * DAY,
                ),
                index=ListIndex(each),
                withdrawals=withdrawals_of(each),
            )
            for i, each in enumerate(contents, 1)
        )
    )


QUESTION = TrustQuestion(
    identifier=IDENTIFIER,
    type=TYPE,
    issuer=ISSUER,
    signers=frozenset({(ISSUER, KeyId(k)) for k in ("issuer", "delegate", "other", "renamed")}),
    digest=None,
    organisations=frozenset({ORGANISATION}),
    sealed=True,
    seals=frozenset({"s1", "s2"}),
)


def look(*contents: Content, local: Look = Look(), question=QUESTION) -> Look:  # noqa: B008
    return merge_look(view(*contents), question, local).look


def good_until(*contents: Content, question=QUESTION):
    return merge_look(view(*contents), question, Look()).good_until


def test_nothing_followed_changes_nothing():
    local = Look(issuer=body().issuer)
    assert merge_look(View(), QUESTION, local).look is local


def test_the_first_that_names_defines():
    first = content(issuers=(body(name="甲"),), license_types=(type_("甲"),))
    second = content(issuers=(body(name="乙"),), license_types=(type_("乙"),))
    local = Look(issuer=body(name="丙").issuer, type=type_("丙"))
    for contents, name in (((first, second), "甲"), ((second, first), "乙"), ((), "丙")):
        found = look(*contents, local=local) if contents else local
        assert (found.issuer.name, found.type.name) == (name, name)
    assert look(content(), second, local=local).issuer.name == "乙"
    assert look(content(), local=local).issuer.name == "丙"


def test_endpoints_are_defined_once_and_platforms_stay():
    one, two = (EndpointEntry(issuer=ISSUER, url=f"https://{n}.example/") for n in "ab")
    other = EndpointEntry(issuer=OTHER, url="https://other.example/")
    first, second = content(endpoints=(one,)), content(endpoints=(two, other))
    assert look(first, second, local=Look(endpoints=(two,))).endpoints == (one,)
    assert look(second, first).endpoints == (two,)
    assert look(content(), local=Look(endpoints=(two,))).endpoints == (two,)


def test_keys_add_up_and_others_hint_only():
    first = content(issuers=(body(),), keys=(signing(),))
    second = content(keys=(signing("other"), signing("platform")))
    found = look(first, second, local=Look(keys=(signing("delegate"),)))
    assert [k.key_id for k in found.keys] == ["issuer", "other", "delegate"]


def test_the_first_definition_of_a_name_and_of_a_key_counts():
    first = content(keys=(signing(),))
    same_name = content(keys=(signing("other", key_id=KeyId("issuer")),))
    same_key = content(keys=(signing(key_id=KeyId("renamed"), owner=ISSUER),))
    for later in (same_name, same_key):
        (found,) = look(first, later).keys
        assert found == signing()
    (found,) = look(same_key, first).keys
    assert found.key_id == "renamed"


@pytest.mark.parametrize("order", [1, -1])
def test_what_ends_a_key_counts_wherever_it_stands(order):
    until = Window(OPEN.since, NOW + DAY)
    plain, ended = content(keys=(signing(),)), content(keys=(signing(window=until),))
    revoked = content(keys=(signing(revoked_at=NOW - DAY),))
    earlier = content(keys=(signing(revoked_at=NOW - 2 * DAY),))
    (found,) = look(*[plain, ended, revoked, earlier][::order]).keys
    assert found.window == until
    assert found.revoked_at == NOW - 2 * DAY
    (found,) = look(plain, local=Look(keys=(signing(revoked_at=NOW),))).keys
    assert found.revoked_at == NOW
    (found,) = look(revoked, local=Look(keys=(signing(),))).keys
    assert found.revoked_at == NOW - DAY


def test_a_revocation_of_a_key_under_another_owner_counts():
    """By its octets: whoever calls it what."""
    elsewhere = content(keys=(signing(owner=OTHER, key_id=KeyId("x"), revoked_at=NOW - DAY),))
    (found,) = look(content(keys=(signing(),)), elsewhere).keys
    assert found.revoked_at == NOW - DAY


def test_a_revocation_in_the_tables_under_whatever_name_counts():
    """Of a document's key, and of an answer's; the twin is another key."""
    answers = signing("other", uses=frozenset({Use.ANSWER}))
    listed = content(keys=(signing(), answers))
    for gone, kept in ((signing(), "answer_keys"), (answers, "keys")):
        local = Look(revoked={key_name(gone): NOW - DAY})
        found = look(listed, local=local)
        ended = {k.key_id for k in (*found.keys, *found.answer_keys) if k.revoked_at == NOW - DAY}
        assert ended == {gone.key_id}
        assert [k.revoked_at for k in getattr(found, kept)] == [None]


async def test_a_folder_knows_what_it_revoked_under_whatever_name():
    """Registration and list beside each other, the same key by two names."""
    gone = signing(owner=OTHER, key_id=KeyId("x"), revoked_at=NOW - DAY)
    known = content(issuers=(body(),), license_types=(type_("甲"),), keys=(signing(),))
    for keys, at in (((gone,), NOW - DAY), ((), None)):
        registry = SnapshotRegistry(
            registration=Registration(keys=keys),
            name="",
            clock=lambda: NOW,
            view=view(known),
        )
        (found,) = (await registry.trust_for(QUESTION)).keys.values()
        assert found.revoked_at == at


def test_mandates_add_up_and_a_withdrawal_ends_what_was_given_before():
    later = Window(NOW, None)
    found = look(content(delegations=(mandate(),)), content(delegations=(mandate(window=later),)))
    assert [d.window for d in found.delegations] == [OPEN, later]
    withdrawn = content(delegations=(mandate(revoked_at=NOW - DAY),))
    found = look(
        content(delegations=(mandate(),)), withdrawn, content(delegations=(mandate(window=later),))
    )
    assert [d.revoked_at for d in found.delegations] == [NOW - DAY, NOW - DAY, None]
    local = Look(delegations=(mandate(revoked_at=NOW - 3 * DAY),))
    found = look(content(delegations=(mandate(),)), local=local)
    assert [d.effective.until for d in found.delegations] == [NOW - 3 * DAY] * 2
    other = content(delegations=(mandate(kind=Kind.COPY),))
    assert look(other, withdrawn).delegations[0].revoked_at is None


def test_a_key_of_a_delegate_that_only_the_tables_know():
    listed = content(keys=(signing("delegate", DELEGATE),))
    assert look(listed).keys == ()
    found = look(listed, local=Look(delegations=(mandate(),)))
    assert [k.owner for k in found.keys] == [DELEGATE]


def test_ties_are_what_the_tables_must_be_asked_about():
    given = content(
        delegations=(mandate(), mandate(delegate=PLATFORM, kind=Kind.COPY)),
        successions={ISSUER: Succession(OTHER, NOW, frozenset({TYPE}))},
    )
    assert view(given).ties(QUESTION) == {DELEGATE, PLATFORM, OTHER}
    assert view(given).ties(replace(QUESTION, issuer=OTHER)) == frozenset()
    bearer = content(issuers=(body(organisation_codes={TYPE: frozenset({ORGANISATION})}),))
    assert view(bearer).ties(replace(QUESTION, issuer=None)) == {ISSUER}
    assert view(bearer).ties(QUESTION) == frozenset()


def test_a_succession_is_for_its_types_and_names_the_successor():
    takes = {ISSUER: Succession(OTHER, NOW, frozenset({TYPE}))}
    listed = content(issuers=(body(), body(OTHER, "新局")), successions=takes)
    merged = merge_look(view(listed), QUESTION, Look(succession=(DELEGATE, NOW)))
    assert merged.look.succession == (OTHER, NOW)
    assert merged.successor.name == "新局"
    elsewhere = Identifier.read(str(IDENTIFIER)).type[:-1] + "9"
    for_another = {ISSUER: Succession(OTHER, NOW, frozenset({elsewhere}))}
    merged = merge_look(view(content(successions=for_another)), QUESTION, Look())
    assert (merged.look.succession, merged.successor) == (None, None)
    local = Look(named={OTHER: body(OTHER, "登记之名").issuer})
    merged = merge_look(view(content(successions=takes)), QUESTION, local)
    assert merged.successor.name == "登记之名"


def test_owners_by_organisation_code():
    bears = {TYPE: frozenset({ORGANISATION})}
    named = content(issuers=(body(DELEGATE, organisation_codes=bears),), delegations=(mandate(),))
    assert look(named).owners == {ORGANISATION: DELEGATE}
    own = content(issuers=(body(organisation_codes=bears),))
    assert look(own, named).owners == {ORGANISATION: ISSUER}
    assert look(named, own).owners == {ORGANISATION: DELEGATE}
    stranger = content(issuers=(body(OTHER, organisation_codes=bears),))
    assert look(stranger).owners == {}
    local = Look(owners={ORGANISATION: ISSUER})
    assert look(named, local=local).owners == {ORGANISATION: DELEGATE}
    assert look(stranger, local=local).owners == {ORGANISATION: ISSUER}


def test_an_organisation_code_of_another_type_is_told_as_such():
    """`bears` is for the question's type; the same code for another type only is no owner."""
    question = replace(QUESTION, organisations=frozenset({ORGANISATION}))
    other = TypeCode("11639900MB9900013W999")
    named = content(issuers=(body(organisation_codes={other: frozenset({ORGANISATION})}),))
    found = merge_look(view(named), question, Look()).look
    assert (found.owners, found.owners_otherwise) == ({}, {ORGANISATION: ISSUER})
    bears = {TYPE: frozenset({ORGANISATION}), other: frozenset({ORGANISATION})}
    both = merge_look(view(content(issuers=(body(organisation_codes=bears),))), question, Look())
    assert (both.look.owners, both.look.owners_otherwise) == ({ORGANISATION: ISSUER}, {})
    stranger = content(issuers=(body(OTHER, organisation_codes=bears),))
    assert merge_look(view(stranger), question, Look()).look.owners_otherwise == {}


def test_a_seal_that_anybody_froze_is_frozen():
    frozen, cancelled = SealEnd(SealEnding.FROZEN, NOW), SealEnd(SealEnding.CANCELLED, NOW)
    merged = merge_look(
        view(content(seals=[("S1", frozen), ("S9", frozen)]), content(seals=[("S1", cancelled)])),
        QUESTION,
        Look(),
    )
    assert merged.seal_status == {"s1": (frozen, cancelled)}


def anchor(fingerprint: str = "a", *purposes: Purpose, **changes: object) -> Anchor:
    made = Anchor(
        fingerprint=fingerprint,
        der=fingerprint.encode(),
        purposes=frozenset(purposes or {Purpose.LICENSE_SEAL}),
        since=NOW - DAY,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_anchors_add_up_by_purpose_and_end_as_early_as_anybody_says():
    first = content(anchors=[anchor(region="630000")])
    second = content(anchors=[anchor("a", Purpose.LICENSE_SEAL, Purpose.TSA), anchor("b")])
    local = Authorities(anchors=(anchor("a", until=NOW + DAY), anchor("c")))
    found = authorities_of(view(first, second), local).anchors
    assert [(a.fingerprint, set(a.purposes), a.region, a.until) for a in found] == [
        ("a", {Purpose.LICENSE_SEAL}, "630000", NOW + DAY),
        ("a", {Purpose.TSA}, None, NOW + DAY),
        ("b", {Purpose.LICENSE_SEAL}, None, None),
        ("c", {Purpose.LICENSE_SEAL}, None, None),
    ]
    gone = content(anchors=[anchor(until=NOW)])
    assert authorities_of(view(first, gone), Authorities()).anchors[0].until == NOW


def test_authorities_are_put_together_once():
    followed, local = view(content(anchors=[anchor()])), Authorities()
    once = authorities_of(followed, local)
    assert authorities_of(followed, local) is once
    followed.remembered[id(local)] = (Authorities(), Authorities())  # its number, used again
    assert authorities_of(followed, local) == once
    other = Authorities(anchors=(anchor("b"),))
    assert len(authorities_of(followed, other).anchors) == 2
    assert (
        look(content(anchors=[anchor()]), question=replace(QUESTION, sealed=False)).authorities
        == Authorities()
    )


def test_only_the_expiry_of_what_was_used_counts():
    nothing = content(issuers=(body(OTHER),))
    named = content(issuers=(body(),))
    typed = content(license_types=(type_("甲"),))
    keyed = content(keys=(signing(),))
    given = content(delegations=(mandate(),))
    ended = content(endpoints=(EndpointEntry(issuer=ISSUER, url="https://a.example/"),))
    assert good_until(nothing) is None
    for used in (named, typed, keyed, given, ended, content(anchors=[anchor()])):
        assert good_until(nothing, used) == NOW + 2 * DAY, used
    assert good_until(named, typed) == NOW + DAY
    token = replace(QUESTION, sealed=False)
    assert good_until(content(anchors=[anchor()]), question=token) is None
    assert view(named, typed).snapshot("local") == f"p1#1@{'1' * 16}+p2#2@{'2' * 16}+local"


def test_of_two_lists_each_says_what_is_of_its_day():
    """Whom to ask is of today, who might sign is of the day, and a later revocation of both."""
    answers = frozenset({Use.ANSWER})
    old, new = (EndpointEntry(issuer=ISSUER, url=f"https://{n}.example/") for n in ("old", "new"))
    above = EndpointEntry(issuer=OTHER, url="https://above.example/", kind=EndpointKind.UPSTREAM)
    day = content(
        issuers=(body(name="旧"),),
        keys=(signing(), signing("other", uses=answers)),
        endpoints=(old, above),
        delegations=(mandate(), mandate(kind=Kind.ANSWER)),
        anchors=[anchor()],
        successions={ISSUER: Succession(OTHER, NOW, frozenset({TYPE}))},
    )
    today = content(
        issuers=(body(name="新"),),
        keys=(signing("delegate"), signing("platform", uses=answers)),
        endpoints=(new,),
        delegations=(mandate(delegate=OTHER, kind=Kind.COPY),),
        anchors=[anchor("b")],
    )
    (followed,) = view(today).followed
    both = View((replace(followed, day=ListIndex(day)),))
    found = merge_look(both, QUESTION, Look()).look
    assert found.issuer.name == "旧"
    assert [k.key_id for k in found.keys] == ["issuer"]
    assert [a.fingerprint for a in found.authorities.anchors] == ["a"]
    assert [(d.delegate, d.kind) for d in found.delegations] == [(DELEGATE, Kind.ORIGINAL)]
    assert found.endpoints == (new,)
    assert [k.key_id for k in found.answer_keys] == ["platform"]
    assert found.succession is None
    assert both.ties(QUESTION) == {DELEGATE}
    alone = merge_look(view(day), QUESTION, Look()).look  # the twin: held today, it says all of it
    assert set(alone.endpoints) == {old, above}
    assert [k.key_id for k in alone.answer_keys] == ["other"]
    assert alone.succession == (OTHER, NOW)


def test_a_list_that_revokes_since_then_stands_beside_those_of_the_day():
    made = sandbox_authorities(World(1, TODAY))["authorities"]["crls"]
    young, old = (read_crl(base64.b64decode(text)) for text in made[:2])
    (followed,) = view(content(lists=[young])).followed
    both = View((replace(followed, day=ListIndex(content(lists=[old]))),))
    assert set(authorities_of(both, Authorities()).lists) == {young, old}
    assert authorities_of(view(content(lists=[old])), Authorities()).lists == (old,)


def test_withdrawals_stored_by_the_letter_are_found_by_name():
    """A node that stored ids as lists wrote them forgets no freeze when it compares by name."""
    since = "2026-01-01T00:00:00Z"
    end = {"status": "cancelled", "since": since, "until": None}
    stored = {"seals": {"{AB-1}": [end], "ab1": [{**end, "status": "frozen"}]}}
    found = withdrawals.load(stored).seals
    assert {name: {each.status for each in ends} for name, ends in found.items()} == {
        "ab1": {SealEnding.CANCELLED, SealEnding.FROZEN}
    }
