"""docs/plan.md: every item and task has its row, and whatever a row names is there."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest
import typer

from app.cli import app as command
from app.routers.access import ROUTES

PROJECT = Path(__file__).parents[1]
PAGE = (PROJECT / "docs/plan.md").read_text("utf-8")
ITEMS = {"item 16", "item 18"}
TASKS = {f"task {n}" for n in (1, 7, 8, 23, 39, *range(43, 48), 50, 51, *range(62, 67))}

Row = dict[str, str]


def table() -> dict[str, Row]:
    lines = [line for line in PAGE.splitlines() if line.startswith("|")]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    names = ("asks", "where", "shown", "not yet")
    return {row[0]: dict(zip(names, row[1:], strict=True)) for row in rows}


ROWS = table()


@cache
def functions_in(path: str) -> frozenset[str]:
    """Names of the tests of a file."""
    tree = ast.parse((PROJECT / path).read_text("utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(n.name for n in ast.walk(tree) if isinstance(n, kinds))


@cache
def commands() -> frozenset[str]:
    """Every command and group of the command line, as it is typed."""

    def walk(group: object, before: str) -> set[str]:
        found = {before}
        for name, inner in getattr(group, "commands", {}).items():
            found |= walk(inner, f"{before} {name}")
        return found

    return frozenset(walk(typer.main.get_command(command), "zhengyan"))


def named(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_item_and_task_that_software_answers_has_its_row() -> None:
    assert set(ROWS) == ITEMS | TASKS


@pytest.mark.parametrize("name", sorted(ROWS))
def test_whatever_a_row_names_exists(name: str) -> None:
    row = ROWS[name]
    places, shown = named(row["where"]), named(row["shown"])
    assert places, "a route, a command or a page"
    assert shown, "a test"
    for place in places:
        if place.startswith("zhengyan"):
            assert place in commands(), place
        else:
            method, _, path = place.partition(" ")
            assert (method, path) in ROUTES, place
    for test in shown:
        path, _, function = test.partition("::")
        assert (PROJECT / path).is_file(), path
        if function:
            assert function in functions_in(path), test


@pytest.mark.parametrize("name", sorted(ROWS))
def test_what_is_not_there_is_said_with_its_reason(name: str) -> None:
    missing = ROWS[name]["not yet"]
    assert not missing or "because" in missing or missing.startswith("as item"), name


def test_a_row_that_names_what_is_not_there_is_found() -> None:
    """The twin of the test above: its means do tell."""
    assert "zhengyan import" in commands()
    assert "zhengyan exports" not in commands()
    assert ("POST", "/v1/exports") not in ROUTES
    assert "test_nobody_wrote" not in functions_in("tests/test_plan.py")
