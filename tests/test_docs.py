"""The documents say what the code does: generated parts are current, and their cells are right."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from app.cli import app
from app.domain.certificate import CertificateDeviation
from app.domain.cms import CmsDeviation
from app.domain.evidence import CheckName
from app.domain.picture import LeftOut
from app.domain.policies import POLICIES
from app.domain.reasons import Reason
from app.domain.seal import SealDeviation
from app.reports.catalogue import CATALOGUE
from docs import make
from docs.deviations import meanings
from tests.shots import FOLDER, SHOTS

RULES = (make.HERE / "verification.md").read_text(encoding="utf-8")


def rows_of(text: str, name: str) -> list[list[str]]:
    """Cells of a generated table, as a reader of the committed document sees them."""
    part = text.split(f"<!-- generated: {name} -->")[1].split("<!-- end -->", maxsplit=1)[0]
    lines = [line for line in part.splitlines() if line.startswith("|")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_generating_anew_changes_nothing() -> None:
    assert {path.name for path in make.documents()} == {
        *(
            "reasons.md",
            "deviations.md",
            "verification.md",
            "trust-list.schema.json",
            "issuer-test.md",
        ),
    }
    for path, text in make.documents().items():
        assert path.read_text(encoding="utf-8") == text, f"run: python -m docs.make ({path.name})"


COMMAND = re.compile(r"(?:^|[`$ ])zhengyan ([a-z][^`\n|;]*)", re.MULTILINE)
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*")
DOCUMENTS = [
    *make.HERE.parent.glob("README*.md"),
    *make.HERE.glob("*.md"),
    *make.HERE.glob("adr/*.md"),
]


def test_every_command_of_the_documents_is_one_with_these_options() -> None:
    """Whether it does what is said there, other tests ask; here, that it can be typed at all."""
    program, told = typer.main.get_command(app), 0
    for path in DOCUMENTS:
        for line in COMMAND.findall(path.read_text(encoding="utf-8")):
            command: Any = program
            words = line.split()
            while words and words[0] in getattr(command, "commands", {}):
                command = command.commands[words.pop(0)]
            if command.name == "zhengyan":
                assert words[0] in {"and", "on"}, (path.name, line)  # a sentence about the program
                continue
            known = {name for each in command.params for name in each.opts + each.secondary_opts}
            assert set(OPTION.findall(line)) <= known | {"--help"}, (path.name, line)
            told += 1
    assert told > 100


def test_every_picture_of_the_pages_is_taken_kept_and_shown() -> None:
    names = {f"{shot.name}.png" for shot in SHOTS}
    shown = re.findall(r"!\[\]\((\w+\.png)\)", (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert len(shown) == len(set(shown))
    assert set(shown) == names == {path.name for path in FOLDER.glob("*.png")}


def test_the_page_on_pictures_names_all_that_may_be_left_out() -> None:
    text = (make.HERE / "pictures.md").read_text(encoding="utf-8")
    table = text.split("| `left_out` |")[1].split("\n\n")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == [each.value for each in LeftOut]


def test_check_fails_where_a_document_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(make, "HERE", tmp_path)
    (tmp_path / "verification.md").write_text(RULES, encoding="utf-8")
    (tmp_path / "issuer-test.md").write_text("<!-- generated: items -->\n<!-- end -->")
    assert make.main(["--check"]) == 1  # reasons.md is missing
    assert not (tmp_path / "reasons.md").exists()
    assert make.main([]) == 0
    assert make.main(["--check"]) == 0
    altered = RULES.replace("**valid**", "invalid", 1)
    (tmp_path / "verification.md").write_text(altered, encoding="utf-8")
    assert make.main(["--check"]) == 1
    with pytest.raises(ValueError, match="two-keys"):
        make.verification(RULES.replace("<!-- generated: two-keys -->", ""))


# ---- the two-key table: the design's cells, written down a second time

SILENT = {
    "4 not enough to tell": "insufficient_facts",
    "5, unsigned": "not_found_unsigned",
    "5, from upstream": "not_found_upstream",
    "7 partly wrong or incomplete": "partial_answer",
    "no answer in time": "issuer_unreachable",
    "an answer that cannot be used": "answer_unusable",
    "not asked": "issuer_not_asked",
    "0, older than the limit": "status_stale",
    "0, unsigned, channel open": "answer_unsigned",
    "no answer; old signed statement: in force": "issuer_unreachable",
    "no answer; unsigned statement: in force": "issuer_unreachable",
}
AGAINST = {
    "1 not yet in force": "not_yet_in_force",
    "2 suspended": "suspended",
    "3 ended": "ended",
    "5 no such record": "issuer_denies",
    "6 differs": "record_mismatch",
    "4 or 7, and the file's digest differs": "record_mismatch",
    "0, but the file's digest differs": "record_mismatch",
    "0, but a fact differs": "record_mismatch",
}
GOOD = {
    "0 in force",
    "0, and confirms the file's digest",
    "0, and number, type, holder, dates all match",
    "0, and compared nothing",
    "0, unsigned, channel authenticated",
    "0, from upstream",
}
CLOSES = {
    "trust gap": {"0, and confirms the file's digest"},
    "time gap": {
        "0, and confirms the file's digest",
        "0, and number, type, holder, dates all match",
    },
    "other gap": set(),
}
STANDING = {
    "no answer; young signed statement: in force",
    "no answer; old signed statement: in force",
}
DOUBTS = {
    "trust gap": "key_unknown",
    "time gap": "key_revoked_since",
    "other gap": "issuer_unknown",
    "unsigned copy": "unsigned_copy",
}


def expected(row: str, column: str) -> str:
    """The design's table, row by row, without the code that decides."""
    conflict = " (`conflict`)" if row == "0, but a newer signed statement says ended" else ""
    if column == "broken":
        return "invalid: `signature_invalid`" + (" (`conflict`)" if row in STANDING else "")
    if row in AGAINST:
        word = AGAINST[row]
        if column == "facts only" and word == "issuer_denies":
            word = "not_found"
        return f"invalid: `{word}`"
    if column in DOUBTS:
        closed = column in CLOSES and row in CLOSES[column]
        return "**valid**" if closed else f"indeterminate: `{DOUBTS[column]}`{conflict}"
    if row == "0, and compared nothing" and column == "facts only":
        return "indeterminate: `insufficient_facts`"
    if row in GOOD:
        return "**valid**"
    if column == "facts only":
        word = "status_conflict" if conflict else SILENT.get(row, "issuer_unreachable")
        return f"indeterminate: `{word}`{conflict}"
    match row:
        case "no answer; young signed statement: in force":
            return "**valid**"
        case "no answer; young signed statement: ended":
            return "invalid: `ended`"
        case "0, but a newer signed statement says ended":
            return f"invalid: `ended`{conflict}"
    return f"indeterminate: `{SILENT[row]}`"


