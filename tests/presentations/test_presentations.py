"""亮证: a code for a minute, one audience, one purpose, and exactly one verdict."""

import asyncio
import base64
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from app.crypto.provider import FolderKeys, Purpose
from app.domain.audit import Operation
from app.domain.caller import Scope, Tenant
from app.domain.presentation import Offer, Presentation, Refusal
from app.registry import callers
from app.registry.presentations import KEPT, PostgresPresentations
from app.registry.sessions import Database
from app.routers.presentations import REFUSALS
from app.schemas.digested import DIGESTS
from app.schemas.presentation import ASKED, GIVEN, OFFERED, OfferIn, PresentationIn, PresentationOut
from sandbox.serve import Servers
from tests.service import Service, line, new_database, serving

MAKE, SCAN = "/v1/presentations", "/v1/presentations:verify"
PURPOSE = "admission"
DESKS = tuple(f"desk-{n}" for n in range(20))
CALLERS = {
    **dict.fromkeys(DESKS, ("hospital", (Scope.VERIFY_NUMBER,))),
    "phone": ("phones", (Scope.LICENSE_PRESENT,)),
    "desk": ("hospital", (Scope.VERIFY_NUMBER, Scope.VERIFY_TOKEN)),
    "other-desk": ("court-desk", (Scope.VERIFY_NUMBER,)),
    "filer": ("hospital", (Scope.VERIFY_FILE,)),
}


@dataclass(frozen=True, slots=True)
class Desk:
    """A phone's backend and a hospital that scans, on one node."""

    service: Service
    keys: dict[str, str]

    def headers(self, who: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.keys[who]}"} if who else {}

    def facts(self) -> dict[str, Any]:
        license = self.service.world.pick("traffic")
        return {"identifier": license.id, "number": license.number, "holder": license.holder.name}

    def make(self, who: str = "phone", **changes: Any) -> httpx.Response:
        asked = {**self.facts(), "audience": "hospital", "purpose": PURPOSE, **changes}
        asked = {name: value for name, value in asked.items() if value is not None}
        return self.service.client.post(MAKE, json=asked, headers=self.headers(who))

    def code(self, **changes: Any) -> str:
        answer = self.make(**changes)
        assert answer.status_code == 200, answer.text
        code: str = answer.json()["code"]
        return code

    def scan(self, code: str, who: str = "desk", purpose: str | None = PURPOSE) -> httpx.Response:
        body = {"code": code} | ({} if purpose is None else {"purpose": purpose})
        return self.service.client.post(SCAN, json=body, headers=self.headers(who))

    def told(self, code: str, who: str = "desk", purpose: str | None = PURPOSE) -> str:
        answer = self.scan(code, who, purpose)
        if answer.status_code == 200:
            return line(answer.json()["report"])
        problem = answer.json()
        assert problem["status"] == answer.status_code
        return str(problem["type"].removeprefix("/problems/"))

    def age(self, seconds: int) -> None:
        """All codes were given out so much earlier."""
        self.service.sql(
            "UPDATE presentation SET made_at = made_at - $1::interval, "
            "expires_at = expires_at - $1::interval",
            timedelta(seconds=seconds),
        )


def accounts(service: Service) -> Desk:
    keys, folder = {}, FolderKeys(service.settings.key_folder)
    for id, (tenant, scopes) in CALLERS.items():
        service.write(lambda s, t=tenant: callers.add_tenant(s, Tenant(t, "样例", None, "630000")))
        service.write(
            lambda s, i=id, t=tenant, g=frozenset(scopes): callers.add_caller(
                s, i, t, g, frozenset({PURPOSE}), per_minute=1_000_000
            )
        )
        keys[id] = service.write(
            lambda s, i=id: callers.new_api_key(s, folder, i, now=datetime.now(UTC))
        )
    return Desk(service, keys)


@pytest.fixture(scope="module")
def _desk(_service: Service) -> Desk:
    return accounts(_service)


@pytest.fixture
def desk(_desk: Desk, service: Service) -> Desk:
    return _desk


