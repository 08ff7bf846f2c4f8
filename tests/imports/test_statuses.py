"""Decisions pushed: what holds when, as known when; signatures kept; caches beaten at once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.crypto.jose import to_base64url
from app.domain.identifier import Identifier
from app.domain.trust import Window
from app.models import Use
from app.registry import keys as registered_keys
from tests.imports.conftest import Office, fresh, license_type
from tests.imports.test_imports import counts, ndjson, row
from tests.service import Service, serving


def decision(id: object, word: str, since: str | None, **more: Any) -> dict[str, Any]:
    return {"identifier": str(id), "decision": word, "since": since, **more}


STATE_SQL = """
SELECT state FROM license_status
WHERE identifier = $1 AND since <= $2 AND (until IS NULL OR until > $2)
  AND recorded_at <= $3 AND (replaced_at IS NULL OR replaced_at > $3)
ORDER BY since DESC LIMIT 1
"""
"""The state at a time, as known at another: of several that hold the one that began last."""


def state(service: Service, id: Identifier, at: str, known: datetime | None = None) -> str | None:
    moment = datetime.fromisoformat(at)
    found = service.sql(STATE_SQL, str(id), moment, known or datetime.now(UTC))
    return str(found[0]["state"]) if found else None


# ---- effects (standards §1.9)


def test_every_effect_in_time(office: Office) -> None:
    ids = [fresh(office.service) for _ in range(6)]
    following = fresh(office.service, "002")
    answer = office.decide(
        ndjson(
            decision(ids[0], "撤销", None),
            decision(ids[1], "吊销", "2026-03-01"),
            decision(ids[2], "暂扣", "2026-03-01", until="2026-04-30"),
            decision(ids[3], "换发", "2026-03-01", successor=str(following)),
            decision(ids[4], "撤销", "2026-03-01"),
            decision(ids[5], "revoke", "2026-03-01T09:00:00+08:00"),
        ),
        "effects",
    )
    assert counts(answer) == (0, 6, 0, 0), answer.text
    service = office.service
    assert state(service, ids[0], "2020-01-01T00:00:00Z") == "annulled"
    for id, ended in ((ids[1], "revoked"), (ids[3], "superseded"), (ids[4], "annulled")):
        assert state(service, id, "2026-02-28T23:59:59+08:00") in (None, "issued")
        assert state(service, id, "2026-03-01T00:00:00+08:00") == ended
    assert state(service, ids[2], "2026-04-30T23:59:59+08:00") == "suspended"
    assert state(service, ids[2], "2026-05-01T00:00:00+08:00") == "issued"
    assert state(service, ids[5], "2026-03-01T08:59:59+08:00") in (None, "issued")
    kept = office.rows("SELECT successor FROM license_status WHERE identifier = $1", str(ids[3]))
    assert [each[0] for each in kept] == [str(following)]


def test_valid_at_one_time_as_known_at_another(office: Office) -> None:
    id, service = fresh(office.service), office.service
    office.decide(ndjson(decision(id, "吊销", "2026-03-01")), "known-1")
    between = datetime.now(UTC)
    office.decide(ndjson(decision(id, "更正", "2026-03-01")), "known-2")
    office.decide(ndjson(decision(id, "注销", "2026-05-01")), "known-3")
    assert state(service, id, "2026-04-01T00:00:00Z", between) == "revoked"
    assert state(service, id, "2026-04-01T00:00:00Z") in (None, "issued")
    assert state(service, id, "2026-06-01T00:00:00Z", between) == "revoked"
    assert state(service, id, "2026-06-01T00:00:00Z") == "cancelled"
    rows = office.rows("SELECT 1 FROM license_status WHERE identifier = $1", str(id))
    assert len(rows) == 2, "closed, not overwritten"


def test_decisions_in_any_order_give_the_same_history(office: Office) -> None:
    made = [("吊销", "2026-03-01"), ("注销", "2026-05-01")]
    told = []
    for n, order in enumerate((made, made[::-1])):
        id = fresh(office.service)
        for m, (word, since) in enumerate(order):
            office.decide(ndjson(decision(id, word, since)), f"any-order-{n}-{m}")
        told.append([state(office.service, id, f"2026-0{month}-02T00:00:00Z") for month in (4, 6)])
    assert told == [["revoked", "cancelled"]] * 2


def test_the_same_decision_again_is_known_already(office: Office) -> None:
    id = fresh(office.service)
    one = ndjson(decision(id, "暂扣", "2026-03-01"))
    assert counts(office.decide(one, "known-already-1")) == (0, 1, 0, 0)
    assert counts(office.decide(one, "known-already-2")) == (0, 0, 1, 0)
    back = ndjson(decision(id, "发还", "2026-04-01"))
    assert counts(office.decide(back, "known-already-3")) == (0, 1, 0, 0)


def test_a_license_named_by_type_and_number(office: Office) -> None:
    id = fresh(office.service)
    number = f"号-{id.serial}"
    office.push(ndjson(row(id, number=number)), "numbered")
    named = {"type": license_type(office.service), "number": f" {number} ", "decision": "作废", "since": "2026-03-01"}  # fmt: skip
    unknown = {**named, "number": "nobody's"}
    answer = office.decide(ndjson(named, unknown), "by-number")
    assert counts(answer) == (0, 1, 0, 1)
    assert answer.json()["faults"][0] == {
        "line": 2,
        "field": "number",
        "fix": "of no license known here of this issuer",
    }
    assert state(office.service, id, "2026-04-01T00:00:00Z") == "void"


BAD: list[tuple[dict[str, Any], str, str]] = [
    ({"decision": "取消"}, "decision", "none of"),
    ({"decision": None}, "decision", "none of"),
    ({"since": None}, "since", "from when"),
    ({"since": "yesterday"}, "since", "offset"),
    ({"since": "1969-01-01"}, "since", "before 1970"),
    ({"since": "2126-01-01"}, "since", "ten years"),
    ({"until": "2026-12-31"}, "until", "only 暂扣"),
    ({"decision": "暂扣", "until": "2026-01-01"}, "until", "before it begins"),
    ({"decision": "变更"}, "successor", "name the license"),
    ({"successor": "1.2.3"}, "successor", "six parts"),
    ({"identifier": "1.2.3"}, "identifier", "six parts"),
    ({"holder": "张三"}, "row", "member 4"),
]


def test_decisions_that_are_none_are_named(office: Office) -> None:
    good = fresh(office.service)
    base = {"identifier": str(fresh(office.service)), "decision": "吊销", "since": "2026-03-01"}
    rows = [{**base, **bad} for bad, _, _ in BAD]
    answer = office.decide(ndjson(*rows, decision(good, "吊销", "2026-03-01")), "bad-decisions")
    assert counts(answer) == (0, 1, 0, len(BAD)), answer.text
    for number, (fault, (_, field, fix)) in enumerate(
        zip(answer.json()["faults"], BAD, strict=True), start=1
    ):
        assert (fault["line"], fault["field"]) == (number, field), fault
        assert fix in fault["fix"], fault


def test_what_cannot_follow_is_refused_and_the_rest_of_the_chunk_lands(office: Office) -> None:
    id, other = fresh(office.service), fresh(office.service)
    answer = office.decide(
        ndjson(
            decision(id, "注销", "2026-03-01"),
            decision(id, "吊销", "2026-04-01"),
            decision(other, "吊销", "2026-04-01"),
        ),
        "cannot-follow",
    )
    assert counts(answer) == (0, 2, 0, 1)
    (fault,) = answer.json()["faults"]
    assert (fault["line"], fault["field"]) == (2, "decision")
    assert state(office.service, id, "2026-05-01T00:00:00Z") == "cancelled"
    assert state(office.service, other, "2026-05-01T00:00:00Z") == "revoked"


# ---- the issuer's signature over a row


class Hand:
    """A key that signs statements."""

    def __init__(self, service: Service, owner: str, kid: str, use: Use = Use.ANSWER) -> None:
        self.key, self.owner, self.kid = Ed25519PrivateKey.generate(), owner, kid
        spki = self.key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        window = Window(datetime(2026, 1, 1, tzinfo=UTC), None)
        service.write(
            lambda s: registered_keys.add_key(
                s, owner, kid, spki, uses=frozenset({use}), window=window
            )
        )

    def sign(self, id: object, code: int, *, typ="license-statement+jwt", **more: Any) -> str:
        header = {"typ": typ, "alg": "EdDSA", "kid": self.kid}
        told = {
            "iss": self.owner,
            "sub": str(id),
            "code": code,
            "as_of": int(datetime.now(UTC).timestamp()) - 5,
            **more,
        }
        signed = ".".join(to_base64url(json.dumps(part).encode()) for part in (header, told))
        return f"{signed}.{to_base64url(self.key.sign(signed.encode()))}"


@pytest.fixture(scope="module")
def hand(office: Office) -> Hand:
    return Hand(office.service, office.code, "statements-2026")


def statements(office: Office, id: object) -> list[Any]:
    return office.rows("SELECT * FROM statement WHERE identifier = $1", str(id))


def test_a_signed_row_is_kept_as_the_issuers_word_and_an_unsigned_one_is_not(
    office: Office, hand: Hand
) -> None:
    signed, plain = fresh(office.service), fresh(office.service)
    token = hand.sign(signed, 3)
    answer = office.decide(
        ndjson(
            decision(signed, "吊销", "2026-03-01", statement=token),
            decision(plain, "吊销", "2026-03-01"),
        ),
        "signed",
    )
    assert counts(answer) == (0, 2, 0, 0), answer.text
    (kept,) = statements(office, signed)
    assert (kept["token"], kept["code"], kept["owner"]) == (token, 3, office.code)
    assert kept["scheme"] == "ed25519", "of the registered key, for 密评"
    assert statements(office, plain) == []
    record = fresh(office.service)
    answer = office.push(ndjson(row(record, statement=hand.sign(record, 0))), "signed-record")
    assert counts(answer) == (1, 0, 0, 0)
    assert statements(office, record)[0]["code"] == 0


def test_a_signature_that_does_not_do_makes_the_row_bad(office: Office, hand: Hand) -> None:
    service, other = office.service, fresh(office.service)
    ids = [fresh(service) for _ in range(9)]
    forger = Hand(service, office.service.world.body("university").code, "theirs-2026")
    seals = Hand(service, office.code, "seals-only-2026", use=Use.LICENSE)
    unknown = Hand(service, office.code, "unknown-2026")
    unknown.kid = "nobody-2026"
    later = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
    good = hand.sign(ids[0], 3)
    wrong = {
        "another license": hand.sign(other, 3),
        "another state": hand.sign(ids[1], 0),
        "the future": hand.sign(ids[2], 3, as_of=later),
        "another issuer": forger.sign(ids[3], 3),
        "a key for other things": seals.sign(ids[4], 3),
        "an unknown key": unknown.sign(ids[5], 3),
        "altered": hand.sign(ids[6], 3)[:-4] + "AAAA",
        "a license token": hand.sign(ids[7], 3, typ="license+jwt"),
        "another member": hand.sign(ids[8], 3, exp=later),
    }
    rows = [
        decision(id, "吊销", "2026-03-01", statement=token)
        for id, token in zip(ids, wrong.values(), strict=True)
    ]
    answer = office.decide(ndjson(*rows), "bad-signatures")
    assert counts(answer) == (0, 0, 0, len(wrong)), answer.text
    assert {fault["field"] for fault in answer.json()["faults"]} == {"statement"}
    for id in ids:
        assert statements(office, id) == []
        assert state(service, id, "2026-05-01T00:00:00Z") is None, "nothing of a bad row lands"
    twin = office.decide(
        ndjson(decision(ids[0], "吊销", "2026-03-01", statement=good)), "good-signature"
    )
    assert counts(twin) == (0, 1, 0, 0)


def test_an_unsigned_push_never_becomes_a_verdict(office: Office) -> None:
    """The registry's own record is not the issuer's word: with the issuer silent, nobody knows."""
    service = office.service
    license = service.world.of("traffic", "in_force")[5]
    token = service.world.token(license)
    told = {}
    for behaviour in ("honest", "close"):
        service.issuers.set_behaviour("traffic", behaviour)
        told[behaviour] = service.told(token)
    assert told["honest"] == "valid"
    assert told["close"].startswith("indeterminate")
    body = ndjson(decision(license.id, "吊销", "2026-03-01"))
    assert counts(office.decide(body, "unsigned-push")) == (0, 1, 0, 0)
    try:
        for behaviour, before in told.items():
            service.issuers.set_behaviour("traffic", behaviour)
            assert service.told(token) == before
    finally:
        service.issuers.reset()


def test_a_status_pushed_beats_every_workers_cache_at_once(office: Office, tmp_path: Path) -> None:
    service = office.service
    license = service.world.of("traffic", "in_force")[6]
    token = service.world.token(license)
    shared = {"answers_kept": 100}
    with (
        serving(service.database_url, tmp_path, service.issuers, **shared) as one,
        serving(service.database_url, tmp_path, service.issuers, **shared) as other,
    ):
        for node in (one, other):
            node.told(token)
        before = service.asked()
        for node in (one, other):
            node.told(token)
        assert service.asked() == before, "the twin: both repeat what they were answered"
        body = ndjson(decision(license.id, "暂扣", "2026-03-01"))
        assert counts(office.decide(body, "beats")) == (0, 1, 0, 0)
        for n, node in enumerate((one, other), start=1):
            node.told(token)
            assert service.asked() == before + n, "asked anew"
    # A correction takes a row back and adds none: it has to be seen as well.
    service.sql("UPDATE license_status SET recorded_at = recorded_at - interval '1 hour' WHERE identifier = $1", license.id)  # fmt: skip
    with serving(service.database_url, tmp_path, service.issuers, **shared) as node:
        node.told(token)
        before = service.asked()
        node.told(token)
        assert service.asked() == before, "the twin"
        office.decide(ndjson(decision(license.id, "更正", "2026-03-01")), "beats-again")
        node.told(token)
        assert service.asked() == before + 1
