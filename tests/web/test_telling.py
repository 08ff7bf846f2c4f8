"""The top of the page where a report's own words would mislead, by report; with scripts or not."""

import copy
from collections.abc import Callable
from typing import Any, Final

import pytest

from app.reports.phrases import ANY_SIGNER
from app.routers.entered import Slip, issuer_meant, look_at, pasted
from app.routers.page_texts import VERIFY
from app.routers.pages import names
from app.routers.result import result_of
from app.routers.telling import UNSAID, Asked, moot, moot_check, notes, told
from app.schemas.examples import VERIFICATION
from tests.service import Service
from tests.web.browser import chromium

__all__ = ["chromium"]

Json = dict[str, Any]
SEALER: Final = "91630102SBX900014J"
BODIES: Final = {SEALER: "云海建工（虚构）有限公司", "11639901MB99020277": "云海市 公安局"}


def _reason(found: Json, code: str, family: str, *, record: bool, kind: str) -> None:
    found["reason"] = {"code": code, "family": family}
    found["conclusion"] = kind
    found["subject"] = "record" if record else "document"


def not_found(found: Json) -> None:
    _reason(found, "not_found", "license", record=True, kind="invalid")


def denied(found: Json) -> None:
    _reason(found, "issuer_denies", "license", record=False, kind="invalid")


def denied_of_a_broken_file(found: Json) -> None:
    denied(found)
    found["blocks"]["authenticity"]["outcome"] = "indeterminate"
    found["answer"]["said"]["outcome"] = 5


def no_such_identifier(found: Json) -> None:
    _reason(found, "issuer_denies", "license", record=True, kind="invalid")
    found["answer"]["said"]["outcome"] = 5


def mistyped_identifier(found: Json) -> None:
    no_such_identifier(found)
    check = {**found["blocks"]["authority"]["checks"][0], "name": "identifier_form"}
    check |= {"outcome": "failed", "reason": "identifier_mistyped"}
    found["blocks"]["authority"]["checks"].append(check)


def mismatch(found: Json) -> None:
    _reason(found, "record_mismatch", "license", record=True, kind="invalid")
    found["answer"]["said"]["outcome"] = 6
    found["blocks"]["status"]["outcome"] = "failed"
    found["facts_compared"] = [
        {"fact": "holder", "match": "differs"},
        {"fact": "number", "match": "match"},
        {"fact": "type", "match": "differs"},
    ]


def mismatch_of_a_file(found: Json) -> None:
    mismatch(found)
    found["subject"] = "document"


def cut_off(found: Json) -> None:
    _reason(found, "malformed", "input", record=False, kind="invalid")
    found |= {"format": None, "signatures": [], "facts_compared": []}
    found["answer"] |= {"asked": False, "counts": False, "said": None}
    found["license"] |= {"issuer": None, "type": None}
    for block in found["blocks"].values():
        block |= {"outcome": "indeterminate", "checks": []}
    check = {**VERIFICATION["report"]["blocks"]["authenticity"]["checks"][0]}
    check |= {"name": "well_formed", "outcome": "failed", "reason": "malformed"}
    found["blocks"]["authenticity"] |= {"outcome": "failed", "checks": [check]}


def painted(found: Json) -> None:
    _reason(found, "signature_missing", "signature", record=False, kind="invalid")
    found["signatures"] = []


def sealed_by_a_stranger(found: Json) -> None:
    _reason(found, "seal_maker_unknown", "signature", record=False, kind="indeterminate")
    found["blocks"]["authenticity"]["outcome"] = "indeterminate"
    found["answer"]["said"] |= {"document": "unknown", "age_seconds": 500}


def confirmed_by_its_digest(found: Json) -> None:
    sealed_by_a_stranger(found)
    found["answer"]["said"]["document"] = "match"


def unnamed(found: Json) -> None:
    _reason(found, "issuer_unknown", "license", record=True, kind="indeterminate")
    found["license"] |= {"issuer": None}


def identifier_alone(found: Json) -> None:
    _reason(found, "insufficient_facts", "input", record=True, kind="indeterminate")


def told_too_little(found: Json) -> None:
    identifier_alone(found)
    found["answer"]["said"]["outcome"] = 4


def photo(found: Json) -> None:
    _reason(found, "unsigned_copy", "signature", record=False, kind="indeterminate")
    found |= {"format": "photo", "photo": {"codes": [], "several": False}}


