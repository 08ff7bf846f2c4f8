"""How much a look-up shows: pure, case by case."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Match
from app.domain.lookup import (
    Asked,
    Found,
    Level,
    Shown,
    compared_with,
    masked_code,
    masked_name,
    most_shown,
    told_of,
)
from app.domain.records import Holder

ID = Identifier.read("1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B")
NOW = datetime(2026, 11, 1, tzinfo=UTC)


def found(**more: Any) -> Found:
    return Found(
        **{
            "identifier": ID,
            "internal": False,
            "type": ID.type,
            "issuer": ID.issuer,
            "level": Level.SHARED,
            "number": "N-1",
            "name": "许可证",
            "holders": (Holder("张样例", "11010519491231002X"), Holder("李样例", "630102199001010013")),
            "issued_on": None,
            "valid_from": date(2024, 1, 1),
            "valid_until": date(2029, 12, 31),
            "long_term": False,
            "as_of": None,
            "known_since": datetime(2026, 1, 1, tzinfo=UTC),
            "recorded_at": datetime(2026, 1, 1, tzinfo=UTC),
            "held": None,
            "statement": None,
            **more,
        }
    )  # fmt: skip


def asked(**more: Any) -> Asked:
    return Asked(
        **{
            "identifier": ID,
            "type": None,
            "number": None,
            "issuer": None,
            "holder": "张样例",
            "holder_code": None,
            "valid_from": None,
            "valid_until": None,
            "long_term": False,
            "at": NOW,
            "known_at": NOW,
            "show": Shown.FULL,
            "detail": True,
            **more,
        }
    )


TABLE = [
    # level, scope for fields, holder known → the most that is shown
    (Level.OPEN, True, True, Shown.FULL),
    (Level.OPEN, True, False, Shown.FULL),
    (Level.OPEN, False, True, Shown.COMPARED),
    (Level.OPEN, False, False, None),
    (Level.SHARED, True, True, Shown.FULL),
    (Level.SHARED, True, False, None),
    (Level.SHARED, False, True, Shown.COMPARED),
    (Level.SHARED, False, False, None),
    (Level.RESTRICTED, True, True, Shown.MASKED),
    (Level.RESTRICTED, True, False, None),
    (Level.RESTRICTED, False, True, Shown.COMPARED),
    (Level.RESTRICTED, False, False, None),
]


@pytest.mark.parametrize(("level", "detail", "known", "most"), TABLE)
def test_level_and_scope_decide(
    level: Level, detail: bool, known: bool, most: Shown | None
) -> None:
    assert most_shown(level, detail=detail, holder_known=known) is most
    told = told_of(asked(detail=detail, holder="张样例" if known else "别人"), found(level=level))
    assert (told.shown if told else None) is most


@pytest.mark.parametrize("show", list(Shown))
def test_no_more_is_shown_than_was_asked_for(show: Shown) -> None:
    told = told_of(asked(show=show), found())
    assert told is not None
    assert told.shown is show


NOTHING = [
    {"holder": "别人"},
    {"holder": None},
    {"holder": "张样例", "holder_code": "630102199001010013"},
    {"holder": None, "holder_code": "630102199001010099"},
    {"issuer": IssuerCode("630000")},
    {"type": TypeCode("11100000MB03271699002")},
    {"identifier": None, "type": ID.type, "number": "N-2"},
    {"known_at": datetime(2025, 12, 31, tzinfo=UTC)},
]


@pytest.mark.parametrize("change", NOTHING)
def test_what_does_not_agree_tells_nothing(change: dict[str, Any]) -> None:
    assert told_of(asked(), found()) is not None, "the twin"
    assert told_of(asked(**change), found()) is None


HOLDERS = [
    ({"holder": " 张 样例 "}, Match.MATCH),
    ({"holder": "李样例"}, Match.MATCH),
    ({"holder": "张样例^李样例"}, Match.MATCH),
    ({"holder": "李样例^张样例"}, Match.DIFFERS),
    ({"holder": "张样"}, Match.DIFFERS),
    ({"holder": ""}, Match.DIFFERS),
]


@pytest.mark.parametrize(("change", "match"), HOLDERS)
def test_holders_are_compared_one_by_one_and_together(change: dict, match: Match) -> None:
    assert compared_with(asked(**change), found())["holder"] is match


def test_facts_are_compared_and_a_record_without_them_is_unknown() -> None:
    facts = {
        "number": " n-1".upper(),
        "holder_code": "11010519491231002x",
        "valid_from": date(2024, 1, 1),
        "valid_until": date(2030, 1, 1),
    }
    told = compared_with(asked(**facts), found())
    assert told == {
        "number": Match.MATCH,
        "holder": Match.MATCH,
        "holder_code": Match.MATCH,
        "valid_from": Match.MATCH,
        "valid_until": Match.DIFFERS,
    }
    bare = found(number=None, holders=(Holder("张样例", None),), valid_from=None, valid_until=None)
    told = compared_with(asked(**facts), bare)
    assert set(told.values()) == {Match.UNKNOWN, Match.MATCH}
    assert told["holder"] is Match.MATCH
    ends = compared_with(asked(long_term=True), found(long_term=True, valid_until=None))
    assert ends["valid_until"] is Match.MATCH


MASKS = [
    ("张三", "张*"),
    ("张样例", "张**"),
    ("欧阳样例", "欧阳**"),
    ("司马", "司*"),
    ("张", "*"),
    ("青海样例有限公司", "青海****公司"),
]


@pytest.mark.parametrize(("name", "masked"), MASKS)
def test_names_are_masked(name: str, masked: str) -> None:
    assert masked_name(name) == masked


@given(st.text(min_size=1, max_size=40))
def test_a_mask_hides_something_of_everything(text: str) -> None:
    for mask in (masked_name, masked_code):
        assert "*" in mask(text)
        assert sum(a != b for a, b in zip(mask(text), text, strict=False)) or "*" in text
    shown = masked_code(text).lstrip("*")
    assert len(shown) <= 4 or "*" in text
