"""The two-key table, cell by cell; an oracle written another way; properties."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from itertools import chain, product
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks import CHECKS
from app.domain.evidence import (
    SIGNATURE_CHECKS,
    WHOLE,
    About,
    CheckName,
    Evidence,
    Outcome,
    Role,
)
from app.domain.issuer import (
    Answered,
    Code,
    IssuerAnswer,
    Match,
    NotAsked,
    Silence,
    Speaker,
    Statement,
    Unasked,
    Unreachable,
)
from app.domain.license import Fact
from app.domain.policies import POLICIES as NAMED
from app.domain.reasons import Family, Reason
from app.domain.verdict import (
    Broken,
    Conclusion,
    FactsOnly,
    Gap,
    LocalState,
    Sound,
    Subject,
    Terms,
    Unsigned,
    Verdict,
)
from app.policy import RECORD, SEALED, TOKEN, Level, Policy, decide, judge
from tests.world import DAY, HOUR, IN_FORCE, NOW, said

FOUR = frozenset({Fact.NUMBER, Fact.TYPE, Fact.HOLDER, Fact.DATES})
TERMS = Terms(
    now=NOW,
    subject=Subject.DOCUMENT,
    type_age=DAY,
    policy_age=HOUR,
    caller_age=2 * HOUR,
    covered=FOUR,
)
ROWS: dict[str, LocalState] = {
    "sound": Sound(),
    "gap": Gap((Reason.KEY_UNKNOWN,)),
    "broken": Broken(Reason.SIGNATURE_INVALID),
    "unsigned": Unsigned(),
    "facts_only": FactsOnly(),
}
COLUMNS: dict[str, list[IssuerAnswer]] = {
    "in_force": [replace(IN_FORCE, facts=said(Fact.NUMBER, Fact.HOLDER))],
    "not_yet": [replace(IN_FORCE, code=Code.NOT_YET)],
    "suspended": [replace(IN_FORCE, code=Code.SUSPENDED)],
    "ended": [replace(IN_FORCE, code=Code.ENDED)],
    "no_record": [replace(IN_FORCE, code=Code.NO_RECORD)],
    "differs": [
        replace(IN_FORCE, code=Code.DIFFERS),
        # What an answer says of this file or these facts counts, whatever code stands above it.
        replace(IN_FORCE, document=Match.DIFFERS),
        replace(IN_FORCE, code=Code.INSUFFICIENT, document=Match.DIFFERS),
        replace(IN_FORCE, code=Code.PARTIAL, document=Match.DIFFERS),
        replace(IN_FORCE, code=Code.PARTIAL, facts={Fact.HOLDER: Match.DIFFERS}),
        replace(IN_FORCE, code=Code.NO_RECORD, signed=False, document=Match.DIFFERS),
        replace(IN_FORCE, code=Code.NO_RECORD, speaker=Speaker.UPSTREAM, document=Match.DIFFERS),
    ],
    "none": [
        Unreachable(Silence.TIMEOUT),
        Unreachable(Silence.SIGNATURE),
        NotAsked(Unasked.OFFLINE),
        replace(IN_FORCE, code=Code.INSUFFICIENT),
        replace(IN_FORCE, code=Code.PARTIAL),
        replace(IN_FORCE, code=Code.NO_RECORD, signed=False),
        replace(IN_FORCE, code=Code.NO_RECORD, speaker=Speaker.UPSTREAM),
        replace(IN_FORCE, signed=False, authenticated=False),
        replace(IN_FORCE, code=Code.ENDED, signed=False, authenticated=False),
    ],
}
SILENCES = [
    "issuer_unreachable",
    "answer_unusable",
    "issuer_not_asked",
    "insufficient_facts",
    "partial_answer",
    "not_found_unsigned",
    "not_found_upstream",
    "answer_unsigned",
    "answer_unsigned",
]
# The published table: row, then one cell a column; "?" is indeterminate, "*" the silence's reason.
TABLE = """
sound       valid             not_yet_in_force  suspended         ended             issuer_denies     record_mismatch   ?*
gap         ?key_unknown      not_yet_in_force  suspended         ended             issuer_denies     record_mismatch   ?key_unknown
unsigned    ?unsigned_copy    not_yet_in_force  suspended         ended             issuer_denies     record_mismatch   ?unsigned_copy
facts_only  valid             not_yet_in_force  suspended         ended             not_found         record_mismatch   ?*
broken      signature_invalid signature_invalid signature_invalid signature_invalid signature_invalid signature_invalid signature_invalid
"""


def cells() -> Iterator[tuple[str, str, int, str]]:
    for line in TABLE.strip().splitlines():
        row, *cells = line.split()
        for column, cell in zip(COLUMNS, cells, strict=True):
            for i in range(len(COLUMNS[column])):
                yield row, column, i, cell.replace("*", SILENCES[i])


@pytest.mark.parametrize(("row", "column", "i", "cell"), list(cells()))
def test_cell(row: str, column: str, i: int, cell: str) -> None:
    verdict = decide(ROWS[row], COLUMNS[column][i], None, TERMS)
    shown = {"valid": "", "indeterminate": "?", "invalid": ""}[verdict.conclusion]
    assert shown + (verdict.reason or "valid") == cell
    assert verdict.subject is (Subject.RECORD if row == "facts_only" else Subject.DOCUMENT)
    assert not verdict.conflict


@pytest.mark.parametrize("row", ROWS)
@pytest.mark.parametrize("code", [Code.IN_FORCE, Code.NOT_YET, Code.SUSPENDED, Code.ENDED])
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("age", [HOUR, HOUR + timedelta(seconds=1)])
def test_a_statement_speaks_only_for_the_sound(
    row: str, code: Code, signed: bool, age: timedelta
) -> None:
    silence = NotAsked(Unasked.OFFLINE)
    verdict = decide(ROWS[row], silence, Statement(code, signed, NOW - age), TERMS)
    alone = decide(ROWS[row], silence, None, TERMS)
    if row == "sound" and signed and age <= HOUR:
        assert verdict.conclusion is (Conclusion.INVALID if code else Conclusion.VALID)
    else:
        assert (verdict.conclusion, verdict.reason) == (alone.conclusion, alone.reason)
    assert verdict.conflict == (row == "broken" and signed and code is Code.IN_FORCE)


# ---- the oracle: no state, no match; a list of sentences of the design, the first that fits wins

STATEMENTS = [
    None,
    Statement(Code.IN_FORCE, True, NOW - HOUR),
    Statement(Code.IN_FORCE, True, NOW - 2 * HOUR),
    Statement(Code.IN_FORCE, False, NOW),
    Statement(Code.ENDED, True, NOW - HOUR),
    Statement(Code.ENDED, True, NOW - 2 * HOUR),
    Statement(Code.ENDED, True, NOW - HOUR, since=NOW - 5 * DAY),
    Statement(Code.ENDED, False, NOW),
    Statement(Code.SUSPENDED, True, NOW + timedelta(seconds=1)),
    Statement(Code.IN_FORCE, True, NOW, since=NOW + DAY),
    Statement(Code.ENDED, True, NOW, since=NOW + DAY),
    Statement(Code.IN_FORCE, True, NOW, since=NOW),
]
BOTH = Gap((Reason.REVOCATION_UNAVAILABLE, Reason.IDENTIFIER_UNPROVEN))
UNSEEN = Reason.STRUCTURE_NOT_SEEN
BESIDE = (
    Reason.IDENTIFIER_UNPROVEN, Reason.NO_ANCHOR, Reason.KEY_REVOKED_SINCE, Reason.ISSUER_UNKNOWN
)  # fmt: skip
GAPS = [*(Gap((reason,)) for reason in Reason), *(Gap((UNSEEN, reason)) for reason in BESIDE)]
LOCALS = [*ROWS.values(), Gap((Reason.KEY_REVOKED_SINCE,)), Gap((Reason.ISSUER_UNKNOWN,)), BOTH]
FACT_SETS = [
    {},
    said(Fact.HOLDER, Fact.IDENTIFIER),
    said(Fact.HOLDER, Fact.TYPE),
    said(Fact.NUMBER, Fact.HOLDER),
    said(Fact.NUMBER, Fact.HOLDER_CODE),
    said(Fact.NUMBER, Fact.DATES),
    said(*FOUR),
    said(*FOUR) | {Fact.DATES: Match.UNKNOWN},
    said(*FOUR) | {Fact.DATES: Match.DIFFERS},
]
ANSWERS: list[IssuerAnswer] = [Unreachable(Silence.TIMEOUT), NotAsked(Unasked.OFFLINE)]
ANSWERS += [
    Answered(code=c, document=d, facts=f, speaker=s, signed=y, authenticated=h, as_of=NOW - age)
    for c, d, f, s, (y, h), age in product(
        Code,
        Match,
        FACT_SETS,
        Speaker,
        ((True, True), (True, False), (False, True), (False, False)),
        (HOUR, 2 * HOUR),
    )
]
STOPS = {1: "not_yet_in_force", 2: "suspended", 3: "ended"}
TRUST_WORDS = {"key_unknown", "identifier_unproven", "no_anchor", "seal_maker_unknown"}
TRUST_WORDS |= {"signer_unidentified"}
TIME_WORDS = {"signing_time_missing", "key_expired_since", "key_revoked_since"}
TIME_WORDS |= {"revocation_unavailable", "seal_ended_since", "seal_maker_ended_since"}
Sentence = tuple[object, str, str, str]


def oracle(local: LocalState, a: IssuerAnswer, st: Statement | None, t: Terms) -> list[str]:
    """What the design says, in its own order, without the types of the code."""
    spoke = isinstance(a, Answered)
    mute = isinstance(a, Answered) and not a.signed and (t.signed_answers or not a.authenticated)
    code = int(a.code) if isinstance(a, Answered) and not mute else -1
    who = f"{a.speaker}{'+' if a.signed else '-'}" if isinstance(a, Answered) else ""
    words = {*a.facts.values(), a.document} if isinstance(a, Answered) else set()
    hits = (
        {str(f) for f, m in a.facts.items() if m == "match"} if isinstance(a, Answered) else set()
    )
    whole = isinstance(a, Answered) and a.document == "match"
    in_time = st is None or st.since is None or st.since <= (t.at or t.now)
    told = st is not None and st.signed
    told_yes, told_no = (told and st.code == 0, told and st.code != 0) if st else (False, False)
    newer = isinstance(a, Answered) and st is not None and st.as_of > a.as_of
    young = st is not None and NOW - st.as_of <= HOUR and in_time
    old_answer = isinstance(a, Answered) and NOW - a.as_of > HOUR
    broken, facts_only = isinstance(local, Broken), isinstance(local, FactsOnly)
    sound, unsigned = isinstance(local, Sound), isinstance(local, Unsigned)
    gaps = {str(r) for r in local.reasons} if isinstance(local, Gap) else set()
    home = who in ("issuer+", "delegate+")
    closable = TRUST_WORDS | TIME_WORDS if whole else set()
    closable |= TIME_WORDS if t.covered >= FOUR and hits >= {str(f) for f in FOUR} else set()
    if "structure_not_seen" in gaps:  # the file was not sent: its signature needs no closing
        closable = {"structure_not_seen", "identifier_unproven"} if whole else set()
    left = gaps - (closable if home else set())
    first_left = next((str(r) for r in getattr(local, "reasons", ()) if r in left), "")
    first_gap = str(getattr(local, "reasons", ("",))[0])
    clash = code == 0 and "differs" not in words and not old_answer and told_no and in_time
    clash = clash and (not home or newer)
    usable = code == 0 and not old_answer and not clash
    unheard = isinstance(a, Answered) and mute and a.authenticated
    no = unheard and isinstance(a, Answered) and (int(a.code) in (1, 2, 3, 6) or "differs" in words)
    past = t.own_until is not None and "past_own_date"
    early = t.own_from is not None and "before_own_date"
    quiet = {4: "insufficient_facts", 7: "partial_answer", 0: "status_stale"}.get(code, "")
    quiet = "status_conflict" if clash else quiet
    quiet = ("not_found_upstream" if "up" in who else "not_found_unsigned") if code == 5 else quiet
    quiet = "answer_unsigned" if mute else quiet
    quiet = quiet or ("issuer_unreachable" if isinstance(a, Unreachable) else "issuer_not_asked")
    flag = "conflict" if clash else ""
    own = hits - {"identifier", "type"}
    enough = own & {"holder", "holder_code"} and len(own) > 1
    sentences: list[Sentence] = [
        (broken, "invalid", getattr(local, "reason", ""), "conflict" if told_yes else ""),
        (code in STOPS, "invalid", STOPS.get(code, ""), ""),
        (code == 5 and home and facts_only, "invalid", "not_found", ""),
        (code == 5 and home, "invalid", "issuer_denies", ""),
        (code == 6, "invalid", "record_mismatch", ""),
        (code in (0, 4, 5, 7) and "differs" in words, "invalid", "record_mismatch", ""),
        (unsigned, "indeterminate", "unsigned_copy", flag),
        (gaps and usable and left, "indeterminate", first_left, ""),
        (gaps and not usable, "indeterminate", first_gap, flag),
        (usable and facts_only and not enough, "indeterminate", "insufficient_facts", ""),
        (usable and spoke, "valid", "", ""),
        (facts_only, "indeterminate", quiet, flag),
        (sound and told_no and young, "invalid", STOPS.get(st.code if st else 0, ""), flag),
        (sound and past, "indeterminate", str(past), flag),
        (sound and early, "indeterminate", str(early), flag),
        (sound and told_yes and young and not no, "valid", "", ""),
        (sound, "indeterminate", quiet, flag),
    ]
    return next(rest for fits, *rest in sentences if fits)


VARIANTS = [
    TERMS,
    replace(TERMS, own_until=date(2026, 10, 31)),
    replace(TERMS, own_from=date(2026, 11, 2)),
    replace(TERMS, covered=frozenset({Fact.NUMBER, Fact.HOLDER})),
    replace(TERMS, covered=frozenset(Fact)),
    replace(TERMS, signed_answers=True),
    replace(TERMS, at=NOW - 9 * DAY),
]


@pytest.mark.parametrize("terms", VARIANTS, ids=range(len(VARIANTS)))
def test_decide_agrees_with_the_oracle(terms: Terms) -> None:
    agreed = 0
    answers = ANSWERS if terms is TERMS else ANSWERS[::7]  # 7 divides no axis of the product
    for local, answer, statement in chain(
        product(LOCALS, answers, STATEMENTS), product(GAPS, answers, [None])
    ):
        verdict = decide(local, answer, statement, terms)
        got = [verdict.conclusion, verdict.reason or "", "conflict" if verdict.conflict else ""]
        assert got == oracle(local, answer, statement, terms), (local, answer, statement)
        agreed += 1
    assert agreed > (600_000 if terms is TERMS else 80_000)


# ---- attacks: the issuer's no, lost on the way to its stored yes

YES = Statement(Code.IN_FORCE, True, NOW)
QUIET = replace(IN_FORCE, code=Code.PARTIAL, facts={})


@pytest.mark.parametrize("code", [Code.INSUFFICIENT, Code.PARTIAL])
@pytest.mark.parametrize("speaker", Speaker)
def test_attack_a_forged_file_under_a_partial_answer(code: Code, speaker: Speaker) -> None:
    """The issuer could not say all, but said that this is not its document."""
    answer = replace(QUIET, code=code, speaker=speaker)
    assert decide(Sound(), answer, YES, TERMS).conclusion is Conclusion.VALID
    for no in (
        replace(answer, document=Match.DIFFERS),
        replace(answer, facts=said(Fact.NUMBER) | {Fact.HOLDER: Match.DIFFERS}),
    ):
        for local in (Sound(), Gap((Reason.KEY_UNKNOWN,)), Unsigned(), FactsOnly()):
            verdict = decide(local, no, YES, TERMS)
            assert verdict.conclusion is Conclusion.INVALID
            assert verdict.reason is Reason.RECORD_MISMATCH


@pytest.mark.parametrize(
    "no",
    [
        {"code": Code.ENDED},
        {"code": Code.SUSPENDED},
        {"code": Code.NOT_YET},
        {"code": Code.DIFFERS},
        {"document": Match.DIFFERS},
        {"facts": {Fact.HOLDER: Match.DIFFERS}},
    ],
)
def test_attack_a_no_that_is_not_signed_is_not_outvoted_by_a_stored_yes(no: dict[str, Any]) -> None:
    """Where a type demands signed answers, an unsigned no decides nothing, and silences the yes."""
    terms = replace(TERMS, signed_answers=True)
    unsigned = replace(IN_FORCE, signed=False)
    assert decide(Sound(), unsigned, YES, terms).conclusion is Conclusion.VALID
    verdict = decide(Sound(), replace(unsigned, **no), YES, terms)
    assert verdict.conclusion is Conclusion.INDETERMINATE
    assert verdict.reason is Reason.ANSWER_UNSIGNED
    anybody = replace(unsigned, authenticated=False, **no)  # who spoke there, nobody knows
    assert decide(Sound(), anybody, YES, terms).conclusion is Conclusion.VALID


@pytest.mark.parametrize("code", [Code.IN_FORCE, Code.ENDED])
def test_attack_a_statement_of_a_day_to_come(code: Code) -> None:
    """Told ahead that it will be in force, or end, tomorrow: it says nothing of today."""
    told = Statement(code, True, NOW, since=NOW)
    expected = Conclusion.INVALID if code else Conclusion.VALID
    silence = NotAsked(Unasked.OFFLINE)
    assert decide(Sound(), silence, told, TERMS).conclusion is expected
    ahead = replace(told, since=NOW + timedelta(seconds=1))
    assert decide(Sound(), silence, ahead, TERMS).reason is Reason.ISSUER_NOT_ASKED
    old = replace(IN_FORCE, as_of=NOW - timedelta(minutes=30))
    conflicts = decide(Sound(), old, told, TERMS).conflict
    assert conflicts == (code is Code.ENDED)
    assert decide(Sound(), old, ahead, TERMS).conclusion is Conclusion.VALID


@pytest.mark.parametrize(
    ("age", "next_update", "conclusion"),
    [
        (timedelta(0), None, "valid"),
        (HOUR, None, "valid"),
        (HOUR + timedelta(seconds=1), None, "indeterminate"),
        (-timedelta(minutes=1), None, "valid"),
        (-timedelta(minutes=1, seconds=1), None, "indeterminate"),
        (HOUR / 2, NOW, "valid"),
        (HOUR / 2, NOW - timedelta(seconds=1), "indeterminate"),
        (timedelta(minutes=1), NOW - timedelta(seconds=1), "valid"),
    ],
)
def test_an_in_force_answer_has_an_age(age: timedelta, next_update: Any, conclusion: str) -> None:
    answer = replace(IN_FORCE, as_of=NOW - age, next_update=next_update)
    verdict = decide(Sound(), answer, None, TERMS)
    assert verdict.conclusion == conclusion
    assert verdict.reason in (None, Reason.STATUS_STALE)
    against = decide(Sound(), replace(answer, code=Code.ENDED), None, TERMS)
    assert against.reason is Reason.ENDED  # negatives count at any age


def test_each_of_the_three_ages_can_be_the_strictest() -> None:
    answer = replace(IN_FORCE, as_of=NOW - 30 * timedelta(minutes=1))
    for name in ("type_age", "policy_age", "caller_age"):
        terms = replace(TERMS, **{name: timedelta(minutes=29)})
        assert decide(Sound(), answer, None, terms).reason is Reason.STATUS_STALE
        terms = replace(TERMS, **{name: timedelta(minutes=30)})
        assert decide(Sound(), answer, None, terms).reason is None


def test_a_live_only_type_accepts_a_live_answer_and_nothing_older() -> None:
    terms = replace(TERMS, type_age=timedelta(0))
    for seconds, reason in ((0, None), (60, None), (61, Reason.STATUS_STALE)):
        answer = replace(IN_FORCE, as_of=NOW - timedelta(seconds=seconds))
        assert decide(Sound(), answer, None, terms).reason is reason


# ---- properties of judge and decide together

SIGNERS = [About("a", Role.ISSUER), About("b", Role.ISSUER), About("c", Role.EXTRA)]
SIGNERS += [About("d", Role.COUNTERSIGNER)]
EVERYONE = frozenset({Role.ISSUER, Role.COUNTERSIGNER})
POLICIES = [SEALED, RECORD, SEALED.with_roles(EVERYONE), TOKEN]
SAYS_YES = replace(IN_FORCE, document=Match.MATCH, facts=said(*FOUR))


def item(check: CheckName, about: About, outcome: Outcome, reason: Reason) -> Evidence:
    about = about if check.each else WHOLE
    about = SIGNERS[0] if check.each and about is WHOLE else about
    doubts = outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
    outage = outcome is Outcome.FAILED and reason.family is Family.DEPENDENCY
    why = Reason.MALFORMED if outage else reason
    return Evidence(check, about, outcome, why if doubts else None)


FULL = [
    item(check, about, Outcome.PASSED, Reason.MALFORMED)
    for check in CheckName
    for about in ([SIGNERS[0], SIGNERS[3]] if check in SIGNATURE_CHECKS else [WHOLE])
]
noise = st.lists(
    st.builds(
        item,
        st.sampled_from(CheckName),
        st.sampled_from([WHOLE, *SIGNERS]),
        st.sampled_from(Outcome),
        st.sampled_from(Reason),
    ),
    max_size=3,
)
kept = st.lists(st.integers(0, len(FULL) - 1), max_size=2).map(
    lambda gone: [e for i, e in enumerate(FULL) if i not in gone]
)
evidence = st.tuples(kept, noise).map(lambda parts: [*parts[0], *parts[1]])


def conclude(items: list[Evidence], policy: Policy, answer: IssuerAnswer) -> Conclusion:
    return decide(judge(items, policy), answer, None, TERMS).conclusion


@given(evidence, st.sampled_from(POLICIES), st.sampled_from([SAYS_YES, IN_FORCE]))
def test_valid_implies(items: list[Evidence], policy: Policy, answer: IssuerAnswer) -> None:
    if conclude(items, policy, answer) is not Conclusion.VALID:
        return
    deciding = [e for e in items if policy.level(e) is not Level.INFORM]
    assert not any(e.outcome is Outcome.FAILED for e in deciding)
    closable = TRUST_WORDS | TIME_WORDS if answer is SAYS_YES else set()
    assert {e.why for e in deciding if e.outcome is Outcome.INDETERMINATE} <= closable
    for check, level in policy.levels.items():
        if level is Level.REQUIRE and check not in SIGNATURE_CHECKS:
            outcomes = {e.outcome for e in items if e.check is check}
            assert outcomes & {Outcome.PASSED, Outcome.INDETERMINATE}
    if isinstance(judge(items, policy), Sound):
        for role in policy.roles:
            passed = [
                {e.check for e in items if e.subject == s and e.outcome is Outcome.PASSED}
                for s in SIGNERS
                if s.role is role
            ]
            asked = {c for c in SIGNATURE_CHECKS if policy.levels[c] is Level.REQUIRE}
            assert any(checks >= asked for checks in passed)


@given(evidence, st.sampled_from(POLICIES), st.sampled_from([SAYS_YES, IN_FORCE]), st.data())
def test_dropping_passed_evidence_never_helps(
    items: list[Evidence], policy: Policy, answer: IssuerAnswer, data: st.DataObject
) -> None:
    passed = [i for i, e in enumerate(items) if e.outcome is Outcome.PASSED]
    gone = data.draw(st.sets(st.sampled_from(passed), max_size=6)) if passed else set()
    fewer = [e for i, e in enumerate(items) if i not in gone]
    if conclude(items, policy, answer) is not Conclusion.VALID:
        assert conclude(fewer, policy, answer) is not Conclusion.VALID


def test_the_untouched_evidence_is_sound_and_silence_is_not() -> None:
    assert [judge(FULL, p) for p in POLICIES] == [Sound(), FactsOnly(), Sound(), Sound()]
    assert [judge([], p) for p in POLICIES] == [Gap((Reason.CHECK_MISSING,))] * 4


@pytest.mark.parametrize("policy", [SEALED, SEALED.with_roles(EVERYONE), TOKEN])
def test_each_required_check_is_missed_when_it_is_silent(policy: Policy) -> None:
    for check, level in policy.levels.items():
        rest = [e for e in FULL if e.check is not check]
        missed = judge(rest, policy) == Gap((Reason.CHECK_MISSING,))
        assert missed == (level is Level.REQUIRE), check


def test_two_half_signatures_do_not_make_a_whole() -> None:
    a, b, *_ = SIGNERS
    rest = [e for e in FULL if e.subject is WHOLE]
    ordered = sorted(c for c in SIGNATURE_CHECKS if SEALED.levels[c] is Level.REQUIRE)
    half = [item(c, a if i % 2 else b, Outcome.PASSED, Reason.MALFORMED) for i, c in enumerate(ordered)]  # fmt: skip
    whole = [item(c, a, Outcome.PASSED, Reason.MALFORMED) for c in ordered]
    assert judge([*rest, *whole], SEALED) == Sound()
    assert judge([*rest, *half], SEALED) == Gap((Reason.CHECK_MISSING,))


# ---- what cannot be built


def test_a_policy_is_total() -> None:
    changes: tuple[tuple[dict[str, Any], str], ...] = (
        ({"levels": {CheckName.SIGNED: Level.REQUIRE}}, "silent on"),
        ({"extra": {}}, "silent on"),
        ({"levels": dict.fromkeys(CheckName, Level.INFORM)}, "requires nothing"),
        ({"roles": frozenset()}, "requires no signer"),
        ({"roles": frozenset({Role.EXTRA})}, "nobody can fill"),
        ({"roles": frozenset({Role.DOCUMENT})}, "nobody can fill"),
    )
    replace(SEALED, roles=EVERYONE)
    for change, why in changes:
        with pytest.raises(ValueError, match=f"policy license-1.sealed .*{why}"):
            replace(SEALED, **change)
    assert all(NAMED[policy.name] is policy for policy in (TOKEN, SEALED, RECORD))


def test_evidence_cannot_contradict_itself() -> None:
    for outcome, reason in product(Outcome, [None, *Reason]):
        doubts = outcome in (Outcome.FAILED, Outcome.INDETERMINATE)
        outage = outcome is Outcome.FAILED and reason is not None and reason.family == "dependency"
        if doubts == (reason is not None) and not outage:
            built = Evidence(CheckName.SIGNED, WHOLE, outcome, reason)
            if not doubts:
                with pytest.raises(ValueError, match="has no reason"):
                    _ = built.why
        else:
            with pytest.raises(ValueError, match=r"contradict|cannot be a failure"):
                Evidence(CheckName.SIGNED, WHOLE, outcome, reason)
    with pytest.raises(ValueError, match="not asked of"):
        Evidence(CheckName.SIGNED, SIGNERS[0], Outcome.PASSED)
    with pytest.raises(ValueError, match="not asked of"):
        Evidence(CheckName.KEY_LIVE, WHOLE, Outcome.PASSED)


def test_only_decide_says_valid() -> None:
    with pytest.raises(ValueError, match="only decide"):
        Verdict(Conclusion.VALID, Subject.DOCUMENT, None)
    doubt = decide(Sound(), NotAsked(Unasked.OFFLINE), None, TERMS)
    with pytest.raises(ValueError, match="only decide"):
        replace(doubt, conclusion=Conclusion.VALID, reason=None)
    with pytest.raises(ValueError, match="contradict"):
        Verdict(Conclusion.INVALID, Subject.DOCUMENT, None)
    with pytest.raises(TypeError):
        bool(doubt)
    app = Path(__file__).parents[1] / "app"
    naming = {p.name for p in app.rglob("*.py") if "DECIDED" in p.read_text("utf-8")}
    assert naming == {"policy.py", "verdict.py"}


def test_an_outage_is_never_invalid() -> None:
    for reason in Reason:
        if reason.family is Family.DEPENDENCY:
            with pytest.raises(ValueError, match="never shown as invalid"):
                Verdict(Conclusion.INVALID, Subject.DOCUMENT, reason)
        else:
            Verdict(Conclusion.INVALID, Subject.DOCUMENT, reason)


def test_every_check_is_asked() -> None:
    by_the_shell = {
        CheckName.WELL_FORMED,
        CheckName.BOUND,
        CheckName.SEAL_IN_USE,
        CheckName.ALGORITHMS_SM,
    }
    assert {check.name for check in CHECKS} | by_the_shell == set(CheckName)
    assert len({check.name for check in CHECKS}) == len(CHECKS)
    with pytest.raises(ValueError, match="not a status"):
        Statement(Code.NO_RECORD, True, NOW)
    with pytest.raises(ValueError, match="without a reason"):
        Gap(())
