"""A report for a terminal: what to do first, then why, then what was not checked.

Takes the report as published, so a stored one reads as it did on its day. Every string is cleaned
of control characters: a name in a registry or a document must not move the cursor.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, Literal

from rich.cells import cell_len

from app.domain.issuer import Unasked

Language = Literal["zh", "en"]
Report = Mapping[str, Any]

_WIDTH: Final = 96
"""Columns a line may take before it is wrapped."""
_MARKS: Final = {"passed": "+", "failed": "x", "indeterminate": "?", "not_applicable": "-"}
WORDS: Final[Mapping[Language, Mapping[str, str]]] = {
    "zh": {
        "colon": "：",
        "issuer_answer": "颁发机构的答复",
        "issuer_statement": "颁发机构此前签名的声明",
        "as_of": "截至 {}",
        "unused": "不能采用",
        "meaning": "说明",
        "next": "下一步",
        "why": "依据",
        "reason": "原因代码",
        "retry": "可在 {} 秒后重试",
        "conflict": "注意：颁发机构的说法之间，或与文件之间，存在矛盾",
        "authenticity": "真实性",
        "authority": "权限与对应",
        "status": "状态",
        "passed": "通过",
        "failed": "未通过",
        "indeterminate": "存疑",
        "not_applicable": "不涉及",
        "closed": "（存疑，已由颁发机构的答复补足）",
        "compared": "比对",
        "match": "一致",
        "differs": "不一致",
        "unknown": "未比对",
        "unchecked": "未核验",
        "others": "另有 {} 项，所提交的文件没有此项内容",
        "report": "报告",
        "successor": "颁发机构的承继机构",
        "list": "信任清单",
        "none_yet": "尚未取得",
        "until": "有效至 {}",
        "stale": "已过期",
        "algorithms": "各层所用算法",
    },
    "en": {
        "colon": ": ",
        "issuer_answer": "The issuer's answer",
        "issuer_statement": "The issuer's earlier statement",
        "as_of": "as of {}",
        "unused": "does not count",
        "meaning": "Meaning",
        "next": "Next step",
        "why": "Why",
        "reason": "Reason",
        "retry": "ask again after {} s",
        "conflict": "Note: the issuer's words, or they and the document, contradict each other",
        "authenticity": "Authenticity",
        "authority": "Authority",
        "status": "Status",
        "passed": "passed",
        "failed": "failed",
        "indeterminate": "in doubt",
        "not_applicable": "not applicable",
        "closed": " (in doubt, closed by the issuer's answer)",
        "compared": "Compared",
        "match": "match",
        "differs": "differs",
        "unknown": "not compared",
        "unchecked": "Not checked",
        "others": "and {} more, of which nothing was submitted",
        "report": "Report",
        "successor": "Succeeded by",
        "list": "Trust list",
        "none_yet": "none yet",
        "until": "until {}",
        "stale": "out of date",
        "algorithms": "Algorithm of each layer",
    },
}


def render(report: Report, language: Language = "zh", *, width: int = _WIDTH) -> str:
    """The report as lines of plain text, none wider than `width` columns but for unbroken words."""
    lines = _lines(report, language)
    return "\n".join(piece for line in lines for piece in wrap(clean(line), width)) + "\n"


def _lines(report: Report, language: Language) -> Iterator[str]:
    words, said = WORDS[language], report["explanation"]
    yield report["headline"][language]
    yield ""
    yield f"  {words['meaning']}{words['colon']}{said['clerk'][language]}"
    yield f"  {words['next']}{words['colon']}{said['next_step'][language]}"
    if report["reason"] is not None:
        retry, code = report["retry_after"], report["reason"]["code"]
        offline = report["answer"].get("not_asked") == Unasked.OFFLINE  # time alone changes nothing
        wait = retry is not None and not offline
        later = f" · {words['retry'].format(retry)}" if wait else ""
        yield f"  {words['reason']}{words['colon']}{code}{later}"
        yield f"  {words['why']}{words['colon']}{said['engineer'][language]}"
    if report["conflict"]:
        yield f"  {words['conflict']}"
    yield ""
    for name, block in report["blocks"].items():
        yield from _block(name, block, language)
    yield from _issuer(report, language)
    if report["facts_compared"]:
        pairs = (f"{p['fact']} {words[p['match']]}" for p in report["facts_compared"])
        yield f"{words['compared']}{words['colon']}{', '.join(pairs)}"
    yield from _algorithms(report.get("algorithms") or (), words)
    yield f"{words['unchecked']}{words['colon'].rstrip()}"
    concerned = [item for item in report["unchecked"] if item["why"] != "not_concerned"]
    for item in concerned:
        yield f"  - {item['what']}{words['colon']}{item['text'][language]}"
    if others := len(report["unchecked"]) - len(concerned):
        yield f"  - {words['others'].format(others)}"
    successor = report["license"].get("successor")
    if successor is not None:
        yield f"{words['successor']}{words['colon']}{successor['name'][language]}"
    dispute = report["license"].get("dispute")
    if dispute is not None:
        yield f"{dispute['text'][language]} ({dispute['since']})"
    for each in report.get("trust", ()):
        yield f"{words['list']}{words['colon']}{_list(each, words)}"
    yield ""
    versions = report["versions"]
    yield (
        f"{words['report']} {report['id']} · {report['at']} · {versions['policy']} · "
        f"{versions['node']} {versions['service']}"
    )


def _list(each: Report, words: Mapping[str, str]) -> str:
    """Which list, and until when it may be relied on."""
    if each["expires_at"] is None:
        return f"{each['publisher']} · {words['none_yet']}"
    late = f" · {words['stale']}" if each["stale"] else ""
    return (
        f"{each['publisher']} #{each['number']} · {words['until'].format(each['expires_at'])}{late}"
    )


def _algorithms(layers: Iterable[Mapping[str, Any]], words: Mapping[str, str]) -> Iterator[str]:
    """Of a report with `sm_only`; those of other reports, and of older ones, tell none."""
    told = [
        f"{_MARKS['passed' if each['sm'] else 'indeterminate']} {each['layer']}"
        f"{_of(each)} {each['algorithm'] or '-'}"
        for each in layers
    ]
    if told:
        yield f"{words['algorithms']}{words['colon'].rstrip()}"
    yield from (f"  {line}" for line in told)


def _of(layer: Mapping[str, Any]) -> str:
    return f" ({layer['signature']})" if layer["signature"] else ""


def _block(name: str, block: Report, language: Language) -> Iterator[str]:
    words = WORDS[language]
    yield f"{words[name]}{words['colon']}{words[block['outcome']]}"
    for check in block["checks"]:
        outcome = check["outcome"]
        if outcome == "not_applicable":
            continue  # told under what was not checked
        each = "" if check["role"] == "document" else f" [{check['subject']}, {check['role']}]"
        why = f" · {check['reason']}" if check["reason"] else ""
        detail = f" · {check['detail']}" if check["detail"] else ""
        closed = words["closed"] if check["closed_by_issuer"] else ""
        yield f"  {_MARKS[outcome]} {check['question'][language]}{each}{why}{detail}{closed}"


def _issuer(report: Report, language: Language) -> Iterator[str]:
    """What the issuer said stands under status, the last block."""
    words, answer = WORDS[language], report["answer"]
    answered, kept = answer["said"], report["statement"]
    if answered is not None:
        state = f" · {answered['state_text'][language]}" if answered["state_text"] else ""
        unused = "" if answer["counts"] else f" · {words['unused']}"
        why = f" · {answer['reason']}" if answer["reason"] else ""
        yield (
            f"  = {words['issuer_answer']}{words['colon']}{answered['outcome_text'][language]}"
            f"{state} · {words['as_of'].format(answered['as_of'])}{unused}{why}"
        )
    elif answer["silence"] is not None:
        silence = f"{words['unused']} · {answer['silence']}"
        yield f"  = {words['issuer_answer']}{words['colon']}{silence}"
    if kept is not None:
        when = words["as_of"].format(kept["as_of"])
        text = kept["outcome_text"][language]
        yield f"  = {words['issuer_statement']}{words['colon']}{text} · {when}"


def clean(text: str) -> str:
    """Without control, format and other invisible characters; they become `�`."""
    return "".join("�" if unicodedata.category(c)[0] == "C" else c for c in text)


def wrap(line: str, width: int) -> Iterator[str]:
    """Break at spaces, and anywhere between wide characters; later pieces are indented."""
    indent = " " * (len(line) - len(line.lstrip()) + 2)
    current = ""
    for word in _words(line):
        if current.strip() and cell_len(current + word.rstrip()) > width:
            yield current.rstrip()
            current = indent + word.lstrip()
        else:
            current += word
    yield current.rstrip()


def _words(line: str) -> Iterator[str]:
    """Pieces after which a line may break: a space, or a wide character."""
    piece = ""
    closing = "，。、；：？！）」』”"
    for at, char in enumerate(line):
        piece += char
        follows = line[at + 1 : at + 2]
        if (char == " " or cell_len(char) > 1) and follows not in closing:
            yield piece
            piece = ""
    yield piece
