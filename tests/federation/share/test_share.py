"""Adapter `share-gateway` over sockets, against a stand-in of an exchange platform.

Every negative stands beside the same question answered well by the same platform in the same test.
"""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from app.domain.errors import Unavailable
from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Adapter,
    Answered,
    Code,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    Match,
    NotAsked,
    Relaying,
    Silence,
    Speaker,
    State,
    Unasked,
    Unreachable,
)
from app.domain.license import Claims, Fact
from app.federation.gateway import HttpIssuers
from app.registry.described import share_endpoint
from sandbox import http1
from sandbox import platform as standin
from sandbox.platform import REFRESH, VERIFY, Platform, service
from sandbox.world import World
from tests.federation.asking import FACTS, LOOPBACK, NODE, SIGNER, claims_of
from tests.federation.mapped.server import Kept
from tests.federation.test_gateway import Authority

pytestmark = pytest.mark.anyio
SECRETS = (("appkey", standin.APPKEY), ("access-token", standin.ACCESS_TOKEN))
DESCRIPTION: dict[str, Any] = {
    "adapter": "share-gateway",
    "requester": standin.REQUESTER,
    "service": standin.SERVICE,
    "access_id": standin.ACCESS_ID,
    "clear_facts": True,
    "secret_expired": [standin.EXPIRED],
    "clock_wrong": [standin.WRONG_CLOCK],
    "system": "证验",
}


class Clock:
    """This node's, which may be wrong."""

    def __init__(self) -> None:
        self.off = timedelta(0)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


@pytest.fixture(scope="module")
def world() -> World:
    return World(1)


@pytest.fixture
async def platform(world: World) -> AsyncIterator[Platform]:
    async with Platform(world) as running:
        yield running


def endpoint(platform: Platform, host: str = "127.0.0.1", **changes: Any) -> Endpoint:
    scheme = platform.url.partition(":")[0]
    described = {**DESCRIPTION, "url": f"{scheme}://{host}:{platform.port}{VERIFY}", **changes}
    owner = IssuerCode(platform.world.body(platform.issuer).code)
    entry = share_endpoint(owner, described, networks=LOOPBACK)
    return Endpoint(
        issuer=owner,
        speaker=Speaker.ISSUER,
        url=entry.url,
        answer_keys=(),
        networks=entry.networks,
        deadline=timedelta(seconds=2),
        adapter=Adapter.SHARE_GATEWAY,
        description=entry.description,
    )


def asking_of(
    platform: Platform, clock: Callable[[], datetime] | None = None, **changes: Any
) -> HttpIssuers:
    owner = platform.world.body(platform.issuer).code
    kept = Kept(owner=owner, values=SECRETS)
    settings: dict[str, Any] = {"secrets": kept, **changes}
    return HttpIssuers(lambda: SIGNER, NODE, clock or Clock(), **settings)


@pytest.fixture
async def asking(platform: Platform) -> AsyncIterator[HttpIssuers]:
    running = asking_of(platform)
    yield running
    await running.aclose()


def question(platform: Platform, scenario: str = "in_force", **changes: Any) -> Inquiry:
    claims = claims_of(platform.world.pick(platform.issuer, scenario))
    where = changes.pop("where", None) or endpoint(platform)
    made = Inquiry(
        endpoint=where,
        identifier=claims.identifier,
        type=claims.type,
        claims=claims,
        compare=FACTS,
        digests={},
        purpose="public-check",
        at=None,
    )
    return replace(made, **changes)


def assert_good(answer: IssuerAnswer) -> None:
    assert isinstance(answer, Answered), answer
    assert answer.code is Code.IN_FORCE
    assert answer.matching == {Fact.NUMBER, Fact.HOLDER, Fact.HOLDER_CODE}


async def test_a_license_in_force(platform: Platform, asking: HttpIssuers) -> None:
    answer = await asking.ask(question(platform))
    assert_good(answer)
    assert isinstance(answer, Answered)
    assert answer.facts[Fact.DATES] is Match.UNKNOWN  # never sent, so nobody compared them
    assert (answer.signed, answer.authenticated, answer.token) == (False, False, "")
    assert answer.document is Match.UNKNOWN


async def test_what_goes_out(platform: Platform, asking: HttpIssuers) -> None:
    license = platform.world.pick(platform.issuer)
    await asking.ask(question(platform))
    first, second = platform.seen
    assert (first.path, second.path) == (REFRESH, VERIFY)
    names = {f"gjgxjhpt_{each}" for each in ("rid", "sid", "rtime", "sign")}
    assert names <= second.headers.keys()
    assert second.headers["gjgxjhpt_sign"] != first.headers["gjgxjhpt_sign"]
    sent = json.loads(second.body)
    assert sent["head"] == {"accessId": standin.ACCESS_ID, "accessToken": standin.ACCESS_TOKEN}
    assert sent["data"].keys() == {
        *("certIdentifier", "certNo", "certTypeCode", "holder", "holderCode", "useCause")
    }
    assert sent["data"]["holder"] == license.holder.name
    assert len(sent["data"]["useCause"]) <= 200
    assert json.loads(sent["data"]["useCause"])["certificateSystemName"] == "证验"


