"""Memory, flights, breaker and retry, in virtual time; every rule with the twin it does not touch."""

import asyncio
from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.domain.identifier import Identifier
from app.domain.issuer import (
    AnswerKey,
    Code,
    HomeKeys,
    Match,
    Relaying,
    Silence,
    Source,
    Unreachable,
)
from app.domain.license import Claims, Fact, KeyId
from app.domain.scheme import Scheme
from app.federation import breaker as breaker_module
from app.federation.breaker import Breaker, State, Verdict
from app.federation.resilience import MAX_ANSWERS, NEGATIVE, UNSIGNED, Via, key_of
from tests.federation.hostile import ANSWER_KEY, endpoint, inquiry
from tests.federation.virtual import (
    CUT,
    REFUSED,
    START,
    Scripted,
    always,
    answered,
    black_hole,
    good,
    monotonic,
    now,
    resilient,
    run,
)

HOUR, SECOND = timedelta(hours=1), timedelta(seconds=1)
QUESTION = replace(inquiry(endpoint(9)), max_age=HOUR)


def virtual(test):
    """Run the test in virtual time."""

    def wrapper(*args, **kwargs):
        run(lambda: test(*args, **kwargs))

    wrapper.__name__ = test.__name__
    return wrapper


# ---- memory


def test_the_same_question_is_asked_once():
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        first = await issuers.ask(QUESTION)
        await asyncio.sleep(30)
        second = await issuers.ask(QUESTION)
        assert len(inner.asked) == 1
        assert (first.source, second.source) == (Source.LIVE, Source.CACHED)
        assert second == replace(first, source=Source.CACHED, received_at=START)
        assert [call.via for call in issuers.watch.calls] == [Via.ASKED, Via.CACHED]

    work()


@pytest.mark.parametrize(
    ("answer", "age", "kept", "gone"),
    [
        ({}, HOUR, 3599, 3601),  # type, policy or caller
        ({}, timedelta(seconds=5), 5, 6),
        ({"next_update": START + timedelta(seconds=100)}, HOUR, 99, 100),
        ({"code": Code.ENDED}, HOUR, 9, 10),
        ({"code": Code.NO_RECORD}, HOUR, 9, 10),
        ({"code": Code.SUSPENDED, "next_update": START + 5 * SECOND}, HOUR, 4, 5),
        ({"document": Match.DIFFERS}, HOUR, 9, 10),  # in force, and not this file
        ({"signed": False, "token": ""}, HOUR, 59, 60),
        ({"signed": False, "token": "", "code": Code.ENDED}, HOUR, 9, 10),
        ({"as_of": START - timedelta(seconds=50)}, timedelta(seconds=60), 10, 11),
    ],
)
def test_how_long_an_answer_is_repeated(answer, age, kept, gone):
    """To the second: repeated at `kept`, asked anew at `gone`."""

    async def script(_):
        return answered(as_of=START) if not answer else answered(**{"as_of": START, **answer})

    @virtual
    async def work(wait, calls):
        inner = Scripted(script)
        issuers = resilient(inner)
        asked = replace(QUESTION, max_age=age)
        await issuers.ask(asked)
        await asyncio.sleep(wait)
        await issuers.ask(asked)
        assert len(inner.asked) == calls

    work(kept, 1)
    work(gone, 2)


def test_a_live_only_type_is_never_answered_from_memory():
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        for max_age in (HOUR, timedelta(0), timedelta(0), HOUR):
            answer = await issuers.ask(replace(QUESTION, max_age=max_age))
            assert (answer.source is Source.CACHED) <= (max_age == HOUR)
        assert len(inner.asked) == 3

    work()


def test_one_strict_caller_does_not_rob_the_others():
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        await issuers.ask(QUESTION)
        await asyncio.sleep(20)
        strict = await issuers.ask(replace(QUESTION, max_age=10 * SECOND))
        assert strict.source is Source.LIVE
        assert (await issuers.ask(QUESTION)).source is Source.CACHED
        assert len(inner.asked) == 2

    work()


@pytest.mark.parametrize("told", [-30, 0, 15, 25])
def test_a_pushed_status_beats_the_memory_at_once(told):
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        await issuers.ask(QUESTION)
        await asyncio.sleep(25)
        pushed = replace(QUESTION, told_at=START + told * SECOND)
        assert (await issuers.ask(pushed)).source is Source.LIVE
        assert len(inner.asked) == 2

    work()


