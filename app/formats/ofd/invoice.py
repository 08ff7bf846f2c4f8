"""Figures of an invoice (电子发票) wherever an OFD states them, compared; no value leaves here.

The names are those of invoices of the tax authority's OFD platform, as real files have them: in
Chinese in the document information, in English in the data index and in the attachment, whose root
is `eInvoice`. Line items are not compared: only what identifies the invoice, its parties and sums.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from app.domain.dates import read_date
from app.domain.invoice import InvoiceFact, InvoiceFacts, InvoicePlace
from app.domain.ofd import OfdPackage, TagIndex
from app.formats.markup import BadMarkup, Element, local_name, read_markup

MAX_INVOICE: Final = 1 << 20
"""Bytes of an attachment that is read for figures; the largest met has 58 kB."""
MAX_FIGURE: Final = 512
"""Characters of one figure."""

_F = InvoiceFact
_NAMES: Final[Mapping[str, InvoiceFact]] = MappingProxyType(
    {
        "发票代码": _F.CODE,
        "InvoiceCode": _F.CODE,
        "发票号码": _F.NUMBER,
        "InvoiceNo": _F.NUMBER,
        "开票日期": _F.ISSUED_ON,
        "IssueDate": _F.ISSUED_ON,
        "校验码": _F.CHECK_CODE,
        "InvoiceCheckCode": _F.CHECK_CODE,
        "购买方名称": _F.BUYER,
        "BuyerName": _F.BUYER,
        "购买方纳税人识别号": _F.BUYER_CODE,
        "BuyerTaxID": _F.BUYER_CODE,
        "销售方名称": _F.SELLER,
        "SellerName": _F.SELLER,
        "销售方纳税人识别号": _F.SELLER_CODE,
        "SellerTaxID": _F.SELLER_CODE,
        "合计金额": _F.AMOUNT,
        "TaxExclusiveTotalAmount": _F.AMOUNT,
        "合计税额": _F.TAX,
        "TaxTotalAmount": _F.TAX,
        "价税合计": _F.TOTAL,
        "TaxInclusiveTotalAmount": _F.TOTAL,
    }
)
_ROOT: Final = "eInvoice"
_AMOUNT: Final = re.compile(r"[+-]?[0-9]{1,15}(?:\.[0-9]{0,8})?", re.ASCII)
_SUMS: Final = frozenset({_F.AMOUNT, _F.TAX, _F.TOTAL})
_NAMING: Final = frozenset({_F.CODE, _F.NUMBER})
"""Without either, figures of these names make no invoice."""

_Said = tuple[InvoiceFact, InvoicePlace, str]


def read_invoice(package: OfdPackage, tags: TagIndex) -> InvoiceFacts | None:
    """None where it states no invoice. Never raises: what cannot be read states nothing."""
    unread = [False]
    said = [*_information(package), *_indexed(tags), *_attached(package, unread)]
    if not any(fact in _NAMING for fact, _, _ in said):
        return None
    places: dict[InvoiceFact, list[InvoicePlace]] = defaultdict(list)
    values: dict[InvoiceFact, set[str | Decimal]] = defaultdict(set)
    for fact, place, text in said:
        if place not in places[fact]:
            places[fact].append(place)
        values[fact].add(_comparable(fact, text))
    return InvoiceFacts(
        places={fact: tuple(places[fact]) for fact in InvoiceFact if fact in places},
        differing=tuple(fact for fact in InvoiceFact if len(values[fact]) > 1),
        adds_up=_adds_up(values),
        unread=unread[0],
    )


def _information(package: OfdPackage) -> Iterator[_Said]:
    for body in package.bodies:
        for datum in body.info.custom:
            yield from _said(datum.name, datum.value, InvoicePlace.INFORMATION)


def _indexed(tags: TagIndex) -> Iterator[_Said]:
    for tag in tags.values:
        yield from _said(tag.name, tag.value, InvoicePlace.INDEX)


def _attached(package: OfdPackage, unread: list[bool]) -> Iterator[_Said]:
    for attachment in package.attachments:
        content = package.members.get(attachment.part or "", b"")
        if _ROOT.encode() not in content:
            continue
        if len(content) > MAX_INVOICE:
            unread[0] = True
            continue
        try:
            root = read_markup(content, "attachment")
        except BadMarkup:  # it states nothing, and is covered or not like any other part
            continue
        if local_name(root.tag) == _ROOT:
            yield from _stated(root)


def _stated(root: Element) -> Iterator[_Said]:
    """Figures of the whole invoice: they stand below the root, or below one of its parties."""
    for element in root.iterchildren("*"):
        children = list(element.iterchildren("*"))
        for each in children or [element]:
            if not list(each.iterchildren("*")):
                yield from _said(local_name(each.tag), each.text or "", InvoicePlace.ATTACHMENT)


def _said(name: str, value: str, place: InvoicePlace) -> Iterator[_Said]:
    fact, plain = _NAMES.get(name.strip()), value.strip()
    if fact is not None and plain:
        yield fact, place, plain[:MAX_FIGURE]


def _comparable(fact: InvoiceFact, text: str) -> str | Decimal:
    """Without what producers write differently: spaces, widths, ¥, spellings of a date."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if fact in _SUMS:
        number = _number(plain)
        return plain if number is None else number
    if fact is InvoiceFact.ISSUED_ON:
        date = read_date(plain)
        return plain if date is None else str(date.day)
    return plain


def _number(plain: str) -> Decimal | None:
    """An amount in yuan; ¥ and thousands' commas are no part of it. Of a size that sums exactly."""
    found = _AMOUNT.fullmatch(plain.replace("¥", "").replace(",", "").removesuffix("元"))
    return Decimal(found[0]) if found else None


def _adds_up(values: Mapping[InvoiceFact, set[str | Decimal]]) -> bool | None:
    sums = [next(iter(values.get(fact) or ("",))) for fact in (_F.AMOUNT, _F.TAX, _F.TOTAL)]
    if any(len(values.get(fact, ())) != 1 for fact in _SUMS):
        return None
    amount, tax, total = sums
    if not (
        isinstance(amount, Decimal) and isinstance(tax, Decimal) and isinstance(total, Decimal)
    ):
        return None
    return amount + tax == total
