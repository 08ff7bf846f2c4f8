"""Real SignedData, check by check: part of `python -m conformance.corpus`.

Containers of CMS and CAdES from the tests of DSS; nobody here wrote them. A container by itself is
no document and no reader of this service takes one, so none of them can be sound; asked is what a
file that holds one would be asked: container, value, signer's certificate, time and timestamp.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from app.crypto.certificates import read_certificate
from app.crypto.cms import read_cms, verify_cms
from app.crypto.timestamps import read_timestamp, verify_timestamp
from app.domain.cms import CmsContent, CmsSignature
from app.domain.errors import InvalidSignature, Malformed, UnknownAlgorithm
from tests.corpus import Row, manifest

DOCUMENT = Path(__file__).parents[1] / "docs/conformance-cms.md"
KIND = "cms"
COMPARED = (
    "container_read",
    "signature_holds",
    "data_hash_holds",
    "signed_in_window",
    "timestamp_holds",
)
PASSED, FAILED, OPEN, NONE = "✓", "✗", "?", "·"

_RECORDS = "its evidence records (RFC 4998) are wrong, which are read by nobody here and prove "
_RECORDS += "nothing here; the signature itself holds"
EXPLAINED = {
    "Signature-C-DE_CRY-3.p7m": "RSA with exponent 3",
    "cades-invalid-ocsp-responses-encoding.p7s": "RSA with exponent 3",
    "Signature-C-X-1.p7m": "SHA-1",
    "cms-wrong-sign-cert-hash-algo.pkcs7": "SHA-1",
    "cades-bes-signeddata-detached.p7s": "signs another SignedData, not data",
    "cades-double-signing-certificate.p7m": "octets after the container",
    "C-B-B-basic-der.p7m": "RSASSA-PSS with a salt of another length than the digest",
    "signedFile.pdf.p7s": "three signers",
    "cades-double-signing-time.p7m": "the signer's certificate has ended since; at the claimed "
    "time it was good, and today that time would have to be proven (a time gap)",
    "CAdES-BpLTA_removed_ocsp.p7m": "SHA-1 in its timestamp",
    "C-B-B-basic.p7m": _RECORDS,
    "C-E-ERS-basic.p7m": _RECORDS,
    "cadesLTAwithATv2.sig": "its content is not beside it, so it is left open",
    "C-E-ERS.p7m": _RECORDS,
    "Signature-C-LT-d233a2d9-a257-40dc-bcdb-bf4516b6d1da.p7m": _RECORDS,
}
"""File → why the row differs."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One file."""

    row: Row
    form: str
    marks: dict[str, str]
    said: tuple[str, ...]

    @property
    def holds(self) -> bool:
        """Nothing is against it, and nothing open."""
        return not {FAILED, OPEN} & set(self.marks.values())

    @property
    def agrees(self) -> bool:
        """What is good by its collectors holds, and what is bad does not."""
        match self.row.expected:
            case "valid":
                return self.holds
            case "invalid":
                return not self.holds
            case _:
                return True

    @property
    def explanation(self) -> str:
        return EXPLAINED.get(Path(self.row.path).name, "")


def examine(row: Row) -> Finding:
    """What is said of one container."""
    marks = dict.fromkeys(COMPARED, NONE)
    try:
        cms = read_cms(row.file.read_bytes())
    except Malformed as why:
        return Finding(row, "", {**marks, "container_read": FAILED}, (f"container: {why}",))
    marks["container_read"] = PASSED
    said: list[str] = []
    for name, asked in (
        ("signature_holds", _value),
        ("data_hash_holds", _content),
        ("signed_in_window", _window),
        ("timestamp_holds", _timestamp),
    ):
        try:
            marks[name] = asked(cms)
        except UnknownAlgorithm as why:
            marks[name] = OPEN
            said.append(f"{name}: {why}")
        except (Malformed, InvalidSignature) as why:
            marks[name] = FAILED
            said.append(f"{name}: {why}")
    return Finding(row, cms.form.value, marks, tuple(said))


def _value(cms: CmsSignature) -> str:
    """With messageDigest of what is encapsulated, where anything is."""
    verify_cms(cms, b"")
    return PASSED


def _content(cms: CmsSignature) -> str:
    """Of what is encapsulated, which the value was verified with; nothing else is beside it."""
    return OPEN if cms.form is CmsContent.DETACHED else PASSED


def _window(cms: CmsSignature) -> str:
    """At the time its signer claims; without one nothing is asked."""
    if cms.time is None or cms.certificate is None:
        return NONE
    signer = read_certificate(cms.certificate)
    if not signer.not_before <= cms.time <= signer.not_after:
        raise InvalidSignature("outside the signer's certificate")
    return PASSED


def _timestamp(cms: CmsSignature) -> str:
    if cms.timestamp is None:
        return NONE
    verify_timestamp(read_timestamp(cms.timestamp), cms.value)
    return PASSED


def findings() -> list[Finding]:
    """Every container of the corpus; none where there is no corpus."""
    return [examine(row) for row in manifest(KIND)]


def document(found: list[Finding], now: datetime) -> str:
    """docs/conformance-cms.md."""
    return "\n".join([*_head(found, now), *_table(found), "", *_differences(found)]) + "\n"


def _head(found: list[Finding], now: datetime) -> Iterator[str]:
    bad = [f for f in found if f.row.expected == "invalid"]
    different = [f for f in found if not f.agrees]
    yield "# Real SignedData, check by check"
    yield ""
    yield f"Written by `python -m conformance.corpus` on {now.astimezone(UTC):%Y-%m-%d} over"
    yield f"{len(found)} containers of CMS and CAdES that nobody here wrote: the tests of DSS."
    yield "A container by itself is no document: it is asked what a PDF or OFD that holds it"
    yield "would be asked. Trust is empty on purpose."
    yield "✓ passed · ✗ failed · ? open · · does not apply."
    yield ""
    yield "* rows expected `invalid` that reach *sound*: **0** (none can: there is no document)"
    held = sum(f.holds for f in bad)
    yield f"* rows expected `invalid` in which everything asked holds: **{held}**, explained below"
    yield f"* rows that differ from what their collectors expect: **{len(different)}**, of them"
    yield f"  explained below: **{sum(1 for f in different if f.explanation)}**"
    yield ""


def _table(found: list[Finding]) -> Iterator[str]:
    yield "## Table"
    yield ""
    yield "| file | expected | content | " + " | ".join(COMPARED) + " |"
    yield "|---|---|---|" + "---|" * len(COMPARED)
    for each in found:
        marks = " | ".join(each.marks[name] for name in COMPARED)
        form = each.form or NONE
        beside = " (not beside it)" if form == CmsContent.DETACHED else ""
        yield f"| {Path(each.row.path).name} | {each.row.expected} | {form}{beside} | {marks} |"


def _differences(found: list[Finding]) -> Iterator[str]:
    yield "## Differences, by file"
    yield ""
    for each in found:
        if not each.agrees:
            said = "; ".join(each.said) or "nothing failed"
            yield f"* **{Path(each.row.path).name}** ({each.row.expected}): {said}."
            yield f"  {each.explanation or 'NOT EXPLAINED'}."
    yield ""
    yield "## What failed and what stayed open"
    yield ""
    yield "| file | expected | said |"
    yield "|---|---|---|"
    for each in found:
        if each.said:
            yield f"| {Path(each.row.path).name} | {each.row.expected} | {'; '.join(each.said)} |"
