"""Draw docs/data-model.svg and the tables of docs/data-model.md from the models themselves.

`python -m docs.schema` writes both; `--check` only compares, and fails.
"""

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

from sqlalchemy import Column, Table
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.types import TypeEngine

from app.models import Base

HERE: Final = Path(__file__).parent
PICTURE: Final = HERE / "data-model.svg"
PAGE: Final = HERE / "data-model.md"
FONT = "system-ui, 'Noto Sans CJK SC', 'Noto Sans SC', 'PingFang SC', 'Microsoft YaHei', sans-serif"
INK, SOFT, LINE, KEY, PARTS = "#1a1a1a", "#555555", "#9a9a9a", "#0b6b2e", "#7a4d00"
WIDTH, GAP, COLUMN, ROW, HEAD, TOP = 1240, 24, 286, 17, 26, 56

DIALECT: Final = create_async_engine("postgresql+asyncpg://").dialect

GROUPS: Final[Mapping[str, str]] = {
    "trust": "谁可信 Whom we trust for what",
    "authority": "认证机构 Authorities",
    "license": "证照 Licenses",
    "importing": "归集 Batches",
    "dispute": "异议 Disputes",
    "journal": "核验 Verifications",
    "presentation": "亮证 Codes on phones",
    "retrieval": "调阅 Documents",
    "platform": "交换平台 Exchange platforms",
    "job": "任务 Jobs",
    "caller": "调用方 Callers",
    "operator": "管理台 Console",
    "audit": "审计 Audit",
    "trustlist": "信任清单 Followed lists",
    "proposal": "清单制作 Making lists",
    "peer": "其他节点 Other nodes",
    "health": "运行 Health",
    "rotation": "密钥 Keys",
}
"""Module of app.models → its title; in this order."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A table and where it stands; pixels."""

    table: Table
    x: int
    y: int

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.table.columns) + 8

    def place(self, column: str) -> int:
        """Middle of a column's line."""
        names = [each.name for each in self.table.columns]
        return self.y + HEAD + ROW * names.index(column) + ROW // 2


def groups() -> dict[str, list[tuple[Table, str]]]:
    """Tables by group, each with what it is in its own words."""
    found: dict[str, list[tuple[Table, str]]] = {name: [] for name in GROUPS}
    for mapper in Base.registry.mappers:
        table = mapper.local_table
        if isinstance(table, Table):
            said = (mapper.class_.__doc__ or "").strip().splitlines()[0]
            found[mapper.class_.__module__.rpartition(".")[2]].append((table, said))
    return {name: sorted(tables, key=lambda each: each[0].name) for name, tables in found.items()}


def partition_key(table: Table) -> str:
    """By whose hash it is divided; empty: it is in one piece."""
    by = table.dialect_options["postgresql"].get("partition_by") or ""
    found = re.search(r"\((\w+)\)", str(by))
    return found[1] if found else ""


def _type(kind: TypeEngine[object]) -> str:
    text = str(kind.compile(dialect=DIALECT)).lower()
    return text.replace("timestamp with time zone", "timestamptz").replace(
        "double precision", "float8"
    )


def _mark(table: Table, column: Column[object]) -> str:
    marks = ["PK"] if column.primary_key else []
    marks += ["FK"] if column.foreign_keys else []
    marks += ["#"] if column.name == partition_key(table) else []
    return " ".join(marks)


