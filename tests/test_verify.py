"""From bytes to verdict. Every negative has a twin: the same world, untouched, says valid."""

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import Malformed, UnrecognisedFormat
from app.domain.evidence import WHOLE, CheckName, Evidence, Outcome, Role
from app.domain.identifier import IssuerCode
from app.domain.issuer import (
    Code,
    IssuerAnswer,
    NotAsked,
    Silence,
    Speaker,
    Statement,
    Unasked,
    Unreachable,
)
from app.domain.license import Claims, Fact
from app.domain.reasons import Reason
from app.domain.trust import Issuer, Kind, Trust, Window
from app.domain.verdict import Broken, Conclusion, Sound, Subject, Verdict
from app.domain.verification import Submission, Verification
from app.formats import FORMATS, detect
from app.policy import TOKEN, Level, judge
from app.services.judgement import look, replay
from app.services.verify import Verifier
from tests.world import (
    ALL_FACTS,
    COMPARED,
    CONFIRMED,
    COSIGNED,
    DAY,
    FOREIGN,
    HOUR,
    IDENTIFIER,
    IN_FORCE,
    ISSUER,
    NOW,
    OPEN,
    OTHER,
    PAGE,
    PAST,
    TRUST,
    TYPE,
    World,
    altered,
    b64,
    said,
    token,
    told,
    with_key,
    with_mandate,
    with_type,
)

pytestmark = pytest.mark.anyio
GOOD = token()
TIMEOUT = Unreachable(Silence.TIMEOUT)
SAID_YES = Statement(Code.IN_FORCE, signed=True, as_of=NOW - HOUR / 2)
RECENTLY = int((NOW - HOUR).timestamp())


async def run(
    content: bytes = GOOD, trust: Trust = TRUST, answer: IssuerAnswer = IN_FORCE, **terms: Any
) -> Verification:
    return await World(trust, answer).verify(content, **terms)


def seconds(at: Any) -> int:
    return int(at.timestamp())


# ---- the seven probes that an earlier, fail-open draft failed


async def test_probe_1_a_revoked_key_or_one_usable_only_later_is_not_valid() -> None:
    assert told(await run()) == "valid"
    later = with_key(window=Window(NOW + DAY, None))
    assert told(await run(trust=later)) == "invalid signed_outside_window"
    revoked = with_key(revoked_at=NOW - DAY)
    assert told(await run(trust=revoked)) == "indeterminate key_revoked_since"


async def test_probe_2_an_unreachable_issuer_is_not_valid() -> None:
    assert told(await run()) == "valid"
    assert told(await run(answer=TIMEOUT)) == "indeterminate issuer_unreachable"


async def test_probe_3_no_level_lets_a_doubt_pass() -> None:
    assert {level.value for level in Level} == {"require", "guard", "inform"}
    stale = with_key(status_good_until=NOW - DAY)
    for level in (Level.REQUIRE, Level.GUARD):
        policy = replace(TOKEN, levels={**TOKEN.levels, CheckName.KEY_LIVE: level})
        assert judge((await run()).evidence, policy) == Sound()
        assert judge((await run(trust=stale)).evidence, policy) != Sound()


async def test_probe_4_a_check_that_does_not_apply_can_be_guarded_and_not_required() -> None:
    good = (await run()).evidence  # COPY_CURRENT, a guard, says not_applicable here
    extra = Evidence(CheckName.SIGNED, WHOLE, Outcome.NOT_APPLICABLE)
    assert judge((*good, extra), TOKEN) == Sound()
    unspoken = [e for e in good if e.check is not CheckName.SIGNED]
    assert judge((*unspoken, extra), TOKEN) != Sound()
    past = {"purpose": "样例", "expires": seconds(NOW - DAY)}
    assert told(await run(token(copy=past))) == "invalid copy_expired"


async def test_probe_5_not_applicable_does_not_stop_the_inquiry() -> None:
    world = World()
    verification = await world.verify(GOOD)
    assert any(e.outcome is Outcome.NOT_APPLICABLE for e in verification.evidence)
    assert len(world.asked) == 1


