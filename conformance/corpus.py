"""Real sealed documents, check by check: `python -m conformance.corpus` writes docs/conformance.md,
docs/conformance-pdf.md and docs/conformance-cms.md.

The documents stay outside the project, beside it; nobody here wrote them. No anchor is registered
and no revocation list imported, so chains and revocation are open by intention; all other checks
are compared with what the collectors of the corpus found independently, at the claimed time.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.checks import measure
from app.domain.errors import Malformed
from app.domain.evidence import CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.reasons import Reason
from app.domain.trust import Trust
from app.domain.verdict import Sound
from app.formats.ofd.license import Ofd
from app.services.judgement import look
from conformance import corpus_cms, corpus_pdf, readers
from tests.corpus import CORPUS, Row, manifest

DOCUMENT = Path(__file__).parents[1] / "docs/conformance.md"
NOBODY = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)

COMPARED = (
    CheckName.SIGNATURE_HOLDS,
    CheckName.DATA_HASH_HOLDS,
    CheckName.SCOPE_NAMED,
    CheckName.REFERENCES_HOLD,
    CheckName.CONTENT_COVERED,
    CheckName.ONE_DOCUMENT,
    CheckName.NOTHING_HIDDEN,
    CheckName.SEAL_HOLDS,
    CheckName.SIGNER_IN_SEAL,
    CheckName.SEAL_FILE_SAME,
    CheckName.ALGORITHMS_AGREE,
    CheckName.TIMES_AGREE,
    CheckName.SIGNED_IN_WINDOW,
    CheckName.SEAL_IN_WINDOW,
)
"""What stands in a file by itself. Chains, revocation and issuers need somebody's trust."""

OPEN_BY_INTENTION = frozenset(
    {
        Reason.NO_ANCHOR,
        Reason.ISSUER_UNKNOWN,
        Reason.TYPE_UNKNOWN,
        Reason.IDENTIFIER_MISSING,
        Reason.SEAL_MAKER_UNKNOWN,
        Reason.REVOCATION_UNAVAILABLE,
        Reason.SEAL_ENDED_SINCE,
        Reason.CHECK_MISSING,
        Reason.KEY_UNKNOWN,
        Reason.UNSIGNED_COPY,
        Reason.IDENTIFIER_UNPROVEN,
    }
)

EXPLAINED = {
    "test3.ofd": "two versions in one body, annotations changed after the seals and not covered: "
    "what a viewer shows is not what was sealed",
    "draw_param_ref.ofd": "page templates are not referenced by the signature and replaceable",
    "gh11.ofd": "propertyInfo holds a document id and no scope (GB/T 38540-2020 7.1 asks for the "
    "scope); the seal's data hash ties it to the file all the same",
    "keyword2.ofd": "the seal says it was made five days before its maker's certificate began",
    "增值税电子专票5.ofd": "the seal says it was made a day before its maker's certificate began",
}
"""Rows the collectors call valid (digests, values, dates) and we do not call sound, and why."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file."""

    row: Row
    state: str
    checks: dict[CheckName, str]
    failures: tuple[str, ...]
    doubts: tuple[str, ...]
    signatures: int

    @property
    def agrees(self) -> bool:
        """Nothing failed of what the collectors found good; something did of what they did not."""
        expected = self.row.expected
        if expected == "valid":
            return not self.failures
        return bool(self.failures) or expected not in {"invalid", "valid_crypto_expired"}

    @property
    def explanation(self) -> str:
        return EXPLAINED.get(Path(self.row.path).name, "")


def examine(row: Row, now: datetime) -> Finding:
    """What the checks say of one file."""
    try:
        license = Ofd().parse(row.file.read_bytes())
    except Malformed as exc:
        return Finding(row, "malformed", {}, (f"malformed: {exc}",), (), 0)
    facts: Facts = measure(license, NOBODY, now=now)
    local = look(facts)
    return Finding(
        row,
        type(local.state).__name__.lower(),
        {name: _mark([e for e in local.evidence if e.check is name]) for name in COMPARED},
        tuple(_said(local.evidence, Outcome.FAILED)) or _unsigned(license.sealings),
        tuple(_said(local.evidence, Outcome.INDETERMINATE)),
        len(license.sealings),
    )


def _unsigned(sealings: tuple[object, ...]) -> tuple[str, ...]:
    return () if sealings else ("no signature",)


def _said(evidence: tuple[Evidence, ...], outcome: Outcome) -> Iterator[str]:
    found = Counter(
        f"{e.check}: {e.why}"
        for e in evidence
        if e.outcome is outcome
        and e.check is not CheckName.IDENTIFIER_FORM
        and e.why not in OPEN_BY_INTENTION
    )
    return (f"{said} ×{n}" if n > 1 else said for said, n in found.items())


def _mark(items: list[Evidence]) -> str:
    outcomes = {item.outcome for item in items}
    for outcome, mark in (
        (Outcome.FAILED, "✗"),
        (Outcome.INDETERMINATE, "?"),
        (Outcome.PASSED, "✓"),
    ):
        if outcome in outcomes:
            return mark
    return "·"