def test_a_status_pushed_long_before_is_no_hindrance():
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        old = replace(QUESTION, told_at=START - timedelta(seconds=61))
        await issuers.ask(old)
        assert (await issuers.ask(old)).source is Source.CACHED

    work()


def test_a_status_pushed_while_a_question_is_out_is_not_answered_by_it():
    """Neither does who knows of the push join that flight, nor is its answer repeated to them."""

    async def script(_):
        await asyncio.sleep(2)
        return answered()

    @virtual
    async def work():
        inner = Scripted(script)
        issuers = resilient(inner)
        out = asyncio.create_task(issuers.ask(QUESTION))
        await asyncio.sleep(1)
        pushed = replace(QUESTION, told_at=now())
        joined = asyncio.create_task(issuers.ask(QUESTION))
        await issuers.ask(pushed)
        assert len(inner.asked) == 2
        await asyncio.gather(out, joined)
        await asyncio.sleep(0)
        await issuers.ask(pushed)
        assert len(inner.asked) == 3

    work()


@pytest.mark.parametrize(
    "answer", [REFUSED, CUT, Unreachable(Silence.MALFORMED), Unreachable(Silence.STATUS, "404")]
)
def test_silence_is_not_remembered(answer):
    @virtual
    async def work():
        inner = Scripted(always(answer))
        issuers = resilient(inner, max_answers=1)
        issuers.jitter = lambda: 0.0
        await issuers.ask(QUESTION)
        inner.script = good
        assert (await issuers.ask(QUESTION)).code is Code.IN_FORCE

    work()


def test_the_memory_is_bounded():
    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner, max_answers=3)
        for i in range(5):
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
            await asyncio.sleep(0)
        assert len(issuers._kept) == 3
        assert (await issuers.ask(replace(QUESTION, purpose="p4"))).source is Source.CACHED
        assert (await issuers.ask(replace(QUESTION, purpose="p0"))).source is Source.LIVE
        assert issuers._bytes == sum(kept.size for kept in issuers._kept.values())

    work()
    assert MAX_ANSWERS == 4096
    assert (NEGATIVE, UNSIGNED) == (10 * SECOND, 60 * SECOND)


