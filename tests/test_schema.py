"""docs/data-model.*: drawn from the models, current, and whole."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from app.models import Base
from docs import schema


def test_drawing_anew_changes_nothing() -> None:
    assert schema.PICTURE.read_text("utf-8") == schema.picture(), "run: python -m docs.schema"
    assert schema.PAGE.read_text("utf-8") == schema.page(), "run: python -m docs.schema"
    assert schema.main(["--check"]) == 0


def test_check_fails_where_something_differs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = tmp_path / "data-model.md"
    page.write_text("<!-- generated: tables -->\n\n<!-- end -->\n", "utf-8")
    monkeypatch.setattr(schema, "PICTURE", tmp_path / "data-model.svg")
    monkeypatch.setattr(schema, "PAGE", page)
    assert schema.main(["--check"]) == 1
    assert schema.main([]) == 0
    assert schema.main(["--check"]) == 0


def test_every_table_and_column_stands_in_the_picture_once() -> None:
    root = ET.fromstring(schema.picture())
    words = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    for table in Base.metadata.tables.values():
        assert words.count(table.name) >= 1, table.name
        for column in table.columns:
            assert column.name in words, (table.name, column.name)
    titles = set(schema.GROUPS.values())
    assert titles <= set(words)


def test_no_box_lies_over_another() -> None:
    drawn, _, height = schema.layout()
    for one in drawn:
        assert one.y + one.height <= height
        for other in drawn:
            apart = one.x != other.x or one.y + one.height <= other.y or other.y + other.height <= one.y  # fmt: skip
            assert one is other or apart, (one.table.name, other.table.name)


def test_partition_keys_are_those_of_the_tables() -> None:
    divided = {t.name for t in Base.metadata.tables.values() if schema.partition_key(t)}
    assert divided == {
        *("license", "license_key", "license_status", "statement", "verification", "first_seen"),
    }
    text = schema.PAGE.read_text("utf-8")
    for name in divided:
        assert re.search(rf"\| `{name}` \|.*\| `\w+` \|$", text, re.MULTILINE), name