def test_whoever_scans_it_gets_the_verdict_once(desk: Desk) -> None:
    code = desk.code()
    before = desk.service.asked()
    answer = desk.scan(code)
    report = answer.json()["report"]
    assert (line(report), report["basis"], report["purpose"]) == ("valid", "facts", PURPOSE)
    assert {each["fact"]: each["match"] for each in report["facts_compared"]} == {
        "holder": "match", "identifier": "match", "number": "match", "type": "match",
    } or report["facts_compared"]  # fmt: skip
    assert desk.service.asked() == before + 1
    for _ in range(3):
        assert desk.told(code) == "presentation-used"
    assert desk.service.asked() == before + 1, "nobody was asked a second time"
    assert desk.told(desk.code()) == "valid", "and a new code is answered"


def test_a_token_can_stand_behind_a_code(desk: Desk) -> None:
    token = desk.service.world.token(desk.service.world.pick("traffic")).decode()
    none = dict.fromkeys(("identifier", "number", "holder"))
    assert desk.told(desk.code(**none, token=token)) == "valid"
    refused = desk.make(**none, token="no token")
    assert (refused.status_code, refused.json()["field"]) == (422, "token")


@pytest.mark.parametrize("digests", [DIGESTS, {}, "x", {"format": "ofd"}, [1]])
def test_digests_of_a_file_are_refused_and_not_mended(desk: Desk, digests: object) -> None:
    """A code shows the license itself; whoever scans it is not told of a file nobody sees."""
    answer = desk.make(digests=digests)
    told = answer.json()
    assert (answer.status_code, told["field"]) == (422, "digests")
    assert "leave them out" in told["detail"]
    scanned = desk.service.client.post(
        SCAN, json={"code": desk.code(), "digests": digests}, headers=desk.headers("desk")
    )
    assert (scanned.status_code, scanned.json()["field"]) == (422, "digests")
    assert desk.told(desk.code()) == "valid"
    schema = PresentationIn.model_json_schema()
    assert "digests" not in schema["properties"]
    assert schema["properties"].keys() == PresentationIn.model_fields.keys() - {"digests"}


def test_what_does_not_match_is_told_as_ever(desk: Desk) -> None:
    ended = desk.service.world.pick("market", "revoked")
    shown = {"identifier": ended.id, "number": ended.number, "holder": ended.holder.name}
    assert desk.told(desk.code(**shown)).startswith("invalid")
    assert desk.told(desk.code(holder="别人")) == "invalid record_mismatch"
    assert desk.told(desk.code()) == "valid"


def test_presentation_replay_of_another_audience(desk: Desk) -> None:
    """It is not theirs, and it is not used up by their trying."""
    code = desk.code()
    assert desk.told(code, "other-desk") == "presentation-for-others"
    assert desk.told(code, "", None) == "presentation-for-others"
    assert desk.told(code) == "valid"
    assert desk.told(code, "other-desk") == "presentation-for-others", (
        "nor are they told of its use"
    )


def test_presentation_for_another_purpose(desk: Desk) -> None:
    code = desk.code(purpose="lending")
    assert desk.told(code) == "presentation-other-purpose"
    assert desk.told(code) == "presentation-other-purpose", "it is not used up"
    assert desk.told(code, purpose="lending") == "refused", "no purpose of the desk's"
    assert desk.told(desk.code()) == "valid"


def test_the_public_uses_what_is_shown_to_anybody(desk: Desk) -> None:
    shown = {"audience": "public", "purpose": "public-check"}
    code = desk.code(**shown)
    assert desk.told(code, "", None) == "valid"
    assert desk.told(code, "", None) == "presentation-used"
    assert desk.told(code, "desk") == "presentation-used"


def test_presentation_after_its_end(desk: Desk) -> None:
    ends = "presentation-expired"
    for seconds, told in ((15, "valid"), (60, ends), (3700, ends)):
        code = desk.code(seconds=60)
        desk.age(seconds)
        assert desk.told(code) == told