async def test_probe_6_an_unknown_signer_never_stands_in_for_the_issuer() -> None:
    assert told(await run()) == "valid"
    unknown = await run(token("stranger"))
    assert told(unknown) == "indeterminate key_unknown"
    bound = next(e for e in unknown.evidence if e.check is CheckName.BOUND)
    assert bound.reason is Reason.IDENTIFIER_UNPROVEN  # what a stranger covers is not covered


async def test_probe_6_an_extra_unknown_signature_only_informs() -> None:
    good, stranger = (await run()).evidence, (await run(token("stranger"))).evidence
    doubts = [e for e in stranger if e.subject.role is Role.CANDIDATE]
    assert Reason.KEY_UNKNOWN in {e.reason for e in doubts}
    beside = [replace(e, subject=replace(e.subject, role=Role.EXTRA)) for e in doubts]
    assert judge((*good, *beside), TOKEN) == Sound()


async def test_probe_7_an_unbound_identifier_is_closed_by_the_document_only() -> None:
    unproven = Evidence(CheckName.BOUND, WHOLE, Outcome.INDETERMINATE, Reason.IDENTIFIER_UNPROVEN)
    evidence = [e for e in (await run()).evidence if e.check is not CheckName.BOUND]
    assert judge((*evidence, unproven), TOKEN) != Sound()
    strange = token("stranger")
    assert told(await run(strange, answer=IN_FORCE)) == "indeterminate key_unknown"
    assert told(await run(strange, answer=COMPARED)) == "indeterminate key_unknown"
    assert told(await run(strange, answer=CONFIRMED)) == "valid"


# ---- negatives with their twins

