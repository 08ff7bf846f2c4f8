"""Ways to be deceived by a sealed document that is no license, each beside its untouched twin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from sandbox import ofd, pages
from sandbox.documents import (
    ATTACHED,
    CONTRACT,
    FIGURES,
    INVOICE,
    PARTIES,
    PROOF,
    STRANGER,
    Hands,
    attached,
    draft,
    write,
    write_pdf,
)
from sandbox.ofd import Bends, Job
from sandbox.pages import Parts
from sandbox.shapes import SHAPES
from sandbox.world import World

Forge = Callable[[World], bytes]
BOTH = ("brewery", "carrier")
INVALID, OPEN, REFUSED = "invalid", "indeterminate", "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentAttack:
    """One forgery, its twin, and how the forgery must end where the twin is valid."""

    name: str
    conclusion: str
    reason: str
    """Of the verdict; where it is refused, the field that the refusal names."""
    forge: Forge
    twin: Forge
    expected: tuple[str, ...] = ()
    """Names of the parties that have to have sealed; empty: any signer."""
    twin_expects: tuple[str, ...] | None = None
    """Of the twin, where what is asked is the attack."""

    @property
    def codes(self) -> tuple[str, ...]:
        return tuple(PARTIES[name].code for name in self.expected)

    @property
    def twin_codes(self) -> tuple[str, ...]:
        names = self.expected if self.twin_expects is None else self.twin_expects
        return tuple(PARTIES[name].code for name in names)


def contract(world: World) -> bytes:
    return write(CONTRACT, "desktop", *map(Hands(world).job, BOTH))


def contract_pdf(world: World) -> bytes:
    return write_pdf(CONTRACT, world, *BOTH)


def proof(world: World) -> bytes:
    return write(PROOF, "receipt", Hands(world).job("bank"))


def invoice(world: World) -> bytes:
    return write(INVOICE, "tax", Hands(world).job("tax"))


def open_invoice(world: World) -> bytes:
    """By a producer who leaves OFD.xml, and so the document information, open."""
    return write(INVOICE, "bank", Hands(world).job("tax"))


# ---- forgeries


def _after(forge: Callable[[Parts], Parts]) -> Bends:
    return Bends(after=forge)


def _replaced(part: str, old: str, new: str) -> Callable[[Parts], Parts]:
    def change(parts: Parts) -> Parts:
        content = parts[part]
        if content.count(old.encode()) != 1:
            raise ValueError(f"{old} does not stand in {part} once")
        return {**parts, part: content.replace(old.encode(), new.encode())}

    return change


def _price_changed(world: World) -> bytes:
    hands = Hands(world)
    cheaper = _after(_replaced(pages.PAGE, "38400.00", "18400.00"))
    return write(CONTRACT, "desktop", hands.job("brewery"), hands.job("carrier", cheaper))


def _one_seal(world: World) -> bytes:
    return write(CONTRACT, "desktop", Hands(world).job("brewery"))


def _by(name: str) -> Forge:
    return lambda world: write(PROOF, "receipt", Hands(world).job(name))


def _added_after_the_first_seal(world: World) -> bytes:
    """The second party adds a page, which its own seal covers and the other's does not."""
    hands, shape = Hands(world), SHAPES["desktop"]
    one_page = '<ofd:Page ID="3" BaseLoc="Pages/Page_0/Content.xml"/>'
    two = one_page + '<ofd:Page ID="90" BaseLoc="Pages/Page_1/Content.xml"/>'

    def more(parts: Parts) -> Parts:
        page = parts[pages.PAGE].replace(CONTRACT.title.encode(), "补充条款：价款减半".encode())
        grown = _replaced(pages.DOCUMENT, one_page, two)(parts)
        return {**grown, "Doc_0/Pages/Page_1/Content.xml": page}

    second = hands.job("carrier", Bends(draft=more))
    return write(CONTRACT, shape, _open_to_more(hands.job("brewery")), second)


def _open_to_more(job: Job) -> Job:
    """A seal over the page alone: whatever else there is may grow."""
    covered = Bends(covered=lambda parts: {pages.PAGE: parts[pages.PAGE]})
    return replace(job, bends=covered)


def _bent_invoice(**changes: bytes) -> Forge:
    """By somebody who holds the seal: sealed as it is."""

    def forge(world: World) -> bytes:
        paper = replace(INVOICE, **changes)  # type: ignore[arg-type]
        return write(paper, "tax", Hands(world).job("tax"))

    return forge


def _figures(name: str, value: str) -> tuple[tuple[str, str, str], ...]:
    return tuple((zh, tag, value if tag == name else old) for zh, tag, old in FIGURES)


def _information_changed(world: World) -> bytes:
    """By anybody: the seal leaves OFD.xml open."""
    change = _after(_replaced(pages.OFD_XML, ">1090.00<", ">9090.00<"))
    return write(INVOICE, "bank", Hands(world).job("tax", change))


def _index_turned(world: World) -> bytes:
    """The data index calls the sum without tax the total."""

    def change(parts: Parts) -> Parts:
        tag = parts[pages.TAG]
        total = tag.split(b"<TaxInclusiveTotalAmount>")[1].split(b"</TaxInclusive")[0]
        amount = tag.split(b"<TaxExclusiveTotalAmount>")[1].split(b"</TaxExclusive")[0]
        return {**parts, pages.TAG: tag.replace(total, amount)}

    return write(INVOICE, "tax", Hands(world).job("tax", Bends(draft=change)))


