"""How the code is laid out, where a linter cannot see it; import-linter holds the layers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.checks import CHECKS
from app.domain.evidence import CheckName
from app.domain.policies import POLICIES
from app.domain.reasons import Reason
from app.reports.catalogue import CATALOGUE
from app.services.publish import QUESTIONS

PROJECT = Path(__file__).parents[1]
APP = PROJECT / "app"
RULES = (PROJECT / "docs" / "verification.md").read_text("utf-8")
REASONS = (PROJECT / "docs" / "reasons.md").read_text("utf-8")
HIDDEN = {".venv", ".data", "build"}
NOWHERE = {"utils", "core", "common", "helpers", "util", "misc"}


def modules(folder: str) -> list[Path]:
    found = sorted((APP / folder).rglob("*.py"))
    assert found, folder
    return found


def tree_of(module: Path) -> ast.Module:
    return ast.parse(module.read_text("utf-8"))


def imports_of(module: Path) -> Iterator[str]:
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


def name(module: Path) -> str:
    return str(module.relative_to(PROJECT))


# ---- what is decided is published


def test_every_reason_has_its_entry_and_its_place_in_the_documents() -> None:
    assert set(CATALOGUE) == set(Reason)
    for reason in Reason:
        assert f"### `{reason}`\n" in REASONS


def test_every_check_is_asked_once_has_a_question_and_is_published() -> None:
    asked = [check.name for check in CHECKS]
    assert len(asked) == len(set(asked))
    assert {
        *asked,
        CheckName.WELL_FORMED,
        CheckName.BOUND,
        CheckName.SEAL_IN_USE,
        CheckName.ALGORITHMS_SM,
    } == set(CheckName)
    assert set(QUESTIONS) == set(CheckName)
    for check in CheckName:
        assert f"| `{check}` |" in RULES, check


def test_every_policy_names_every_check_and_is_published() -> None:
    for policy in POLICIES.values():
        assert set(policy.levels) == set(CheckName)
        assert f"`{policy.name}`" in RULES


# ---- the core says what it holds


@pytest.mark.parametrize("module", modules("domain"), ids=name)
def test_the_domain_has_no_any(module: Path) -> None:
    names = [node.id for node in ast.walk(tree_of(module)) if isinstance(node, ast.Name)]
    assert "Any" not in names
    assert "typing.Any" not in module.read_text("utf-8")


@pytest.mark.parametrize("module", modules("domain"), ids=name)
def test_the_domain_is_frozen(module: Path) -> None:
    """Every dataclass of the domain is a value: frozen, and with slots."""
    for node in ast.walk(tree_of(module)):
        for each in getattr(node, "decorator_list", []):
            named = each.func if isinstance(each, ast.Call) else each
            if isinstance(named, ast.Name) and named.id == "dataclass":
                given = (
                    {k.arg: k.value for k in each.keywords} if isinstance(each, ast.Call) else {}
                )
                for wanted in ("frozen", "slots"):
                    value = given.get(wanted)
                    assert isinstance(value, ast.Constant), (name(module), node.name)  # type: ignore[attr-defined]
                    assert value.value is True


# ---- routers speak HTTP, and nothing else

SQL = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM)\b[\s\S]*\b(FROM|VALUES|SET|WHERE)\b")
FOREIGN = ("sqlalchemy", "asyncpg", "httpx", "aiohttp", "app.models", "app.crypto.schemes", "app.policy",
           "app.checks", "app.config")  # fmt: skip


def sql_in(module: Path) -> list[str]:
    texts = [n.value for n in ast.walk(tree_of(module)) if isinstance(n, ast.Constant)]
    return [text for text in texts if isinstance(text, str) and SQL.search(text)]


@pytest.mark.parametrize("module", modules("routers"), ids=name)
def test_routers_are_thin(module: Path) -> None:
    assert not sql_in(module)
    named = set(imports_of(module))
    for foreign in FOREIGN:
        assert not [each for each in named if each == foreign or each.startswith(f"{foreign}.")]
    for node in ast.walk(tree_of(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            long = (node.end_lineno or 0) - node.lineno + 1
            assert long <= 50, (name(module), node.name, long)


@pytest.mark.parametrize("folder", ["services", "cli", "schemas", "reports", "checks"])
def test_sql_stands_in_the_registry_only(folder: str) -> None:
    for module in modules(folder):
        assert not sql_in(module), name(module)
    assert any(sql_in(module) for module in modules("registry")), "the search finds some"


# ---- names, and nothing left over


def test_no_folder_without_a_name() -> None:
    for module in APP.rglob("*.py"):
        parts = {part.removesuffix(".py") for part in module.relative_to(APP).parts}
        assert not parts & NOWHERE, name(module)


def test_only_composition_roots_read_settings() -> None:
    roots = {"app/main.py", "app/composition.py", "app/config.py", "app/worker.py"}
    for module in APP.rglob("*.py"):
        where = name(module)
        if where not in roots and not where.startswith("app/cli/"):
            assert "app.config" not in set(imports_of(module)), where
            assert "os.environ" not in module.read_text("utf-8"), where


def test_nothing_is_left_to_be_done() -> None:
    words = re.compile(
        "|".join(("TO" + "DO", "FIX" + "ME", "X" + "XX", "NotImplemented" + "Error"))
    )
    for module in PROJECT.rglob("*.py"):
        if not HIDDEN & set(module.relative_to(PROJECT).parts):
            assert not words.search(module.read_text("utf-8")), name(module)
    assert words.search("raise NotImplemented" + "Error")


def test_one_spelling() -> None:
    """License, not the other one, in code, interface and documents."""
    other = re.compile(r"\blicen" + r"ces?\b", re.IGNORECASE)
    for suffix in ("*.py", "*.md", "*.html", "*.js", "*.toml", "*.css"):
        for file in PROJECT.rglob(suffix):
            if not HIDDEN & set(file.relative_to(PROJECT).parts):
                assert not other.search(file.read_text("utf-8")), name(file)


def test_tolerances_of_clocks_stand_in_one_place() -> None:
    """Each meaning once, with its reason; a second constant of that name is how they drift apart."""
    made = re.compile(r"^\w*(?:SKEW|GRACE|LEEWAY|CLOCKS_AGREE)\b[^=\n]*=", re.MULTILINE)
    found = {str(p.relative_to(APP)) for p in modules("") if made.search(p.read_text("utf-8"))}
    assert found == {"domain/clocks.py"}