def document(findings: list[Finding], now: datetime, others: Sequence[str] = ()) -> str:
    """docs/conformance.md."""
    sound = [f for f in findings if f.row.expected == "invalid" and f.state == "sound"]
    different = [f for f in findings if not f.agrees]
    head = [
        "# Real documents, check by check",
        "",
        f"Written by `python -m conformance.corpus` on {now:%Y-%m-%d} over {len(findings)} sealed",
        "OFD files that nobody here wrote. Trust is empty on purpose: chains and revocation are",
        "open in all of them, and none of them can become `valid`.",
        "✓ passed · ✗ failed · ? open · · does not apply.",
        "",
        f"* rows expected `invalid` that reach *sound*: **{len(sound)}**",
        f"* rows that differ from the collectors' independent finding: **{len(different)}**,",
        f"  of them explained below: **{sum(1 for f in different if f.explanation)}**",
        "",
        "## Table",
        "",
        "| file | expected | seals | " + " | ".join(name.value for name in COMPARED) + " |",
        "|---|---|---|" + "---|" * len(COMPARED),
    ]
    rows = [
        f"| {Path(f.row.path).name} | {f.row.expected} | {f.signatures} | "
        + " | ".join(f.checks.get(name, "·") for name in COMPARED)
        + " |"
        for f in findings
    ]
    tail = ["", "## Differences, by file", ""]
    for f in different:
        said = "; ".join(f.failures) or "nothing failed"
        tail.append(f"* **{Path(f.row.path).name}** ({f.row.expected}): {said}.")
        tail.append(f"  {f.explanation or 'NOT EXPLAINED'}.")
    tail += ["", "## What failed and what stayed open", ""]
    tail += ["| file | expected | failed | open |", "|---|---|---|---|"]
    tail += [
        f"| {Path(f.row.path).name} | {f.row.expected} | {'; '.join(f.failures)} | "
        f"{'; '.join(f.doubts)} |"
        for f in findings
    ]
    return "\n".join([*head, *rows, *tail, "", *others]) + "\n"


def main() -> int:
    """0: every difference is explained and nothing invalid is sound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only; write nothing")
    wanted = parser.parse_args()
    rows = list(manifest("ofd_signed"))
    if not rows:
        print(
            f"no corpus beside the project ({CORPUS.parent.name}/{CORPUS.name}): nothing compared"
        )
        return 0
    now = datetime.now(UTC)
    findings = [examine(row, now) for row in rows]
    told, without = readers.read_all()
    wrongly = [each for each in told if each.accepted_wrongly]
    if not wanted.check:
        others = list(readers.section(told, without))
        DOCUMENT.write_text(document(findings, now, others), "utf-8")
    unexplained = [f for f in findings if not f.agrees and not f.explanation]
    sound = [
        f for f in findings if f.row.expected == "invalid" and f.state == Sound.__name__.lower()
    ]
    for f in unexplained:
        print(f"differs, unexplained: {f.row.path}: {'; '.join(f.failures)}")
    idle = EXPLAINED.keys() - {Path(f.row.path).name for f in findings if not f.agrees}
    for name in sorted(idle):
        print(f"explained, and does not differ: {name}")
    for each in wrongly:
        print(f"read, and should not be: {each.row.path}")
    print(f"{len(findings)} files, {len(unexplained)} unexplained, {len(sound)} invalid but sound")
    print(f"{len(told)} files of other kinds, {len(wrongly)} read that should not be")
    pdf = _pdf(now, write=not wanted.check)
    cms = _cms(now, write=not wanted.check)
    return 1 if pdf or cms or unexplained or sound or idle or wrongly else 0


def _pdf(now: datetime, *, write: bool) -> bool:
    """Whether anything is wrong among the PDF documents."""
    found = corpus_pdf.findings(now)
    if write:
        corpus_pdf.DOCUMENT.write_text(corpus_pdf.document(found, now), "utf-8")
    unexplained = [f for f in found if not f.agrees and not f.explanation]
    for f in unexplained:
        print(f"differs, unexplained: {f.row.path}: {f.state}: {'; '.join(f.failures)}")
    slip = corpus_pdf.unnoticed(found)
    print(f"{len(found)} PDF files, {len(unexplained)} unexplained, {len(slip)} unnoticed")
    return bool(unexplained or slip)


def _cms(now: datetime, *, write: bool) -> bool:
    """Whether anything is wrong among the containers."""
    found = corpus_cms.findings()
    if write:
        corpus_cms.DOCUMENT.write_text(corpus_cms.document(found, now), "utf-8")
    different = {Path(f.row.path).name for f in found if not f.agrees}
    unexplained = different - corpus_cms.EXPLAINED.keys()
    idle = corpus_cms.EXPLAINED.keys() - different if found else set[str]()
    for name in sorted(unexplained | idle):
        print(f"container that differs unexplained, or is explained and does not: {name}")
    print(f"{len(found)} containers, {len(unexplained)} unexplained")
    return bool(unexplained or idle)


if __name__ == "__main__":
    sys.exit(main())
