"""Figures of an invoice, compared with themselves; and those of real ones, which nobody here made."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.checks import measure
from app.domain.certificate import Purpose
from app.domain.evidence import CheckName, Outcome
from app.domain.invoice import InvoiceFact, InvoiceFacts, InvoicePlace
from app.domain.ofd import Attachment, OfdPackage, TagIndex
from app.domain.reasons import Reason
from app.domain.signers import ANY_SIGNER
from app.domain.trust import Trust
from app.formats.archive import read_archive
from app.formats.ofd.invoice import MAX_INVOICE, read_invoice
from app.formats.ofd.license import Ofd
from app.formats.ofd.package import read_package
from app.services.judgement import look
from sandbox.document_attacks import invoice
from sandbox.documents import ATTACHED, FIGURES, attached
from sandbox.world import World
from tests.corpus import Row, manifest
from tests.sandbox.conftest import DAY

F, P = InvoiceFact, InvoicePlace
WORLD = World(1, DAY)
ALL = (P.INFORMATION, P.INDEX, P.ATTACHMENT)
REAL = {
    "1.ofd", "999.ofd", "draw_param_ref.ofd", "keyword2.ofd", "v4signed.ofd", "发票示例.ofd",
    "增值税电子专票5.ofd", "test2.ofd",
}  # fmt: skip
"""Signed invoices of the corpus."""
NOBODY = Trust(issuer=None, type=None, keys={}, mandates=(), endpoint=None, statement=None)


NO_TAGS = TagIndex((), 0, frozenset())


@cache
def package() -> OfdPackage:
    return read_package(read_archive(invoice(WORLD)))


def real() -> Iterator[Row]:
    for row in manifest("ofd_signed"):
        if row.path.rsplit("/", 1)[-1] in REAL:
            yield row


def test_every_figure_stands_in_three_places_and_agrees() -> None:
    found = Ofd().parse(invoice(WORLD)).invoice
    assert found is not None
    assert dict(found.places) == dict.fromkeys(F, ALL)
    assert (found.differing, found.adds_up, found.unread) == ((), True, False)


def with_attachment(content: bytes) -> InvoiceFacts:
    """What is read of the invoice with another attachment."""
    made = package()
    changed = replace(made, members={**made.members, ATTACHED: content})
    found = read_invoice(changed, NO_TAGS)
    assert found is not None
    return found


@pytest.mark.parametrize(("zh", "tag", "value"), FIGURES)
def test_each_figure_is_compared(zh: str, tag: str, value: str) -> None:
    del zh
    other = {"IssueDate": "2026年10月17日"}.get(tag, value + "1")
    figures = tuple((z, t, other if t == tag else v) for z, t, v in FIGURES)
    found = with_attachment(attached(figures))
    assert len(found.differing) == 1


@pytest.mark.parametrize(
    ("tag", "value"),
    [
        ("IssueDate", "2026-10-16"),
        ("IssueDate", "20261016"),
        ("TaxInclusiveTotalAmount", "1,090.0"),
        ("TaxInclusiveTotalAmount", "1090元"),
        ("InvoiceCheckCode", "26011700260117002601"),
        ("SellerName", "云海高原物流有限公司(虚构)"),
    ],
)
def test_another_spelling_is_no_difference(tag: str, value: str) -> None:
    figures = tuple((z, t, value if t == tag else v) for z, t, v in FIGURES)
    assert with_attachment(attached(figures)).differing == ()


@pytest.mark.parametrize("amount", ["9e999999", "1e-999999", "9" * 400, "NaN", "sNaN", "-Infinity"])
def test_attack_an_amount_no_sum_can_be_made_of(amount: str) -> None:
    """It is compared as it is written, and nothing is raised."""
    figures = tuple((z, t, amount if t.endswith("TotalAmount") else v) for z, t, v in FIGURES)
    found = with_attachment(attached(figures))
    assert (len(found.differing), found.adds_up) == (3, None)
    alone = tuple(f for f in figures if f[1] != "TaxExclusiveTotalAmount")
    assert found != with_attachment(attached(alone))


@pytest.mark.parametrize(
    "content",
    [b"", b"eInvoice", b"<eInvoice", b"<a>eInvoice</a>", b"<!DOCTYPE a><eInvoice/>", b"\xff"],
)
def test_an_attachment_that_is_none_states_nothing(content: bytes) -> None:
    found = with_attachment(content)
    assert all(P.ATTACHMENT not in places for places in found.places.values())
    assert (found.differing, found.unread) == ((), False)


def test_an_attachment_beyond_the_limit_is_told() -> None:
    assert with_attachment(b"<eInvoice/>" + b" " * MAX_INVOICE).unread


def test_what_is_no_invoice_states_none() -> None:
    assert Ofd().parse(WORLD.ofd(WORLD.pick("market"))).invoice is None


@given(st.binary(max_size=300))
def test_whatever_is_attached_nothing_is_raised(content: bytes) -> None:
    with_attachment(b"<eInvoice>" + content)


@pytest.mark.parametrize("row", list(real()), ids=lambda row: row.path.rsplit("/", 1)[-1])
def test_a_real_invoice_agrees_with_itself_offline(row: Row) -> None:
    """Each check by itself: open is what nobody here is trusted for, and failed what collectors of
    the corpus, or the table of docs/conformance.md, explain.
    """
    license = Ofd().parse(row.file.read_bytes())
    assert license.license_words == frozenset()
    facts = measure(license, NOBODY, now=datetime.now(UTC), signers=ANY_SIGNER)
    assert facts.document.signatures[0].sealed is not None
    signer = facts.document.signatures[0].sealed.signer
    assert signer is not None
    assert signer.then.purpose is Purpose.SEALED_DOCUMENT
    local = look(facts)
    found = {e.check: e.outcome for e in local.evidence}
    assert local.policy.name == "sealed-document-1"
    assert found[CheckName.INVOICE_AGREES] is Outcome.PASSED
    failed = {e.reason for e in local.evidence if e.outcome is Outcome.FAILED}
    expected: set[Reason] = {
        "发票示例.ofd": {Reason.CONTENT_CHANGED},
        "draw_param_ref.ofd": {Reason.NOT_COVERED},
        "keyword2.ofd": {Reason.SEAL_MAKER_INVALID},
        "增值税电子专票5.ofd": {Reason.SEAL_MAKER_INVALID},
    }.get(row.path.rsplit("/", 1)[-1], set())
    assert failed == expected
    assert (row.expected == "invalid") == (failed == {Reason.CONTENT_CHANGED})
    for check in (CheckName.SIGNATURE_HOLDS, CheckName.DATA_HASH_HOLDS, CheckName.SEAL_HOLDS):
        assert found[check] is Outcome.PASSED


def test_the_real_invoices_are_there() -> None:
    rows = list(real())
    if not rows:
        pytest.skip("corpus not beside the project: ofd_signed is absent")
    assert len(rows) == len(REAL)


def test_attachments_without_a_part_are_passed_over() -> None:
    made = package()
    lost = Attachment(None, "original_invoice", "xml", True)
    assert read_invoice(replace(made, attachments=(lost,)), NO_TAGS) is not None
