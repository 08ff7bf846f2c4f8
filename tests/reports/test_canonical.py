"""One value, one sequence of bytes; what has no exact form is refused."""

import copy
import json
from collections.abc import Callable
from enum import IntEnum, StrEnum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.canonical import EXACT, Settled, canonical

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-EXACT, EXACT)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text("abz_é", max_size=4), inner)
    ),
    max_leaves=20,
)


def test_names_are_sorted_and_nothing_is_spaced_or_escaped() -> None:
    octets = canonical({"b": [1, True, None], "a": {"z": "证照", "y": "\n"}})
    assert octets == '{"a":{"y":"\\n","z":"证照"},"b":[1,true,null]}'.encode()


@given(st.dictionaries(st.text("abz_é", max_size=4), values))
def test_it_reads_back_as_itself_whatever_the_order(value: dict[str, Any]) -> None:
    octets = canonical(value)
    assert json.loads(octets) == value
    assert canonical(dict(reversed(value.items()))) == octets


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.5,
        float("nan"),
        float("inf"),
        EXACT + 1,
        -EXACT - 1,
        b"bytes",
        (1, 2),
        {1: "x"},
        {None: "x"},
        {"x": 1, 1: "x"},
        {"a", "b"},
        "\ud800",
        object(),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_has_no_exact_form_is_refused(value: object) -> None:
    assert canonical({"a": [EXACT, "x"]}) == b'{"a":[9007199254740991,"x"]}'
    for place in ({"a": value}, {"a": [value]}, {"a": {"b": value}}):
        with pytest.raises(ValueError):  # noqa: PT011  (each message is its own)
            canonical(place)


@given(st.dictionaries(st.text("abz_é", max_size=4), values))
def test_the_same_octets_as_another_writer(value: dict[str, Any]) -> None:
    plain = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    assert canonical(value) == plain.encode()


@pytest.mark.parametrize("low", range(0, 0x10000, 0x1000))
def test_every_character_is_written_as_another_writer_does(low: int) -> None:
    text = "".join(map(chr, range(low, low + 0x1000))).encode(errors="ignore").decode()
    plain = json.dumps({text: text}, ensure_ascii=False, separators=(",", ":"))
    assert canonical({text: text}) == plain.encode()


class _Word(StrEnum):
    ONE = "one"


class _Number(IntEnum):
    ONE = 1


def test_words_and_numbers_of_a_closed_set_are_what_they_stand_for() -> None:
    assert canonical({"a": _Word.ONE, "b": _Number.ONE}) == b'{"a":"one","b":1}'


def test_what_holds_itself_is_refused() -> None:
    value: dict[str, object] = {}
    value["a"] = [value]
    with pytest.raises(ValueError, match="nested"):
        canonical(value)


# ---- what many reports share


@given(st.dictionaries(st.text("abz_é", max_size=4), values))
def test_what_was_settled_before_stands_there_octet_for_octet(value: dict[str, Any]) -> None:
    settled = Settled(value)
    assert settled == value
    assert canonical({"a": [settled], "b": settled}) == canonical({"a": [value], "b": value})
    assert canonical(settled) == canonical(value)
    assert json.loads(json.dumps(settled)) == value


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d.__setitem__("a", 2),
        lambda d: d.__delitem__("a"),
        lambda d: d.__ior__({"a": 2}),
        lambda d: d.clear(),
        lambda d: d.pop("a"),
        lambda d: d.popitem(),
        lambda d: d.setdefault("b", 2),
        lambda d: d.update(a=2),
    ],
)
def test_what_is_settled_never_changes_and_a_copy_may(change: Callable[[Any], object]) -> None:
    settled = Settled({"a": 1})
    with pytest.raises(TypeError, match="settled"):
        change(settled)
    assert settled == {"a": 1}
    for copied in (copy.copy(settled), copy.deepcopy(settled), dict(settled)):
        change(copied)
        assert (type(copied), settled) == (dict, {"a": 1})


def test_what_has_no_form_cannot_be_settled() -> None:
    with pytest.raises(ValueError, match="no canonical form"):
        Settled({"a": 1.0})
    with pytest.raises(ValueError, match="no canonical form"):
        canonical({"a": Settled({"b": "\ud800"})})
