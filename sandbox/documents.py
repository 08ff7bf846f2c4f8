"""Sealed documents that are no licenses: a contract of two parties, a proof, an invoice.

An authority of their own certifies those who seal them (`Authorities.documents`): an operator
registers it for sealed documents, and for no license. Everybody and every figure is invented; the
codes bear a region that is nobody's.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from sandbox import ofd, pages, pdf, pdf_signing, pki
from sandbox.authorities import Unit
from sandbox.bodies import PROVINCE, Body
from sandbox.codes import uscc
from sandbox.ofd import Bends, Job
from sandbox.pages import Made, Parts
from sandbox.pki import ENCRYPTION, Plan
from sandbox.seals import SealHolder, draw, seal_code, subject_of
from sandbox.ses import SealPlan
from sandbox.shapes import SHAPES, Shape
from sandbox.world import World

WINDOW = (-900, 1500)
"""Days of their certificates and seals."""
SEALED_DAYS_AGO = 40
ATTACHED = "Doc_0/Attachs/original_invoice.xml"
_FIRST = 10
_SPACE = "http://www.ofdspec.org/2016"

Field = tuple[str, str]
"""A name in Chinese, and what is printed after it."""


def party(name: str, kind: str, organisation: str, title: str, title_en: str) -> Body:
    """Somebody with a seal who issues no license."""
    return Body(
        name=name,
        code=uscc(kind, PROVINCE, organisation),
        title=title,
        title_en=title_en,
        region=PROVINCE,
        types=(),
        keys=(),
        answers=False,
        registered=False,
    )


PARTIES: Mapping[str, Body] = {
    body.name: body
    for body in (
        party("brewery", "91", "MA990101", "云海青稞酒业有限公司（虚构）", "Yunhai Brewery"),
        party("carrier", "91", "MA990102", "云海高原物流有限公司（虚构）", "Yunhai Carrier"),
        party("bank", "91", "MA990103", "云海农商银行（虚构）", "Yunhai Bank"),
        party("tax", "11", "MB990104", "云海省税务局（虚构）", "Yunhai Tax Bureau"),
        party("frozen", "91", "MA990105", "云海停用印章公司（虚构）", "Company of a frozen seal"),
        party("ended", "91", "MA990106", "云海注销公司（虚构）", "Company of a cancelled seal"),
    )
}
STRANGER = "stranger"
"""A seal of the brewery's name and code: its maker did not look who certified it."""


@dataclass(frozen=True, slots=True)
class Paper:
    """What stands on a document, and what it says of itself to machines."""

    name: str
    title: str
    fields: tuple[Field, ...]
    tags: Mapping[str, str]
    """Chinese name → name in the data index (custom tags); empty: there is none."""
    attachment: bytes | None = None


CONTRACT = Paper(
    "contract",
    "货物运输合同",
    (
        ("合同编号", "YH-2026-0117"),
        ("甲方", PARTIES["brewery"].title),
        ("乙方", PARTIES["carrier"].title),
        ("运输货物", "青稞酒 600 箱"),
        ("合同价款", "38400.00 元"),
        ("有效期限", "自签订之日起一年"),
    ),
    {},
)
PROOF = Paper(
    "proof",
    "存款证明",
    (
        ("证明编号", "CK-2026-88001"),
        ("账户名称", PARTIES["brewery"].title),
        ("账户余额", "1200000.00 元"),
        ("截止日期", "2026年10月16日"),
    ),
    {},
)
FIGURES: tuple[tuple[str, str, str], ...] = (
    ("发票代码", "InvoiceCode", "063002600111"),
    ("发票号码", "InvoiceNo", "00260117"),
    ("开票日期", "IssueDate", "2026年10月16日"),
    ("校验码", "InvoiceCheckCode", "26011 70026 01170 02601"),
    ("购买方名称", "BuyerName", PARTIES["brewery"].title),
    ("购买方纳税人识别号", "BuyerTaxID", PARTIES["brewery"].code),
    ("销售方名称", "SellerName", PARTIES["carrier"].title),
    ("销售方纳税人识别号", "SellerTaxID", PARTIES["carrier"].code),
    ("合计金额", "TaxExclusiveTotalAmount", "¥1000.00"),
    ("合计税额", "TaxTotalAmount", "¥90.00"),
    ("价税合计", "TaxInclusiveTotalAmount", "¥1090.00"),
)
"""Name on paper, name for machines, value."""


def attached(figures: tuple[tuple[str, str, str], ...] = FIGURES) -> bytes:
    """The invoice for machines, as tax software reads it: sums without a sign, dates alike."""
    said = {name: value.removeprefix("¥").replace(" ", "") for _, name, value in figures}
    parties = "".join(
        f"<{side}>{''.join(_plain(n, v) for n, v in said.items() if n.startswith(side))}</{side}>"
        for side in ("Buyer", "Seller")
    )
    rest = "".join(_plain(n, v) for n, v in said.items() if not n.startswith(("Buyer", "Seller")))
    goods = _plain("Item", "*运输服务*陆路运输") + _plain("Amount", "1000.00")
    body = (
        f"<DocID>01</DocID>{rest}{parties}<GoodsInfos><GoodsInfo>{goods}</GoodsInfo></GoodsInfos>"
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><eInvoice Version="1.0">{body}</eInvoice>'.encode()
    )


