"""From a proposal to a list this node goes by: every step by another person, every step audited.

Each refusal has its twin: the same step by the right person, in the same test.
"""

import base64
import hashlib
import json

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from app.domain.caller import Scope
from app.domain.errors import Refused, Unavailable
from app.registry.lists import store
from app.registry.lists.signed import read_list
from app.registry.making import persons
from app.registry.making.changes import Action, Change, Kind
from app.registry.making.proposals import State, proposal_of
from app.registry.making.statements import PROPOSAL, sign_statement
from tests.trust.conftest import DAY, NOW, PUBLISHER

URL = Change(Action.ADD, Kind.OFFICIAL_URL, {"type": None, "host": "code.example.cn", "path": "/"})


def other_url(host):
    return Change(Action.ADD, Kind.OFFICIAL_URL, {"type": None, "host": host, "path": "/"})


async def held(making):
    async with making.database.reading() as session:
        return await store.held_of(session, PUBLISHER)


async def refusal(step):
    """The step must be refused; what it says."""
    with pytest.raises(Refused) as caught:
        await step
    return f"{caught.value.field}: {caught.value}"


async def published(making, *changes):
    """Two people bring changes into the next list."""
    number = await making.propose("chen", *changes)
    await making.approve("li", number)
    await making.publish("chen")
    return await making.publish("li")


async def test_two_people_bring_a_change_into_the_list(making):
    before = await making.audited()
    number = await making.propose("chen", URL)
    assert (await held(making)).number == 0
    assert (await making.approve("li", number)).state is State.APPROVED
    first = await making.publish("chen")
    assert (first.signed_by, first.accepted) == (1, False)
    assert (await held(making)).number == 0
    second = await making.publish("li")
    assert (second.signed_by, second.accepted) == (2, True)
    now = await held(making)
    assert (now.number, now.address) == (1, second.address)
    assert now.expires_at - now.issued_at == 30 * DAY
    assert (await making.sections())["official_urls"] == [dict(URL.entry)]
    async with making.database.reading() as session:
        proposal = await proposal_of(session, number)
    assert (proposal.state, proposal.published_in) == (State.PUBLISHED, 1)
    short = f"trust list {PUBLISHER}#1@{second.address}"
    assert await making.audited() - before == {
        f"trust proposal {number} proposed {proposal.digest}": 1,
        f"trust proposal {number} approved {proposal.digest}": 1,
        f"{short} signed": 2,
        f"{short} published": 1,
    }


# ---- one's own


async def test_nobody_approves_their_own_proposal(making):
    number = await making.propose("chen", URL)
    assert await refusal(making.approve("chen", number)) == (
        f"as: proposal {number} is chen's own: another person decides on it"
    )
    assert (await making.approve("li", number)).state is State.APPROVED


async def test_nobody_rejects_their_own_either(making):
    number = await making.propose("chen", URL)
    assert "chen's own" in await refusal(making.reject("chen", number))
    assert (await making.reject("li", number)).state is State.REJECTED


async def test_a_new_key_does_not_make_another_person(making, new_key):
    number = await making.propose("chen", URL)
    making.keys["chen-2"] = new_key("chen-2")
    await making.add("chen", key="chen-2")
    assert "chen's own" in await refusal(making.approve("chen", number, key="chen-2"))
    assert (await making.approve("li", number)).state is State.APPROVED


async def test_the_database_itself_tells_two_people_apart(making):
    """Whoever writes past the program meets `ck_trust_decision_two_people`."""
    number = await making.propose("chen", URL)
    kids = {name: key.kid for name, key in making.keys.items()}
    insert = text(
        "INSERT INTO trust_decision (proposal, verdict, person, key_id, proposer, proposer_key,"
        " jws) VALUES (:n, 'approved', :person, :key, :proposer, :proposer_key, 'x')"
    )

    async def write(person, key, proposer, proposer_key):
        values = {"n": number, "person": person, "key": kids[key]}
        values |= {"proposer": proposer, "proposer_key": kids[proposer_key]}
        async with making.database.engine.begin() as connection:
            await connection.execute(insert, values)

    for row, constraint in (
        (("chen", "chen", "chen", "chen"), "two_people"),
        (("li", "chen", "chen", "chen"), "two_people"),
        (("chen", "chen", "li", "li"), "fk_trust_decision_proposal"),
    ):
        with pytest.raises(IntegrityError, match=constraint):
            await write(*row)
    await write("li", "li", "chen", "chen")