OTHER = Identifier.read("1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000002.001.0")
STATED = replace(
    QUESTION,
    claims=Claims(identifier=QUESTION.identifier, number="N-1", holder="青海样例有限公司"),
    compare=frozenset({Fact.NUMBER, Fact.HOLDER}),
)
MORE_KEY = AnswerKey(KeyId("raw-2"), Scheme.ED25519, ANSWER_KEY.spki)
DIFFERENT = {
    "another license": replace(STATED, identifier=OTHER),
    "by number": replace(STATED, identifier=None),
    "another holder": replace(STATED, claims=replace(STATED.claims, holder="另一家")),
    "a holder's code": replace(
        STATED,
        claims=replace(STATED.claims, holder=None, holder_code="青海样例有限公司"),
        compare=frozenset({Fact.NUMBER, Fact.HOLDER_CODE}),
    ),
    "fewer facts": replace(STATED, compare=frozenset({Fact.NUMBER})),
    "dates": replace(
        STATED,
        claims=replace(STATED.claims, valid_from=date(2024, 1, 1)),
        compare=STATED.compare | {Fact.DATES},
    ),
    "a file": replace(STATED, digests={"sha256": b"1" * 32}),
    "another time": replace(STATED, at=START),
    "another purpose": replace(STATED, purpose="other"),
    "a seal": replace(STATED, seal="63010000012345"),
    "a certificate": replace(STATED, certificate="01"),
    "another endpoint": replace(STATED, endpoint=endpoint(10)),
    "a key came or went": replace(
        STATED, endpoint=replace(STATED.endpoint, answer_keys=(ANSWER_KEY, MORE_KEY))
    ),
    "the key was replaced under its name": replace(
        STATED, endpoint=replace(STATED.endpoint, answer_keys=(replace(ANSWER_KEY, spki=b"x"),))
    ),
    "a home key": replace(
        STATED,
        endpoint=replace(
            STATED.endpoint,
            home_keys=(HomeKeys(STATED.endpoint.issuer, STATED.endpoint.speaker, (MORE_KEY,)),),
        ),
    ),
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_another_question_has_another_answer(name):
    other = DIFFERENT[name]
    assert key_of(other, b"k") != key_of(STATED, b"k")
    assert key_of(replace(other), b"k") == key_of(other, b"k")

    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        await asyncio.gather(issuers.ask(STATED), issuers.ask(other))
        assert len(inner.asked) == 2
        await asyncio.sleep(0)
        await asyncio.gather(issuers.ask(STATED), issuers.ask(other))
        assert len(inner.asked) == 2

    work()


def test_facts_are_in_no_key_to_be_guessed():
    """Under another process's secret the same facts have another key, and none stands in clear."""
    one, other = key_of(STATED, b"a" * 32), key_of(STATED, b"b" * 32)
    assert one != other
    assert len(one) == 32
    issuers = resilient(Scripted(good))
    assert "secret" not in repr(issuers).lower()
    assert "样例" not in repr(STATED)


def test_what_is_asked_for_another_node_is_neither_remembered_nor_joined():
    relaying = Relaying(asked=b"q", asker="n1", via=("n1",), until=START + HOUR)

    @virtual
    async def work():
        inner = Scripted(good)
        issuers = resilient(inner)
        handed_on = replace(QUESTION, relaying=relaying)
        await asyncio.gather(issuers.ask(handed_on), issuers.ask(handed_on), issuers.ask(QUESTION))
        await issuers.ask(handed_on)
        assert len(inner.asked) == 4

    work()


# ---- flights


def test_a_thousand_at_once_are_one_call():
    async def script(_):
        await asyncio.sleep(0.2)
        return answered()

    @virtual
    async def work():
        inner = Scripted(script)
        issuers = resilient(inner)
        answers = await asyncio.gather(*(issuers.ask(QUESTION) for _ in range(1000)))
        assert len(inner.asked) == 1
        assert len(set(map(id, answers))) <= 1000
        assert {answer.code for answer in answers} == {Code.IN_FORCE}
        assert sum(call.via is Via.JOINED for call in issuers.watch.calls) == 999
        assert not issuers._flights

    work()


def test_who_leaves_takes_the_answer_from_nobody():
    async def script(_):
        await asyncio.sleep(1)
        return answered()

    @virtual
    async def work():
        inner = Scripted(script)
        issuers = resilient(inner)
        first = asyncio.create_task(issuers.ask(QUESTION))
        await asyncio.sleep(0.1)
        second = asyncio.create_task(issuers.ask(QUESTION))
        await asyncio.sleep(0.1)
        first.cancel()
        assert (await second).code is Code.IN_FORCE
        with pytest.raises(asyncio.CancelledError):
            await first
        assert len(inner.asked) == 1

    work()


def test_a_flight_that_fails_is_over():
    """A fault of ours is everybody's who waited, and is not kept."""

    async def broken(_):
        raise ZeroDivisionError

    @virtual
    async def work():
        inner = Scripted(broken)
        issuers = resilient(inner)
        both = await asyncio.gather(
            issuers.ask(QUESTION), issuers.ask(QUESTION), return_exceptions=True
        )
        assert [type(each) for each in both] == [ZeroDivisionError] * 2
        inner.script = good
        assert (await issuers.ask(QUESTION)).code is Code.IN_FORCE

    work()


# ---- retry


def test_one_retry_where_nothing_was_sent():
    @virtual
    async def work():
        answers = [REFUSED, None]

        async def script(_):
            return answers.pop(0) or answered()

        inner = Scripted(script)
        issuers = resilient(inner)
        assert (await issuers.ask(QUESTION)).code is Code.IN_FORCE
        assert len(inner.asked) == 2
        assert monotonic() == pytest.approx(0.15)
        assert inner.asked[1].endpoint.deadline == timedelta(seconds=2 - 0.15)
        assert issuers.watch.calls[0].retried

    work()


@pytest.mark.parametrize(
    "answer",
    [
        CUT,
        Unreachable(Silence.TIMEOUT),
        Unreachable(Silence.STATUS, "503"),
        Unreachable(Silence.BUSY),
        Unreachable(Silence.SIGNATURE),
        Unreachable(Silence.FORBIDDEN_ADDRESS, sent=False),
    ],
    ids=lambda answer: answer.why,
)
def test_nothing_else_is_asked_twice(answer):
    @virtual
    async def work():
        inner = Scripted(always(answer))
        assert await resilient(inner).ask(QUESTION) == answer
        assert len(inner.asked) == 1

    work()


def test_a_second_refusal_is_the_answer():
    @virtual
    async def work():
        inner = Scripted(always(REFUSED))
        assert await resilient(inner).ask(QUESTION) == REFUSED
        assert len(inner.asked) == 2

    work()


def test_no_retry_past_the_deadline():
    async def late(_):
        await asyncio.sleep(1.6)
        return REFUSED

    @virtual
    async def work():
        inner = Scripted(late)
        assert await resilient(inner).ask(QUESTION) == REFUSED
        assert len(inner.asked) == 1
        assert monotonic() < 2

    work()


def test_an_outage_is_not_answered_by_twice_the_load():
    """Half of 1,000 connections are refused: at most a tenth more is sent, and the reserve."""

    @virtual
    async def work():
        count = 0

        async def script(_):
            nonlocal count
            count += 1
            return REFUSED if count % 2 else answered()

        inner = Scripted(script)
        issuers = resilient(inner)
        asked = 0
        for i in range(2000):
            await asyncio.sleep(0.7)
            asked += (await issuers.ask(replace(QUESTION, purpose=f"p{i}"))) is not None
        sent = len(inner.asked)
        let_through = sum(c.via is Via.ASKED for c in issuers.watch.calls)
        assert asked == 2000
        assert let_through > 1000
        assert sent - let_through > 50  # it does retry
        assert sent <= 1.1 * let_through + 5

    work()


# ---- breaker


def test_a_black_hole_is_left_in_peace():
    @virtual
    async def work():
        inner = Scripted(black_hole)
        issuers = resilient(inner)
        for i in range(5):
            answer = await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
            assert answer.why is Silence.TIMEOUT
        assert set(issuers.states().values()) == {State.OPEN}
        at = monotonic()
        answer = await issuers.ask(QUESTION)
        assert (answer.why, answer.sent, monotonic()) == (Silence.RESTING, False, at)
        assert len(inner.asked) == 5
        # The other endpoint is not concerned.
        inner.script = good
        assert (await issuers.ask(replace(QUESTION, endpoint=endpoint(10)))).code is Code.IN_FORCE

    work()


def test_one_probe_and_it_is_back():
    @virtual
    async def work():
        inner = Scripted(black_hole)
        issuers = resilient(inner)
        for i in range(5):
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))

        async def slow(_):
            await asyncio.sleep(1)
            return answered()

        inner.script = slow
        await asyncio.sleep(1.01)
        assert set(issuers.states().values()) == {State.HALF_OPEN}
        herd = [issuers.ask(replace(QUESTION, purpose=f"q{i}")) for i in range(100)]
        answers = await asyncio.gather(*herd)
        assert len(inner.asked) == 6
        assert sum(isinstance(a, Unreachable) and a.why is Silence.RESTING for a in answers) == 99
        assert set(issuers.states().values()) == {State.CLOSED}

    work()


