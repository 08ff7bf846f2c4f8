"""Real PDF documents, check by check: part of `python -m conformance.corpus`.

Signed, adversarial and unsigned files of several projects' own tests; nobody here wrote them. What
their collectors expect is what those projects' tests say, with DocMDP and form filling permitted
and SHA-1 or small keys accepted; a license is held to more, so the differences stand by file.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.checks import measure
from app.domain.errors import Malformed
from app.domain.evidence import CheckName, Evidence, Outcome
from app.domain.reasons import Reason
from app.domain.trust import Trust
from app.formats.pdf.license import Pdf
from app.services.judgement import look
from tests.corpus import Row, manifest

DOCUMENT = Path(__file__).parents[1] / "docs/conformance-pdf.md"
FOLDERS = ("pdf_signed", "pdf_adversarial", "pdf_unsigned")
NOBODY = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)
COMPARED = (
    CheckName.ONE_DOCUMENT,
    CheckName.SIGNATURE_HOLDS,
    CheckName.DATA_HASH_HOLDS,
    CheckName.SCOPE_NAMED,
    CheckName.REFERENCES_HOLD,
    CheckName.CONTENT_COVERED,
    CheckName.TIMES_AGREE,
    CheckName.TIMESTAMP_HOLDS,
    CheckName.SIGNED_IN_WINDOW,
)
OPEN = frozenset(
    {
        Reason.NO_ANCHOR,
        Reason.ISSUER_UNKNOWN,
        Reason.TYPE_UNKNOWN,
        Reason.IDENTIFIER_MISSING,
        Reason.IDENTIFIER_UNPROVEN,
        Reason.REVOCATION_UNAVAILABLE,
        Reason.CHECK_MISSING,
        Reason.KEY_UNKNOWN,
        Reason.SIGNER_UNIDENTIFIED,
    }
)
"""Open by intention: nobody is trusted, and nobody is asked."""

_VISIBLE = "a second signature that shows something was added behind the first: refused whatever "
_VISIBLE += "DocMDP permits, and by the collectors' tools accepted"
_TSA = "the timestamp service's certificate has no key usage, which this service asks for"
_FILLED = "a form was filled in after signing, as DocMDP permits and a license does not"
_UNKNOWN = "a scheme outside the closed table (design §5)"
_OUTSIDE = "an algorithm outside the closed table (design §5): doubt, and not failure"
_REPAIRED = "a stream is not as long as it says: readers repair that by searching, each its own way"
EXPLAINED = {
    "minimal-signed-twice-second-created.pdf": _VISIBLE,
    "separate-annots-kids-indir.pdf": _VISIBLE,
    "hide/variant-1_hide-via-referenced-object/3_original-document-shadowed-signed.pdf": _REPAIRED,
    "hide-form-via-form/3_original-document-shadowed-signed.pdf": "/M and signingTime are twelve "
    "hours apart (OFD-22 holds for PDF too); what lies in wait under the signature is signed",
    "testfile30.pdf": "SHA-1 throughout",
    "BadEncodedCMS.pdf": "SHA-1 in signature and timestamp",
    "DSS-2155.pdf": "octets other than zeros stand behind the value in /Contents",
    "DSS-2821.pdf": "a later revision brings a font that nothing leads to",
    "Signature-P-BG_BOR-2.pdf": "SHA-1 in the timestamp and on the way to an authority",
    "Signature-P-DE_SCI-4.pdf": "a later revision gives the page other resources",
    "TestToSignPDFSHA256_TST_SIG_NOT_FOUND.pdf": "contested among the collectors; what stands in "
    "the file holds",
    "dss-2236/hide.pdf": _REPAIRED,
    "dss-2236/replace.pdf": "a shadow attack that the collectors' tools accept as form filling "
    "(PDF-04)",
    "Signature-P-LT-ef971596-8f2e-407d-a413-aae9cb9b8e4a.pdf": "later trailers have an entry for "
    "another document that is carried along",
    "PAdES-BpB-att-SHA256-SHA3_256withRSA.pdf": _OUTSIDE,
    "TeleSec_PKS_eIDAS_QES_CA_1-baseline-b.pdf": _OUTSIDE,
    "sample-rsa-sha3_256.pdf": _OUTSIDE,
    "pades-ltv-from-epes.pdf": "later trailers have an entry for another document that is carried "
    "along",
    "pades-bes-no-certificates.pdf": "no certificate in the container: nobody's, so doubt and not "
    "failure; nothing can be found valid by it",
    "pades-enveloping-other-pdf.pdf": "contested among the collectors: a signed PDF inside a PDF",
    "pades3_Baseline_B.pdf": "an RSA key with the fingerprint of ROCA (CVE-2017-15361)",
    "edition_protected_signing_allowed_with_field_signed.pdf": "encrypted: doubt, for nothing is "
    "read",
    "LtvVerificationTest/pdfWithDssDictionary.pdf": _TSA,
    "PdfPKCS7Test/embeddedTimeStampSignature.pdf": _TSA,
    "bad-digest-ed448.pdf": "SHA-1 digest",
    "fieldLockRootModificationAllowed.pdf": _FILLED,
    "fullCompressionModeLevel3.pdf": "an annotation was added after signing (EAA, PDF-05)",
    "pdfVersionAdded.pdf": "the document information changed after signing; " + _TSA,
    "taggedDocAddAndRemoveAnnotations.pdf": "annotations were added after signing (EAA, PDF-05)",
    "multipleRevisionsDocument2.pdf": _FILLED,
    "revDataInTheSignerInfo.pdf": _TSA,
    "shortValidityCertsWithCrl.pdf": _VISIBLE + "; " + _TSA,
    "docWithMultipleSignaturesAndTimeStamp.pdf": _VISIBLE,
    "modifiedDocTimestampDate.pdf": "its one signature is a document timestamp, which nobody "
    "signed a license with: unsigned",
    "pdf-linearized.pdf": "RSA of 1024 bits",
    "TEST_ESTEID2018_PAdES_LT_enveloped.pdf": "SHA-512 with a key on P-384: " + _UNKNOWN,
}
"""Path's end → why the row differs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file."""

    row: Row
    state: str
    checks: dict[CheckName, str]
    failures: tuple[str, ...]
    signatures: int

    @property
    def agrees(self) -> bool:
        """What is good by its collectors does not fail, what is bad does, unsigned is unsigned."""
        match self.row.expected:
            case "valid":
                return bool(self.signatures or self.state == "unsigned") and not self.failures
            case "unsigned":
                return self.state in {"unsigned", "malformed", "broken"}
            case "invalid":
                unsigned = self.row.path.startswith("pdf_adversarial") and not self.signatures
                return bool(self.failures) or unsigned
            case _:
                return not self.signatures or bool(self.failures)

    @property
    def explanation(self) -> str:
        return next((why for end, why in EXPLAINED.items() if self.row.path.endswith(end)), "")