# ---- scopes, keys and people


async def test_without_the_scope_nothing_is_approved(making):
    number = await making.propose("chen", URL)
    assert "trust:approve is missing" in await refusal(making.approve("zhao", number))
    assert (await making.approve("li", number)).state is State.APPROVED


async def test_without_the_scope_nothing_is_proposed(making):
    await making.add("wang", frozenset({Scope.TRUST_APPROVE}))
    assert "trust:propose is missing" in await refusal(making.propose("wang", URL))
    assert await making.propose("zhao", URL) == 1


async def test_a_name_with_anothers_key_is_nobody(making):
    number = await making.propose("chen", URL)
    for step in (
        making.propose("chen", URL, key="thief"),
        making.approve("li", number, key="thief"),
        making.approve("li", number, key="chen"),
    ):
        assert "not the registered key" in await refusal(step)
    assert (await making.approve("li", number)).state is State.APPROVED


async def test_one_key_is_one_persons(making):
    assert "one key, one person" in await refusal(making.add("mallory", key="chen"))
    assert (await making.add("mallory", key="thief"))[1] == making.keys["thief"].kid


async def test_who_left_signs_nothing_and_what_they_signed_stays(making):
    number = await making.propose("chen", URL)
    async with making.database.writing() as session:
        await persons.end_person(session, "chen", NOW)
    assert "has left" in await refusal(making.propose("chen", other_url("b.example.cn")))
    assert (await making.approve("li", number)).person == "chen"


async def test_an_ended_key_does_not_come_back(making, new_key):
    making.keys["chen-2"] = new_key("chen-2")
    await making.add("chen", key="chen-2")
    assert "was ended" in await refusal(making.add("chen"))
    assert "not the registered key" in await refusal(making.propose("chen", URL))
    assert await making.propose("chen", URL, key="chen-2") == 1


async def test_a_list_needs_two_people_to_begin(making):
    await making.sql("TRUNCATE trust_source, trust_draft CASCADE")
    for names, threshold in ((["chen"], 1), (["chen", "li"], 1), (["chen", "chen"], 2)):
        assert "two signatures" in await refusal(making.begin(*names, threshold=threshold))
    assert (await making.begin("chen", "li")).own


# ---- publishing


async def test_one_signature_is_not_enough_however_often(making):
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    assert not (await making.publish("chen")).accepted
    assert "a list needs different people" in await refusal(making.publish("chen"))
    assert (await held(making)).number == 0
    assert (await making.publish("wang")).accepted


async def test_who_is_not_among_the_signers_cannot_sign(making):
    number = await making.propose("zhao", URL)
    await making.approve("li", number)
    assert "not among those who sign" in await refusal(making.publish("zhao"))
    await making.publish("chen")
    assert "not among those who sign" in await refusal(making.publish("zhao"))
    assert (await making.publish("li")).accepted


async def test_what_nobody_approved_is_not_published(making):
    await making.propose("chen", URL)
    assert "nothing is approved" in await refusal(making.publish("chen"))
    number = await making.propose("chen", other_url("b.example.cn"))
    await making.reject("li", number)
    assert "nothing is approved" in await refusal(making.publish("chen"))
    await making.approve("li", 1)
    await making.publish("chen")
    await making.publish("li")
    assert [u["host"] for u in (await making.sections())["official_urls"]] == ["code.example.cn"]