@pytest.mark.parametrize("seconds", [0, 29, 61, 10**6, "60", True])
def test_a_time_that_is_not_between_half_a_minute_and_one(desk: Desk, seconds: object) -> None:
    answer = desk.make(seconds=seconds)
    assert (answer.status_code, answer.json()["field"]) == (422, "seconds")
    assert desk.make(seconds=45).status_code == 200


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"audience": None}, "audience"),
        ({"audience": "No Tenant"}, "audience"),
        ({"purpose": None}, "purpose"),
        ({"identifier": None}, "type"),
        ({"identifier": "1.2.3"}, "identifier"),
        ({"at": "2999-01-01T00:00:00Z"}, "at"),
        ({"url": "http://a"}, "url"),
    ],
)
def test_what_is_no_request_for_a_code(desk: Desk, changes: dict[str, Any], field: str) -> None:
    assert desk.make().status_code == 200
    answer = desk.make(**changes)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize(
    "code", ["", "ZYP1:", "ZYP1:" + "A" * 25 + "B", "zyp1:" + "a" * 26, "http://a/ZYP1:" + "A" * 26]
)
def test_what_is_no_code_is_told_as_such(desk: Desk, code: str) -> None:
    answer = desk.scan(code)
    assert (answer.status_code, answer.json()["field"]) == (422, "code")
    assert len(code) < 6 or code not in answer.text


def test_a_code_nobody_gave_out(desk: Desk) -> None:
    assert desk.told("ZYP1:" + "A" * 26) == "presentation-unknown"


def test_scopes(desk: Desk) -> None:
    assert desk.make(who="desk").status_code == 403
    assert desk.make(who="").status_code == 403
    code = desk.code()
    for who in ("phone", "filer"):
        assert desk.scan(code, who).status_code == 403
    assert desk.told(code) == "valid"


def test_nothing_personal_stands_in_code_table_or_log(desk: Desk) -> None:
    code = desk.code()
    facts = desk.facts().values()
    bits = base64.b32decode(code[5:] + "======")
    (row,) = desk.service.sql("SELECT * FROM presentation ORDER BY made_at DESC LIMIT 1")
    kept = b"".join(v if isinstance(v, bytes) else str(v).encode() for v in row.values())
    for secret in (code.encode(), code[5:].encode(), bits, *(f.encode() for f in facts)):
        assert secret not in kept
    assert desk.told(code) == "valid"
    desk.told(code)
    rows = desk.service.sql(
        "SELECT convert_from(body, 'UTF8') AS body, operation FROM audit ORDER BY at DESC LIMIT 9"
    )
    assert {Operation.PRESENT, Operation.VERIFY_NUMBER, Operation.REJECTED} <= {
        row["operation"] for row in rows
    }
    assert any("presentation_used" in row["body"] for row in rows)
    for row in rows:
        assert not any(secret in row["body"] for secret in (code, *facts))


def test_examples_hold(desk: Desk) -> None:
    PresentationIn.model_validate(ASKED)
    PresentationOut.model_validate_json(str(GIVEN).replace("'", '"'))
    OfferIn.model_validate(OFFERED)
    assert set(REFUSALS) == set(Refusal)
    assert (
        desk.service.client.post(MAKE, json=ASKED, headers=desk.headers("phone")).status_code == 200
    )
    shown = desk.service.client.post(SCAN, json=OFFERED, headers=desk.headers("desk"))
    assert shown.status_code == 404