def layout() -> tuple[list[Drawn], list[tuple[str, int, int]], int]:
    """Every table in the lowest of four columns, its group's title above the first of them."""
    heights = [TOP] * 4
    drawn: list[Drawn] = []
    titles: list[tuple[str, int, int]] = []
    for name, tables in groups().items():
        at = heights.index(min(heights))
        x = GAP + at * (COLUMN + GAP // 2)
        titles.append((GROUPS[name], x, heights[at] + 16))
        heights[at] += 26
        for table, _ in tables:
            box = Drawn(table, x, heights[at])
            drawn.append(box)
            heights[at] += box.height + GAP
    return drawn, titles, max(heights)


def _text(x: int, y: int, words: str, colour: str, *, size: int = 12, more: str = "") -> str:
    return f'<text x="{x}" y="{y}" font-size="{size}" fill="{colour}"{more}>{escape(words)}</text>'


def _box(box: Drawn) -> str:
    table = box.table
    frame = (
        f'<rect x="{box.x}" y="{box.y}" width="{COLUMN}" height="{box.height}" rx="6" '
        f'fill="#ffffff" stroke="{INK}" stroke-width="1.5"/>'
    )
    lines = [
        frame,
        _text(box.x + 10, box.y + 18, table.name, INK, size=14, more=' font-weight="700"'),
    ]
    if key := partition_key(table):
        more = ' text-anchor="end"'
        lines.append(_text(box.x + COLUMN - 10, box.y + 18, f"# {key}", PARTS, size=11, more=more))
    for column in table.columns:
        y = box.place(column.name) + 4
        null = "?" if column.nullable else ""
        lines.append(_text(box.x + 10, y, _mark(table, column), KEY, size=10))
        lines.append(_text(box.x + 46, y, column.name, INK))
        kind = f"{_type(column.type)}{null}"
        lines.append(_text(box.x + COLUMN - 10, y, kind, SOFT, size=11, more=' text-anchor="end"'))
    return "\n".join(lines)


def _links(drawn: Sequence[Drawn]) -> list[str]:
    """From each foreign key to what it names, behind the boxes."""
    by_name = {box.table.name: box for box in drawn}
    lines = []
    for box in drawn:
        for column in box.table.columns:
            for key in sorted(key.target_fullname for key in column.foreign_keys):
                table, _, name = key.partition(".")
                other = by_name[table]
                y1, y2 = box.place(column.name), other.place(name)
                right = other.x > box.x or (other.x == box.x and box.x < WIDTH // 2)
                x1 = box.x + COLUMN if right else box.x
                x2 = other.x if other.x > box.x else other.x + COLUMN if other.x < box.x else x1
                out = 16 if right else -16
                back = out if other.x == box.x else -out
                way = f"M{x1} {y1} C{x1 + out} {y1} {x2 + back} {y2} {x2} {y2}"
                lines.append(f'<path d="{way}" fill="none" stroke="{LINE}" stroke-width="1"/>')
    return lines


def picture() -> str:
    """The drawing."""
    drawn, titles, height = layout()
    words = "The tables of Zhengyan: columns, keys (PK, FK), # partition key, ? may be empty"
    begin = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height + 10}" '
        f'width="{WIDTH}" height="{height + 10}" font-family="{FONT}" role="img" '
        f'aria-label="{words}">'
    )
    parts = [
        begin,
        f'<rect width="{WIDTH}" height="{height + 10}" fill="#ffffff"/>',
        _text(GAP, 32, "证验 Zhengyan: tables", INK, size=20, more=' font-weight="700"'),
        _text(
            WIDTH - GAP, 32, "PK key · FK refers to · # partition key · ? may be empty", SOFT,
            more=' text-anchor="end"',
        ),
        *_links(drawn),
        *(_text(x, y, title, PARTS, size=13, more=' font-weight="700"') for title, x, y in titles),
        *(_box(box) for box in drawn),
        "</svg>",
    ]  # fmt: skip
    return "\n".join(parts) + "\n"


def tables() -> str:
    """One line a table."""
    lines = ["| group | table | what a row is | key | divided by |", "|---|---|---|---|---|"]
    for name, found in groups().items():
        for number, (table, said) in enumerate(found):
            key = ", ".join(f"`{column.name}`" for column in table.primary_key)
            by = f"`{partition_key(table)}`" if partition_key(table) else ""
            title = GROUPS[name] if number == 0 else ""
            lines.append(f"| {title} | `{table.name}` | {said} | {key} | {by} |")
    return "\n".join(lines)


def page() -> str:
    """The document with its tables put in."""
    text = PAGE.read_text("utf-8")
    return re.sub(
        r"(<!-- generated: tables -->\n).*?(\n<!-- end -->)",
        lambda found: found[1] + tables() + found[2],
        text,
        flags=re.DOTALL,
    )


def main(arguments: Sequence[str]) -> int:
    made = {PICTURE: picture(), PAGE: page()}
    if "--check" in arguments:
        stale = [
            f.name for f, text in made.items() if not f.exists() or f.read_text("utf-8") != text
        ]
        sys.stdout.write(
            "".join(f"{name} is not current: python -m docs.schema\n" for name in stale)
        )
        return 1 if stale else 0
    for file, text in made.items():
        file.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