COPY = {"purpose": "仅用于样例", "expires": seconds(NOW + DAY)}
UNTIMED = token(without="iat")
NEGATIVES: list[tuple[str, bytes, Trust, IssuerAnswer, str]] = [
    ("altered", altered(GOOD), TRUST, IN_FORCE, "invalid signature_invalid"),
    ("unread", b"eyJ9.eyJ9.eyJ9", TRUST, IN_FORCE, "invalid malformed"),
    ("other scheme named", token(alg="ES256"), TRUST, IN_FORCE, "invalid scheme_mismatch"),
    ("unheard-of scheme named", token(alg="ES256K"), TRUST, CONFIRMED, "invalid scheme_mismatch"),
    ("unheard-of scheme, unknown key", token("stranger", alg="ES256K"), TRUST, CONFIRMED, "indeterminate signature_unsupported"),
    ("an empty scheme", token(alg=""), TRUST, CONFIRMED, "invalid malformed"),
    ("a MAC", token(alg="HS512"), TRUST, CONFIRMED, "invalid malformed"),
    ("a private MAC", token("stranger", alg="HSM3"), TRUST, CONFIRMED, "invalid malformed"),
    ("no scheme, unknown key", token("stranger", alg="NONE"), TRUST, CONFIRMED, "invalid malformed"),
    ("a scheme of encryption", token("stranger", alg="RSA-OAEP-256"), TRUST, CONFIRMED, "invalid malformed"),
    ("other's seal", token("other"), TRUST, CONFIRMED, "invalid signer_not_issuer"),
    ("delegate, mandate over", token("delegate", iat=RECENTLY), with_mandate(Kind.ORIGINAL, PAST), CONFIRMED, "invalid signed_outside_window"),
    ("delegate, back-dated?", token("delegate"), with_mandate(Kind.ORIGINAL, PAST), IN_FORCE, "indeterminate key_expired_since"),
    ("no mandate", token("delegate"), replace(TRUST, mandates=()), CONFIRMED, "invalid signer_not_issuer"),
    ("mandate for another type", token("delegate"), with_mandate(Kind.ORIGINAL, types=frozenset()), CONFIRMED, "invalid signer_not_issuer"),
    ("mandate to answer only", token("delegate"), with_mandate(Kind.ANSWER), CONFIRMED, "invalid signer_not_issuer"),
    ("a copier, no expiry", token("platform"), TRUST, CONFIRMED, "indeterminate copy_expiry_missing"),
    ("co-signer missing", GOOD, COSIGNED, CONFIRMED, "invalid role_missing"),
    ("key for another type", GOOD, with_key(types=frozenset()), CONFIRMED, "invalid key_not_for_type"),
    ("issuer not for type", GOOD, replace(TRUST, issuer=Issuer(ISSUER, "局", "Bureau", frozenset())), CONFIRMED, "invalid issuer_not_for_type"),
    ("issuer unknown", GOOD, replace(TRUST, issuer=None), CONFIRMED, "indeterminate issuer_unknown"),
    ("type unknown", GOOD, replace(TRUST, type=None), CONFIRMED, "indeterminate type_unknown"),
    ("trust source expired", GOOD, replace(TRUST, snapshot_good_until=NOW - HOUR), CONFIRMED, "indeterminate trust_source_stale"),
    ("before window", token(iat=seconds(NOW - 901 * DAY)), TRUST, CONFIRMED, "invalid signed_outside_window"),
    ("after window", token(iat=RECENTLY), with_key(window=PAST), CONFIRMED, "invalid signed_outside_window"),
    ("after revocation", GOOD, with_key(revoked_at=NOW - 10 * DAY), CONFIRMED, "invalid signed_after_revocation"),
    ("at the revocation", GOOD, with_key(revoked_at=NOW - 9 * DAY), CONFIRMED, "invalid signed_after_revocation"),
    ("in the future", token(iat=seconds(NOW + DAY)), TRUST, CONFIRMED, "invalid signed_in_future"),
    ("no time", UNTIMED, TRUST, IN_FORCE, "indeterminate signing_time_missing"),
    ("expired today", GOOD, with_key(window=PAST), IN_FORCE, "indeterminate key_expired_since"),
    ("no word on revocation", GOOD, with_key(status_good_until=None), IN_FORCE, "indeterminate revocation_unavailable"),
    ("type disagrees", token(type="11100000MB03271699002"), TRUST, CONFIRMED, "invalid identifier_disagrees"),
    ("iss disagrees", token(iss=OTHER), TRUST, CONFIRMED, "invalid identifier_disagrees"),
    ("copy expired", token(copy={**COPY, "expires": seconds(NOW - DAY)}), TRUST, CONFIRMED, "invalid copy_expired"),
    ("presentation expired", token(exp=seconds(NOW)), TRUST, CONFIRMED, "invalid presentation_expired"),
    ("denied", GOOD, TRUST, replace(IN_FORCE, code=Code.NO_RECORD), "invalid issuer_denies"),
    ("revoked", GOOD, TRUST, replace(IN_FORCE, code=Code.ENDED), "invalid ended"),
    ("not this file", GOOD, TRUST, replace(IN_FORCE, code=Code.DIFFERS), "invalid record_mismatch"),
    ("in force, not these facts", GOOD, TRUST, replace(COMPARED, facts={**COMPARED.facts, Fact.HOLDER: "differs"}), "invalid record_mismatch"),
    ("unsigned on an open line", GOOD, TRUST, replace(IN_FORCE, signed=False, authenticated=False), "indeterminate answer_unsigned"),
    ("unsigned for a strict type", GOOD, with_type(signed_answers=True), replace(IN_FORCE, signed=False), "indeterminate answer_unsigned"),
    ("no endpoint", GOOD, replace(TRUST, endpoint=None), IN_FORCE, "indeterminate issuer_not_asked"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "trust", "answer", "expected"), NEGATIVES, ids=[n[0] for n in NEGATIVES]
)
async def test_negative(
    name: str, content: bytes, trust: Trust, answer: IssuerAnswer, expected: str
) -> None:
    assert told(await run(GOOD, TRUST, IN_FORCE)) == "valid", f"{name}: the twin must be valid"
    if trust.endpoint is None:
        answer = NotAsked(Unasked.NO_ENDPOINT)
    assert told(await run(content, trust, answer)) == expected