def photo_of_a_forged_code(found: Json) -> None:
    photo(found)
    found["signatures"][0]["outcome"] = "failed"


def photo_of_no_code(found: Json) -> None:
    photo(found)
    found["signatures"] = []


def photo_while_the_issuer_is_silent(found: Json) -> None:
    photo(found)
    found["answer"] |= {"counts": False, "said": None}


def plain_pdf(found: Json) -> None:
    _reason(found, "unsigned_copy", "signature", record=False, kind="indeterminate")
    found |= {"format": "pdf", "signatures": [], "answer": {**found["answer"], "said": None}}
    found["license"] |= {"issuer": None, "type": None}


def token(found: Json) -> None:
    found |= {"format": "jws", "reason": None, "conclusion": "valid", "subject": "document"}


def old_answer(found: Json) -> None:
    found["answer"]["said"]["age_seconds"] = 7 * 60 + 5


def renewed(found: Json) -> None:
    check = {**found["blocks"]["status"]["checks"][0], "name": "own_dates"}
    check |= {"outcome": "indeterminate", "reason": "past_own_date"}
    found["blocks"]["status"]["checks"] = [check]


def contract(found: Json) -> None:
    check = {**found["blocks"]["status"]["checks"][0], "name": "seal_in_use"}
    check |= {"outcome": "indeterminate", "reason": "seal_status_unknown"}
    found["blocks"]["status"]["checks"] = [check]
    found["sealed_document"] = {"signers": [SEALER, "91630102SBX900099X"]}
    found["license"] |= {"issuer": None, "type": None}
    for lang, more in (("zh", f"（{ANY_SIGNER.zh}）"), ("en", f" ({ANY_SIGNER.en})")):
        found["headline"][lang] = "x" + more


def sealed_by_anyone(found: Json) -> None:
    """In force, and nobody said whose seal it had to be."""
    contract(found)
    found["blocks"]["status"]["checks"] = []
    found |= {"conclusion": "valid", "reason": None, "subject": "seal", "format": "ofd"}
    found["sealed_document"] |= {"any_signer": True, "seals": []}
    check = {**found["blocks"]["authority"]["checks"][0], "name": "signer_expected"}
    found["blocks"]["authority"]["checks"] = [{**check, "outcome": "passed", "reason": None}]


def sealed_by_one(found: Json) -> None:
    sealed_by_anyone(found)
    found["sealed_document"]["any_signer"] = False


def seal_ended(found: Json) -> None:
    contract(found)
    found["blocks"]["status"]["checks"][0]["reason"] = "seal_ended_since"
    _reason(found, "seal_ended_since", "signature", record=False, kind="indeterminate")


def platform_silent(found: Json) -> None:
    contract(found)
    _reason(found, "seal_status_unknown", "signature", record=False, kind="indeterminate")
    silence = {"counts": False, "said": None, "silence": "connection"}
    found["answer"] |= {**silence, "asked": True, "reason": "issuer_unreachable"}


def no_platform(found: Json) -> None:
    platform_silent(found)
    found["answer"] |= {"asked": False, "silence": None, "not_asked": "no_endpoint"}


def one_platform_of_two(found: Json) -> None:
    platform_silent(found)
    silent = copy.deepcopy(found["answer"]) | {"signature": "seal 1"}
    none = {**silent, "asked": False, "silence": None, "reason": None, "signature": "seal 2"}
    found["sealed_document"]["seals"] = [silent, none]


def disputed(found: Json) -> None:
    found["license"]["dispute"] = {"since": "x", "text": {"zh": "有异议", "en": "disputed"}}


