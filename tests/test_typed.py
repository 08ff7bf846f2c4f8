"""Commands in documents can be typed as they stand: each is parsed by the real command line."""

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer.main

from app.cli import app

DOCS = Path(__file__).parents[1] / "docs"
FENCED = re.compile(r"^```\n(.*?)^```", re.DOTALL | re.MULTILINE)
DOCUMENTS = ("mapped.md", "issuer-kit.md", "issuer-test.md", "federation.md")


def commands() -> list[tuple[str, str]]:
    return [
        (name, line.partition("  #")[0].strip())
        for name in DOCUMENTS
        for block in FENCED.findall((DOCS / name).read_text("utf-8"))
        for line in block.splitlines()
        if line.startswith("zhengyan ")
    ]


def parse(line: str) -> str:
    """The leaf command. Raises what the command line does for what cannot be typed."""
    words = shlex.split(line)[1:]
    command: Any = typer.main.get_command(app)
    parent = None
    while hasattr(command, "commands"):
        context = command.make_context(command.name, [], parent, resilient_parsing=True)
        context.resilient_parsing = False  # a group alone asks for a command; this is not one
        _, command, words = command.resolve_command(context, words)
        parent = context
    command.make_context(command.name, words, parent)
    return str(command.name)


@pytest.mark.parametrize(("document", "line"), commands(), ids=lambda text: text[:60])
def test_a_command_of_a_document_can_be_typed(document: str, line: str):
    assert parse(line)


def test_and_one_that_is_mistyped_cannot():
    assert len(commands()) >= 8
    for line in (
        "zhengyan issuer tset X",
        "zhengyan issuer test --smaple x",
        "zhengyan issuer-kit new",
    ):
        with pytest.raises(Exception, match=r"No such|Missing"):
            parse(line)
