"""A report for people on any verifier run over the cases: one HTML page, or Markdown.

    python -m conformance.run --report report.html --name "…" --stream -- COMMAND …

By the ending of the file's name. The page needs nothing else: no script, no picture, no network.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from html import escape
from pathlib import Path

from conformance.judging import Case, Verdict, judge

FAMILIES: tuple[tuple[str, str], ...] = (
    ("ofd-zip-", "OFD: the archive 压缩包"),
    ("ofd-xml-", "OFD: XML"),
    ("ofd-v1-", "Seals of GM/T 0031-2014"),
    ("ofd-rsa-", "Seals of GM/T 0031-2014 by RSA"),
    ("ofd-v4-", "Seals of GB/T 38540-2020 beside others"),
    ("ofd-v5-", "Seals of GM/T 0031-2025"),
    ("ofd-stamp", "Timestamps 时间戳"),
    ("ofd-signed-", "Signatures without a seal 签名"),
    ("ofd-driving-", "A signature where a seal is asked for"),
    ("ofd-joint-", "Joint seals 多部门联合签章"),
    ("ofd-riding-", "骑缝章"),
    ("ofd-maker-", "The seal maker 制章者"),
    ("ofd-signer-", "The signer's certificate 签章者证书"),
    ("ofd-list-", "Revocation lists and the list of signatures"),
    ("ofd-copy-", "Annotated copies 加注件"),
    ("ofd-", "OFD: everything else"),
    ("pdf-", "PDF"),
    ("jws-", "Tokens 令牌"),
    ("photo-", "Photographs 照片"),
    ("doc-", "Contracts, invoices and proofs 合同、发票、证明"),
)
"""How names begin → what the family is called; the first that fits counts."""
WORDS: Mapping[str, str] = {
    "agrees": "as expected",
    "differs": "differs",
    "twin": "its genuine twin was not called valid, so it counts for nothing",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One case, judged."""

    name: str
    outcome: str
    wanted: str
    said: str
    zh: str
    en: str
    threats: tuple[str, ...]

    @property
    def family(self) -> str:
        return next(title for start, title in FAMILIES if self.name.startswith(start))

    @property
    def taken_in(self) -> bool:
        """The worst fault: something that is not valid was called so."""
        return self.outcome != "agrees" and self.said == "valid"


def lines(cases: Sequence[Case], verdicts: Mapping[str, Verdict]) -> list[Line]:
    """Every case in its order."""
    outcomes = judge(cases, verdicts)
    return [_line(case, outcomes[case.name], verdicts[case.name]) for case in cases]


def _line(case: Case, outcome: str, got: Verdict) -> Line:
    why, threats = case.expect.get("why"), case.expect.get("threats")
    texts = why if isinstance(why, dict) else {}
    return Line(
        name=case.name,
        outcome=outcome,
        wanted=f"{case.expect['conclusion']} {case.expect['reason'] or ''}".strip(),
        said=f"{got.conclusion} {got.reason or ''}".strip(),
        zh=str(texts.get("zh", "")),
        en=str(texts.get("en", "")),
        threats=tuple(map(str, threats)) if isinstance(threats, list) else (),
    )


Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A heading, what the columns are called, and rows of text."""

    title: str
    columns: Row
    rows: tuple[Row, ...]


def tables(found: Sequence[Line]) -> Iterator[Table]:
    """What a reader wants first stands first."""
    taken = [line for line in found if line.taken_in]
    columns = ("case", "expected", "said", "what was done 改了什么")
    yield Table("Called valid, and is not 误判为有效", columns, tuple(map(_row, taken)))
    rest = [line for line in found if line.outcome != "agrees" and not line.taken_in]
    yield Table(
        "Other differences 其他差异",
        (*columns, ""),
        tuple((*_row(line), WORDS[line.outcome]) for line in rest),
    )
    yield Table("By family 按类别", ("family", "cases", "as expected", "differ"), _families(found))
    yield Table("By threat 按威胁", ("threat", "cases", "as expected"), _threats(found))


def _row(line: Line) -> Row:
    return line.name, line.wanted, line.said, f"{line.zh} {line.en}"


def _families(found: Sequence[Line]) -> tuple[Row, ...]:
    whole = Counter(line.family for line in found)
    good = Counter(line.family for line in found if line.outcome == "agrees")
    return tuple(
        (title, str(whole[title]), str(good[title]), str(whole[title] - good[title]))
        for _, title in FAMILIES
        if whole[title]
    )


def _threats(found: Sequence[Line]) -> tuple[Row, ...]:
    whole = Counter(threat for line in found for threat in line.threats)
    good = Counter(t for line in found if line.outcome == "agrees" for t in line.threats)
    return tuple((threat, str(whole[threat]), str(good[threat])) for threat in sorted(whole))


def head(name: str, at: datetime, found: Sequence[Line]) -> tuple[str, tuple[str, ...]]:
    """The title, and the sentences below it."""
    outcomes = Counter(line.outcome for line in found)
    taken = sum(line.taken_in for line in found)
    negatives = sum(line.name.endswith("_fail") for line in found)
    counted = (
        f"As expected: {outcomes['agrees']}. Different: {outcomes['differs']}. "
        f"Not counted, because the genuine twin was not called valid: {outcomes['twin']}."
    )
    return f"Conformance of {name} 一致性报告", (
        f"{len(found)} cases ({negatives} negatives), run on {at:%Y-%m-%d %H:%M} UTC.",
        counted,
        f"Called valid and not valid: {taken}.",
    )


def markdown(name: str, at: datetime, found: Sequence[Line]) -> str:
    title, sentences = head(name, at, found)
    parts = [f"# {title}", "", *(f"* {sentence}" for sentence in sentences)]
    for table in tables(found):
        parts += ["", f"## {table.title}", ""]
        if not table.rows:
            parts.append("None. 无。")
            continue
        parts.append(_cells(table.columns))
        parts.append("|" + "---|" * len(table.columns))
        parts += map(_cells, table.rows)
    return "\n".join(parts) + "\n"


def _cells(row: Row) -> str:
    """A verifier's words are its own: no line of them breaks the table."""
    plain = (" ".join(escape(cell).replace("|", "&#124;").split()) for cell in row)
    return "| " + " | ".join(plain) + " |"


_STYLE = (
    "body{font:15px/1.5 sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{border-bottom:1px solid #999;padding:.3rem;"
    "text-align:left;vertical-align:top}caption{text-align:left;font-weight:bold;font-size:1.2em;"
    "margin:1.5rem 0 .5rem}"
)


def html(name: str, at: datetime, found: Sequence[Line]) -> str:
    title, sentences = head(name, at, found)
    body = "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)
    body += "".join(map(_table, tables(found)))
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style><h1>{escape(title)}</h1>{body}</html>\n"
    )


def _table(table: Table) -> str:
    columns = "".join(f'<th scope="col">{escape(each)}</th>' for each in table.columns)
    rows = "".join(
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in table.rows
    )
    none = f'<tr><td colspan="{len(table.columns)}">None. 无。</td></tr>'
    caption = f"<caption>{escape(table.title)}</caption>"
    return f"<table>{caption}<thead><tr>{columns}</tr></thead><tbody>{rows or none}</tbody></table>"


def write(file: Path, name: str, at: datetime, found: Sequence[Line]) -> None:
    """HTML where the name ends so, else Markdown."""
    as_html = file.suffix.lower() in {".html", ".htm"}
    file.write_text((html if as_html else markdown)(name, at, found), encoding="utf-8")
