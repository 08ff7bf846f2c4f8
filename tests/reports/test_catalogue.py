"""The catalogue is whole, and says of each reason what the policy does with it."""

import ast
import re
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.checks import CHECKS
from app.domain.evidence import Block, CheckName, Evidence, Outcome
from app.domain.policies import POLICIES, Level
from app.domain.reasons import Family, Reason
from app.domain.verdict import Conclusion, Subject
from app.reports.catalogue import CATALOGUE, assemble, codes
from app.reports.entry import Bilingual, Entry, Etsi, Own, bilingual, invalid, unsure
from tests.reports import scenes
from tests.reports.scenes import NEVER_DECIDE, SCENES, judged, unread

TEXTS = {
    "title": ("标题", "title"),
    "engineer": ("技术。", "Engineer."),
    "clerk": ("窗口。", "Clerk."),
    "next_step": ("下一步。", "Next."),
}


# ---- what decides what


def test_every_reason_has_a_scene_or_is_known_to_have_none() -> None:
    assert (
        set(Reason)
        == {
            *(*SCENES, Reason.MALFORMED, Reason.IMAGE_NOT_READ, Reason.NOT_FINISHED),
        }
        | NEVER_DECIDE
    )
    assert scenes.GOOD.verdict.conclusion is Conclusion.VALID
    assert scenes.GOOD_RECORD.verdict.conclusion is Conclusion.VALID
    assert scenes.GOOD_SEALED.verdict.conclusion is Conclusion.VALID


@pytest.mark.parametrize("reason", SCENES)
def test_a_reason_decides_what_the_catalogue_says(reason: Reason) -> None:
    verdict = SCENES[reason].play().verdict
    assert verdict.reason is reason
    assert verdict.conclusion is CATALOGUE[reason].decides


def test_unreadable_bytes_decide_what_the_catalogue_says() -> None:
    verdict = unread().verdict
    assert verdict.reason is Reason.MALFORMED
    assert verdict.conclusion is CATALOGUE[Reason.MALFORMED].decides is Conclusion.INVALID


def test_no_verdict_anywhere_contradicts_the_catalogue() -> None:
    seen = set()
    for verification in scenes.everything():
        verdict = verification.verdict
        if verdict.reason is not None:
            assert CATALOGUE[verdict.reason].decides is verdict.conclusion, verdict.reason
            seen.add(verdict.reason)
    assert seen == {*SCENES, Reason.MALFORMED}


@pytest.mark.parametrize("reason", sorted(NEVER_DECIDE))
def test_what_decides_nothing_says_so(reason: Reason) -> None:
    assert CATALOGUE[reason].decides is None


def test_a_mistyped_identifier_informs_and_the_verdict_stays_valid() -> None:
    identifier = scenes.FACTS.document.identifier
    assert identifier is not None
    mistyped = scenes.document(identifier=replace(identifier, check="X"))
    verification = judged(mistyped)
    assert Reason.IDENTIFIER_MISTYPED in {e.reason for e in verification.evidence}
    assert verification.verdict.conclusion is Conclusion.VALID


def _said_in_checks() -> set[tuple[str, Reason]]:
    """(`failed` or `unsure`, reason), wherever a check in use says so in its source."""
    found = set()
    for name in {check.examine.__module__ for check in CHECKS}:
        path = Path(str(sys.modules[name].__file__))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                for argument in node.args:
                    if (
                        isinstance(argument, ast.Attribute)
                        and isinstance(argument.value, ast.Name)
                        and argument.value.id == "Reason"
                    ):
                        found.add((node.func.id, Reason[argument.attr]))
    return found


def test_what_checks_fail_with_may_decide_invalid_and_what_they_doubt_may_not() -> None:
    said = _said_in_checks()
    assert {how for how, _ in said} == {"failed", "unsure"}
    assert len(said) > 25
    for how, reason in said:
        decides = CATALOGUE[reason].decides
        if reason is Reason.APPEARANCE_SUSPICIOUS:  # a doubt that no policy lets decide
            assert (how, decides) == ("unsure", None)
            assert {p.levels[CheckName.STAMP_PLAIN] for p in POLICIES.values()} == {Level.INFORM}
        elif how == "unsure":
            assert decides is Conclusion.INDETERMINATE, reason
        elif decides is None:  # a failed check that no policy lets decide
            assert reason is Reason.IDENTIFIER_MISTYPED
            levels = {p.levels[CheckName.IDENTIFIER_FORM] for p in POLICIES.values()}
            assert levels == {Level.INFORM}
        else:
            assert decides is Conclusion.INVALID, reason


