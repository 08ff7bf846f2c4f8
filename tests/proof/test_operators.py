"""The mutator itself: what it changes, what it leaves alone, and its list of excuses."""

import ast

import pytest

from proof.mutation import TARGETS, enumerations, read
from proof.parts.equivalents import EQUIVALENT
from proof.parts.operators import Sites
from proof.parts.trial import PROJECT, dependents


def changes(source: str) -> set[str]:
    return {site.what for site in Sites(ast.parse(source), {"Colour": ["RED", "BLUE"]}).found}


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("x = a < b", {"a < b → a <= b", "a < b → a >= b"}),
        ("x = a is None", {"a is None → a is not None"}),
        ("x = a and b", {"a and b → a or b", "without `a`", "without `b`"}),
        ("x = not a", {"not a → a"}),
        ("x = a | b", {"a | b → a & b", "a | b → a", "a | b → b"}),
        ("x = Colour.RED", {"Colour.RED → BLUE"}),
        ("x = {a, b}", {"without `a`", "without `b`"}),
        ("f(True, 7)", {"True → False", "7 → 8", "without `f(True, 7)`"}),
        ("x = any(a)", {"any → all"}),
        ("x = [a for a in b if c]", {"without `if c`"}),
        ("x = a if b else c", {"if b → True", "if b → False"}),
        ("class A:\n    X = 'x'", {"'x' → another text"}),
        ("@d\ndef f(): return a", {"without `d`", "return a → None"}),
        ("def f(): return False", {"False → True"}),
        ("def f():\n    raise E", {"without `raise E`"}),
        (
            "match a:\n    case B | C:\n        pass",
            {"without `B`", "without `C`", "without `case B | C: pass`"},
        ),
        # left alone
        ("x: int | None", set()),
        ("Word = A | B", set()),
        ('"""Text."""', set()),
        ("@dataclass(slots=True)\nclass A: ...", {"without `dataclass(slots=True)`"}),
    ],
)
def test_changes(source: str, expected: set[str]) -> None:
    assert changes(source) - {"without `...`"} == expected


@pytest.mark.parametrize("name", TARGETS)
def test_every_mutant_of_the_code_is_a_program(name: str) -> None:
    """Applied one by one, each compiles: none would be taken for killed without a test."""
    sources = sorted(PROJECT.glob("app/**/*.py"))
    enums = enumerations([p for p in sources if p.is_relative_to(PROJECT / "app/domain")])
    count = len(read(name, enums, ()).sites)
    for place in range(0, count, 41):
        module = read(name, enums, ())
        module.sites[place].apply()
        compile(module.tree, name, "exec")


def test_whoever_sees_a_module_is_imported_anew_with_it() -> None:
    found = dependents("app.domain.verdict", sorted(PROJECT.glob("app/**/*.py")))
    assert {"app.domain.verdict", "app.domain.word", "app.policy", "app.services.verify"} <= found
    assert "app.domain.reasons" not in found


def test_every_excuse_is_of_a_line_that_is_there() -> None:
    for name, line, _ in EQUIVALENT:
        text = (PROJECT / name).read_text("utf-8")
        assert line in [own.strip() for own in text.splitlines()], (name, line)