POSITIVES: list[tuple[str, bytes, Trust, IssuerAnswer]] = [
    ("delegate", token("delegate"), TRUST, IN_FORCE),
    ("a copy by the platform", token("platform", copy=COPY), TRUST, IN_FORCE),
    ("a copy by the issuer", token(copy=COPY), TRUST, IN_FORCE),
    ("unknown key, file confirmed", token("stranger"), TRUST, CONFIRMED),
    ("unknown key, confirmed by a delegate", token("stranger"), TRUST, replace(CONFIRMED, speaker=Speaker.DELEGATE)),
    ("revoked since, file confirmed", GOOD, with_key(revoked_at=NOW - DAY), CONFIRMED),
    ("revoked since, facts compared", GOOD, with_key(revoked_at=NOW - DAY), COMPARED),
    ("revoked since, seen before", GOOD, replace(with_key(revoked_at=NOW - DAY), first_seen=NOW - 2 * DAY), IN_FORCE),
    ("expired, seen before", GOOD, replace(with_key(window=PAST), first_seen=NOW - 2 * DAY), IN_FORCE),
    ("no time, seen before", UNTIMED, replace(TRUST, first_seen=NOW - DAY), IN_FORCE),
    ("no revocation word, facts compared", GOOD, with_key(status_good_until=None), COMPARED),
    ("nobody to ask, told lately", GOOD, replace(TRUST, statement=SAID_YES), TIMEOUT),
    ("past its date, deemed renewed", token(valid_until="2020-01-01"), TRUST, IN_FORCE),
    ("unsigned, authenticated line", GOOD, TRUST, replace(IN_FORCE, signed=False)),
    ("upstream says in force", GOOD, TRUST, replace(IN_FORCE, speaker=Speaker.UPSTREAM)),
    ("long term", token(valid_until="长期"), TRUST, COMPARED),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "trust", "answer"), POSITIVES, ids=[p[0] for p in POSITIVES]
)
async def test_positive(name: str, content: bytes, trust: Trust, answer: IssuerAnswer) -> None:
    assert told(await run(content, trust, answer)) == "valid", name


CLOSINGS: list[tuple[str, bytes, Trust, IssuerAnswer]] = [
    ("seen only after the revocation", GOOD, replace(with_key(revoked_at=NOW - 2 * DAY), first_seen=NOW - DAY), IN_FORCE),
    ("seen only after the expiry", GOOD, replace(with_key(window=PAST), first_seen=NOW - HOUR), IN_FORCE),
    ("confirmed by an upstream", token("stranger"), TRUST, replace(CONFIRMED, speaker=Speaker.UPSTREAM)),
    ("confirmed without a signature", token("stranger"), TRUST, replace(CONFIRMED, signed=False)),
    ("facts without the dates", GOOD, with_key(window=PAST), replace(COMPARED, facts=said(Fact.NUMBER, Fact.TYPE, Fact.HOLDER))),
    ("told lately, but past its date", token(valid_until="2020-01-01"), replace(TRUST, statement=SAID_YES), TIMEOUT),
    ("told lately, but not begun", token(valid_from="2027-01-01"), replace(TRUST, statement=SAID_YES), TIMEOUT),
    ("told too long ago", GOOD, replace(TRUST, statement=replace(SAID_YES, as_of=NOW - 2 * HOUR)), TIMEOUT),
    ("told without a signature", GOOD, replace(TRUST, statement=replace(SAID_YES, signed=False)), TIMEOUT),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "trust", "answer"), CLOSINGS, ids=[c[0] for c in CLOSINGS]
)
async def test_what_closes_no_gap(
    name: str, content: bytes, trust: Trust, answer: IssuerAnswer
) -> None:
    assert (await run(content, trust, answer)).verdict.conclusion == "indeterminate", name