def test_an_outage_can_neither_fail_a_check_nor_decide_invalid() -> None:
    outages = [r for r in Reason if r.family is Family.DEPENDENCY]
    assert len(outages) == 7
    for reason in outages:
        assert CATALOGUE[reason].decides is Conclusion.INDETERMINATE
        assert CATALOGUE[reason].retry_after
        with pytest.raises(ValueError, match="cannot be a failure"):
            Evidence(CheckName.SIGNED, scenes.GOOD.evidence[0].subject, Outcome.FAILED, reason)


# ---- codes


@pytest.mark.parametrize("reason", Reason)
def test_codes(reason: Reason) -> None:
    entry = CATALOGUE[reason]
    assert entry.info_code != 0
    assert entry.file_code != 0
    open_ = codes(Conclusion.INDETERMINATE, reason, Subject.DOCUMENT)
    assert open_[2:] == ("transport", "transport")
    if entry.decides is Conclusion.INVALID:
        indication, sub, info, file = codes(Conclusion.INVALID, reason, Subject.DOCUMENT)
        assert indication == "TOTAL-FAILED"
        assert sub == entry.sub
        assert info in range(1, 8)
        assert file in (1, 2)
    else:
        with pytest.raises(ValueError, match="never decides invalid"):
            codes(Conclusion.INVALID, reason, Subject.DOCUMENT)


def test_only_valid_is_code_0_and_a_record_has_no_file_code() -> None:
    passed = ("TOTAL-PASSED", None, 0, 0)
    assert codes(Conclusion.VALID, None, Subject.DOCUMENT) == passed
    assert codes(Conclusion.VALID, None, Subject.RECORD) == ("TOTAL-PASSED", None, 0, None)
    assert codes(Conclusion.INVALID, Reason.NOT_FOUND, Subject.RECORD)[2:] == (5, None)


@pytest.mark.parametrize(
    ("reason", "info", "file"),
    [  # GB/T 36906 by its own words (standards §1.7)
        (Reason.NOT_YET_IN_FORCE, 1, 2),
        (Reason.SUSPENDED, 2, 2),
        (Reason.ENDED, 3, 2),
        (Reason.NOT_FOUND, 5, 2),
        (Reason.ISSUER_DENIES, 5, 2),
        (Reason.RECORD_MISMATCH, 6, 2),
        (Reason.SIGNATURE_INVALID, 6, 1),
        (Reason.SIGNATURE_MISSING, 6, 1),
        (Reason.MALFORMED, 4, 2),
        (Reason.ISSUER_UNREACHABLE, "transport", "transport"),
        (Reason.UNSIGNED_COPY, "transport", "transport"),
    ],
)
def test_codes_as_callers_know_them(reason: Reason, info: object, file: object) -> None:
    assert (CATALOGUE[reason].info_code, CATALOGUE[reason].file_code) == (info, file)


def test_code_3_is_kept_for_what_the_issuer_ended() -> None:
    assert [r for r in Reason if CATALOGUE[r].info_code == 3] == [Reason.ENDED]


# ---- texts

_FORGED = re.compile(r"伪造|假|冒|forg|fake|counterfeit", re.IGNORECASE)
_FORGED_NOT = re.compile(r"这与真伪无关|This is not a matter of forgery\.")


def _clerk(reason: Reason) -> tuple[str, str]:
    texts = CATALOGUE[reason].texts
    return texts.clerk.zh + texts.next_step.zh, texts.clerk.en + texts.next_step.en


@pytest.mark.parametrize("reason", [r for r in Reason if r.family is Family.DEPENDENCY])
def test_an_outage_reads_like_an_outage(reason: Reason) -> None:
    for text in (*_clerk(reason), CATALOGUE[reason].texts.title.zh):
        assert not _FORGED.search(text)
        assert not re.search(r"无效|invalid|吊销了|失效", text)
    assert re.search(r"稍后|联网", CATALOGUE[reason].texts.next_step.zh) or (
        "系统管理员" in CATALOGUE[reason].texts.next_step.zh
    )


@pytest.mark.parametrize(
    "reason",
    [
        Reason.ENDED,
        Reason.SUSPENDED,
        Reason.NOT_YET_IN_FORCE,
        Reason.COPY_EXPIRED,
        Reason.COPY_PURPOSE_DIFFERS,
        Reason.PRESENTATION_EXPIRED,
        Reason.NOT_FOUND,
        Reason.IDENTIFIER_MISTYPED,
    ],
)
def test_what_is_over_or_mistyped_is_not_called_forged(reason: Reason) -> None:
    for text in _clerk(reason):
        assert not _FORGED.search(_FORGED_NOT.sub("", text))