@pytest.mark.parametrize(
    ("scenario", "code"), [("revoked", Code.ENDED), ("suspended", Code.SUSPENDED)]
)
async def test_one_that_is_not(
    platform: Platform, asking: HttpIssuers, scenario: str, code: Code
) -> None:
    assert_good(await asking.ask(question(platform)))
    answer = await asking.ask(question(platform, scenario))
    assert isinstance(answer, Answered)
    assert (answer.code, answer.says_no) == (code, True)
    assert answer.facts[Fact.HOLDER] is Match.MATCH


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"holder": "另一人"}, Code.DIFFERS),
        ({"holder_code": "91630000M000100Y43"}, Code.DIFFERS),
        ({"number": "ZHENGYAN-NOBODY"}, Code.NO_RECORD),
    ],
)
async def test_other_facts_match_nothing(
    platform: Platform, asking: HttpIssuers, change: dict[str, Any], code: Code
) -> None:
    good = question(platform)
    assert_good(await asking.ask(good))
    claims = replace(good.claims, **change)
    answer = await asking.ask(replace(good, claims=claims))
    assert isinstance(answer, Answered)
    assert (answer.code, answer.matching) == (code, frozenset())


async def test_over_tls_it_is_authenticated(world: World, tmp_path: Path) -> None:
    authority = Authority.new()
    tls = authority.server(tmp_path, "localhost")
    async with Platform(world, tls=tls) as platform:
        asking = asking_of(platform, trust=authority.trusted)
        answer = await asking.ask(question(platform, where=endpoint(platform, "localhost")))
        await asking.aclose()
        assert_good(answer)
        assert isinstance(answer, Answered)
        assert (answer.signed, answer.authenticated) == (False, True)
        strangers = asking_of(platform, trust=Authority.new().trusted)
        answer = await strangers.ask(question(platform, where=endpoint(platform, "localhost")))
        await strangers.aclose()
        assert isinstance(answer, Unreachable)
        assert answer.why is Silence.CONNECTION


# ---- the platform misbehaves

STATUS, MALFORMED = Silence.STATUS, Silence.MALFORMED
EXPECTED: dict[str, Silence] = {
    **dict.fromkeys((*standin.REFRESHING, *standin.VERIFYING), MALFORMED),
    **dict.fromkeys(
        (
            *("refresh refused", "refresh fails", "refresh moved", "secret always over"),
            *("signature refused", "platform fails", "platform code in markup", "HTTP 500"),
            "moved",
            *(name for name in standin.VERIFYING if name.startswith("head ")),
        ),
        STATUS,
    ),
    **dict.fromkeys(("refresh by another clock", "refresh over already", "another clock"),
                    Silence.CLOCK),
    **dict.fromkeys(("refresh is a login page", "a login page"), Silence.MEDIA_TYPE),
    **dict.fromkeys(("another number", "another type", "another identifier"),
                    Silence.WRONG_QUESTION),
    **dict.fromkeys(("refresh too large", "too large"), Silence.OVERSIZED),
    "head is a text": MALFORMED,
    "compressed": Silence.ENCODING,
    "cut off": Silence.TIMEOUT,
}  # fmt: skip


def test_there_are_many_misbehaviours() -> None:
    assert len(EXPECTED) >= 55


@pytest.mark.parametrize("name", EXPECTED)
async def test_whatever_it_does_is_no_answer(platform: Platform, name: str) -> None:
    """Neither valid nor invalid: silence, with its reason; afterwards all is as before."""
    twin = asking_of(platform)
    assert_good(await twin.ask(question(platform)))
    await twin.aclose()
    asking = asking_of(platform)
    platform.behaviour = name
    before = len(platform.seen)
    answer = await asking.ask(question(platform))
    assert isinstance(answer, Unreachable), answer
    assert answer.why is EXPECTED[name], answer
    assert len(platform.seen) - before <= 4  # at most two secrets and two calls
    assert "<" not in answer.detail
    platform.behaviour = standin.HONEST
    assert_good(await asking.ask(question(platform)))
    await asking.aclose()


