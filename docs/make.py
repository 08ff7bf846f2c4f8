"""Write the generated documents: `python -m docs.make`; `--check` only compares, and fails.

docs/reasons.md, docs/deviations.md and docs/trust-list.schema.json are generated whole,
docs/verification.md and docs/issuer-test.md between their markers.
"""

import json
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from app.domain.evidence import CheckName
from app.domain.issuer import (
    Answered,
    Code,
    IssuerAnswer,
    Match,
    NotAsked,
    Silence,
    Speaker,
    Statement,
    Unasked,
    Unreachable,
)
from app.domain.license import PROOF_FACTS, Fact
from app.domain.policies import POLICIES
from app.domain.reasons import Family, Reason
from app.domain.verdict import (
    Broken,
    FactsOnly,
    Gap,
    LocalState,
    Sound,
    Subject,
    Terms,
    Unsigned,
    Verdict,
)
from app.federation.trial.texts import WORDS
from app.policy import SIGHT_GAPS, TIME_GAPS, TRUST_GAPS, decide
from app.reports.catalogue import CATALOGUE
from app.reports.entry import ISSUER, Entry
from app.reports.phrases import ANY_ISSUER
from app.schemas.trust import schema as trust_list_schema
from app.services.publish import QUESTIONS
from docs import deviations, schema

HERE: Final = Path(__file__).parent
NOW: Final = datetime(2026, 1, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)
TERMS: Final = Terms(
    now=NOW, subject=Subject.DOCUMENT, type_age=HOUR, policy_age=HOUR, covered=PROOF_FACTS
)

COLUMNS: Final[dict[str, LocalState]] = {
    "sound": Sound(),
    "trust gap (`key_unknown`)": Gap((Reason.KEY_UNKNOWN,)),
    "time gap (`key_revoked_since`)": Gap((Reason.KEY_REVOKED_SINCE,)),
    "other gap (`issuer_unknown`)": Gap((Reason.ISSUER_UNKNOWN,)),
    "broken (`signature_invalid`)": Broken(Reason.SIGNATURE_INVALID),
    "unsigned copy": Unsigned(),
    "facts only": FactsOnly(),
}

IN_FORCE: Final = Answered(
    code=Code.IN_FORCE,
    document=Match.UNKNOWN,
    facts={Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.MATCH},
    speaker=Speaker.ISSUER,
    signed=True,
    authenticated=True,
    as_of=NOW,
)
SILENT: Final = Unreachable(Silence.TIMEOUT)
UNSIGNED: Final = replace(IN_FORCE, signed=False)
Said = tuple[IssuerAnswer, Statement | None]


def _code(code: Code, answer: Answered = IN_FORCE) -> Said:
    return replace(answer, code=code), None


def _statement(code: Code, age: timedelta, *, signed: bool = True) -> Said:
    return SILENT, Statement(code, signed, NOW - age)