async def test_rejected_after_the_first_signature_it_is_not_published(making):
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    await making.publish("chen")
    await making.reject("wang", number)
    assert "no longer approved" in await refusal(making.publish("li"))
    again = await making.propose("chen", other_url("b.example.cn"))
    await making.approve("li", again)
    assert not (await making.publish("chen", anew=True)).accepted
    assert (await making.publish("li")).proposals == (again,)


async def test_what_came_later_waits_for_the_next_list(making):
    first = await making.propose("chen", URL)
    await making.approve("li", first)
    await making.publish("chen")
    second = await making.propose("chen", other_url("b.example.cn"))
    await making.approve("li", second)
    assert (await making.publish("li")).proposals == (first,)
    await making.publish("chen")
    done = await making.publish("li")
    assert (done.number, done.proposals) == (2, (second,))


async def test_the_next_list_names_the_one_before(making):
    one = await published(making, URL)
    making.now = NOW + DAY
    two = await published(making, other_url("b.example.cn"))
    head = read_list(two.raw).head
    assert (head.number, head.previous) == (2, one.address)


async def test_a_list_is_renewed_without_any_change(making):
    await published(making, URL)
    making.now = NOW + 20 * DAY
    assert "nothing is approved" in await refusal(making.publish("chen"))
    await making.publish("chen", renew=True)
    assert (await making.publish("li")).accepted
    assert (await held(making)).expires_at == making.now + 30 * DAY
    assert (await making.sections())["official_urls"] == [dict(URL.entry)]


async def test_signers_change_by_their_own_succession(making):
    """Who signs from then on has to sign too, and those before have to agree."""
    await published(making, URL)
    new = [making.keys[name].public_jwk for name in ("li", "wang")]
    change = Change(Action.CHANGE, Kind.SIGNERS, {"threshold": 2, "keys": new})
    number = await making.propose("chen", change)
    await making.approve("li", number)
    await making.publish("chen")
    assert not (await making.publish("li")).accepted  # enough of the old, not of the new
    assert (await making.publish("wang")).accepted
    await making.publish("li", renew=True)
    assert "not among those who sign" in await refusal(making.publish("chen"))
    assert (await making.publish("wang")).accepted


async def test_signers_cannot_be_fewer_than_two(making):
    one = [making.keys["chen"].public_jwk]
    change = Change(Action.CHANGE, Kind.SIGNERS, {"threshold": 1, "keys": one})
    assert "signers" in await refusal(making.propose("chen", change))


# ---- tampered with, by somebody who writes to the database


async def without_guard(making, table, statement, **values):
    async with making.database.engine.begin() as connection:
        await connection.execute(text(f"ALTER TABLE {table} DISABLE TRIGGER {table}_stays"))
        await connection.execute(text(statement), values)
        await connection.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {table}_stays"))


async def test_proposals_and_decisions_are_not_changed_or_deleted(making):
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    for statement in (
        "UPDATE trust_proposal SET jws = 'x'",
        "DELETE FROM trust_proposal",
        "UPDATE trust_decision SET verdict = 'rejected'",
        "DELETE FROM trust_decision",
    ):
        with pytest.raises(Exception, match="neither changed nor deleted"):
            async with making.database.engine.begin() as connection:
                await connection.execute(text(statement))
    await making.publish("chen")
    assert (await making.publish("li")).accepted  # the one change there is, published_in


def with_content(jws, **members):
    head, payload, value = jws.split(".")
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    octets = json.dumps(
        content | members, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    ).encode()
    return f"{head}.{base64.urlsafe_b64encode(octets).decode().rstrip('=')}.{value}"