@pytest.mark.parametrize(
    ("codes", "status", "expected"),
    [
        ("province", "10", (Code.NO_RECORD, None)),
        ("province", "21", (Code.ENDED, None)),
        ("province", "22", (Code.ENDED, State.EXPIRED)),
        ("province", "23", (Code.INSUFFICIENT, None)),
        ("base", "3", (Code.NO_RECORD, None)),
        ("base", "11", (Code.ENDED, State.CANCELLED)),
        ("province", "3", None),
        ("province", "11", None),
        ("base", "10", None),
        ("base", "21", None),
        ("base", "2", None),
    ],
)
async def test_the_tables_of_heads(
    platform: Platform,
    monkeypatch: pytest.MonkeyPatch,
    codes: str,
    status: str,
    expected: tuple[Code, State | None] | None,
) -> None:
    asking = asking_of(platform)
    where = endpoint(platform, codes=codes)
    assert_good(await asking.ask(question(platform, where=where)))
    monkeypatch.setattr(standin, "verified", lambda there, request: service(status))
    answer = await asking.ask(question(platform, where=where))
    await asking.aclose()
    if expected is None:
        assert answer == Unreachable(Silence.STATUS, f"head {status}")
    else:
        assert isinstance(answer, Answered), answer
        assert (answer.code, answer.state, answer.matching) == (*expected, frozenset())