OWN: Final[tuple[tuple[Callable[[Json], None], str], ...]] = (
    *((not_found, "notfound"), (denied, ""), (unnamed, "choosefirst"), (renewed, "")),
    *((identifier_alone, "recordonly"), (told_too_little, ""), (photo, "photogood")),
    *((photo_of_a_forged_code, ""), (photo_of_no_code, "")),
    *((photo_while_the_issuer_is_silent, ""), (plain_pdf, "plainpdf"), (token, "")),
    *((old_answer, ""), (contract, ""), (disputed, ""), (denied_of_a_broken_file, "")),
    *((no_such_identifier, "notfoundid"), (mistyped_identifier, "notfoundid")),
    *((mismatch, "mismatch"), (mismatch_of_a_file, ""), (cut_off, "cutoff"), (painted, "")),
    *((sealed_by_a_stranger, ""), (confirmed_by_its_digest, ""), (sealed_by_anyone, "sealonly")),
    *((sealed_by_one, ""), (seal_ended, ""), (platform_silent, "sealoutage"), (no_platform, "")),
    (one_platform_of_two, ""),
)
TYPED: Final = Asked(unnamed=True, pasted=True)
SLIPS: Final = ("notfound", "notfoundid", "mismatch", "cutoff")
CONTRACTS: Final = (
    *(contract, sealed_by_anyone, sealed_by_one),
    *(seal_ended, platform_silent, no_platform, one_platform_of_two),
)
BESIDE: Final[dict[Callable[[Json], None], tuple[str, ...]]] = {
    denied: ("denied",),
    mistyped_identifier: ("checkbad",),
    painted: ("painted",),
    sealed_by_a_stranger: ("numberonly",),
    confirmed_by_its_digest: ("byanswer",),
    sealed_by_anyone: ("sealedby",),
    sealed_by_one: ("sealedby",),
    seal_ended: ("sealedby",),
    platform_silent: ("sealedby",),
    no_platform: ("sealedby", "sealstate"),
    one_platform_of_two: ("sealedby", "sealstate"),
    token: ("unseen",),
    old_answer: ("unseen", "byanswer"),
    renewed: ("unseen", "pastdate"),
    identifier_alone: ("bynumber",),
    contract: ("unseen", "sealedby", "sealstate"),
}


def variant(change: Callable[[Json], None]) -> Json:
    """The published example, a valid token, changed."""
    found: Json = copy.deepcopy(VERIFICATION["report"])
    found["answer"]["said"]["age_seconds"] = 3
    change(found)
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(("change", "own"), OWN, ids=lambda each: getattr(each, "__name__", ""))
def test_the_headline_is_the_pages_own_only_where_the_reports_misleads(
    change: Callable[[Json], None], own: str, lang: str
) -> None:
    said, found = VERIFY[lang]["said"], variant(change)
    top = told(found, said, VERIFY[lang]["facts"], lang, TYPED)
    words = said[own] if own else "x" if change in CONTRACTS else found["headline"][lang]
    between = ", " if lang == "en" else "、"
    differ = between.join(VERIFY[lang]["facts"][fact] for fact in ("holder", "type"))
    sealed = between.join((SEALER, "91630102SBX900099X"))
    assert top.words == words.replace("{facts}", differ).replace("{codes}", sealed)
    kind = "outage" if own == "sealoutage" else found["conclusion"]
    assert top.kind == ("unfound" if own in SLIPS else kind)
    step = said.get(f"{own}next", found["explanation"]["next_step"][lang])
    assert own == "choosefirst" or top.next == step
    beside = "".join(notes(found, said, lang, BODIES, TYPED))
    asked = BESIDE.get(change, ("unseen",) if found["conclusion"] == "valid" else ())
    every = (
        *("unseen", "byanswer", "pastdate", "bynumber", "sealedby", "sealstate"),
        *("denied", "checkbad", "painted", "numberonly"),
    )
    begins = {name: said[name].partition("{")[0] for name in every}
    assert {name for name in every if begins[name] in beside} == set(asked)


def test_who_named_an_issuer_is_told_that_it_is_unknown() -> None:
    found = variant(unnamed)
    said = VERIFY["zh"]["said"]
    facts = VERIFY["zh"]["facts"]
    assert told(found, said, facts, "zh", UNSAID).words == found["headline"]["zh"]
    shown = result_of(found, names("zh"))
    assert (shown.issuer, shown.retry) == (said["unregistered"], "")
    assert result_of(variant(plain_pdf), names("zh")).issuer == ""
    alone = result_of(found, names("zh"), asked=Asked(unnamed=True))
    assert (alone.issuer, alone.retry, alone.meaning) == ("", said["unnamed"], "")


