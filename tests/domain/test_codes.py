"""Codes on licenses, by the vectors of the standards and of real documents; and what they refuse.

Sources: GB/T 36904-2018 with GB/T 17710 (MOD 37,36), GB 32100-2015, GB 11714-1997, GB 11643-1999,
GB/T 2260. The identifiers stand on licenses that were published; that of 630000 is made up.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.codes import (
    REGIONS_RENAMED,
    citizen_number_ok,
    matter_code_usual,
    mod_37_36,
    organisation_code_ok,
    region_now,
    region_well_formed,
    region_within,
    same_matter,
    uscc_check_ok,
    uscc_region,
    uscc_well_formed,
)
from app.domain.identifier import MAX_LENGTH, Identifier

ROOT = "1.2.156.3005.2"
GOOD = [
    f"{ROOT}.11100000000013338W011.11430000006122244L.20230000403.001.U",
    f"{ROOT}.11100000000013338W009.11330105002500287C.2025052201.002.0",
    f"{ROOT}.11100000MB03271699022.340100.000000016.001.9",
    f"{ROOT}.11100000000013338W032.11220000013544541J.2430599.001.F",
    f"{ROOT}.11100000MB03271699001.11630000MB0000019J.2024000001.001.B",
]
MISTYPED = f"{ROOT}.11100000000013661B006.113700000045046442.209FA4E88F9E4C878F3E9BED2CE7EA49.001.M"
"""Of a published description of an interface; its check character should be D."""
ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"


# ---- 证照标识


@pytest.mark.parametrize("text", GOOD)
def test_identifiers_of_real_licenses_pass_each_check_apart(text: str) -> None:
    found = Identifier.read(text)
    assert (found.check_ok, found.root_ok, str(found)) == (True, True, text)


def test_a_wrong_check_character_is_mistyped_and_still_read() -> None:
    found = Identifier.read(MISTYPED)
    assert (found.check_ok, found.root_ok) == (False, True)
    assert Identifier.read(MISTYPED[:-1] + "D").check_ok, "the twin"


def test_another_root_is_told_apart_from_a_wrong_check() -> None:
    found = Identifier.read(GOOD[0].replace(ROOT, "1.2.156.3003.2"))
    assert (found.check_ok, found.root_ok) == (True, False), "the root is not checked over"


NOT_READ = [
    "",
    f"{ROOT}.062301.1101101102.0624_001.001.U",  # of the wild: six digits of a type, and _
    GOOD[0].lower(),
    GOOD[0] + "\n",
    " " + GOOD[0],
    GOOD[0].replace(".", "．"),
    GOOD[0].replace("403", "４０３"),
    GOOD[0].replace(".001.", ".01."),
    GOOD[0].removesuffix(".U"),
    GOOD[0] + ".U",
    GOOD[2].replace("340100", "34010"),
    f"{ROOT}.11100000000013338W011.11430000006122244L.{'9' * 65}.001.U",
    GOOD[0] + "0" * MAX_LENGTH,
]


@pytest.mark.parametrize("text", NOT_READ)
def test_what_is_no_identifier_is_read_in_no_way(text: str) -> None:
    with pytest.raises(ValueError, match=r"root\.type\.issuer"):
        Identifier.read(text)


BODIES = [
    ("11100000000013338W00211320482014138860P201807250201001", "M"),
    ("12330110470391229PA11601010003456001", "1"),
    ("11100000MB03271699022340100000000016001", "9"),
]


@pytest.mark.parametrize(("body", "check"), BODIES)
def test_mod_37_36(body: str, check: str) -> None:
    assert mod_37_36(body) == check


@pytest.mark.parametrize("text", ["é", "a", " ", "_", "０"])
def test_mod_37_36_knows_its_alphabet_alone(text: str) -> None:
    with pytest.raises(ValueError, match="0-9 and A-Z"):
        mod_37_36("1" + text)


def test_every_character_mistyped_and_every_two_exchanged_are_seen() -> None:
    body, check = BODIES[2]
    for at, was in enumerate(body):
        for char in ALNUM.replace(was, ""):
            assert mod_37_36(body[:at] + char + body[at + 1 :]) != check, (at, char)
    for at in range(len(body) - 1):
        swapped = body[:at] + body[at + 1] + body[at] + body[at + 2 :]
        assert swapped == body or mod_37_36(swapped) != check, at


# ---- 统一社会信用代码, 组织机构代码, 公民身份号码

USCC = ["11100000MB03271699", "11100000000013338W", "91350100M000100Y43",
        "113700000045046442", "12100000000018032A"]  # fmt: skip
USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


@pytest.mark.parametrize("code", USCC)
def test_codes_of_bodies(code: str) -> None:
    assert uscc_well_formed(code)
    assert uscc_check_ok(code)
    assert organisation_code_ok(code[8:17]), "主体标识码 is a GB 11714 code of its own"
    assert region_well_formed(uscc_region(code))


@pytest.mark.parametrize("code", USCC)
def test_a_mistyped_code_of_a_body_is_well_formed_and_does_not_check(code: str) -> None:
    for at, was in enumerate(code):
        wrong = "7" if was != "7" else "8"
        bad = code[:at] + wrong + code[at + 1 :]
        assert uscc_well_formed(bad)
        assert not uscc_check_ok(bad), at


@pytest.mark.parametrize(
    "code",
    ["", USCC[0][:-1], USCC[0] + "9", USCC[0].lower(), USCC[0] + "\n", "91350100M000100I43",
     "91350100M000100O43", "9135010OM000100Y43", "９1350100M000100Y43"],
)  # fmt: skip
def test_what_is_no_code_of_a_body(code: str) -> None:
    assert not uscc_well_formed(code)
    assert not uscc_check_ok(code)


def test_organisation_codes() -> None:
    for code in ("D2143569-X", "D2143569X", "MB0327169"):
        assert organisation_code_ok(code)
    for code in ("", "D2143569-0", "d2143569-X", "D2143569--X", "MB0327168", "MB03271-69", "１"):
        assert not organisation_code_ok(code)


def test_numbers_of_citizens() -> None:
    good = "11010519491231002X"
    assert citizen_number_ok(good)
    for bad in ("", good[:-1], good[:-1] + "x", good[:-1] + "0", good + "\n", "110105491231002"):
        assert not citizen_number_ok(bad), "15 digits are given no more; x is folded before"
    for at in range(17):
        bad = good[:at] + str((int(good[at]) + 1) % 10) + good[at + 1 :]
        assert not citizen_number_ok(bad), at


@given(st.text(max_size=40))
def test_nothing_raises_whatever_is_asked(text: str) -> None:
    for told in (uscc_well_formed, uscc_check_ok, organisation_code_ok, citizen_number_ok):
        assert told(text) in (True, False)
    assert region_well_formed(text) in (True, False)
    assert region_now(text) == REGIONS_RENAMED.get(text, text)


# ---- 行政区划代码

NOW = [
    ("630122", "630106"),  # 湟中
    ("632100", "630200"),  # 海东
    ("632123", "630202"),  # 乐都
    ("630221", "630203"),  # 平安, its second code
    ("632321", "632301"),  # 同仁
    ("632721", "632701"),  # 玉树
    ("630102", "630102"),
    ("632803", "632803"),
    ("340100", "340100"),
    ("999999", "999999"),
]


@pytest.mark.parametrize(("old", "now"), NOW)
def test_a_code_that_is_no_longer_given_counts_as_what_it_became(old: str, now: str) -> None:
    assert region_now(old) == now


def test_the_table_of_old_codes_ends_in_codes_of_today() -> None:
    for old, now in REGIONS_RENAMED.items():
        assert region_well_formed(old)
        assert region_well_formed(now)
        assert now not in REGIONS_RENAMED, "no code leads to another old one, nor in a circle"
        assert old[:2] == now[:2] == "63"
        assert old.endswith("00") == now.endswith("00"), "a city stays a city, a county a county"


def test_old_codes_lie_within_the_region_of_today_and_in_no_other() -> None:
    assert region_within("632123", "630200")
    assert region_within("632123", "632100"), "and in that of then"
    assert region_within("630202", "632100")
    assert region_within("630122", "630106")
    assert region_within("630106", "630122")
    assert region_within("630122", "630100")
    for region, wider in (
        *(("632123", "630100"), ("632123", "632200"), ("632123", "630203"), ("630122", "630121")),
        *(("632321", "632700"), ("632100", "630202"), ("632123", "640000"), ("632123", "100000")),
    ):
        assert not region_within(region, wider), (region, wider)


# ---- 事项编码, GB/T 39554.1-2020: 12 digits, or 18 of a body with 13 or 15 more

MATTER = "11370800MB285591843370117002011"
"""实施编码 as it stands in a published description of an interface."""
ITEM = MATTER + "01"
"""业务办理项编码: an item of it."""


@pytest.mark.parametrize("code", [MATTER, ITEM, "370117002011"])
def test_codes_of_matters_in_their_usual_forms(code: str) -> None:
    assert matter_code_usual(code)


@pytest.mark.parametrize(
    "code",
    [
        "",
        "核验",
        MATTER[:-1],
        MATTER + "0",
        ITEM + "01",
        MATTER[:17] + "5" + MATTER[18:],  # the check character of its body
        MATTER.lower(),
        MATTER[:-1] + "-",
        MATTER[:-1] + "２",  # full width
        MATTER + "\n",
        "37011700201",
        "37011700201A",
    ],
)
def test_codes_of_matters_of_no_usual_form(code: str) -> None:
    assert matter_code_usual(MATTER), "the twin"
    assert not matter_code_usual(code)


def test_an_item_is_of_its_matter_and_of_no_other() -> None:
    other = MATTER[:-1] + "2"
    assert same_matter(MATTER, MATTER)
    assert same_matter(MATTER, ITEM)
    assert same_matter(ITEM, MATTER)
    assert not same_matter(MATTER, other)
    assert not same_matter(other, ITEM)
    assert not same_matter(ITEM, MATTER + "02"), "two items of one matter"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("M", "M-1"),
        ("", MATTER),
        (MATTER[:18], MATTER),
        (MATTER, ITEM + "1"),
        ("370117002011", "37011700201101"),
        ("x" * 31, "x" * 33),
    ],
)
def test_what_only_begins_alike_is_another_matter(one: str, other: str) -> None:
    assert same_matter(one, one), "the twin"
    assert not same_matter(one, other)
    assert not same_matter(other, one)