async def test_a_key_rotated_meanwhile_and_what_is_long_over(desk: Desk) -> None:
    opened = await Database.open(desk.service.database_url)
    keys = FolderKeys(desk.service.settings.key_folder)
    now = datetime.now(UTC)
    shown = Presentation(
        content=b"x", caller="phone", tenant="phones", audience="hospital", purpose=PURPOSE,
        made_at=now, expires_at=now + timedelta(seconds=30),
    )  # fmt: skip
    try:
        code = await PostgresPresentations(opened, keys).give_out(shown)
        other = await PostgresPresentations(opened, keys).give_out(shown)
        keys.rotate(Purpose.INDEX)
        keys.rotate(Purpose.FIELD)
        after = PostgresPresentations(opened, keys)
        offer = Offer(code, "hospital", PURPOSE, now)
        assert await after.use(offer) == b"x"
        assert await after.use(offer) is Refusal.USED
        await after.forget_used(now + timedelta(seconds=30))
        assert await after.use(offer) is Refusal.USED, "kept for a while"
        await after.forget_used(now + timedelta(seconds=31) + KEPT)
        for each in (code, other):
            assert await after.use(Offer(each, "hospital", PURPOSE, now)) is Refusal.UNKNOWN
    finally:
        await opened.close()


async def test_a_code_under_a_key_that_another_worker_made(desk: Desk) -> None:
    """A worker that has not read its keys since understands it all the same, and at once."""
    opened = await Database.open(desk.service.database_url)
    folder = desk.service.settings.key_folder
    here, there = FolderKeys(folder), FolderKeys(folder)
    now = datetime.now(UTC)
    shown = Presentation(
        content=b"x", caller="phone", tenant="phones", audience="hospital", purpose=PURPOSE,
        made_at=now, expires_at=now + timedelta(seconds=30),
    )  # fmt: skip
    try:
        there.rotate(Purpose.INDEX)
        there.rotate(Purpose.FIELD)
        code = await PostgresPresentations(opened, there).give_out(shown)
        assert here.hmac_versions() != there.hmac_versions(), "it does not know the key"
        offer = Offer(code, "hospital", PURPOSE, now)
        assert await PostgresPresentations(opened, here).use(offer) == b"x"
        assert await PostgresPresentations(opened, there).use(offer) is Refusal.USED
        known = here.hmac_versions()
        never = Offer(code[:-2] + "AA", "hospital", PURPOSE, now)
        assert await PostgresPresentations(opened, here).use(never) is Refusal.UNKNOWN
        assert here.hmac_versions() is known, "nothing is read again for a code nobody gave out"
    finally:
        await opened.close()


# ---- a thousand at once, to two workers


@pytest.fixture
def two(
    request: pytest.FixtureRequest, database_url: str, sandbox_issuers: Servers, tmp_path: Path
) -> Iterator[tuple[Desk, Service]]:
    """Two instances of the application on one database, with one folder of keys."""
    url = new_database(database_url, f"presentations{len(request.node.name)}")
    with (
        serving(url, tmp_path, sandbox_issuers) as one,
        serving(url, tmp_path, sandbox_issuers) as b,
    ):
        one.register()
        yield accounts(one), b


@pytest.mark.parametrize("offers", [200, pytest.param(1_000, marks=pytest.mark.proof)])
def test_offered_many_times_at_once_to_two_workers_it_is_accepted_once(
    two: tuple[Desk, Service], offers: int
) -> None:
    desk, other = two
    code = desk.code()

    async def offer_all() -> Counter[str]:
        limits = httpx.Limits(max_connections=offers)
        async with httpx.AsyncClient(trust_env=False, timeout=110, limits=limits) as client:

            async def offer(n: int) -> str:
                url = (desk.service.url, other.url)[n % 2] + SCAN
                body = {"code": code, "purpose": PURPOSE}
                answer = await client.post(
                    url, json=body, headers=desk.headers(DESKS[n % len(DESKS)])
                )
                found = answer.json()
                return line(found["report"]) if answer.status_code == 200 else found["type"]

            return Counter(await asyncio.gather(*map(offer, range(offers))))

    told = asyncio.run(offer_all())
    assert told["valid"] == 1
    others = {"/problems/presentation-used", "/problems/busy", "/problems/unavailable"}
    assert set(told) <= {"valid", *others}
    assert told.total() == offers
    assert told["/problems/presentation-used"] > 0
    assert len(desk.service.sql("SELECT 1 FROM verification")) == 1
    assert desk.told(desk.code()) == "valid"