def test_an_answer_has_its_age_and_a_seal_its_owner() -> None:
    zh, en = VERIFY["zh"]["said"], VERIFY["en"]["said"]
    assert "依据颁发机构7 分钟前的答复。" in list(notes(variant(old_answer), zh, "zh", {}))
    assert "By the issuer's answer of 7 minutes ago." in list(
        notes(variant(old_answer), en, "en", {})
    )
    lines = "\n".join(notes(variant(contract), zh, "zh", BODIES))
    assert f"印章属于：云海建工（虚构）有限公司（统一社会信用代码 {SEALER}）。" in lines
    assert "统一社会信用代码 91630102SBX900099X（本服务没有登记其名称）" in lines
    shown = result_of(variant(contract), names("zh"), BODIES)
    assert shown.issuer == "", "no license, and no issuer to ask for"
    assert [part.open for part in shown.parts if part.title == zh["signatures"]] == [True]
    assert "⚠ 有异议" in list(notes(variant(disputed), zh, "zh", {}))


def test_an_issuer_that_did_answer_is_not_called_silent() -> None:
    for lang in ("zh", "en"):
        status = result_of(variant(renewed), names(lang)).parts[2]
        why = [note for line in status.lines for note in line.notes if "past_own_date" in note]
        assert why == [
            f"{VERIFY[lang]['said']['why']}{VERIFY[lang]['said']['pastown']} (past_own_date)"
        ]


def silent(found: Json) -> None:
    _reason(found, "issuer_unreachable", "dependency", record=False, kind="indeterminate")
    found["answer"] |= {"counts": False, "said": None}


def silent_of_a_record(found: Json) -> None:
    silent(found)
    found["subject"] = "record"


def answered_of_a_record(found: Json) -> None:
    found |= {"subject": "record", "conclusion": "valid", "reason": None}


def unasked(found: Json) -> None:
    silent(found)
    found["answer"] |= {"asked": False}


def forged(found: Json) -> None:
    silent(found)
    _reason(found, "signature_invalid", "signature", record=False, kind="invalid")
    found["blocks"]["authenticity"]["outcome"] = "failed"


def open_authority(found: Json) -> None:
    silent(found)
    found["blocks"]["authority"]["outcome"] = "indeterminate"


def contract_of_any(found: Json) -> None:
    contract(found)
    _reason(found, "seal_status_unknown", "dependency", record=False, kind="indeterminate")
    found["sealed_document"]["any_signer"] = True
    found["answer"] |= {"said": None}


def contract_of_one(found: Json) -> None:
    contract_of_any(found)
    found["sealed_document"]["any_signer"] = False


MOOT: Final[tuple[tuple[Callable[[Json], None], str, str], ...]] = (
    *((token, "", ""), (silent, "", "noanswer"), (answered_of_a_record, "nofile", "")),
    *((silent_of_a_record, "nofile", "noanswer"), (forged, "", "inauthentic")),
    *((open_authority, "", ""), (denied, "", "")),
    *((contract_of_any, "", "anysigner"), (contract_of_one, "", "")),
    *((sealed_by_anyone, "", "anysigner"), (sealed_by_one, "", "")),
    *((unasked, "", "notasked"), (cut_off, "uncut", "uncut")),
)
"""What there was nothing to ask of authenticity, and of authority."""


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize(
    ("change", "genuine", "entitled"), MOOT, ids=lambda each: getattr(each, "__name__", "")
)
def test_what_could_not_be_asked_is_not_ticked(
    change: Callable[[Json], None], genuine: str, entitled: str, lang: str
) -> None:
    said, found = VERIFY[lang]["said"], variant(change)
    parts = result_of(found, names(lang), asked=Asked(pasted=True)).parts
    for part, block, own in (
        (parts[0], "authenticity", genuine),
        (parts[1], "authority", entitled),
    ):
        if own:
            question = found["blocks"][block]["question"][lang]
            assert (part.title, part.open) == (f"– {said[own]} · {question}", False)
            assert part.kind == "not_applicable"
        else:
            assert part.title[0] != "–"
    word = said["noanswer" if found["answer"]["asked"] else "notasked"]
    bound = [line for part in parts for line in part.lines if word in line.words]
    assert bool(bound) is (found["answer"]["said"] is None and change is not cut_off)
    assert all(line.mark == "–" for line in bound)
    if change is cut_off:
        assert not [line for part in parts for line in part.lines if line.mark == "✘"]
    if genuine == "nofile":
        assert not [line for line in parts[0].lines if line.mark == "✔"]