def examine(row: Row, now: datetime) -> Finding:
    """What the checks say of one file."""
    try:
        license = Pdf().parse(row.file.read_bytes())
    except Malformed as exc:
        return Finding(row, type(exc).__name__.lower(), {}, (f"{exc.why}: {exc}",), 0)
    local = look(measure(license, NOBODY, now=now))
    marks = {name: _mark(e for e in local.evidence if e.check is name) for name in COMPARED}
    failures = tuple(_failed(local.evidence))
    return Finding(row, type(local.state).__name__.lower(), marks, failures, len(license.sealings))


def _failed(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    found = Counter(f"{e.check}: {e.why}" for e in evidence if e.outcome is Outcome.FAILED)
    return (f"{said} ×{n}" if n > 1 else said for said, n in found.items())


def _mark(items: Iterable[Evidence]) -> str:
    outcomes = {item.outcome for item in items}
    marks = ((Outcome.FAILED, "✗"), (Outcome.INDETERMINATE, "?"), (Outcome.PASSED, "✓"))
    return next((mark for outcome, mark in marks if outcome in outcomes), "·")


def findings(now: datetime | None = None) -> list[Finding]:
    """Every PDF of the corpus; none where there is no corpus."""
    at = now or datetime.now(UTC)
    return [examine(row, at) for folder in FOLDERS for row in manifest(folder)]


def unnoticed(found: list[Finding]) -> list[Finding]:
    """Expected invalid, signed, and nothing failed: what trust alone would make valid."""
    bad = (f for f in found if f.row.expected == "invalid" and f.signatures)
    return [f for f in bad if not f.failures and f.checks[CheckName.SIGNATURE_HOLDS] == "✓"]


def document(found: list[Finding], now: datetime) -> str:
    """docs/conformance-pdf.md."""
    different = [f for f in found if not f.agrees]
    slip = unnoticed(found)
    lines = [
        "# Real PDF documents, check by check",
        "",
        f"Written by `python -m conformance.corpus` on {now:%Y-%m-%d} over {len(found)} PDF files",
        "that nobody here wrote: the tests of DSS, iText, pyHanko, PDFBox and others, the shadow",
        "attacks of RUB and its denial-of-service suite. Trust is empty on purpose, so chains and",
        "revocation are open and none of them can become `valid`.",
        "✓ passed · ✗ failed · ? open · · does not apply.",
        "",
        "* signed rows expected `invalid` in which the signature holds and nothing failed, so that",
        f"  trust alone would make them valid: **{len(slip)}**",
        f"* rows that differ from what their collectors expect: **{len(different)}**, of them",
        f"  explained below: **{sum(1 for f in different if f.explanation)}**",
        "",
        "## Table",
        "",
        "| file | expected | state | signatures | "
        + " | ".join(name.value for name in COMPARED)
        + " |",
        "|---|---|---|---|" + "---|" * len(COMPARED),
    ]
    lines += [
        f"| {_name(f)} | {f.row.expected} | {f.state} | {f.signatures} | "
        + " | ".join(f.checks.get(name, "·") for name in COMPARED)
        + " |"
        for f in found
    ]
    lines += ["", "## Differences, by file", ""]
    for f in different:
        lines.append(
            f"* **{_name(f)}** ({f.row.expected}): {'; '.join(f.failures) or 'nothing failed'}."
        )
        lines.append(f"  {f.explanation or 'NOT EXPLAINED'}.")
    lines += ["", "## What failed", "", "| file | expected | failed |", "|---|---|---|"]
    lines += [f"| {_name(f)} | {f.row.expected} | {'; '.join(f.failures)} |" for f in found]
    return "\n".join(lines) + "\n"


def _name(found: Finding) -> str:
    return "/".join(found.row.path.split("/")[-2:])
