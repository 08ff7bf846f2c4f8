"""What was signed elsewhere goes the same way, and nothing else does.

Each refusal has its twin: the same step, untouched, at the end of the same test.
"""

from datetime import timedelta

import pytest
from sqlalchemy import text

from app.crypto.signing import Signer
from app.domain.caller import Scope
from app.domain.errors import Refused
from app.models import Decided
from app.registry.making import persons
from app.registry.making.proposals import State, decision_content, proposal_content, proposal_of
from app.registry.making.received import AHEAD, CARRIED, take_decision, take_proposal
from app.registry.making.statements import DECISION, PROPOSAL, sign_statement
from tests.trust.conftest import DAY, NOW, PUBLISHER
from tests.trust.test_making import URL, other_url, published, refusal

A_SECOND = timedelta(seconds=1)


async def take(making, token, sender="chen"):
    async with making.database.writing() as session:
        return await take_proposal(session, token, sender, making.now, record=making.record)


async def decided(making, token, sender="li", number=1):
    async with making.database.writing() as session:
        return await take_decision(session, number, token, sender, making.now, record=making.record)


def proposal(making, by="chen", key: Signer | None = None, changes=(URL,), at=NOW, **members):
    content = proposal_content(PUBLISHER, by, "why", changes, at)
    return sign_statement(PROPOSAL, content | members, key or making.keys[by])


async def decision(making, by="li", key: Signer | None = None, typ=DECISION, at=None, **members):
    async with making.database.reading() as session:
        read = await proposal_of(session, 1)
    content = decision_content(read, Decided.APPROVED, by, "", at or making.now)
    content = {name: value for name, value in (content | members).items() if value is not None}
    return sign_statement(typ, content, key or making.keys[by])


async def test_signed_at_home_by_two_people_it_gets_into_the_list(making):
    before = await making.audited()
    assert await take(making, proposal(making)) == 1
    done = await decided(making, await decision(making))
    assert (done.state, [d.person for d in done.decisions]) == (State.APPROVED, ["li"])
    assert await making.audited() - before == {
        f"trust proposal 1 proposed {done.digest}": 1,
        f"trust proposal 1 approved {done.digest}": 1,
    }
    await making.publish("chen")
    assert (await making.publish("li")).accepted


async def test_a_proposal_is_its_senders_own_fresh_and_whole(making):
    for token, why in (
        (proposal(making, key=making.keys["thief"]), "not the registered key"),
        (proposal(making, person="li"), "signed.person"),
        (proposal(making, publisher="other.example"), "for the list"),
        (proposal(making, format="zhengyan-trust-proposal/0"), "no proposal"),
        (proposal(making, at=NOW - CARRIED - A_SECOND), "not of the last day"),
        (proposal(making, at=NOW + AHEAD + A_SECOND), "not of the last day"),
        (proposal(making, more="1"), "not known"),
        (proposal(making, note=1), "note"),
        (proposal(making, note="n" * 501), "note"),
        (proposal(making).replace(".", "..", 1), "no trust-proposal"),
        (proposal(making)[:-2], "no trust-proposal"),
        ("", "no trust-proposal"),
        ("\ud800", "no trust-proposal"),
        (sign_statement(DECISION, {"person": "chen"}, making.keys["chen"]), "no trust-proposal"),
    ):  # fmt: skip
        assert why in await refusal(take(making, token)), why
    assert "not the registered key" in await refusal(take(making, proposal(making), "li"))
    assert await take(making, proposal(making)) == 1


async def test_without_the_scope_nothing_is_taken(making):
    await making.add("wang", frozenset({Scope.TRUST_APPROVE}))
    assert "trust:propose is missing" in await refusal(
        take(making, proposal(making, "wang"), "wang")
    )
    await take(making, proposal(making))
    assert "trust:approve is missing" in await refusal(
        decided(making, await decision(making, "zhao"), "zhao")
    )
    assert (await decided(making, await decision(making))).state is State.APPROVED


async def test_a_proposal_undone_since_does_not_come_back(making):
    """Whoever kept it hands it in once more, within the day, when it was undone already."""
    token = proposal(making)
    assert await take(making, token) == 1
    await making.approve("li", 1)
    assert "proposal 1 already" in await refusal(take(making, token))
    assert "proposal 1 already" in await refusal(
        take(making, proposal(making))  # signed anew within the same second: the same octets
    )
    assert await take(making, proposal(making, changes=(other_url("b.example.cn"),))) == 2


