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
from app.routers.telling import moot, moot_check, notes, told
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


def disputed(found: Json) -> None:
    found["license"]["dispute"] = {"since": "x", "text": {"zh": "有异议", "en": "disputed"}}


OWN: Final[tuple[tuple[Callable[[Json], None], str], ...]] = (
    *((not_found, "notfound"), (denied, ""), (unnamed, "choosefirst"), (renewed, "")),
    *((identifier_alone, "recordonly"), (told_too_little, ""), (photo, "photogood")),
    *((photo_of_a_forged_code, ""), (photo_of_no_code, "")),
    *((photo_while_the_issuer_is_silent, ""), (plain_pdf, "plainpdf"), (token, "")),
    *((old_answer, ""), (contract, ""), (disputed, "")),
)
BESIDE: Final[dict[Callable[[Json], None], tuple[str, ...]]] = {
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
    top = told(found, said, lang, unnamed=True)
    words = said[own] if own else "x" if change is contract else found["headline"][lang]
    assert top.words == words
    assert top.kind == ("unfound" if own == "notfound" else found["conclusion"])
    assert own == "choosefirst" or top.next == found["explanation"]["next_step"][lang]
    beside = "".join(notes(found, said, lang, BODIES))
    asked = BESIDE.get(change, ("unseen",) if found["conclusion"] == "valid" else ())
    every = ("unseen", "byanswer", "pastdate", "bynumber", "sealedby", "sealstate")
    begins = {name: said[name].partition("{")[0] for name in every}
    assert {name for name in every if begins[name] in beside} == set(asked)


def test_who_named_an_issuer_is_told_that_it_is_unknown() -> None:
    found = variant(unnamed)
    said = VERIFY["zh"]["said"]
    assert told(found, said, "zh", unnamed=False).words == found["headline"]["zh"]
    shown = result_of(found, names("zh"), unnamed=False)
    assert (shown.issuer, shown.retry) == (said["unregistered"], "")
    assert result_of(variant(plain_pdf), names("zh")).issuer == ""
    alone = result_of(found, names("zh"), unnamed=True)
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
    parts = result_of(found, names(lang)).parts
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
    bound = [line for part in parts for line in part.lines if said["noanswer"] in line.words]
    assert bool(bound) is (found["answer"]["said"] is None)
    assert all(line.mark == "–" for line in bound)
    if genuine == "nofile":
        assert not [line for line in parts[0].lines if line.mark == "✔"]


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
            ...[true, false].map(unnamed => told(found, said, lang, unnamed)),
            notes(found, said, lang, (code) => names[code], () => "AGE")])"""
        variants = [variant(change) for change, _ in OWN]
        shown = tab.evaluate(script, [variants, BODIES])
        for (change, _), found, (*tops, beside) in zip(OWN, variants, shown, strict=True):
            for way, top in zip((True, False), tops, strict=True):
                own = told(found, said, lang, unnamed=way)
                assert (top["kind"], top["words"]) == (own.kind, own.words), change.__name__
                assert (top["meaning"], top["next"]) == (own.meaning, own.next)
            ours = [*notes(found, said, lang, BODIES)]
            age = said["byanswer"].partition("{")
            assert beside == [
                said["byanswer"].replace("{age}", "AGE") if each.startswith(age[0]) else each
                for each in ours
            ], change.__name__
        cases = [variant(change) for change, *_ in MOOT]
        script = """all => all.map(found => Object.entries(found.blocks).map(([name, block]) =>
            [moot(name, found), ...block.checks.map(each => mootCheck(each, name, found))]))"""
        assert tab.evaluate(script, cases) == [
            [
                [moot(name, found), *(moot_check(each, name, found) for each in block["checks"])]
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