@pytest.mark.parametrize("when", ["proposed", "approved", "half signed"])
async def test_a_tampered_proposal_is_refused(making, when):
    number = await making.propose("chen", URL)
    if when != "proposed":
        await making.approve("li", number)
    if when == "half signed":
        await making.publish("chen")
    (row,) = await making.sql("SELECT jws FROM trust_proposal")
    evil = with_content(row.jws, changes=[other_url("evil.example.cn").payload()])
    update = "UPDATE trust_proposal SET jws = :jws"
    await without_guard(making, "trust_proposal", update, jws=evil)
    step = making.approve("li", number) if when == "proposed" else making.publish("wang")
    assert f"proposal {number} is not what chen signed" in await refusal(step)
    await without_guard(making, "trust_proposal", update, jws=row.jws)  # the untouched twin
    if when == "proposed":
        await making.approve("li", number)
    if when != "half signed":
        await making.publish("chen")
    assert (await making.publish("wang")).accepted


async def test_an_approval_of_another_content_is_none(making):
    """chen signs another content himself and puts it under li's approval."""
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    (row,) = await making.sql("SELECT jws FROM trust_proposal")
    payload = row.jws.split(".")[1]
    content = json.loads(base64.urlsafe_b64decode(payload + "=="))
    content["changes"] = [other_url("evil.example.cn").payload()]
    evil = sign_statement(PROPOSAL, content, making.keys["chen"])
    update = "UPDATE trust_proposal SET jws = :jws"
    await without_guard(making, "trust_proposal", update, jws=evil)
    assert "what li decided is not about this content" in await refusal(making.publish("chen"))
    await without_guard(making, "trust_proposal", update, jws=row.jws)
    await making.publish("chen")
    assert (await making.publish("li")).accepted


async def test_a_decision_does_not_pass_for_a_proposal_or_for_the_other_verdict(making):
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    await without_guard(making, "trust_decision", "UPDATE trust_decision SET verdict = 'rejected'")
    assert "not about this content" in await refusal(making.publish("chen"))
    (row,) = await making.sql("SELECT jws FROM trust_decision")
    await without_guard(making, "trust_proposal", "UPDATE trust_proposal SET jws = :j", j=row.jws)
    assert "is not what chen signed" in await refusal(making.publish("chen"))


async def test_a_list_under_way_that_nobody_approved_is_not_signed(making):
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    await making.publish("chen")
    (row,) = await making.sql("SELECT payload FROM trust_draft")
    payload = json.loads(row.payload)
    payload["official_urls"].append({"type": None, "host": "evil.example.cn", "path": "/"})
    evil = json.dumps(payload, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    update = "UPDATE trust_draft SET payload = :p"
    await making.sql(update, p=evil.encode())
    assert "is not what was approved" in await refusal(making.publish("li"))
    await making.sql(update, p=row.payload)
    assert (await making.publish("li")).accepted


async def test_a_foreign_signature_under_way_counts_for_nothing(making):
    """A row with li's name over chen's octets is not li's signature."""
    number = await making.propose("chen", URL)
    await making.approve("li", number)
    await making.publish("chen")
    (row,) = await making.sql("SELECT signatures FROM trust_draft")
    entry = dict(row.signatures[0])
    header = json.loads(base64.urlsafe_b64decode(entry["protected"] + "=="))
    header["kid"] = making.keys["li"].kid
    octets = json.dumps(header, sort_keys=True, separators=(",", ":")).encode()
    entry["protected"] = base64.urlsafe_b64encode(octets).decode().rstrip("=")
    await making.sql(
        "UPDATE trust_draft SET signatures = cast(:s AS jsonb)",
        s=json.dumps([*row.signatures, entry]),
    )
    done = await making.publish("wang")
    assert done.signed_by == 2  # chen and wang; the third is nobody's
    assert hashlib.sha256(read_list(done.raw).payload).hexdigest() == done.address


async def test_no_step_without_its_audit_row(making):
    """Where the log cannot be written nothing is proposed either."""
    await making.sql("ALTER TABLE audit_chain RENAME TO audit_chain_gone")
    try:
        with pytest.raises(Unavailable, match="42P01"):
            await making.propose("chen", URL)
    finally:
        await making.sql("ALTER TABLE audit_chain_gone RENAME TO audit_chain")
    assert await making.sql("SELECT 1 FROM trust_proposal") == []
    assert await making.propose("chen", URL) == 1
