"""The report: whole, exact, in the published shape, and without a value of anybody's."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.evidence import CheckName, Outcome
from app.domain.facts import Value
from app.domain.identifier import Identifier, IssuerCode
from app.domain.issuer import (
    Code,
    Match,
    NotAsked,
    Rule,
    Source,
    Speaker,
    State,
    Statement,
    Unasked,
)
from app.domain.license import Fact
from app.domain.reasons import Reason
from app.domain.scheme import Scheme
from app.domain.trust import Issuer, TrustSource
from app.domain.verdict import Conclusion
from app.domain.verification import Verification
from app.reports.canonical import canonical
from app.reports.catalogue import CATALOGUE
from app.reports.entry import Bilingual
from app.reports.report import Context, report_of
from app.reports.terminal import render
from app.schemas.report import ReportOut
from app.services.publish import QUESTIONS
from tests.reports import scenes
from tests.reports.scenes import (
    COMPARED,
    CONTEXT,
    FACTS,
    GOOD,
    GOOD_RECORD,
    GOOD_SEALED,
    GOOD_UNSENT,
    SCENES,
    SILENT,
    coded,
    judged,
    stated,
    unread,
    verified,
)
from tests.world import (
    CONFIRMED,
    DAY,
    DELEGATE,
    ENDPOINT,
    HOUR,
    IDENTIFIER,
    IN_FORCE,
    ISSUER,
    NOW,
    altered,
    token,
    with_type,
)


def report(verification: Verification = GOOD) -> dict[str, Any]:
    return report_of(verification, CONTEXT)


@cache
def reports() -> tuple[tuple[Verification, dict[str, Any]], ...]:
    """Every verification there is, with its report: to be read, not to be changed."""
    return tuple((verification, report(verification)) for verification in scenes.everything())


def outcomes(verification: Verification) -> dict[str, str]:
    return {name: block["outcome"] for name, block in report(verification)["blocks"].items()}


# ---- the good ones


def test_a_valid_document() -> None:
    made = report()
    assert made["conclusion"] == "valid"
    assert made["reason"] is None
    assert made["retry_after"] is None
    assert made["decided_by"] == "issuer_answer"
    assert made["codes"] == {
        "indication": "TOTAL-PASSED",
        "sub_indication": None,
        "info_code": 0,
        "file_code": 0,
    }
    assert outcomes(GOOD) == dict.fromkeys(("authenticity", "authority", "status"), "passed")
    assert made["headline"]["zh"] == "有效：青海样例局颁发的样例证，文件真实，证照处于有效状态"
    assert made["versions"] == {
        "report": 1,
        "service": "0.1.0",
        "node": "zhengyan-test",
        "policy": GOOD.policy,
        "trust": "local",
    }
    assert GOOD.digests is not None
    assert made["digests"]["sm3"] == (GOOD.digests.sm3 or b"").hex()
    assert made["other_reasons"] == []


def test_a_valid_record_says_that_no_file_was_verified() -> None:
    made = report(GOOD_RECORD)
    assert (made["conclusion"], made["subject"], made["basis"]) == ("valid", "record", "facts")
    assert made["digests"] is None
    assert made["signatures"] == []
    assert made["codes"]["file_code"] is None
    assert made["blocks"]["authenticity"]["outcome"] == "not_applicable"
    assert "没有核验任何文件" in made["explanation"]["clerk"]["zh"]
    assert {"fact": "number", "match": "match"} in made["facts_compared"]
    missing = {item["what"] for item in made["unchecked"]}
    assert {"signed", "signature_holds", "bound", "presenter"} <= missing


def test_a_file_that_was_not_sent_is_said_to_be_unseen() -> None:
    made = report(GOOD_UNSENT)
    assert (made["conclusion"], made["subject"], made["basis"]) == ("valid", "document", "digests")
    assert made["digests"] == {"sm3": "5a" * 32, "sha256": None}
    assert "未见文件" in made["headline"]["zh"]
    assert "was not seen" in made["headline"]["en"]
    assert "自行计算手中文件的摘要" in made["explanation"]["next_step"]["zh"]
    assert {"what": "file", "subject": "document", "why": "not_sent"}.items() <= next(
        item for item in made["unchecked"] if item["what"] == "file"
    ).items()
    assert not [item for item in report(GOOD)["unchecked"] if item["what"] == "file"]


def test_the_same_verification_gives_the_same_report() -> None:
    for verification in (GOOD, GOOD_RECORD, unread()):
        assert canonical(report(verification)) == canonical(report(verification))


def test_a_past_time_stands_in_the_headline_and_no_other_does() -> None:
    then = verified(at=NOW - 3 * DAY)
    assert report(then)["headline"]["zh"].startswith("在2026年10月29日 08:00（北京时间）有效：")
    assert report(then)["headline"]["en"].startswith("Valid on 2026-10-29 08:00 (Beijing time)")
    assert report(then)["asked_at"] == "2026-10-29T00:00:00Z"
    assert report()["headline"]["en"].startswith("Valid: ")
    ended = report(verified(at=NOW - 3 * DAY, answer=coded(Code.ENDED)))
    assert ended["headline"]["en"].startswith("Invalid on 2026-10-29")


def test_a_valid_copy_says_that_it_is_for_one_purpose_and_how_long() -> None:
    copied = scenes.document(is_copy=True, copy_until=NOW + DAY, copy_matter="A")
    open_, named = report(judged(copied)), report(judged(replace(copied, matter="A")))
    assert open_["conclusion"] == named["conclusion"] == "valid"
    assert open_["headline"]["zh"].endswith("（加注件，只限其上写明的用途，2026年11月2日止）")
    assert "for this very matter, until 2026-11-02" in named["headline"]["en"]
    for made in (open_, named):
        assert "只能用于其上写明的用途" in made["explanation"]["next_step"]["zh"]
        assert "only for the purpose written" in made["explanation"]["next_step"]["en"]
    other = report(judged(replace(copied, matter="B")))
    assert other["reason"]["code"] == "copy_purpose_differs"
    assert "加注件" not in report()["headline"]["zh"]


def test_the_headline_says_how_it_ended() -> None:
    for state, zh in ((State.REVOKED, "吊销"), (State.ANNULLED, "撤销"), (State.CANCELLED, "注销")):
        made = report(verified(answer=coded(Code.ENDED, state=state)))
        assert made["headline"]["zh"] == f"无效：证照已失效（{zh}）"
    assert report(verified(answer=coded(Code.ENDED)))["headline"]["zh"] == "无效：证照已失效"


# ---- blocks


def test_blocks_agree_with_every_verdict() -> None:
    """Valid: none failed or open. Invalid: one failed. Open: one open, none failed."""
    seen: set[tuple[str, ...]] = set()
    for verification, made in reports():
        drawn = {name: block["outcome"] for name, block in made["blocks"].items()}
        found = set(drawn.values())
        match verification.verdict.conclusion:
            case Conclusion.VALID:
                assert found <= {"passed", "not_applicable"}
                assert drawn["status"] == drawn["authority"] == "passed"
            case Conclusion.INVALID:
                assert "failed" in found
            case Conclusion.INDETERMINATE:
                assert "failed" not in found
                assert "indeterminate" in found
        seen.add(tuple(drawn.values()))
    assert len(seen) > 10


@pytest.mark.parametrize("reason", SCENES)
def test_the_deciding_reason_marks_its_block(reason: Reason) -> None:
    verification = SCENES[reason].play()
    wanted = "failed" if verification.verdict.conclusion is Conclusion.INVALID else "indeterminate"
    assert outcomes(verification)[CATALOGUE[reason].block] == wanted


def test_blocks_are_not_folded_together() -> None:
    ended = verified(answer=coded(Code.ENDED))
    assert outcomes(ended) == {
        "authenticity": "passed",
        "authority": "passed",
        "status": "failed",
    }
    assert outcomes(verified(altered(token()))) == {
        "authenticity": "failed",
        "authority": "passed",
        "status": "indeterminate",
    }
    assert outcomes(verified(answer=SILENT)) == {
        "authenticity": "passed",
        "authority": "passed",
        "status": "indeterminate",
    }
    assert outcomes(unread()) == {
        "authenticity": "failed",
        "authority": "indeterminate",
        "status": "indeterminate",
    }


def test_a_block_is_open_while_a_required_check_is_silent() -> None:
    fewer = tuple(e for e in GOOD.evidence if e.check is not CheckName.ISSUER_KNOWN)
    open_ = replace(SCENES[Reason.ISSUER_UNREACHABLE].play(), evidence=fewer)
    assert outcomes(SCENES[Reason.ISSUER_UNREACHABLE].play())["authority"] == "passed"
    assert outcomes(open_)["authority"] == "indeterminate"


def test_what_only_a_seal_is_asked_leaves_no_block_open_where_there_is_none() -> None:
    """A signature without a seal (签名) has passed all it can be asked; a silent answer is not it."""
    plain, sealed = judged(scenes.unsealed(), SILENT), judged(scenes.sealed(), SILENT)
    assert outcomes(plain)["authenticity"] == outcomes(sealed)["authenticity"] == "passed"
    name = CheckName.SEAL_HOLDS
    assert all(e.outcome is Outcome.NOT_APPLICABLE for e in plain.evidence if e.check is name)
    mute = tuple(e for e in sealed.evidence if e.check is not name)
    assert outcomes(replace(sealed, evidence=mute))["authenticity"] == "indeterminate"
    key = tuple(e for e in plain.evidence if e.check is not CheckName.KEY_LIVE)
    assert outcomes(replace(plain, evidence=key))["authenticity"] == "indeterminate"


def test_the_issuers_word_against_it_marks_the_status_of_a_broken_document_too() -> None:
    broken = SCENES[Reason.SIGNATURE_INVALID].facts
    assert outcomes(judged(broken, coded(Code.ENDED)))["status"] == "failed"
    assert outcomes(judged(broken, SILENT))["status"] == "indeterminate"


def test_a_block_in_which_nothing_passed_is_open() -> None:
    silent = stated(SILENT)
    assert outcomes(silent)["authority"] == "passed"
    assert outcomes(replace(silent, evidence=()))["authority"] == "indeterminate"


def test_what_only_informs_marks_no_block() -> None:
    assert FACTS.document.identifier is not None
    mistyped = judged(scenes.document(identifier=replace(FACTS.document.identifier, check="X")))
    made = report(mistyped)
    check = next(c for c in made["blocks"]["authority"]["checks"] if c["name"] == "identifier_form")
    assert (check["outcome"], check["level"]) == ("failed", "inform")
    assert made["blocks"]["authority"]["outcome"] == "passed"
    assert [r["code"] for r in made["other_reasons"]] == ["identifier_mistyped"]


def test_a_closed_doubt_is_marked_as_closed() -> None:
    facts = SCENES[Reason.KEY_UNKNOWN].facts
    closed, open_ = report(judged(facts, CONFIRMED)), report(judged(facts, IN_FORCE))
    assert (closed["conclusion"], open_["conclusion"]) == ("valid", "indeterminate")
    for made, marked in ((closed, True), (open_, False)):
        checks = [c for b in made["blocks"].values() for c in b["checks"]]
        doubts = [c for c in checks if c["outcome"] == "indeterminate" and c["level"] != "inform"]
        assert doubts
        assert {c["closed_by_issuer"] for c in doubts} == {marked}
        assert not any(c["closed_by_issuer"] for c in checks if c not in doubts)


def test_a_valid_verdict_by_a_closing_does_not_say_that_the_signature_holds() -> None:
    closed = report(judged(SCENES[Reason.KEY_UNKNOWN].facts, CONFIRMED))
    assert closed["explanation"]["engineer"]["en"].startswith("Some checks are in doubt")
    assert report()["explanation"]["engineer"]["en"].startswith("The signature holds")


# ---- who said so


def test_who_decided() -> None:
    kept = Statement(Code.IN_FORCE, signed=True, as_of=NOW - HOUR / 2)
    gone = Statement(Code.ENDED, signed=True, as_of=NOW - HOUR / 2)
    by_statement = judged(scenes.trust(statement=kept), SILENT)
    against = judged(scenes.trust(statement=gone), SILENT)
    told = [GOOD, by_statement, against, verified(altered(token())), verified(answer=SILENT)]
    assert [(report(v)["conclusion"], report(v)["decided_by"]) for v in told] == [
        ("valid", "issuer_answer"),
        ("valid", "issuer_statement"),
        ("invalid", "issuer_statement"),
        ("invalid", "submission"),
        ("indeterminate", "nobody"),
    ]
    assert report(by_statement)["statement"]["age_seconds"] == 1800
    assert report(by_statement)["headline"]["en"].endswith(
        "(by the issuer's signed statement as of 2026-11-01 07:30 (Beijing time), "
        "without a live answer)"
    )
    assert report(by_statement)["answer"]["silence"] == "timeout"
    assert report(by_statement)["other_reasons"][0]["code"] == "issuer_unreachable"
    assert "issuer_answer" in {i["what"] for i in report(by_statement)["unchecked"]}


def test_the_answer_with_source_and_age() -> None:
    answer = replace(
        IN_FORCE,
        as_of=NOW - timedelta(minutes=5),
        next_update=NOW + HOUR,
        state=State.ISSUED,
        speaker=Speaker.DELEGATE,
    )
    made = report(verified(answer=answer))["answer"]
    assert made["counts"] is True
    said = made["said"]
    assert (said["age_seconds"], said["speaker"], said["signed"]) == (300, "delegate", True)
    assert (said["outcome"], said["state"], said["document"]) == (0, "issued", "unknown")
    assert said["next_update"] == "2026-11-01T01:00:00Z"


def test_an_answer_that_does_not_count_says_why() -> None:
    stale = report(SCENES[Reason.STATUS_STALE].play())["answer"]
    assert (stale["asked"], stale["counts"], stale["reason"]) == (True, False, "status_stale")
    assert stale["said"]["age_seconds"] == 7200
    offline = report(judged(FACTS, NotAsked(Unasked.OFFLINE)))["answer"]
    assert offline == {
        "asked": False,
        "counts": False,
        "reason": None,
        "not_asked": "offline",
        "silence": None,
        "route": stale["route"],
        "said": None,
    }


@pytest.mark.parametrize("rule", Rule)
def test_the_route_is_explained(rule: Rule) -> None:
    """Which rule, by what of the question, whose endpoint, and what its word counts for."""
    speaker = Speaker.UPSTREAM if rule in {Rule.REGION, Rule.UPSTREAM} else Speaker.ISSUER
    where = replace(ENDPOINT, rule=rule, matched="63", speaker=speaker)
    route = report(judged(scenes.trust(endpoint=where), IN_FORCE))["answer"]["route"]
    assert route["rule_text"].keys() == {"zh", "en"}
    assert {name: route[name] for name in ("rule", "matched", "body", "speaker")} == {
        "rule": rule,
        "matched": "63",
        "body": where.issuer,
        "speaker": speaker,
    }
    assert where.url not in json.dumps(route)
    nowhere = report(judged(scenes.trust(endpoint=None), NotAsked(Unasked.NO_ENDPOINT)))
    assert nowhere["answer"]["route"] is None


def test_a_repeated_answer_says_so_with_its_age() -> None:
    cached = replace(IN_FORCE, source=Source.CACHED, as_of=NOW - HOUR / 2)
    said = report(judged(FACTS, cached))["answer"]["said"]
    assert (said["source"], said["age_seconds"]) == ("cached", 1800)
    assert report(judged(FACTS, IN_FORCE))["answer"]["said"]["source"] == "live"
    handed_on = replace(IN_FORCE, relayed_by=IssuerCode("630000"))
    assert report(judged(FACTS, handed_on))["answer"]["said"]["relayed_by"] == "630000"


def _kept(**changes: Any) -> Any:
    return scenes.trust(statement=Statement(**{"signed": True, "as_of": NOW, **changes}))


HALF = replace(IN_FORCE, as_of=NOW - HOUR / 2)
UNSIGNED = replace(IN_FORCE, signed=False)
STRICT = scenes.trust(type=with_type(signed_answers=True).type)
GONE = _kept(code=Code.ENDED)
GONE_SINCE = _kept(code=Code.ENDED, since=NOW - DAY)


@pytest.mark.parametrize(
    ("facts", "answer", "reason"),
    [  # each pair: heard, and not heard for the one thing that differs
        (FACTS, HALF, None),
        (replace(FACTS, max_status_age=HOUR / 4), HALF, "status_stale"),
        (FACTS, UNSIGNED, None),
        (STRICT, UNSIGNED, "answer_unsigned"),
        (_kept(code=Code.IN_FORCE), HALF, None),
        (GONE, HALF, "status_conflict"),
        (GONE_SINCE, HALF, "status_conflict"),
        (replace(GONE_SINCE, at=NOW - 2 * DAY), HALF, None),
    ],
)
def test_the_report_hears_what_the_policy_heard(facts: Any, answer: Any, reason: Any) -> None:
    verification = judged(facts, answer)
    heard = report(verification)["answer"]
    assert (heard["counts"], heard["reason"]) == (reason is None, reason)
    valid = verification.verdict.conclusion is Conclusion.VALID
    assert valid == (reason is None)


def test_the_deciding_reason_is_explained_once() -> None:
    for _, made in reports():
        others = [reason["code"] for reason in made["other_reasons"]]
        assert len(set(others)) == len(others)
        assert made["reason"] is None or made["reason"]["code"] not in others


def test_a_record_that_is_not_found_is_nowhere_called_denied() -> None:
    made = report(SCENES[Reason.NOT_FOUND].play())
    assert made["reason"]["code"] == "not_found"
    assert "issuer_denies" not in json.dumps(made)


def test_retry_after_is_for_outages_only() -> None:
    for verification, made in reports():
        reason = verification.verdict.reason
        outage = reason is not None and reason.family == "dependency"
        assert outage == (made["retry_after"] is not None)


def test_conflict_is_told() -> None:
    made = report(SCENES[Reason.STATUS_CONFLICT].play())
    assert made["conflict"] is True
    assert made["statement"]["outcome"] == 3
    assert report()["conflict"] is False


# ---- what was not checked


def unchecked(verification: Verification) -> dict[str, str]:
    return {item["what"]: item["why"] for item in report(verification)["unchecked"]}


def test_every_check_is_answered_or_named_as_unchecked() -> None:
    for _, made in reports():
        spoke = {
            c["name"]
            for b in made["blocks"].values()
            for c in b["checks"]
            if c["outcome"] != "not_applicable"
        }
        assert set(CheckName) <= spoke | {item["what"] for item in made["unchecked"]}


def test_why_something_was_not_checked() -> None:
    told = {
        "copy_current": "not_concerned",
        "presentation_current": "not_concerned",
        "facts_given": "not_concerned",
        "signing_time": "only_claimed",
        "document_digest": "not_compared",
        "presenter": "out_of_scope",
    }
    found = unchecked(GOOD)
    assert {what: found.pop(what) for what in told} == told
    assert set(found.values()) <= {"not_concerned"}  # what only other formats have
    assert "document_digest" not in unchecked(verified(answer=CONFIRMED))
    assert "document_digest" not in unchecked(GOOD_RECORD)
    assert unchecked(unread())["signature_holds"] == "unread"
    assert unchecked(unread())["issuer_answer"] == "not_asked"
    assert unchecked(SCENES[Reason.KEY_UNKNOWN].play())["signature_holds"] == "ground_missing"
    assert unchecked(SCENES[Reason.SIGNATURE_MISSING].play())["key_live"] == "ground_missing"
    assert unchecked(verified(answer=SILENT))["issuer_answer"] == "no_usable_answer"
    unknown = {**COMPARED.facts, Fact.HOLDER_CODE: Match.UNKNOWN}
    assert unchecked(stated(replace(COMPARED, facts=unknown)))["fact:holder_code"] == "not_compared"


# ---- signatures


def test_a_signature_with_its_key_role_and_time() -> None:
    (made,) = report()["signatures"]
    assert made["signer"] == {
        "code": ISSUER,
        "name": {"zh": "青海样例局", "en": "Qinghai Sample Bureau"},
    }
    assert (made["role"], made["outcome"], made["scheme"]) == ("issuer", "passed", "ed25519")
    assert made["time"] == {"source": "claimed", "at": "2026-10-23T00:00:00Z"}
    assert set(made["checks"].values()) <= {"passed", "not_applicable"}
    assert made["checks"]["signature_holds"] == "passed"


def test_an_unknown_key_has_no_owner() -> None:
    (made,) = report(SCENES[Reason.KEY_UNKNOWN].play())["signatures"]
    assert (made["key_registered"], made["signer"]) == (False, None)
    assert made["role"] != "issuer"
    assert made["outcome"] == "indeterminate"
    (failed,) = report(SCENES[Reason.SIGNATURE_INVALID].play())["signatures"]
    assert failed["outcome"] == "failed"


def test_a_delegate_is_not_given_the_issuers_name() -> None:
    (made,) = report(verified(token("delegate")))["signatures"]
    assert made["signer"] == {"code": DELEGATE, "name": None}
    assert (made["role"], made["outcome"]) == ("issuer", "passed")


def test_the_registered_scheme_is_told_and_not_the_claimed_one() -> None:
    claimed = scenes.signature(scheme=Scheme.SM2_SM3, value=Value.SCHEME_DIFFERS)
    assert report(judged(claimed))["signatures"][0]["scheme"] == "ed25519"
    unknown = replace(claimed, trust=replace(claimed.trust, keys={}))
    assert report(judged(unknown))["signatures"][0]["scheme"] == "sm2-sm3"


def test_a_signature_of_which_a_check_is_missing_has_not_passed() -> None:
    fewer = tuple(e for e in GOOD.evidence if e.check is not CheckName.KEY_LIVE)
    (made,) = report(replace(GOOD, evidence=fewer))["signatures"]
    assert made["outcome"] == "indeterminate"


def test_the_time_of_a_signature_without_one() -> None:
    untimed = scenes.signature(signed_at=None)
    seen = replace(untimed, trust=replace(untimed.trust, first_seen=NOW - DAY))
    assert report(judged(untimed))["signatures"][0]["time"] == {"source": "none", "at": None}
    assert report(judged(seen))["signatures"][0]["time"] == {
        "source": "first_seen",
        "at": "2026-10-31T00:00:00Z",
    }


# ---- seals


def test_a_sealed_file_tells_seal_certificates_and_coverage() -> None:
    made = report(GOOD_SEALED)
    assert (made["conclusion"], made["format"]) == ("valid", "ofd")
    (found,) = made["signatures"]
    assert (found["outcome"], found["role"]) == ("passed", "issuer")
    assert (found["key_registered"], found["signer"]["code"]) == (False, ISSUER)
    seal = found["seal"]
    assert seal["layout"] == "gb/t-38540-2020"
    assert seal["stamp"]["id"] == "63000000000001"
    assert seal["certificate"]["chain_then"] == "anchored"
    assert seal["coverage"]["covered"] == 12
    assert seal["coverage"]["uncovered"] == {"ofd": {"count": 1, "first": ["OFD.xml"]}}
    assert report()["signatures"][0]["seal"] is None


def test_a_seal_nobody_vouches_for_names_nobody() -> None:
    (found,) = report(SCENES[Reason.NO_ANCHOR].play())["signatures"]
    assert (found["signer"], found["outcome"]) == (None, "indeterminate")
    assert found["seal"]["certificate"]["anchor"] is None
    (unnamed,) = report(SCENES[Reason.SIGNER_UNIDENTIFIED].play())["signatures"]
    assert unnamed["signer"] is None
    (unread_,) = report(SCENES[Reason.SEAL_MAKER_INVALID].play())["signatures"]
    assert unread_["seal"]["stamp"]["maker"] is None


def test_long_lists_of_parts_are_counted_and_cut() -> None:
    names = tuple(f"Doc_0/Res/{n:03}.png" for n in range(500))
    changed = judged(scenes.coverage(changed=names))
    listed = report(changed)["signatures"][0]["seal"]["coverage"]["changed"]
    assert (listed["count"], len(listed["first"])) == (500, 20)
    assert len(canonical(report(changed))) < 64 * 1024


# ---- the registry's names, and nobody's values


def test_an_issuer_is_named_by_the_registry_only() -> None:
    named = Issuer(ISSUER, "登记名称", "Registered Name", frozenset({IDENTIFIER.type}))
    ended = coded(Code.ENDED)
    assert (
        "登记名称"
        in report(judged(scenes.trust(issuer=named), ended))["explanation"]["clerk"]["zh"]
    )
    unknown = report(judged(scenes.trust(issuer=None), ended))
    assert unknown["license"]["issuer"] is None
    assert unknown["explanation"]["clerk"]["zh"].startswith("这张证照确由颁发机构登记")
    assert unknown["explanation"]["clerk"]["en"].startswith("The issuer has this license")


CANARIES = ("CANARYNUMBER", "金丝雀持证人", "91CANARYHOLDER0000", "2031-12-13", "CANARYMATTER")


def test_no_value_of_a_document_stands_in_its_report() -> None:
    serial = "CANARYSERIAL"
    identifier = f"1.2.156.3005.2.{IDENTIFIER.type}.{IDENTIFIER.issuer}.{serial}.001.0"
    page = token(
        identifier=identifier,
        number=CANARIES[0],
        holder={"name": CANARIES[1], "code": CANARIES[2], "code_type": "001"},
        valid_until=CANARIES[3],
        name="金丝雀证照名称",
        copy={"purpose": "金丝雀事由", "matter": CANARIES[4], "expires": int(NOW.timestamp()) + 9},
    )
    told = (*CANARIES, serial, "金丝雀")
    for content in (page, altered(page)):
        for answer in (IN_FORCE, COMPARED, coded(Code.ENDED), SILENT):
            verification = verified(content, answer=answer, matter="OTHERCANARY")
            assert verification.facts is not None
            text = canonical(report(verification)).decode()
            assert not [canary for canary in (*told, "OTHERCANARY") if canary in text]


def test_no_value_a_caller_states_stands_in_the_report() -> None:
    identifier = Identifier.read(
        f"1.2.156.3005.2.{IDENTIFIER.type}.{IDENTIFIER.issuer}.CANARYSERIAL.001.0"
    )
    claims = replace(
        scenes.STATED,
        identifier=identifier,
        number=CANARIES[0],
        holder=CANARIES[1],
        holder_code=CANARIES[2],
    )
    for answer in (COMPARED, coded(Code.NO_RECORD), coded(Code.DIFFERS), SILENT):
        text = canonical(report(stated(answer, claims))).decode()
        assert not [c for c in (*CANARIES, "CANARYSERIAL") if c in text]
        assert '"fact":"holder"' in text  # by name it does stand there


# ---- the published shape


def test_every_report_is_in_the_published_shape_and_canonical() -> None:
    count = 0
    for verification, made in reports():
        octets = canonical(made)
        ReportOut.model_validate_json(octets)
        assert json.loads(octets) == report(verification)
        count += 1
    assert count > 1000


def members(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Paths of all members of all objects."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield (*path, name)
            yield from members(item, (*path, name))
    elif isinstance(value, list):
        for at, item in enumerate(value):
            yield from members(item, (*path, at))


def without(value: Any, path: tuple[Any, ...]) -> Any:
    copy = json.loads(json.dumps(value))
    inner = copy
    for step in path[:-1]:
        inner = inner[step]
    del inner[path[-1]]
    return copy


def test_the_shape_has_no_member_the_report_lacks_and_lacks_none() -> None:
    kept = Statement(Code.ENDED, signed=True, as_of=NOW - HOUR)
    facts = scenes.sealed()
    source = TrustSource(
        publisher="qinghai", number=12, address="a" * 64, accepted_at=NOW - DAY, expires_at=NOW
    )
    trust = replace(facts.trust, statement=kept, sources=(source,), successor=facts.trust.issuer)
    facts = replace(facts, trust=trust)
    full = report(judged(facts, replace(COMPARED, state=State.ISSUED)))
    ReportOut.model_validate_json(canonical(full))
    maps = ("checks", "uncovered")  # of a signature: objects whose names are values
    paths = [p for p in members(full) if len(p) == 1 or p[-2] not in maps]
    assert len(paths) > 200
    for path in paths:  # every member is required
        with pytest.raises(ValidationError):
            ReportOut.model_validate_json(json.dumps(without(full, path)))
    for path in [(), *(p for p in members(full))]:  # and no other is allowed anywhere
        more = json.loads(json.dumps(full))
        inner = more
        for step in path:
            inner = inner[step]
        if isinstance(inner, dict) and path[-1:] != ("checks",):
            inner["undocumented"] = 1
            with pytest.raises(ValidationError):
                ReportOut.model_validate_json(json.dumps(more))


def test_the_lists_are_told_with_their_age_and_the_successor_by_name() -> None:
    fresh = TrustSource(
        publisher="qinghai", number=12, address="a" * 64, accepted_at=NOW - DAY, expires_at=NOW
    )
    stale = replace(fresh, publisher="nation", expires_at=NOW - HOUR)
    empty = TrustSource(publisher="city")
    facts = scenes.sealed()
    other = Issuer(DELEGATE, "承继局", "Successor Bureau", frozenset())
    trust = replace(facts.trust, sources=(fresh, stale, empty), successor=other)
    made = report(judged(replace(facts, trust=trust)))
    assert [(s["publisher"], s["number"], s["age_seconds"], s["stale"]) for s in made["trust"]] == [
        ("qinghai", 12, 86_400, False),
        ("nation", 12, 86_400, True),
        ("city", 0, None, True),
    ]
    assert made["trust"][0]["address"] == "a" * 64
    names = {"zh": "承继局", "en": "Successor Bureau"}
    assert made["license"]["successor"] == {"code": DELEGATE, "name": names}
    lines = render(made, "en")
    assert "Succeeded by: Successor Bureau" in lines
    assert "Trust list: qinghai #12 · until 2026-11-01T00:00:00Z\n" in lines
    assert "out of date" in lines
    assert "Trust list: city · none yet" in lines
    ReportOut.model_validate_json(canonical(made))
    plain = report(judged(facts))
    assert (plain["trust"], plain["license"]["successor"]) == ([], None)


def test_every_member_is_described_in_the_schema() -> None:
    schema = json.dumps(ReportOut.model_json_schema(), ensure_ascii=False)
    assert schema.count('"description"') > 60


# ---- context and defects


def test_a_check_without_a_question_is_a_defect() -> None:
    assert set(QUESTIONS) == set(CheckName)
    fewer = {k: v for k, v in QUESTIONS.items() if k is not CheckName.BOUND}
    with pytest.raises(ValueError, match="bound"):
        Context("n", "v", fewer)


def test_questions_are_in_both_languages() -> None:
    for question in QUESTIONS.values():
        assert isinstance(question, Bilingual)
        assert question.en.isascii()
        assert not question.zh.isascii()


def test_a_policy_that_is_gone_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        report(replace(GOOD, policy="license-0"))


def test_outcome_words_are_those_of_the_domain() -> None:
    used = {b["outcome"] for _, made in reports() for b in made["blocks"].values()}
    assert used == set(Outcome)
