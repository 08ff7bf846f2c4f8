"""What is said of sealed documents that are no licenses: contracts, invoices, proofs."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Own, Texts, invalid, texts, unsure

VALID_SEAL: Final[Texts] = texts(
    title=(
        "签章真实，文件自签章后未被改动",
        "the seal is genuine and the file is as it was sealed",
    ),
    engineer=(
        "签章值、杂凑、印章、签章者证书链与吊销、签章时间逐项成立，应当签章的单位均已签章，印章状态已由信任清单或者印章平台确认。结论的 subject 为 seal：只及于签章，不及于文件所述内容，也不是证照核验。",
        "Signature value, digests, seal, the signer's chain with its revocation, and the time hold, item by item; whoever had to seal did; and the status of the seal is known from a trust list or a seal platform. The subject is seal: it is about the sealing, about nothing the document says, and about no license.",
    ),
    clerk=(
        "这份文件由标题所示的单位签章，签章后未被改动。内容是否属实、签章单位是否正确，仍须自行判断。",
        "The organisation named in the headline sealed this file, and it was not altered since. Whether what it says is true, and whether that is the organisation you expect, is for you to judge.",
    ),
    next_step=(
        "核对签章单位的统一社会信用代码；发票的真伪和使用情况，另向税务机关的查验平台查询。",
        "Compare the organisation code of the signer. Whether an invoice is on the tax authority's books, its own query service tells.",
    ),
)

SEALED_DOCUMENT: Final[Mapping[Reason, Entry]] = {
    Reason.SIGNER_NOT_EXPECTED: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=1,
        title=(
            "签章单位不是预期的单位",
            "it is sealed by another organisation than the expected",
        ),
        engineer=(
            "经登记的认证机构为证书所载的组织机构代码背书，该代码不在 expected_signers 之内。一份文件有多个签章的，每一个已识别的签章单位都须在其中。",
            "A registered authority vouches for an organisation code that is not among expected_signers. Where a document bears several seals, every organisation that is identified has to be among them.",
        ),
        clerk=(
            "盖章的单位与所指定的签章单位不一致。章可能是真的，但不是那一家盖的。",
            "The organisation that sealed this is not the one you named. The seal may well be genuine; it is somebody else's.",
        ),
        next_step=(
            "核对所填写的统一社会信用代码；无误的，请勿采信，向应当签章的单位索取原件。",
            "Check the organisation code you entered. If it is right, do not rely on this file; ask the organisation that should have sealed for the original.",
        ),
    ),
    Reason.EXPECTED_SIGNER_MISSING: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=1,
        title=("应当签章的单位没有签章", "an organisation that had to seal did not"),
        engineer=(
            "expected_signers 所列的单位并未全部签章；所有签章均已识别，其中没有缺少的那一家。",
            "Not every organisation of expected_signers sealed the file. All seals are identified, and none is of the one that is missing.",
        ),
        clerk=(
            "所指定的签章单位中，有的没有在这份文件上签章。",
            "One of the organisations you named has not sealed this file.",
        ),
        next_step=(
            "向缺少签章的单位索取签章齐全的文件。",
            "Ask the organisation whose seal is missing for a file that bears all seals.",
        ),
    ),
    Reason.SEAL_DENIED: invalid(
        Block.STATUS,
        Own.SEAL,
        info=6,
        file=1,
        title=("印章平台没有这枚印章", "the seal's own platform does not know this seal"),
        engineer=(
            "按印章标识（esID）和证书序列号向签章单位登记的平台查询，答复为查无此印章（docs/ivp.md，seal，结果 5）。",
            "Asked by the seal's number (esID) and the certificate's serial number, the platform registered for its owner answers that no such seal was made out to it (docs/ivp.md, seal, outcome 5).",
        ),
        clerk=(
            "签章单位的印章平台答复，没有制发过这枚印章。",
            "The seal platform of that organisation answers that this seal was never made out to it.",
        ),
        next_step=(
            "请勿采信；向签章单位核实。",
            "Do not rely on it. Ask the organisation that is said to have sealed it.",
        ),
    ),
    Reason.SEAL_STATUS_UNKNOWN: unsure(
        Block.STATUS,
        Own.SEAL,
        title=(
            "印章是否已经停用，无从得知",
            "whether the seal is still in use is not known",
        ),
        engineer=(
            "本节点没有关注任何信任清单（docs/trust-list.md），也没有为签章单位登记印章平台，印章是否被冻结、注销无从得知；长期使用的，由运维人员关注信任清单或者登记印章平台。其余检查见 blocks。",
            "This node follows no trust list (docs/trust-list.md), and no seal platform is registered for the signer, so nobody could say whether the seal is frozen or cancelled; for regular use, have the operator follow a list or register a platform. See blocks for all other checks.",
        ),
        clerk=(
            "签章检查没有发现问题，但无法得知这枚印章是否已经停用。",
            "Nothing wrong was found with the sealing, but nobody can tell here whether the seal is still in use.",
        ),
        next_step=(
            "核对签章单位是不是应当盖章的那一家，并通过其公开的联系方式核实印章是否仍在使用。",
            "Check that the organisation that sealed it is the one that had to, and ask it, by its public telephone or address, whether the seal is still in use.",
        ),
    ),
    Reason.INVOICE_DISAGREES: invalid(
        Block.AUTHORITY,
        Own.COVERAGE,
        info=6,
        file=1,
        title=("发票各处所载内容不一致", "the figures of the invoice disagree"),
        engineer=(
            "发票信息在文档信息（CustomDatas）、版面数据索引（CustomTags）和附件（eInvoice）之间不一致，或者合计金额加合计税额不等于价税合计。不一致的项目见该项检查的 detail 和 sealed_document.invoice。",
            "The invoice says one thing in the document information (CustomDatas), the data index (CustomTags) or the attachment (eInvoice) and another elsewhere, or amount and tax do not make the total. The check's detail and sealed_document.invoice name the figures.",
        ),
        clerk=(
            "这张发票上看到的内容与供系统读取的内容对不上。",
            "What this invoice shows to people and what it says to machines is not the same.",
        ),
        next_step=(
            "请勿据此入账；向开票方索取原件，并在税务机关的查验平台查询。",
            "Do not book it. Ask the seller for the original, and query the tax authority's own service.",
        ),
    ),
}