def test_each_failed_probe_doubles_the_rest_to_a_limit():
    @virtual
    async def work():
        inner = Scripted(always(CUT))
        issuers = resilient(inner)
        begun = None
        spans = []
        for i in range(4000):
            before = len(inner.asked)
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
            if len(inner.asked) > before >= 5:
                spans.append(round(monotonic() - begun, 1))
            if len(inner.asked) > before:
                begun = monotonic()
            await asyncio.sleep(0.05)
        assert spans[:5] == pytest.approx([1, 2, 4, 8, 16], abs=0.11)
        assert max(spans) == pytest.approx(30, abs=0.2)

    work()


@pytest.mark.parametrize(
    "answer",
    [
        Unreachable(Silence.MALFORMED),
        Unreachable(Silence.SIGNATURE),
        Unreachable(Silence.WRONG_QUESTION),
        Unreachable(Silence.OVERSIZED),
        Unreachable(Silence.STATUS, "400"),
        Unreachable(Silence.STATUS, "404"),
        Unreachable(Silence.STATUS, "504"),  # a relay's word about somebody behind it
        Unreachable(Silence.STATUS, "508"),
        Unreachable(Silence.BUSY),
        Unreachable(Silence.PRIVATE_FACTS),
        Unreachable(Silence.CLOCK),
    ],
    ids=lambda answer: f"{answer.why} {answer.detail}",
)
def test_nobody_can_shut_an_issuer_for_others_by_odd_questions(answer):
    """Whatever a stranger's question provokes, only what an endpoint does to all closes it."""

    @virtual
    async def work():
        inner = Scripted(always(answer))
        issuers = resilient(inner)
        for i in range(200):
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
        assert len(inner.asked) == 200
        assert set(issuers.states().values()) == {State.CLOSED}

    work()