async def test_a_locally_broken_document_causes_no_call() -> None:
    for name, content, trust, answer, expected in NEGATIVES:
        world = World(trust, answer)
        verification = await world.verify(content)
        local = look(verification.facts).state if verification.facts else None
        known = trust.issuer is not None and trust.endpoint is not None
        asked = known and local is not None and not isinstance(local, Broken)
        assert len(world.asked) == asked, name
        if expected.split()[1] in ("signature_invalid", "malformed", "role_missing"):
            assert not world.asked, name
        assert len(world.receipts) == 1
    conflicting = await run(altered(GOOD), replace(TRUST, statement=SAID_YES))
    assert told(conflicting) == "invalid signature_invalid"
    assert conflicting.verdict.conflict


# ---- facts without a file


def stated(**changes: Any) -> Claims:
    known: dict[str, Any] = {
        "identifier": IDENTIFIER,
        "number": "N-1",
        "holder": "青海样例有限公司",
    }
    return Claims(**{**known, **changes})


async def ask_about(claims: Claims, answer: IssuerAnswer) -> Verification:
    receipt = await World(answer=answer).verifier().verify(Submission(stated=claims))
    return receipt.verification


async def test_a_record_is_valid_when_two_facts_match_the_holder_among_them() -> None:
    found = await ask_about(stated(), COMPARED)
    assert (told(found), found.verdict.subject, found.digests) == ("valid", Subject.RECORD, None)
    assert dict(found.matched) == {"identifier": "unknown", "number": "match", "holder": "match"}


@pytest.mark.parametrize(
    ("claims", "answer", "expected"),
    [
        (stated(), IN_FORCE, "indeterminate insufficient_facts"),
        (stated(number=None), COMPARED, "indeterminate insufficient_facts"),
        (stated(holder=None), COMPARED, "indeterminate insufficient_facts"),
        (stated(number=None, type=TYPE), COMPARED, "indeterminate insufficient_facts"),
        (stated(), replace(COMPARED, facts=said(Fact.NUMBER, Fact.TYPE)), "indeterminate insufficient_facts"),
        (stated(), replace(IN_FORCE, code=Code.NO_RECORD), "invalid not_found"),
        (stated(), replace(IN_FORCE, code=Code.DIFFERS), "invalid record_mismatch"),
        (stated(), replace(IN_FORCE, code=Code.SUSPENDED), "invalid suspended"),
        (stated(), TIMEOUT, "indeterminate issuer_unreachable"),
        (stated(identifier=None, type=TYPE), COMPARED, "valid"),
        (stated(identifier=None), COMPARED, "indeterminate issuer_not_asked"),
    ],
)  # fmt: skip
async def test_facts_only(claims: Claims, answer: IssuerAnswer, expected: str) -> None:
    assert told(await ask_about(stated(), COMPARED)) == "valid"
    if expected.endswith("not_asked"):
        answer = NotAsked(Unasked.NO_QUESTION)
    assert told(await ask_about(claims, answer)) == expected


async def test_a_mistyped_identifier_informs_and_is_still_asked_about() -> None:
    mistyped = replace(IDENTIFIER, check="C")
    world = World(answer=COMPARED)
    receipt = await world.verifier().verify(Submission(stated=stated(identifier=mistyped)))
    assert told(receipt.verification) == "valid"
    form = next(e for e in receipt.verification.evidence if e.check is CheckName.IDENTIFIER_FORM)
    assert (form.outcome, form.reason) == (Outcome.FAILED, Reason.IDENTIFIER_MISTYPED)
    assert len(world.asked) == 1


# ---- what the caller may ask


async def test_a_caller_can_only_tighten_the_age() -> None:
    trust = replace(TRUST, statement=SAID_YES)
    for age, conclusion in ((HOUR / 4, "indeterminate"), (HOUR * 9, "valid")):
        found = await run(trust=trust, answer=TIMEOUT, max_status_age=age)
        assert found.verdict.conclusion == conclusion