ROWS: Final[dict[str, Said]] = {
    "0 in force": (IN_FORCE, None),
    "0, and confirms the file's digest": (replace(IN_FORCE, document=Match.MATCH), None),
    "0, and number, type, holder, dates all match": (
        replace(IN_FORCE, facts=dict.fromkeys(PROOF_FACTS, Match.MATCH)),
        None,
    ),
    "0, and compared nothing": (replace(IN_FORCE, facts={}), None),
    "0, but the file's digest differs": (replace(IN_FORCE, document=Match.DIFFERS), None),
    "0, but a fact differs": (
        replace(IN_FORCE, facts={Fact.NUMBER: Match.MATCH, Fact.HOLDER: Match.DIFFERS}),
        None,
    ),
    "0, older than the limit": (replace(IN_FORCE, as_of=NOW - 2 * HOUR), None),
    "0, but a newer signed statement says ended": (
        replace(IN_FORCE, as_of=NOW - HOUR / 2),
        Statement(Code.ENDED, signed=True, as_of=NOW - HOUR / 4),
    ),
    "0, unsigned, channel authenticated": (UNSIGNED, None),
    "0, unsigned, channel open": (replace(UNSIGNED, authenticated=False), None),
    "0, from upstream": (replace(IN_FORCE, speaker=Speaker.UPSTREAM), None),
    "1 not yet in force": _code(Code.NOT_YET),
    "2 suspended": _code(Code.SUSPENDED),
    "3 ended": _code(Code.ENDED),
    "4 not enough to tell": _code(Code.INSUFFICIENT),
    "5 no such record": _code(Code.NO_RECORD),
    "5, unsigned": _code(Code.NO_RECORD, UNSIGNED),
    "5, from upstream": _code(Code.NO_RECORD, replace(IN_FORCE, speaker=Speaker.UPSTREAM)),
    "6 differs": _code(Code.DIFFERS),
    "7 partly wrong or incomplete": _code(Code.PARTIAL),
    "4 or 7, and the file's digest differs": _code(
        Code.PARTIAL, replace(IN_FORCE, document=Match.DIFFERS)
    ),
    "no answer in time": (SILENT, None),
    "an answer that cannot be used": (Unreachable(Silence.SIGNATURE), None),
    "not asked": (NotAsked(Unasked.OFFLINE), None),
    "no answer; young signed statement: in force": _statement(Code.IN_FORCE, HOUR / 2),
    "no answer; young signed statement: ended": _statement(Code.ENDED, HOUR / 2),
    "no answer; old signed statement: in force": _statement(Code.IN_FORCE, 2 * HOUR),
    "no answer; unsigned statement: in force": _statement(Code.IN_FORCE, HOUR / 2, signed=False),
}


def verdict(row: str, column: str) -> Verdict:
    """What `decide` says in one cell."""
    answer, statement = ROWS[row]
    return decide(COLUMNS[column], answer, statement, TERMS)


def cell(row: str, column: str) -> str:
    """One cell as it is printed."""
    found = verdict(row, column)
    if found.reason is None:
        return "**valid**"
    conflict = " (`conflict`)" if found.conflict else ""
    return f"{found.conclusion}: `{found.reason}`{conflict}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def two_keys() -> str:
    """The table of verdicts."""
    return _table(
        ["issuer says ↓ / submitted →", *COLUMNS],
        [[row, *(cell(row, column) for column in COLUMNS)] for row in ROWS],
    )


def closings() -> str:
    """Which doubts a closing answers."""
    facts = ", ".join(f"`{fact}`" for fact in Fact if fact in PROOF_FACTS)
    named = {
        "trust gap": (TRUST_GAPS, "an `in force` that confirms the file's digest"),
        "time gap": (
            TIME_GAPS,
            f"the same, or an `in force` in which {facts}, all covered, were compared and match",
        ),
        "a file that was not sent": (
            SIGHT_GAPS,
            "an `in force` that confirms the file's digest, and nothing else is in doubt",
        ),
    }
    return _table(
        ["gap", "reasons", "closed only by, signed by the issuer or its delegate for answers"],
        [
            [gap, ", ".join(f"`{r}`" for r in Reason if r in reasons), by]
            for gap, (reasons, by) in named.items()
        ],
    )


def policies() -> str:
    """How much each check weighs."""
    names = list(POLICIES)
    rows = [
        [
            f"`{check}`",
            f"{QUESTIONS[check].zh}<br>{QUESTIONS[check].en}",
            check.block.value,
            "each signature" if check.each else "once",
            *(POLICIES[name].levels[check].value for name in names),
            " or ".join(
                sorted({p.extra[check].value for p in POLICIES.values()} if check.each else ())
            ),
        ]
        for check in CheckName
    ]
    head = ["check", "question", "block", "asked of", *(f"`{n}`" for n in names), "extra signers"]
    ages = [
        f"* `{p.name}`: subject `{p.subject}`; any status at most {p.max_age / HOUR:.0f} h old."
        for p in POLICIES.values()
    ]
    return "\n".join([_table(head, rows), "", *ages])


