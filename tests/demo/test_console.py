"""What `make run` prints, on terminals of several kinds: nothing is cut off, nothing crashes."""

import io

import pytest
from rich.cells import cell_len

from demo.console import DemoError, Row, Screen, language_of, marks_of
from demo.options import Options
from demo.processes import PROJECT
from demo.steps import OUTAGE, Sample, curl

ROWS = [
    Row("valid", "", "营业执照，SM2 签名，在有效状态。", "Business license signed with SM2, in force."),
    Row("invalid", "signature_invalid", "证照编号被改动。", "The number was changed after signing."),
    Row(
        "indeterminate",
        "issuer_unreachable",
        "真实的执照，但颁发机构的接口此刻断开，而且这句话比一行要长得多，不能截断。",
        "A genuine license whose issuer hangs up just now, told in more words than one line holds.",
        "; expected valid",
    ),
    Row("quite_new", "a_reason", "没有见过的结论。", "A conclusion this program has never heard of."),
]  # fmt: skip


def printed(encoding: str, rows=ROWS, **environment: str) -> str:
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding=encoding, errors="strict")
    screen = Screen(out, environment)
    screen._console.width = 80
    with screen.step("database", "starting") as notes:
        notes.append("a [folder] of 云海")
    with pytest.raises(DemoError), screen.step("tables", "migrating"):
        raise DemoError("no")
    screen.verdicts("其中 4 份：", rows)
    screen.say("  logs  /data/云海/*.log")
    screen.complain("it failed: 云海")
    out.flush()
    return raw.getvalue().decode(encoding)


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb18030", "latin-1", "ascii", "big5"])
@pytest.mark.parametrize("lang", ["", "C", "zh_CN.UTF-8", "en_US.UTF-8"])
def test_every_terminal_gets_every_word_within_80_columns(encoding: str, lang: str) -> None:
    text = printed(encoding, LANG=lang)
    assert max(cell_len(line) for line in text.splitlines()) <= 80
    flat = "".join(text.split())
    chinese = language_of({"LANG": lang}, encoding) == "zh"
    for row in ROWS:
        said = (row.zh if chinese else row.en).rstrip("。.") + (row.reason and f" ({row.reason})")
        asked = said.encode(encoding, "replace").decode(encoding)
        assert "".join(asked.split()) in flat
        assert row.conclusion in flat
    assert "expectedvalid" in flat
    assert "[folder]" in text, "what looks like markup is told as it is"


def test_the_mark_stands_for_the_conclusion() -> None:
    lines = [line.strip() for line in printed("utf-8").splitlines()]
    assert any(line.startswith("✓ 有效 valid ") for line in lines)
    assert any(line.startswith("✗ 无效 invalid ") for line in lines)
    assert any(line.startswith("? 暂不能确定 indeterminate ") for line in lines)
    assert any(line.startswith("? ") and "没有见过" in line for line in lines), "never a good mark"


@pytest.mark.parametrize(
    ("encoding", "marks"),
    [("utf-8", "✓✗?"), ("gbk", "√×?"), ("ascii", "+x?"), ("none-such", "+x?")],
)
def test_marks_are_those_the_terminal_has(encoding: str, marks: str) -> None:
    assert marks_of(encoding) == marks


@pytest.mark.parametrize(
    ("environment", "encoding", "language"),
    [
        ({}, "utf-8", "zh"),
        ({"LANG": "C.UTF-8"}, "utf-8", "zh"),
        ({"LANG": "zh_CN.GBK"}, "gbk", "zh"),
        ({"LANG": "zh_CN.GBK"}, "ascii", "en"),
        ({"LANG": "en"}, "utf-8", "en"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "en_GB.UTF-8"}, "utf-8", "en"),
        ({"LANG": "mn_CN.UTF-8"}, "utf-8", "en"),
        ({"LC_ALL": "", "LANG": "zh_TW"}, "utf-8", "zh"),
    ],
)
def test_language_follows_the_locale(environment, encoding, language) -> None:
    assert language_of(environment, encoding) == language


def test_the_curl_line_survives_odd_folders() -> None:
    options = Options.read({})
    plain, spaced, odd = (
        curl(options, PROJECT.with_name(name) / "a.jws") for name in ("plain", "my folder", "a;b,c")
    )
    assert "'" not in plain
    assert "-F 'file=@" in spaced
    assert 'file=@"' in odd
    assert all(line.endswith(" http://127.0.0.1:8000/v1/verifications") for line in (plain, odd))


def test_files_are_sent_as_files_and_facts_as_json(tmp_path) -> None:
    sealed = tmp_path / "sealed.ofd"
    sealed.write_bytes(b"PK")
    told = {"conclusion": "valid", "reason": None, "zh": "", "en": ""}
    document = Sample("a", file=sealed, facts=None, **told)
    assert document.question() == {"files": {"file": ("sealed.ofd", b"PK")}}
    facts = Sample(OUTAGE, file=None, facts={"number": "1"}, **told)
    assert facts.question() == {"json": {"number": "1"}}