async def test_at_a_past_time_the_own_dates_are_those_of_then() -> None:
    old = token(valid_until="2026-01-01")
    then = NOW - 400 * DAY
    trust = replace(TRUST, statement=replace(SAID_YES, since=NOW - 800 * DAY))
    assert told(await run(old, trust, TIMEOUT)) == "indeterminate past_own_date"
    assert told(await run(old, trust, TIMEOUT, at=then)) == "valid"
    later = replace(TRUST, statement=replace(SAID_YES, since=NOW - DAY))
    assert told(await run(old, later, TIMEOUT, at=then)) == "indeterminate issuer_unreachable"


async def test_a_copy_made_for_another_matter_is_not_for_this_one() -> None:
    copy = token(copy={**COPY, "matter": "M-1"})
    for matter, expected in ((None, "valid"), ("M-1", "valid"), ("M-2", "invalid copy_purpose_differs")):  # fmt: skip
        assert told(await run(copy, matter=matter)) == expected
    unmarked = token(copy=COPY)
    assert told(await run(unmarked, matter="M-2")) == "valid"


async def test_a_signed_withdrawal_beats_an_older_or_weaker_in_force() -> None:
    ended = Statement(Code.ENDED, signed=True, as_of=NOW - HOUR / 2)
    trust = replace(TRUST, statement=ended)
    older = replace(IN_FORCE, as_of=NOW - HOUR)
    for answer in (older, replace(IN_FORCE, signed=False), replace(IN_FORCE, speaker=Speaker.UPSTREAM)):  # fmt: skip
        found = await run(trust=trust, answer=answer)
        assert (told(found), found.verdict.conflict) == ("invalid ended", True)
    assert told(await run(trust=trust, answer=IN_FORCE)) == "valid"
    stale = replace(TRUST, statement=replace(ended, as_of=NOW - DAY))
    found = await run(trust=stale, answer=replace(IN_FORCE, signed=False))
    assert (told(found), found.verdict.conflict) == ("indeterminate status_conflict", True)


async def test_the_question_names_only_what_the_document_names() -> None:
    world = World()
    await world.verify(GOOD)
    (question,) = world.questions
    assert (question.identifier, question.type, question.issuer) == (IDENTIFIER, TYPE, ISSUER)
    assert question.signers == {(ISSUER, "issuer")}
    (inquiry,) = world.asked
    assert inquiry.compare == {f for f in ALL_FACTS if f is not Fact.IDENTIFIER}
    assert set(inquiry.digests) == {"sha256", "sm3"}


async def test_the_issuer_asked_is_that_of_the_identifier() -> None:
    world = World()
    await world.verify(token(identifier=str(FOREIGN)))
    assert world.questions[0].identifier == FOREIGN
    world = World()
    await world.verify(token(iss=IssuerCode("630200")))
    assert world.questions[0].issuer == ISSUER


# ---- reading


@pytest.mark.parametrize(
    ("place", "broken"),
    [
        ("payload: identifier is missing", token(without="identifier")),
        ("payload: iss is missing", token(without="iss")),
        ("six parts", token(identifier="1.2.3")),
        ("a member this format does not have", token(status="valid")),
        ("payload.holder: a member", token(holder={"nom": "x"})),
        ("payload.copy: a member", token(copy={"until": 1})),
        ("holder is not an object", token(holder="x")),
        ("number is not a text", token(number=12)),
        ("number is not a text", token(number="")),
        ("number is not a text", token(number="1" * 513)),
        ("name is not a text", token(name=None)),
        ("code_type is not a text", token(holder={"code_type": 1})),
        ("purpose is not a text", token(copy={"purpose": 1})),
        ("jti is not a text", token(jti=[])),
        ("details is not an object", token(details=1)),
        ("iat: not an integer", token(iat="1")),
        ("iat: not an integer", token(iat=True)),
        ("iat: not a time of 1970 to 9998", token(iat=-1)),
        ("iat: not a time of 1970 to 9998", token(iat=10**12)),
        ("exp: not an integer", token(exp="9999999999")),
        ("issued_on is not a day", token(issued_on="2024-02-30")),
        ("valid_from is not a day", token(valid_from="20240101")),
        ("valid_until is not a day", token(valid_until="2024-W01-1")),
        ("typ is not", token(typ="JWT")),
        ("alg: ", token(alg="none")),
        ("alg: ", token(alg="HS256")),
        ("alg: ", token(alg="RS1")),
        ("three parts", b"eyJ9.e30"),
        ("JWE", b"eyJ9.e30.e30.e30.e30"),
        ("over 16384", b"eyJ9." + b"A" * 16384),
    ],
)
async def test_malformed(place: str, broken: bytes) -> None:
    assert detect(GOOD).parse(GOOD).signatures
    with pytest.raises(Malformed, match=place):
        detect(broken).parse(broken)
    assert told(await run(broken)) == "invalid malformed"