def _total_wrong_everywhere(world: World) -> bytes:
    figures = _figures("TaxInclusiveTotalAmount", "¥1900.00")
    paper = replace(
        INVOICE, fields=tuple((n, v) for n, _, v in figures), attachment=attached(figures)
    )
    return write(paper, "tax", Hands(world).job("tax"))


def _stamped_on(world: World) -> bytes:
    """A whole PDF saved once more after it was sealed, with another sum on its page."""
    content = contract_pdf(world)
    start = content.rindex(b"startxref") + len(b"startxref\n")
    before = int(content[start:].split()[0])
    body = b"4 0 obj\n<< /Length 0 >>\nstream\n\nendstream\nendobj\n"
    offset = len(content)
    table = f"xref\n4 1\n{offset:010d} 00000 n \n".encode()
    trailer = f"trailer\n<</Size 5 /Root 1 0 R /Prev {before}>>\n".encode()
    end = f"startxref\n{offset + len(body)}\n%%EOF\n".encode()
    return content + body + table + trailer + end


def _license_words(world: World) -> bytes:
    """A license's metadata in a paper that is presented as a contract."""
    license = world.pick("market")
    fields = (*CONTRACT.fields, ("证照类型代码", license.type), ("证照编号", license.number))
    return write(replace(CONTRACT, fields=fields), "desktop", *map(Hands(world).job, BOTH))


def _license_stripped(world: World) -> bytes:
    """A license of which everything that says so was left away, under its issuer's own seal."""
    license = world.pick("market", "annulled" if world.of("market", "annulled") else "expired")
    shape = SHAPES["desktop"]
    parts = draft(replace(PROOF, title="经营资格说明"), shape)
    return ofd.pack(ofd.put_seal(parts, shape, world.job(license)), shape)


def _license(world: World) -> bytes:
    return world.ofd(world.pick("market"))


ATTACKS: Mapping[str, DocumentAttack] = {
    attack.name: attack
    for attack in (
        DocumentAttack(
            name="price_changed_after_sealing",
            conclusion=INVALID,
            reason="content_changed",
            forge=_price_changed,
            twin=contract,
            expected=BOTH,
        ),
        DocumentAttack(
            name="page_added_by_the_second_party",
            conclusion=INVALID,
            reason="not_covered",
            forge=_added_after_the_first_seal,
            twin=contract,
            expected=BOTH,
        ),
        DocumentAttack(
            name="one_party_has_not_sealed",
            conclusion=INVALID,
            reason="expected_signer_missing",
            forge=_one_seal,
            twin=contract,
            expected=BOTH,
        ),
        DocumentAttack(
            name="sealed_by_another_company",
            conclusion=INVALID,
            reason="signer_not_expected",
            forge=_by("carrier"),
            twin=proof,
            expected=("bank",),
        ),
        DocumentAttack(
            name="another_seal_beside_the_expected",
            conclusion=INVALID,
            reason="signer_not_expected",
            forge=contract,
            twin=_one_seal,
            expected=("brewery",),
        ),
        DocumentAttack(
            name="same_name_and_code_from_an_unregistered_authority",
            conclusion=OPEN,
            reason="no_anchor",
            forge=_by(STRANGER),
            twin=_by("brewery"),
            expected=("brewery",),
        ),
        DocumentAttack(
            name="frozen_seal",
            conclusion=INVALID,
            reason="seal_frozen",
            forge=_by("frozen"),
            twin=proof,
        ),
        DocumentAttack(
            name="seal_cancelled_since",
            conclusion=OPEN,
            reason="seal_ended_since",
            forge=_by("ended"),
            twin=proof,
        ),
        DocumentAttack(
            name="attachment_says_another_total",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_bent_invoice(
                attachment=attached(_figures("TaxInclusiveTotalAmount", "¥10900.00"))
            ),
            twin=invoice,
            expected=("tax",),
        ),
        DocumentAttack(
            name="attachment_names_another_buyer",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_bent_invoice(attachment=attached(_figures("BuyerTaxID", PARTIES["bank"].code))),
            twin=invoice,
            expected=("tax",),
        ),
        DocumentAttack(
            name="information_edited_where_the_seal_leaves_it_open",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_information_changed,
            twin=open_invoice,
            expected=("tax",),
        ),
        DocumentAttack(
            name="index_turned_to_another_sum",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_index_turned,
            twin=invoice,
            expected=("tax",),
        ),
        DocumentAttack(
            name="sums_do_not_add_up",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_total_wrong_everywhere,
            twin=invoice,
            expected=("tax",),
        ),
        DocumentAttack(
            name="pdf_saved_on_with_another_page",
            conclusion=INVALID,
            reason="changed_after_signing",
            forge=_stamped_on,
            twin=contract_pdf,
            expected=BOTH,
        ),
        DocumentAttack(
            name="license_passed_off_as_a_document",
            conclusion=REFUSED,
            reason="policy",
            forge=_license,
            twin=proof,
        ),
        DocumentAttack(
            name="license_metadata_in_a_contract",
            conclusion=REFUSED,
            reason="policy",
            forge=_license_words,
            twin=contract,
        ),
        DocumentAttack(
            name="license_without_a_word_of_it_under_a_license_seal",
            conclusion=REFUSED,
            reason="policy",
            forge=_license_stripped,
            twin=proof,
        ),
    )
}
"""Name → attack."""


def unsealed(world: World) -> bytes:
    """No attack table can hold it: it has no seal to be asked about."""
    del world
    shape = SHAPES["receipt"]
    parts = draft(PROOF, shape)
    return ofd.pack({n: c for n, c in parts.items() if n != ATTACHED}, shape)