def _plain(name: str, value: str) -> str:
    return f"<{name}>{escape(value)}</{name}>"


INVOICE = Paper(
    "invoice",
    "云海增值税电子普通发票",
    tuple((name, value) for name, _, value in FIGURES),
    {name: tag for name, tag, _ in FIGURES},
    attached(),
)


# ---- who seals


@dataclass(frozen=True)
class Hands:
    """The seals of those parties."""

    world: World

    @cached_property
    def holders(self) -> Mapping[str, SealHolder]:
        known = {name: self._holder(name, body) for name, body in PARTIES.items()}
        return known | {STRANGER: self._holder(STRANGER, PARTIES["brewery"])}

    def _holder(self, name: str, body: Body) -> SealHolder:
        made = self.world.authorities
        strange = name == STRANGER
        code = seal_code(made.seed, body, f"document-{name}")
        who = subject_of(body, code)

        def signing(plan: Plan) -> Plan:
            return replace(plan, extra=(pki.organisation(body.code),))

        def unit(of: str, bend: Callable[[Plan], Plan]) -> Unit:
            by = made.mist_root if strange else made.documents
            return made.unit(of, who, WINDOW, by=by, bend=bend)

        own = unit(f"document-{name}", signing)
        pair = unit(f"document-{name}-encryption", lambda p: replace(signing(p), usage=ENCRYPTION))
        start = made.day(WINDOW[0] + 2)
        plan = SealPlan(
            id=code,
            name=body.title,
            certificates=(own.certificate,),
            created=start,
            valid_from=start,
            valid_until=made.day(WINDOW[1]),
            picture=draw(code, "PNG"),
            maker=self.world.seals.maker,
        )
        return SealHolder(name, body, code, own, pair, plan)

    def job(self, name: str, bends: Bends | None = None) -> Job:
        """Its honest sealing, at nine in the morning, so many days ago."""
        at = self.world.authorities.day(-SEALED_DAYS_AGO) + timedelta(hours=9)
        return Job(holder=self.holders[name], at=at, bends=bends or Bends())


# ---- the documents


def draft(paper: Paper, shape: Shape) -> Parts:
    """The parts of the unsealed document."""

    def part(name: str, body: str, attributes: str = "") -> bytes:
        return pages.element(shape, name, body, attributes)

    texts = [(_FIRST, "30 20 150 12", paper.title)]
    for row, (name, value) in enumerate(paper.fields):
        top = 45 + 9 * row
        texts.append((_FIRST + 1 + 2 * row, f"20 {top} 48 7", name))
        texts.append((_FIRST + 2 + 2 * row, f"70 {top} 120 7", value))
    lists = "".join(
        f"<ofd:{name}>{file.removeprefix('Doc_0/')}</ofd:{name}>"
        for name, file, wanted in (
            ("CustomTags", pages.TAGS, bool(paper.tags)),
            ("Attachments", pages.ATTACHMENTS, paper.attachment is not None),
        )
        if wanted
    )
    common = (
        f"<ofd:MaxUnitID>{_FIRST + 3 * len(texts)}</ofd:MaxUnitID>"
        "<ofd:PageArea><ofd:PhysicalBox>0 0 210 297</ofd:PhysicalBox></ofd:PageArea>"
        "<ofd:PublicRes>PublicRes.xml</ofd:PublicRes>"
    )
    page = '<ofd:Page ID="3" BaseLoc="Pages/Page_0/Content.xml"/>'
    drawn = "".join(_text(*each) for each in texts)
    parts = {
        pages.OFD_XML: part("OFD", _body(paper, shape), 'Version="1.1" DocType="OFD"'),
        pages.DOCUMENT: part(
            "Document",
            f"<ofd:CommonData>{common}</ofd:CommonData><ofd:Pages>{page}</ofd:Pages>{lists}",
        ),
        pages.PUBLIC_RES: part(
            "Res",
            '<ofd:Fonts><ofd:Font ID="1" FontName="SimSun" FamilyName="宋体"/></ofd:Fonts>',
            'BaseLoc="Res"',
        ),
        pages.PAGE: part(
            "Page", f'<ofd:Content><ofd:Layer ID="4">{drawn}</ofd:Layer></ofd:Content>'
        ),
    }
    if paper.tags:
        file = "<ofd:FileLoc>license.xml</ofd:FileLoc>"
        parts[pages.TAGS] = part("CustomTags", f'<ofd:CustomTag TypeID="1">{file}</ofd:CustomTag>')
        parts[pages.TAG] = _index(paper)
    if paper.attachment is not None:
        file = "<ofd:FileLoc>original_invoice.xml</ofd:FileLoc>"
        body = f'<ofd:Attachment ID="1" Name="original_invoice" Format="xml" Visible="false">{file}'
        parts[pages.ATTACHMENTS] = part("Attachments", f"{body}</ofd:Attachment>")
        parts[ATTACHED] = paper.attachment
    return parts