def test_whatever_is_stated_is_covered() -> None:
    license = detect(GOOD).parse(GOOD)
    assert license.signatures[0].covers == ALL_FACTS
    only = token(page={"iss": ISSUER, "identifier": str(IDENTIFIER)})
    assert detect(only).parse(only).signatures[0].covers == {Fact.IDENTIFIER, Fact.TYPE}
    assert license.claims.valid_until == date(2027, 1, 1)
    assert license.signatures[0].signed_at == NOW - 9 * DAY


@pytest.mark.parametrize("content", [b"", b"\x00", b"%!PS-Adobe", b"PK", b"{}", b"hello.x"])
async def test_bytes_of_no_known_kind_are_an_error_and_no_verdict(content: bytes) -> None:
    world = World()
    with pytest.raises(UnrecognisedFormat):
        await world.verify(content)
    assert not world.receipts


@given(st.one_of(st.binary(max_size=60), st.binary(max_size=40).map(lambda b: GOOD[:30] + b)))
def test_parse_returns_or_raises_malformed(content: bytes) -> None:
    for format in FORMATS:
        with contextlib.suppress(Malformed):
            format.parse(content)


members = st.dictionaries(
    st.sampled_from(["iss", "iat", "exp", "identifier", "holder", "copy", "valid_until", "number"]),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=9),
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner),
        max_leaves=4,
    ),
)


@given(members)
def test_any_json_in_a_token_is_read_or_malformed(changes: dict[str, Any]) -> None:
    head = b64(json.dumps({"typ": "license+jwt", "alg": "EdDSA", "kid": "issuer"}).encode())
    body = b64(json.dumps({**PAGE, **changes}).encode())
    try:
        license = FORMATS[0].parse(f"{head}.{body}.{b64(bytes(64))}".encode())
    except Malformed:
        return
    assert license.claims.identifier is not None


# ---- replay


async def test_judged_again_on_the_kept_facts_a_verification_says_the_same() -> None:
    for name, content, trust, answer, _ in NEGATIVES:
        first = await run(content, trust, answer)
        if first.facts is None:
            continue
        evidence, verdict = replay(first.facts, first.answer, first.policy)
        assert evidence == first.evidence, name
        assert replaced(verdict) == replaced(first.verdict), name


def replaced(verdict: Verdict) -> tuple[Conclusion, Subject, Reason | None, bool]:
    return verdict.conclusion, verdict.subject, verdict.reason, verdict.conflict


async def test_nothing_is_answered_that_was_not_recorded() -> None:
    class Forgetful(World):
        async def record(self, receipt: Any) -> None:
            raise OSError("disk full")

    world = Forgetful()
    verifier: Callable[[], Verifier] = world.verifier
    with pytest.raises(OSError, match="disk full"):
        await verifier().verify(Submission(content=GOOD))


def test_a_submission_is_a_file_or_facts() -> None:
    Submission(content=GOOD)
    for both_or_none in ({}, {"content": GOOD, "stated": stated()}):
        with pytest.raises(ValueError, match="one of the two"):
            Submission(**both_or_none)  # type: ignore[arg-type]
    assert OPEN.contains(NOW)
    assert not OPEN.contains(NOW + timedelta(days=900))