async def test_nobody_decides_on_their_own(making, new_key):
    await take(making, proposal(making))
    assert "chen's own" in await refusal(decided(making, await decision(making, "chen"), "chen"))
    making.keys["chen-2"] = new_key("chen-2")
    await making.add("chen", key="chen-2")
    again = await decision(making, "chen", making.keys["chen-2"])
    assert "chen's own" in await refusal(decided(making, again, "chen"))
    assert (await decided(making, await decision(making))).state is State.APPROVED


async def test_a_decision_is_about_this_content_of_this_proposal(making):
    await take(making, proposal(making))
    await take(making, proposal(making, changes=(other_url("b.example.cn"),)))
    good = await decision(making)
    for token, why in (
        (await decision(making, proposal="0" * 64), "not about proposal 1"),
        (await decision(making, number=2), "not about proposal 1"),
        (await decision(making, number=True), "is not an integer"),
        (await decision(making, number=None), "is missing"),
        (await decision(making, verdict="published"), "is none of"),
        (await decision(making, verdict=["approved"]), "verdict"),
        (await decision(making, why=1), "why"),
        (await decision(making, at=NOW - CARRIED - A_SECOND), "not of the last day"),
        (await decision(making, at=NOW + AHEAD + A_SECOND), "not of the last day"),
        (await decision(making, person="wang"), "signed.person"),
        (await decision(making, key=making.keys["thief"]), "not the registered key"),
        (await decision(making, typ=PROPOSAL), "no trust-decision"),
    ):
        assert why in await refusal(decided(making, token)), why
    assert "not about proposal 2" in await refusal(decided(making, good, number=2))
    assert "not the registered key" in await refusal(decided(making, good, "wang"))
    assert "there is no proposal" in await refusal(decided(making, good, number=3))
    assert (await decided(making, good)).state is State.APPROVED


async def test_a_decision_is_taken_once_and_never_after_a_rejection(making):
    await take(making, proposal(making))
    token = await decision(making)
    await decided(making, token)
    assert "approved already" in await refusal(decided(making, token))
    await decided(making, await decision(making, "wang", verdict="rejected"), "wang")
    for again in (token, await decision(making, "wang")):
        sender = "li" if again is token else "wang"
        assert "rejected already" in await refusal(decided(making, again, sender))


async def test_a_proposal_changed_after_it_was_looked_at_is_not_approved(making):
    """Somebody who writes to the database puts another of the proposer's proposals in its place."""
    await take(making, proposal(making))
    looked_at = await decision(making)
    other = proposal(making, changes=(other_url("evil.example.cn"),))
    async with making.database.engine.begin() as connection:
        (row,) = await connection.execute(text("SELECT jws FROM trust_proposal"))
        await connection.execute(text("ALTER TABLE trust_proposal DISABLE TRIGGER ALL"))
        await connection.execute(text("UPDATE trust_proposal SET jws = :jws"), {"jws": other})
    assert "not about proposal 1" in await refusal(decided(making, looked_at))
    async with making.database.engine.begin() as connection:
        await connection.execute(text("UPDATE trust_proposal SET jws = :jws"), {"jws": row.jws})
        await connection.execute(text("ALTER TABLE trust_proposal ENABLE TRIGGER ALL"))
    assert (await decided(making, looked_at)).state is State.APPROVED


async def test_who_left_hands_in_nothing(making):
    await take(making, proposal(making))
    token = await decision(making)
    async with making.database.writing() as session:
        await persons.end_person(session, "li", NOW)
    assert "has left" in await refusal(decided(making, token))
    assert "nobody of that name" in await refusal(decided(making, token, "mallory"))
    assert (await decided(making, await decision(making, "wang"), "wang")).decisions


async def test_what_no_follower_could_read_is_not_proposed(making):
    await published(making, URL)
    making.now = NOW + DAY
    fresh = making.now
    assert "is in the list already" in await refusal(take(making, proposal(making, at=fresh)))
    bad = other_url("no host")
    with pytest.raises(Refused):
        await take(making, proposal(making, changes=(bad,), at=fresh))
    good = proposal(making, changes=(other_url("b.example.cn"),), at=fresh)
    assert await take(making, good) == 2