def _body(paper: Paper, shape: Shape) -> str:
    data = "".join(
        f"<ofd:CustomData Name={quoteattr(name)}>{escape(value.removeprefix('¥'))}</ofd:CustomData>"
        for name, value in paper.fields
    )
    return (
        f"<ofd:DocBody><ofd:DocInfo><ofd:DocID>{paper.name}</ofd:DocID>"
        f"<ofd:Title>{escape(paper.title)}</ofd:Title><ofd:CustomDatas>{data}</ofd:CustomDatas>"
        f"</ofd:DocInfo><ofd:DocRoot>{pages.DOCUMENT}</ofd:DocRoot>"
        f"<ofd:Signatures>/{shape.list_part}</ofd:Signatures></ofd:DocBody>"
    )


def _index(paper: Paper) -> bytes:
    """数据索引: for each figure the text on the page that is its value."""
    entries = "".join(
        f'<{paper.tags[name]}><ofd:ObjectRef PageRef="3">{_FIRST + 2 + 2 * row}</ofd:ObjectRef>'
        f"</{paper.tags[name]}>"
        for row, (name, _) in enumerate(paper.fields)
    )
    return f'<eInvoice xmlns:ofd="{_SPACE}">{entries}</eInvoice>'.encode()


def _text(at: int, box: str, text: str) -> str:
    code = f'<ofd:TextCode X="0" Y="5">{escape(text)}</ofd:TextCode>'
    return f'<ofd:TextObject ID="{at}" Boundary="{box}" Font="1" Size="5">{code}</ofd:TextObject>'


def write(paper: Paper, shape: Shape | str, *jobs: Job) -> bytes:
    """The whole OFD: the document, its seals in their order, the archive."""
    chosen = SHAPES[shape] if isinstance(shape, str) else shape
    parts = draft(paper, chosen)
    for ordinal, job in enumerate(jobs):
        parts = ofd.put_seal(parts, chosen, job, ordinal)
    return ofd.pack(parts, chosen)


def write_pdf(paper: Paper, world: World, *names: str) -> bytes:
    """The same words as a PDF, sealed by these parties in turn."""
    hands = Hands(world)
    # Of the license nothing is written: a document is made of its fields.
    made = Made(world.pick("market"), "", b"", paper.fields)
    file = pdf.write(made)
    for name in names:
        hand = pdf_signing.Hand(world, hands.holders[name], hands.job(name).at)
        file = pdf.sign(file, pdf_signing.sealed(hand))
    return file.content


@dataclass(frozen=True, slots=True)
class Document:
    """A sealed document, and who sealed it."""

    name: str
    zh: str
    en: str
    content: bytes
    signers: tuple[str, ...]
    """统一社会信用代码."""
    conclusion: str = "valid"
    reason: str | None = None
    """For whoever expects these signers, and asks the platform of the province about the seals."""

    @property
    def file(self) -> str:
        suffix = "pdf" if self.content.startswith(b"%PDF") else "ofd"
        return f"documents/{self.name}.{suffix}"

    def told(self) -> dict[str, object]:
        return {
            "name": self.name,
            "file": self.file,
            "signers": list(self.signers),
            "expect": {"conclusion": self.conclusion, "reason": self.reason},
            "zh": self.zh,
            "en": self.en,
        }


def make_documents(world: World) -> tuple[Document, ...]:
    """One of each kind: valid for whoever expects its signers and follows a list of seals."""
    hands = Hands(world)
    two = ("brewery", "carrier")

    def codes(*names: str) -> tuple[str, ...]:
        return tuple(PARTIES[name].code for name in names)

    return (
        Document(
            "contract",
            "货物运输合同，双方签章。",
            "A contract under the seals of both parties.",
            write(CONTRACT, "desktop", *map(hands.job, two)),
            codes(*two),
        ),
        Document(
            "contract-pdf",
            "同一份合同的 PDF，双方签章。",
            "The same contract as a PDF, sealed by both parties.",
            write_pdf(CONTRACT, world, *two),
            codes(*two),
        ),
        Document(
            "proof",
            "存款证明，银行签章。",
            "A proof of deposit, sealed by a bank.",
            write(PROOF, "receipt", hands.job("bank")),
            codes("bank"),
        ),
        Document(
            "invoice",
            "电子发票，税务机关监制章；文档信息、数据索引、附件三处一致。",
            "An invoice under the tax authority's seal; its three places agree.",
            write(INVOICE, "tax", hands.job("tax")),
            codes("tax"),
        ),
    )
