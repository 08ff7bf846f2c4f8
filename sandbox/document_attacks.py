"""Ways to be deceived by a sealed document that is no license, each beside its untouched twin."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from sandbox import ofd, pages
from sandbox.documents import (
    ATTACHED,
    CONTRACT,
    FIGURES,
    INVOICE,
    PARTIES,
    PROOF,
    STRANGER,
    Document,
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
    zh: str
    en: str
    """What was done to the file, or to its seal."""
    said: Mapping[str, Mapping[str, object] | None] = field(default_factory=dict)
    """Party → what its own platform says of its seal, where that is not "in use": outcome, and
    since when in days from today; None: it does not answer.
    """

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
            zh="双方签章后改了合同价款。",
            en="The price in a contract was changed after both had sealed it.",
        ),
        DocumentAttack(
            name="page_added_by_the_second_party",
            conclusion=INVALID,
            reason="not_covered",
            forge=_added_after_the_first_seal,
            twin=contract,
            expected=BOTH,
            zh="乙方签章时加了一页，甲方的签章不覆盖该页。",
            en="The second party added a page, which the first party's seal does not cover.",
        ),
        DocumentAttack(
            name="one_party_has_not_sealed",
            conclusion=INVALID,
            reason="expected_signer_missing",
            forge=_one_seal,
            twin=contract,
            expected=BOTH,
            zh="预期双方签章的合同，只有一方签章。",
            en="A contract that both should have sealed bears one seal.",
        ),
        DocumentAttack(
            name="sealed_by_another_company",
            conclusion=INVALID,
            reason="signer_not_expected",
            forge=_by("carrier"),
            twin=proof,
            expected=("bank",),
            zh="存款证明由另一家公司签章，并非预期的银行。",
            en="A proof of deposit sealed by another company than the expected bank.",
        ),
        DocumentAttack(
            name="another_seal_beside_the_expected",
            conclusion=INVALID,
            reason="signer_not_expected",
            forge=contract,
            twin=_one_seal,
            expected=("brewery",),
            zh="在预期的签章旁另有他人签章。",
            en="Beside the expected seal stands another organisation's.",
        ),
        DocumentAttack(
            name="same_name_and_code_from_an_unregistered_authority",
            conclusion=OPEN,
            reason="no_anchor",
            forge=_by(STRANGER),
            twin=_by("brewery"),
            expected=("brewery",),
            zh="名称和代码与甲方相同、由未登记的认证机构所发证书的签章。",
            en="A seal of the party's name and code, under an authority that nobody registered.",
        ),
        DocumentAttack(
            name="frozen_seal",
            conclusion=INVALID,
            reason="seal_frozen",
            forge=_by("frozen"),
            twin=proof,
            said={"frozen": {"outcome": 2, "since": -200}},
            zh="印章早已冻结。",
            en="The seal has long been frozen.",
        ),
        DocumentAttack(
            name="seal_cancelled_since",
            conclusion=OPEN,
            reason="seal_ended_since",
            forge=_by("ended"),
            twin=proof,
            said={"ended": {"outcome": 3, "since": -7}},
            zh="印章在所称的签章时间之后注销，该时间未经证明。",
            en="The seal was cancelled after the claimed time of sealing, which nothing proves.",
        ),
        DocumentAttack(
            name="attachment_says_another_total",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_bent_invoice(
                attachment=attached(_figures("TaxInclusiveTotalAmount", "¥10900.00"))
            ),
            zh="发票附件中的价税合计与版面不同。",
            en="The invoice's attachment states another total than its page.",
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
            zh="发票附件中的购买方纳税人识别号与版面不同。",
            en="The invoice's attachment names another buyer than its page.",
        ),
        DocumentAttack(
            name="information_edited_where_the_seal_leaves_it_open",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_information_changed,
            twin=open_invoice,
            expected=("tax",),
            zh="签章不覆盖的文档信息中，价税合计被改。",
            en="The total was changed in the document information, which the seal leaves open.",
        ),
        DocumentAttack(
            name="index_turned_to_another_sum",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_index_turned,
            twin=invoice,
            expected=("tax",),
            zh="数据索引的价税合计指向了不含税金额。",
            en="The data index calls the sum without tax the total.",
        ),
        DocumentAttack(
            name="sums_do_not_add_up",
            conclusion=INVALID,
            reason="invoice_disagrees",
            forge=_total_wrong_everywhere,
            twin=invoice,
            expected=("tax",),
            zh="各处一致，但金额与税额之和不等于价税合计。",
            en="All places agree, and amount and tax do not make the total.",
        ),
        DocumentAttack(
            name="pdf_saved_on_with_another_page",
            conclusion=INVALID,
            reason="changed_after_signing",
            forge=_stamped_on,
            twin=contract_pdf,
            expected=BOTH,
            zh="双方签章后的 PDF 又以增量方式改了页面。",
            en="A PDF sealed by both was saved on, with another content of its page.",
        ),
        DocumentAttack(
            name="license_passed_off_as_a_document",
            conclusion=REFUSED,
            reason="policy",
            forge=_license,
            twin=proof,
            zh="把证照当作一般签章文件提交，以避开颁发机构。",
            en="A license handed in as a sealed document, past its issuer.",
        ),
        DocumentAttack(
            name="license_metadata_in_a_contract",
            conclusion=REFUSED,
            reason="policy",
            forge=_license_words,
            twin=contract,
            zh="合同中写有证照元数据。",
            en="A contract that states license metadata.",
        ),
        DocumentAttack(
            name="license_without_a_word_of_it_under_a_license_seal",
            conclusion=REFUSED,
            reason="policy",
            forge=_license_stripped,
            twin=proof,
            zh="去掉全部证照字样、仍盖证照印章的文件。",
            en="A paper without a word of the license it was, under a license seal.",
        ),
    )
}
"""Name → attack."""


def _of_one(  # noqa: PLR0917 - the columns of a table
    name: str,
    conclusion: str,
    reason: str,
    party: str,
    said: Mapping[str, object] | None,
    zh: str,
    en: str,
    *,
    forge: Forge = contract,
    expected: tuple[str, ...] = BOTH,
) -> DocumentAttack:
    """Nothing is wrong with the file: one of its two seals is not what it was."""
    return DocumentAttack(
        name=name,
        conclusion=conclusion,
        reason=reason,
        forge=forge,
        twin=forge,
        expected=expected,
        zh=zh,
        en=en,
        said={party: said},
    )


SEAL_ATTACKS: Mapping[str, DocumentAttack] = {
    attack.name: attack
    for attack in (
        _of_one(
            *("second_seal_cancelled", INVALID, "seal_cancelled", "carrier", {"outcome": 3}),
            "合同双方签章，其中乙方的印章已注销。",
            "Of the two seals of a contract the second was cancelled.",
        ),
        _of_one(
            *("first_seal_frozen", INVALID, "seal_frozen", "brewery", {"outcome": 2}),
            "合同双方签章，其中甲方的印章已冻结。",
            "Of the two seals of a contract the first was frozen.",
        ),
        _of_one(
            *("second_seal_never_made", INVALID, "seal_denied", "carrier", {"outcome": 5}),
            "乙方称从未有过这枚印章。",
            "The second party says that this seal was never made out to it.",
        ),
        _of_one(
            *("second_seal_of_a_pdf_cancelled", INVALID, "seal_cancelled"),
            *("carrier", {"outcome": 3}),
            "PDF 合同双方签章，其中乙方的印章已注销。",
            "Of the two seals of a PDF contract the second was cancelled.",
            forge=contract_pdf,
        ),
        _of_one(
            *("second_seal_cancelled_whoever_signs", INVALID, "seal_cancelled"),
            *("carrier", {"outcome": 3}),
            "不指定签章单位时，乙方已注销的印章同样不成立。",
            "Any signer will do, and still the second seal was cancelled.",
            expected=(),
        ),
        _of_one(
            *("second_seal_cancelled_since", OPEN, "seal_ended_since"),
            *("carrier", {"outcome": 3, "since": -7}),
            "乙方的印章在所称的签章时间之后注销，该时间未经证明。",
            "The second seal was cancelled after the claimed time of sealing.",
        ),
        _of_one(
            *("second_owner_silent", OPEN, "issuer_unreachable", "carrier", None),
            "乙方的印章平台没有答复：不能认定，也不能认定无效。",
            "The second owner's platform does not answer: neither valid nor invalid.",
        ),
        _of_one(
            *("second_owner_without_register", OPEN, "seal_status_unknown"),
            *("carrier", {"outcome": 4}),
            "乙方不保存印章登记，也没有信任清单。",
            "The second owner keeps no register of seals, and no list is followed.",
        ),
    )
}
"""Name → what becomes of a document whose seals are asked about, each at its own owner."""


SHOWN = (
    *("price_changed_after_sealing", "sealed_by_another_company", "frozen_seal"),
    *("seal_cancelled_since", "attachment_says_another_total"),
)
"""Among the samples."""


def forged_documents(world: World) -> tuple[Document, ...]:
    """Some of the attacks, with the signers that should be expected; none: whoever sealed."""
    return tuple(
        Document(
            f"forged-{attack.name.replace('_', '-')}",
            attack.zh,
            attack.en,
            attack.forge(world),
            attack.codes,
            attack.conclusion,
            attack.reason,
        )
        for attack in (ATTACKS[name] for name in SHOWN)
    )


def unsealed(world: World) -> bytes:
    """No attack table can hold it: it has no seal to be asked about."""
    del world
    shape = SHAPES["receipt"]
    parts = draft(PROOF, shape)
    return ofd.pack({n: c for n, c in parts.items() if n != ATTACHED}, shape)