async def test_the_envelope_may_come_as_text_or_alone(
    platform: Platform, asking: HttpIssuers, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = service("0", {"result": 0, "certNo": platform.world.pick(platform.issuer).number})
    shapes = [json.dumps(inner), {**inner, "data": json.dumps(inner["data"])}]
    for shape in shapes:
        monkeypatch.setattr(standin, "verified", lambda there, request, said=shape: said)
        assert_good(await asking.ask(question(platform)))
    monkeypatch.setattr(standin, "said", lambda code, data=None, message="": (
        http1.json_response(200, inner)
    ))  # fmt: skip
    assert_good(await asking.ask(question(platform)))


# ---- secrets


async def test_a_secret_is_fetched_once_for_all_who_wait(
    platform: Platform, asking: HttpIssuers
) -> None:
    platform.delay = 0.2
    answers = await asyncio.gather(*(asking.ask(question(platform)) for _ in range(15)))
    for answer in answers:
        assert_good(answer)
    assert platform.refreshed == 1
    assert platform.expiries == 0


async def test_who_leaves_takes_the_secret_from_nobody(
    platform: Platform, asking: HttpIssuers
) -> None:
    platform.delay = 0.2
    first = asyncio.create_task(asking.ask(question(platform)))
    await asyncio.sleep(0.05)
    second = asyncio.create_task(asking.ask(question(platform)))
    await asyncio.sleep(0.05)
    first.cancel()
    assert_good(await second)
    assert first.cancelled()
    assert platform.refreshed == 1


async def test_it_is_renewed_before_its_end_and_nobody_waits_for_that(platform: Platform) -> None:
    """Three quarters of a short life; of a long one, five minutes before."""
    platform.lifetime_ms = 800
    asking = asking_of(platform)
    assert_good(await asking.ask(question(platform)))
    await asyncio.sleep(0.65)
    platform.lifetime_ms, platform.delay = 60_000, 0.1
    begun = asyncio.get_running_loop().time()
    assert_good(await asking.ask(question(platform)))
    assert asyncio.get_running_loop().time() - begun < 0.1
    await asyncio.sleep(0.3)
    assert platform.refreshed == 2
    assert_good(await asking.ask(question(platform)))
    assert (platform.refreshed, platform.expiries) == (2, 0)
    await asking.aclose()


async def test_a_renewal_that_fails_before_the_end_is_felt_by_nobody(platform: Platform) -> None:
    platform.lifetime_ms = 2000
    asking = asking_of(platform)
    assert_good(await asking.ask(question(platform)))
    await asyncio.sleep(1.6)
    platform.behaviour = "refresh fails"
    for _ in range(3):
        assert_good(await asking.ask(question(platform)))
        await asyncio.sleep(0.02)
    tries = sum(request.path == REFRESH for request in platform.seen)
    assert tries == 2  # the first, and one that failed: the next is ten seconds off
    await asyncio.sleep(0.5)
    answer = await asking.ask(question(platform))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.STATUS
    await asking.aclose()


async def test_called_over_it_is_renewed_once_and_the_question_asked_again(
    platform: Platform, asking: HttpIssuers
) -> None:
    assert_good(await asking.ask(question(platform)))
    platform.forget()
    assert_good(await asking.ask(question(platform)))
    assert (platform.refreshed, platform.expiries) == (2, 1)
    platform.forget()
    answers = await asyncio.gather(*(asking.ask(question(platform)) for _ in range(10)))
    for answer in answers:
        assert_good(answer)
    assert platform.refreshed == 3  # one for all ten


async def test_called_over_again_and_again_it_is_given_up(
    platform: Platform, asking: HttpIssuers
) -> None:
    assert_good(await asking.ask(question(platform)))
    platform.behaviour = "secret always over"
    before = len(platform.seen)
    answer = await asking.ask(question(platform))
    assert isinstance(answer, Unreachable)
    assert answer.detail == "the platform calls a secret over that it just gave"
    assert [request.path for request in platform.seen[before:]] == [VERIFY, REFRESH, VERIFY]


@pytest.mark.parametrize("minutes", [-30, 30])
async def test_a_clock_that_is_wrong_is_named(platform: Platform, minutes: int) -> None:
    clock = Clock()
    asking = asking_of(platform, clock)
    assert_good(await asking.ask(question(platform)))
    clock.off = timedelta(minutes=minutes)
    answer = await asking.ask(question(platform))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.CLOCK
    await asking.aclose()


async def test_a_clock_a_little_off_does_no_harm(platform: Platform) -> None:
    for seconds in (-300, 300):
        clock = Clock()
        clock.off = timedelta(seconds=seconds)
        asking = asking_of(platform, clock)
        assert_good(await asking.ask(question(platform)))
        await asking.aclose()


async def test_the_deadline_is_over_everything(platform: Platform, asking: HttpIssuers) -> None:
    platform.delay = 30
    begun = asyncio.get_running_loop().time()
    answer = await asking.ask(question(platform))
    spent = asyncio.get_running_loop().time() - begun
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.TIMEOUT
    assert spent < 2.5


class Without:
    def secret(self, owner: IssuerCode, name: str) -> str:
        raise Unavailable(f"secrets folder: {owner}/{name} cannot be read")


@pytest.mark.parametrize("missing", ["appkey", "access-token"])
async def test_without_its_secret_nothing_is_asked(platform: Platform, missing: str) -> None:
    twin = asking_of(platform)
    assert_good(await twin.ask(question(platform)))
    await twin.aclose()
    owner = platform.world.body(platform.issuer).code
    kept = Kept(owner=owner, values=tuple(each for each in SECRETS if each[0] != missing))
    asking = asking_of(platform, secrets=kept)
    answer = await asking.ask(question(platform))
    await asking.aclose()
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.CONNECTION
    assert len(platform.seen) == 2  # the twin's


async def test_with_another_appkey_there_is_no_answer(platform: Platform) -> None:
    owner = platform.world.body(platform.issuer).code
    asking = asking_of(
        platform, secrets=Kept(owner=owner, values=(("appkey", "wrong"), SECRETS[1]))
    )
    answer = await asking.ask(question(platform))
    await asking.aclose()
    assert answer == Unreachable(Silence.STATUS, "refreshing the secret: code 30001")


async def test_nothing_secret_is_logged_or_shown(
    platform: Platform, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asking = asking_of(platform)
    answers = []
    for name in standin.BEHAVIOURS:
        platform.behaviour = name
        if name != "cut off":  # waits for its deadline, elsewhere
            answers.append(await asking.ask(question(platform)))
    platform.behaviour = standin.HONEST
    assert_good(await asking.ask(question(platform)))
    secret = platform._secret
    held = repr(asking._app_secrets)
    license = platform.world.pick(platform.issuer)
    for told in (caplog.text, held, repr(answers)):
        for hidden in (secret, standin.APPKEY, standin.ACCESS_TOKEN, license.holder.name):
            assert hidden not in told
    await asking.aclose()


# ---- what is not asked


@pytest.mark.parametrize(
    "change",
    [
        {"claims": Claims(identifier=None, number="N-1")},
        {"compare": frozenset({Fact.NUMBER})},
        {"at": datetime(2024, 1, 1, tzinfo=UTC)},
        {"identifier": None, "type": None},
        {
            "relaying": Relaying(
                asked=b"x", asker="node-a", via=("node-a",), until=datetime(2030, 1, 1, tzinfo=UTC)
            )
        },
    ],
)
async def test_what_cannot_be_asked_is_not(
    platform: Platform, asking: HttpIssuers, change: dict[str, Any]
) -> None:
    assert_good(await asking.ask(question(platform)))
    before = len(platform.seen)
    answer = await asking.ask(question(platform, **change))
    assert answer == NotAsked(Unasked.NO_QUESTION)
    assert len(platform.seen) == before


async def test_facts_do_not_go_over_an_open_line(platform: Platform, asking: HttpIssuers) -> None:
    assert_good(await asking.ask(question(platform)))
    before = len(platform.seen)
    where = endpoint(platform, "localhost")  # HTTP, and not written as this machine
    answer = await asking.ask(question(platform, where=where))
    assert isinstance(answer, Unreachable)
    assert answer.why is Silence.PRIVATE_FACTS
    assert len(platform.seen) == before