def test_every_cell_of_the_table_as_published() -> None:
    head, _, *rows = rows_of(RULES, "two-keys")
    columns = [re.sub(r" \(.*", "", column) for column in head[1:]]
    assert columns == [
        "sound",
        "trust gap",
        "time gap",
        "other gap",
        "broken",
        "unsigned copy",
        "facts only",
    ]
    cells = 0
    for row in rows:
        for column, cell in zip(columns, row[1:], strict=True):
            assert cell == expected(row[0], column), (row[0], column)
            cells += 1
    assert cells == len(make.ROWS) * len(make.COLUMNS) == 28 * 7


def test_the_table_as_published_is_what_decide_says() -> None:
    head, _, *rows = rows_of(RULES, "two-keys")
    for row in rows:
        for column, cell in zip(head[1:], row[1:], strict=True):
            found = make.verdict(row[0], column)
            assert found.conclusion.value in cell
            assert found.reason is None or f"`{found.reason}`" in cell
            assert found.conflict == ("conflict" in cell)


def test_the_levels_as_published_are_those_of_the_policies() -> None:
    head, _, *rows = rows_of(RULES, "policies")
    assert [row[0] for row in rows] == [f"`{check}`" for check in CheckName]
    for row in rows:
        check = CheckName(row[0].strip("`"))
        named = dict(zip(head, row, strict=True))
        assert named["block"] == check.block
        for policy in POLICIES.values():
            assert named[f"`{policy.name}`"] == policy.levels[check]
            assert policy.extra[check] in (named["extra signers"] or policy.extra[check])


def test_every_reason_is_documented_with_its_codes() -> None:
    text = (make.HERE / "reasons.md").read_text(encoding="utf-8")
    assert re.findall(r"^### `(\w+)`$", text, re.MULTILINE) != []
    assert set(re.findall(r"^### `(\w+)`$", text, re.MULTILINE)) == set(Reason)
    for reason, entry in CATALOGUE.items():
        part = text.split(f"### `{reason}`")[1].split("###")[0]
        assert f"codes {entry.info_code} / {entry.file_code}" in part
        assert entry.texts.title.zh in part
    assert "{issuer}" not in text


def test_every_deviation_is_explained_in_the_page() -> None:
    """Tolerated by name, and listed: none without a sentence where its name does not say all."""
    page = (make.HERE / "deviations.md").read_text(encoding="utf-8")
    for kind in (SealDeviation, CmsDeviation, CertificateDeviation):
        told = meanings(kind)
        assert list(told) == [each.value for each in kind]
        assert all(f"| `{each.value}` |" in page for each in kind)
    assert all(meanings(SealDeviation).values())
    assert all(meanings(CmsDeviation).values())


def test_every_deviation_has_a_test_that_names_it() -> None:
    sources = "".join(p.read_text(encoding="utf-8") for p in Path("tests").rglob("test_*.py"))
    for kind in (SealDeviation, CmsDeviation, CertificateDeviation):
        missing = [e.name for e in kind if f"{kind.__name__}.{e.name}" not in sources]
        assert missing == [], kind


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index() -> None:
    names = sorted(path.name for path in make.HERE.glob("adr/*.md"))
    numbers = [name[:4] for name in names]
    assert len(numbers) > 20
    assert len(set(numbers)) == len(numbers)
    index = (make.HERE / "README.md").read_text(encoding="utf-8")
    listed = re.findall(r"^\* \[(\d{4}): .*\]\(adr/(\S+)\)$", index, re.MULTILINE)
    assert listed == list(zip(numbers, names, strict=True))
