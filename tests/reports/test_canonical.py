"""One value, one sequence of bytes; what has no exact form is refused."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.reports.canonical import EXACT, canonical

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