FAMILIES: Final = {
    Family.INPUT: "Input (提交内容)",
    Family.SIGNATURE: "Signatures and keys (签名与密钥)",
    Family.LICENSE: "License, issuer, status (证照、颁发机构与状态)",
    Family.DEPENDENCY: "Dependencies (依赖): never against the license",
}
PREFACE: Final = f"""# Reasons (原因目录)

<!-- generated by `python -m docs.make`; edit app/reports/texts_*.py instead -->

{len(Reason)} reasons. *Decides*: the one conclusion a reason may be the reason of; a reason that decides none informs, or refuses a request.
Indication and sub-indication: ETSI EN 319 102-1 §5.1.3; those with the prefix `zhengyan:` are ours, for what that standard has no word for.
Codes: GB/T 36906, 证照信息验证 (0-7) / 证照文件验证 (0-2); `transport`: no result, the façade answers with a transport error. 0 is given for *valid*
alone. Where a copy or a presentation has run out the information code is 4: the license itself is not said to be ended.
"""  # noqa: E501  (one paragraph of Markdown)


def _reason(reason: Reason, entry: Entry) -> str:
    said = entry.texts.filled(ANY_ISSUER.zh, ANY_ISSUER.en)
    decides = entry.decides.value if entry.decides else "nothing"
    retry = f" · retry after {entry.retry_after} s" if entry.retry_after else ""
    rows = [
        ["标题 title", said.title.zh, said.title.en],
        ["窗口 window clerk", said.clerk.zh, said.clerk.en],
        ["下一步 next step", said.next_step.zh, said.next_step.en],
        ["技术 engineer", said.engineer.zh, said.engineer.en],
    ]
    etsi = f"{entry.indication} / {entry.sub}"
    codes = f"codes {entry.info_code} / {entry.file_code}"
    line = f"Decides {decides} · block {entry.block.value} · {etsi} · {codes}{retry}"
    table = _table(["", "中文", "English"], rows)
    return f"### `{reason}`\n\n{line}\n\n{table}\n"


def reasons() -> str:
    """The whole of docs/reasons.md."""
    parts = [PREFACE]
    for family, title in FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_reason(r, CATALOGUE[r]) for r in Reason if r.family is family]
    return "\n".join(parts).replace(ISSUER, ANY_ISSUER.en).rstrip() + "\n"


def items() -> str:
    """The list of `zhengyan issuer test`."""
    rows = [
        [
            f"`{item}`",
            f"{words.asked_zh}<br>{words.asked_en}",
            f"{words.mend_zh}<br>{words.mend_en}",
        ]
        for item, words in WORDS.items()
    ]
    return _table(["item", "要求 demand", "改法 how to mend it"], rows)


GENERATED: Final = {"two-keys": two_keys, "closings": closings, "policies": policies}


def verification(text: str, parts: Mapping[str, Callable[[], str]] = GENERATED) -> str:
    """A document (docs/verification.md) with its generated parts made anew.

    Raises:
        ValueError: a marker is missing.
    """
    for name, make in parts.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        found = list(pattern.finditer(text))
        if len(found) != 1:
            raise ValueError(f"no single part is named {name}")
        head, tail = text[: found[0].end(1)], text[found[0].start(2) :]
        text = f"{head}\n{make()}\n\n{tail}"
    return text


def documents() -> dict[Path, str]:
    """Every document with a generated part, as it should be."""
    rules, trials = HERE / "verification.md", HERE / "issuer-test.md"
    return {
        HERE / "reasons.md": reasons(),
        HERE / "deviations.md": deviations.document(),
        HERE / "trust-list.schema.json": json.dumps(
            trust_list_schema(), ensure_ascii=False, indent=2
        )
        + "\n",
        rules: verification(rules.read_text(encoding="utf-8")),
        trials: verification(trials.read_text(encoding="utf-8"), {"items": items}),
    }


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare. 1: something differed and was only compared."""
    differs = 0
    for path, text in documents().items():
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        differs = 1
        if "--check" not in arguments:
            path.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{'differs' if '--check' in arguments else 'written'}: {path.name}\n")
    drawn = schema.main(arguments)
    return max(differs, drawn) if "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
