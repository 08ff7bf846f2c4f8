"""Objects of a PDF, read as ISO 32000-2 §7.3 writes them and in no other way."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import BeyondLimits, Malformed
from app.formats.pdf import objects
from app.formats.pdf.objects import Lexer, Meter, Name, Ref, Stream, Text, Value, same
from app.formats.pdf.updates import only_space


def value(data: bytes) -> Value:
    return Lexer(data, 0, Meter()).value()


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (b"null", None),
        (b"true", True),
        (b"false ", False),
        (b"  % a comment\n 7", 7),
        (b"-7", -7),
        (b"+7", 7),
        (b"34.5", 34.5),
        (b"-.002", -0.002),
        (b"4.", 4.0),
        (b"/Name1", Name("Name1")),
        (b"/A#42", Name("AB")),
        (b"/", Name("")),
        (b"12 0 R", Ref(12, 0)),
        (b"12 0", 12),
        (b"12 0 RG", 12),
        (b"[1 2 0 R 3]", (1, Ref(2, 0), 3)),
        (b"<</A 1/B[/C]>>", {"A": 1, "B": (Name("C"),)}),
        (b"<< /A << /B (x) >> >>", {"A": {"B": Text(b"x", 12, 15, hexadecimal=False)}}),
    ],
)
def test_a_value_is_read(written: bytes, read: Value) -> None:
    assert value(written) == read


@pytest.mark.parametrize(
    ("written", "octets"),
    [
        (b"()", b""),
        (b"(a(b)c)", b"a(b)c"),
        (rb"(\)\(\\)", b")(\\"),
        (rb"(\n\r\t\b\f)", b"\n\r\t\b\f"),
        (rb"(\101\1012\7)", b"AA2\x07"),
        (rb"(\q)", b"q"),
        (b"(a\\\nb)", b"ab"),
        (b"(a\\\r\nb)", b"ab"),
        (b"(a\rb\r\nc)", b"a\nb\nc"),
        (b"<>", b""),
        (b"<4 1\n42>", b"AB"),
        (b"<414>", b"A@"),
    ],
)
def test_a_string_is_what_the_standard_says(written: bytes, octets: bytes) -> None:
    read = value(written)
    assert isinstance(read, Text)
    assert read.value == octets
    assert (read.start, read.end) == (0, len(written))


@pytest.mark.parametrize(
    "written",
    [
        b"",
        b"  % nothing but a comment",
        b"nul",
        b"nullx",
        b"True",
        b"--1",
        b"1.2.3",
        b"1a",
        b"1" * 25,
        b")",
        b"]",
        b">>",
        b"(",
        b"(\\",
        b"(a(b)",
        b"<4x>",
        b"<41",
        b"<< /A 1",
        b"<< A 1 >>",
        b"<< /A 1 /A 1 >>",
        b"<< /A 1 /#41 2 >>",
        b"[1",
    ],
)
def test_anything_else_is_refused(written: bytes) -> None:
    with pytest.raises(Malformed):
        value(written)


def test_limits_are_ours_and_no_fault_of_the_document() -> None:
    deepest = objects.MAX_NESTING
    assert value(b"[" * deepest + b"]" * deepest) is not None
    with pytest.raises(BeyondLimits):
        value(b"[" * (deepest + 2) + b"]" * (deepest + 2))
    assert value(b"/" + b"x" * objects.MAX_NAME) == Name("x" * objects.MAX_NAME)
    with pytest.raises(BeyondLimits):
        value(b"/" + b"x" * (objects.MAX_NAME + 1))
    with pytest.raises(BeyondLimits):
        Lexer(b"[1 1 1 1]", 0, Meter(tokens=4)).value()
    assert Lexer(b"[1 1 1 1]", 0, Meter(tokens=5)).value() == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("one", "other"),
    [(1, 1.0), (1, True), (0, False), (None, False), ((1,), (1, 1)), ({"A": 1}, {"B": 1})],
)
def test_values_of_two_kinds_are_not_the_same(one: Value, other: Value) -> None:
    assert same(one, one)
    assert same(other, other)
    assert not same(one, other)


def test_strings_are_the_same_by_their_octets_and_streams_by_all_of_them() -> None:
    assert same(value(b"(A)"), value(b"<41>"))
    assert same(Stream({"A": 1}, b"x"), Stream({"A": 1}, b"x"))
    assert not same(Stream({"A": 1}, b"x"), Stream({"A": 1}, b"y"))
    assert not same(Stream({"A": 1}, b"x"), Stream({"A": 2}, b"x"))


@given(st.binary(max_size=200))
def test_whatever_the_octets_a_value_is_read_or_refused(data: bytes) -> None:
    try:
        value(data)
    except Malformed:
        return


_NAMES = st.text("abcXYZ09", max_size=6)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-999, 999) | _NAMES.map(Name),
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(_NAMES, inner),
    max_leaves=12,
)


def written(value: Value) -> bytes:
    if isinstance(value, Name):
        return f"/{value.value}".encode()
    if isinstance(value, tuple):
        return b"[" + b" ".join(map(written, value)) + b"]"
    if isinstance(value, dict):
        return b"<<" + b" ".join(f"/{k} ".encode() + written(v) for k, v in value.items()) + b">>"
    return {None: b"null", True: b"true", False: b"false"}.get(
        value if value is None or isinstance(value, bool) else ..., str(value).encode()
    )  # type: ignore[call-overload,no-any-return]


@given(_VALUES)
def test_what_was_written_is_read_again(made: Value) -> None:
    assert same(value(written(made)), made)


@pytest.mark.parametrize("space", [b" ", b"%\n", b"\r\n%x\r"])
def test_attack_white_space_costs_no_memory(space: bytes) -> None:
    """Deflated, a kilobyte of a file holds a megabyte of it; each octet cost a hundred."""
    between = space * (1_000_000 // len(space))
    tracemalloc.start()
    try:
        assert Lexer(between + b"1", 0, Meter()).value() == 1
        assert only_space(between, 0, len(between))
        assert tracemalloc.get_traced_memory()[1] < 6 * len(between)
    finally:
        tracemalloc.stop()