def test_a_token_file_that_is_cut_off_is_damaged() -> None:
    """Only of pasted text it is mostly the pasting: a file came as it is."""
    said, found = VERIFY["zh"]["said"], variant(cut_off)
    shown = result_of(found, names("zh"))
    assert (shown.kind, shown.words) == ("invalid", found["headline"]["zh"])
    assert shown.parts[0].title[0] == "✘"
    pasted = result_of(found, names("zh"), asked=Asked(pasted=True))
    assert (pasted.kind, pasted.mark, pasted.words) == ("unfound", "✎", said["cutoff"])
    why = "".join(note for line in pasted.parts[0].lines for note in line.notes)
    assert said["cutwhy"] in why
    assert not pasted.issuer


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_what_was_mistyped_is_no_cross(lang: str) -> None:
    said = VERIFY[lang]["said"]
    differs = result_of(variant(mismatch), names(lang)).parts[2]
    assert (differs.title.split(" · ")[0], differs.open) == (f"– {said['untold']}", True)
    assert {line.mark for line in differs.lines if said["answer"] in line.words} == {"✎"}
    for change in (no_such_identifier, mistyped_identifier):
        parts = result_of(variant(change), names(lang)).parts
        assert not [line for part in parts for line in part.lines if line.mark == "✘"]
        assert parts[2].kind == "unfound"
    denying = result_of(variant(mismatch_of_a_file), names(lang)).parts[2]
    assert denying.kind == "failed", "of a file it is the file"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_of_a_seal_its_platform_answers_and_of_each_its_own(lang: str) -> None:
    said = VERIFY[lang]["said"]

    def told_of(change: Callable[[Json], None]) -> list[tuple[str, str]]:
        lines = result_of(variant(change), names(lang)).parts[2].lines
        assert not [line for line in lines if said["answer"] in line.words]
        return [(each.words, each.foreign) for each in lines if said["sealanswer"] in each.words]

    assert told_of(sealed_by_anyone) == [(said["sealanswer"] + said["sealused"], "")]
    assert told_of(platform_silent) == [(said["sealanswer"] + said["silent"], "")]
    assert told_of(one_platform_of_two) == [
        (said["sealanswer"] + said["silent"], "[seal 1]"),
        (said["sealanswer"] + said["unasked"], "[seal 2]"),
    ]
    shown = result_of(variant(sealed_by_anyone), names(lang))
    lines = [line for part in shown.parts for line in part.lines if said["anysigner"] in line.words]
    assert [line.mark for line in lines] == ["–"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_of_a_copy_nobody_here_compared_what_it_is_for(lang: str) -> None:
    """The page has no field for the matter a copy is handed in for."""
    said = VERIFY[lang]["said"]

    def copied(found: Json) -> None:
        check = {**found["blocks"]["status"]["checks"][0], "name": "copy_current"}
        found["blocks"]["status"]["checks"] = [check | {"outcome": "passed", "reason": None}]

    def compared(found: Json) -> None:
        copied(found)
        check = found["blocks"]["status"]["checks"][0]
        check |= {"outcome": "failed", "reason": "copy_purpose_differs"}

    for change, own in ((copied, True), (compared, False), (token, False)):
        lines = result_of(variant(change), names(lang)).parts[2].lines
        assert any(line.words.endswith(f" · {said['copyasks']}") for line in lines) is own
        assert [line.mark for line in lines if line.words == said["copyuse"]] == ["–"] * own


def test_who_denies_a_license_is_not_called_its_issuer() -> None:
    said = VERIFY["zh"]["said"]
    assert result_of(variant(denied), names("zh")).issuer_label == said["claimed"]
    assert result_of(variant(old_answer), names("zh")).issuer_label == said["issuer"]


def test_who_named_nobody_is_told_so_in_the_reason() -> None:
    def change(found: Json) -> None:
        unnamed(found)
        check = found["blocks"]["authority"]["checks"][0]
        check |= {"outcome": "indeterminate", "reason": "issuer_unknown"}

    said = VERIFY["zh"]["said"]
    for asked in (Asked(unnamed=True), UNSAID):
        parts = result_of(variant(change), names("zh"), asked=asked).parts
        why = "".join(note for part in parts for line in part.lines for note in line.notes)
        assert (said["noone"] in why) is asked.unnamed


NAMED: Final = (
    *(("11639901mb99020277", "11639901MB99020277"), (" 1163 9901MB99020277", "11639901MB99020277")),
    *(("630000", "630000"), ("云海建工（虚构）有限公司", SEALER), ("建工", SEALER)),
    *(("云海市公安局", "11639901MB99020277"), ("公安局", "11639901MB99020277")),
    *(("云海", ""), ("青海", ""), ("11639901MB9902027", ""), ("（", SEALER)),
)


@pytest.mark.parametrize(("entered", "code"), NAMED)
def test_an_issuer_is_entered_by_code_or_by_name(entered: str, code: str) -> None:
    if code:
        assert issuer_meant(entered, BODIES) == code
        return
    with pytest.raises(Slip) as caught:
        issuer_meant(entered, BODIES)
    assert caught.value.name == "noissuer"


PASTED: Final = (
    *(
        ("e30.e30.AA", "token"),
        ("e30.\r\n e30.\u200bAA\ufeff", "token"),
        ("1.2.156. 3", "identifier"),
    ),
    *(("640123", "identifier"), ("e30 e30", "identifier"), (" \n", "")),
)


@pytest.mark.parametrize(("text", "what"), PASTED)
def test_what_copying_put_between_is_taken_out(text: str, what: str) -> None:
    assert [*pasted(text)] == ([what] if what else [])
    assert all(each.isascii() and " " not in each for each in pasted(text).values())


@pytest.mark.parametrize(
    ("file", "name"),
    [
        (b"", "empty"),
        (b"\0\0\0\x18ftypheic\0\0", "heic"),
        (b"\0\0\0\x18ftypmif1\0\0", "heic"),
        (b"\0\0\0\x18ftypisom\0\0", ""),
        (b"PK\x03\x04\0\0\0\0ftypheic", ""),
        (b"x", ""),
    ],
)
def test_a_file_that_cannot_be_meant_is_named(file: bytes, name: str) -> None:
    if not name:
        look_at(file)
        return
    with pytest.raises(Slip) as caught:
        look_at(file)
    assert caught.value.name == name


def test_scripts_say_and_take_the_same(chromium: Any, service: Service) -> None:
    """The twins, side by side: every case above, in both languages."""
    context = chromium.new_context()
    tab = context.new_page()
    for lang in ("zh", "en"):
        said = VERIFY[lang]["said"]
        tab.goto(f"{service.url}/?lang={lang}")
        script = """([all, names]) => all.map(found => [
            ...[true, false].map(way =>
                told(found, said, (fact) => named("fact:" + fact).textContent, lang,
                     {unnamed: way, pasted: way})),
            notes(found, said, lang, (code) => names[code], () => "AGE",
                  {unnamed: true, pasted: true})])"""
        variants = [variant(change) for change, _ in OWN]
        shown = tab.evaluate(script, [variants, BODIES])
        for (change, _), found, (*tops, beside) in zip(OWN, variants, shown, strict=True):
            for way, top in zip((TYPED, UNSAID), tops, strict=True):
                own = told(found, said, VERIFY[lang]["facts"], lang, way)
                assert (top["kind"], top["words"]) == (own.kind, own.words), change.__name__
                assert (top["meaning"], top["next"]) == (own.meaning, own.next)
            ours = [*notes(found, said, lang, BODIES, TYPED)]
            age = said["byanswer"].partition("{")
            assert beside == [
                said["byanswer"].replace("{age}", "AGE") if each.startswith(age[0]) else each
                for each in ours
            ], change.__name__
        cut = Asked(pasted=True)
        cases = [variant(change) for change, *_ in (*MOOT, (mismatch,), (mistyped_identifier,))]
        script = """all => all.map(found => Object.entries(found.blocks).map(([name, block]) =>
            [moot(name, found, pasted),
             ...block.checks.map(each => mootCheck(each, name, found, pasted))]))"""
        script = (
            f"all => {{ const pasted = {{unnamed: false, pasted: true}}; return ({script})(all) }}"
        )
        assert tab.evaluate(script, cases) == [
            [
                [
                    moot(name, found, cut),
                    *(moot_check(c, name, found, cut) for c in block["checks"]),
                ]
                for name, block in found["blocks"].items()
            ]
            for found in cases
        ]
    meant = tab.evaluate(
        "([all, names]) => all.map(each => issuerMeant(each, names))",
        [[entered for entered, _ in NAMED], [*BODIES.items()]],
    )
    assert meant == [code for _, code in NAMED]
    taken = tab.evaluate("all => all.map(pastedText)", [text for text, _ in PASTED])
    assert taken == [pasted(text) for text, _ in PASTED]
    context.close()