@pytest.mark.parametrize("reason", Reason)
def test_texts_are_sentences_in_official_register(reason: Reason) -> None:
    texts = CATALOGUE[reason].texts
    for text in (texts.engineer, texts.clerk, texts.next_step):
        assert text.zh.endswith("。")
        assert text.en.endswith(".")
        assert not re.search(r"[,;?!]|(?<![A-Za-z0-9_])\.|您|你", text.zh)
    assert not re.search(r"[。.]$", texts.title.zh + texts.title.en)
    assert len(texts.clerk.zh) <= 60
    assert len(texts.title.zh) <= 30
    blanks = re.findall(r"\{.*?\}", f"{texts.clerk.zh}{texts.next_step.en}")
    assert set(blanks) <= {"{issuer}"}


def test_no_two_reasons_say_the_same() -> None:
    for field in ("title", "engineer"):
        said = [getattr(entry.texts, field) for entry in CATALOGUE.values()]
        assert len({s.zh for s in said}) == len({s.en for s in said}) == len(Reason)


def test_the_issuers_name_fills_the_blank_and_starts_a_sentence() -> None:
    text = Bilingual("请向{issuer}核实。", "{issuer} says so; ask {issuer}.")
    assert (
        text.filled("甲局", "Bureau {issuer}").en == "Bureau {issuer} says so; ask Bureau {issuer}."
    )
    assert text.filled("颁发机构", "the issuer").en == "The issuer says so; ask the issuer."


# ---- incomplete catalogues cannot be made


def test_a_whole_catalogue_is_made_and_a_poorer_one_is_not() -> None:
    assert assemble(CATALOGUE) == CATALOGUE
    for reason in Reason:
        rest = {r: e for r, e in CATALOGUE.items() if r is not reason}
        with pytest.raises(ValueError, match=f"without an entry: .*{reason}"):
            assemble(rest)
    with pytest.raises(ValueError, match="told twice"):
        assemble(CATALOGUE, {Reason.ENDED: CATALOGUE[Reason.ENDED]})


def test_the_family_bounds_the_entry() -> None:
    ended, outage = CATALOGUE[Reason.ENDED], CATALOGUE[Reason.STATUS_STALE]
    with pytest.raises(ValueError, match="an outage leaves the matter open"):
        assemble({**CATALOGUE, Reason.STATUS_STALE: ended})
    with pytest.raises(ValueError, match="when to ask again"):
        assemble({**CATALOGUE, Reason.STATUS_STALE: replace(outage, retry_after=None)})
    with pytest.raises(ValueError, match="when to ask again"):
        assemble({**CATALOGUE, Reason.ENDED: replace(ended, retry_after=60)})


@pytest.mark.parametrize(
    "make",
    [
        lambda: invalid(Block.STATUS, Own.REQUEST, info=0, file=2, **TEXTS),
        lambda: invalid(Block.STATUS, Own.REQUEST, info=3, file=0, **TEXTS),
        lambda: invalid(Block.STATUS, Etsi.TRY_LATER, info=3, file=2, **TEXTS),
        lambda: unsure(Block.STATUS, Etsi.REVOKED, **TEXTS),
        lambda: unsure(Block.STATUS, Own.REQUEST, decides=Conclusion.VALID, **TEXTS),
        lambda: unsure(Block.STATUS, Own.REQUEST, decides=Conclusion.INVALID, **TEXTS),
        lambda: replace(CATALOGUE[Reason.STATUS_STALE], info_code=3),
        lambda: replace(CATALOGUE[Reason.STATUS_STALE], file_code=1),
        lambda: bilingual(("", "x")),
        lambda: bilingual(("文字", " ")),
        lambda: bilingual(("text", "text")),
        lambda: bilingual(("文字", "文字")),
        lambda: bilingual(("请向{issuer}核实", "ask them")),
    ],
)
def test_a_contradictory_entry_cannot_be_made(make: object) -> None:
    assert isinstance(invalid(Block.STATUS, Own.REQUEST, info=3, file=2, **TEXTS), Entry)
    assert isinstance(unsure(Block.STATUS, Etsi.TRY_LATER, **TEXTS), Entry)
    assert bilingual(("文字", "text")) == Bilingual("文字", "text")
    with pytest.raises(ValueError):  # noqa: PT011  (each message is its own)
        make()  # type: ignore[operator]


def test_evidence_stands_in_the_block_its_reason_answers() -> None:
    """An unknown signer leaves open who signed (authenticity), and so which roles are filled; a file
    that was not sent, what it says of itself.
    """
    elsewhere = set()
    for scene in SCENES.values():
        for item in scene.play().evidence:
            if item.reason is not None and CATALOGUE[item.reason].block is not item.check.block:
                elsewhere.add((item.reason, item.check))
    unknown = (Reason.KEY_UNKNOWN, Reason.NO_ANCHOR)
    unsent = (CheckName.COPY_CURRENT, CheckName.IDENTIFIER_AGREES, CheckName.CONTENT_AGREES)
    assert elsewhere == {
        *((reason, CheckName.ROLES_FILLED) for reason in unknown),
        *((Reason.STRUCTURE_NOT_SEEN, check) for check in unsent),
    }