@pytest.mark.parametrize("status", ["429", "500", "502", "503"])
def test_half_of_twenty_failures_open_it(status):
    @virtual
    async def work(bad, expected):
        inner = Scripted(good)
        issuers = resilient(inner)
        for i in range(20):
            inner.script = always(Unreachable(Silence.STATUS, status)) if i % 20 < bad else good
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
            await asyncio.sleep(0.1)
        assert set(issuers.states().values()) == {expected}

    work(10, State.OPEN)
    work(9, State.CLOSED)


def test_what_lies_behind_the_window_does_not_count():
    held = Breaker(lambda: 0.5)
    for i in range(19):
        entry = held.enter(i / 10)
        held.leave(entry, Verdict.FAILED, i / 10)
    held.leave(held.enter(13.0), Verdict.FAILED, 13.0)
    assert held.state(13.0) is State.CLOSED
    assert breaker_module.ENOUGH == 20


def test_what_was_sent_before_it_opened_says_nothing_about_after():
    held = Breaker(lambda: 0.5)
    late = held.enter(0)
    for _ in range(5):
        held.leave(held.enter(0), Verdict.DOWN, 0)
    assert held.state(0) is State.OPEN
    probe = held.enter(1.0)
    assert probe is not None
    held.leave(late, Verdict.UP, 1.0)
    assert held.state(1.0) is State.HALF_OPEN
    held.leave(probe, Verdict.UP, 1.1)
    assert held.state(1.1) is State.CLOSED


def test_a_probe_that_never_comes_back_does_not_hold_it_for_ever():
    held = Breaker(lambda: 0.5)
    for _ in range(5):
        held.leave(held.enter(0), Verdict.DOWN, 0)
    assert held.enter(1.0) is not None
    assert held.enter(2.0) is None
    assert held.enter(62.0) is not None


def test_a_cancelled_probe_lets_the_next_one_try():
    @virtual
    async def work():
        inner = Scripted(black_hole)
        issuers = resilient(inner)
        for i in range(5):
            await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
        await asyncio.sleep(1.1)
        relaying = Relaying(asked=b"q", asker="n1", via=("n1",), until=START + HOUR)
        probe = asyncio.create_task(issuers.ask(replace(QUESTION, relaying=relaying)))
        await asyncio.sleep(0.1)
        probe.cancel()
        with pytest.raises(asyncio.CancelledError):
            await probe
        inner.script = good
        assert (await issuers.ask(QUESTION)).code is Code.IN_FORCE

    work()


def test_a_flapping_issuer_is_never_worse_than_silent():
    """F12: one second up, one second down. No answer is made up; every one is live or refused."""

    async def script(_):
        if int(monotonic()) % 2:
            return CUT
        return answered()

    @virtual
    async def work():
        inner = Scripted(script)
        issuers = resilient(inner)
        told = set()
        for i in range(600):
            answer = await issuers.ask(replace(QUESTION, purpose=f"p{i}"))
            told.add(answer.why if isinstance(answer, Unreachable) else answer.source)
            await asyncio.sleep(0.13)
        assert told == {Silence.CONNECTION, Silence.RESTING, Source.LIVE}

    work()


# ---- isolation


@pytest.mark.parametrize("down", [1, 5, 10, 19])
def test_issuers_that_are_gone_are_felt_by_nobody_else(down):
    """20 issuers, some black-holed: the others answer every question, in the time they always do."""

    async def script(asked):
        if int(asked.endpoint.url.split(":")[2].split("/")[0]) <= down:
            return await black_hole(asked)
        await asyncio.sleep(0.05)
        return answered()

    @virtual
    async def work():
        inner = Scripted(script)
        issuers = resilient(inner)

        async def one(port, i):
            where = replace(endpoint(9), url=f"http://127.0.0.1:{port}/ivp")
            begun = monotonic()
            answer = await issuers.ask(replace(QUESTION, endpoint=where, purpose=f"p{i}"))
            return port, monotonic() - begun, answer

        done = []
        for turn in range(20):
            done += await asyncio.gather(*(one(1 + i % 20, (turn, i)) for i in range(100)))
        up = [(spent, answer) for port, spent, answer in done if port > down]
        assert len(up) == 20 * 5 * (20 - down)
        assert all(not isinstance(answer, Unreachable) for _, answer in up)
        assert {round(spent, 6) for spent, _ in up} == {0.05}
        gone = [answer for port, _, answer in done if port <= down]
        assert all(isinstance(answer, Unreachable) for answer in gone)
        assert sum(a.why is Silence.RESTING for a in gone) > len(gone) / 2

    work()
