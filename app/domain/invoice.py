"""What an invoice (电子发票) says of itself in several places, without its values.

An OFD invoice carries its figures three times: in the document information, in a data index that
points to texts on the page, and in an attachment for machines. People read the page, systems the
attachment: whoever can make them differ can have one sum approved and another one booked.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class InvoiceFact(StrEnum):
    """One figure of an invoice, by its name in a report."""

    CODE = "code"
    """发票代码"""
    NUMBER = "number"
    """发票号码"""
    ISSUED_ON = "issued_on"
    """开票日期"""
    CHECK_CODE = "check_code"
    """校验码"""
    BUYER = "buyer"
    """购买方名称"""
    BUYER_CODE = "buyer_code"
    """购买方纳税人识别号"""
    SELLER = "seller"
    """销售方名称"""
    SELLER_CODE = "seller_code"
    """销售方纳税人识别号"""
    AMOUNT = "amount"
    """合计金额, without tax"""
    TAX = "tax"
    """合计税额"""
    TOTAL = "total"
    """价税合计"""


class InvoicePlace(StrEnum):
    """Where a figure stands."""

    INFORMATION = "document_information"
    """CustomDatas of OFD.xml."""
    INDEX = "data_index"
    """Custom tags, and the texts on the page that they name."""
    ATTACHMENT = "attachment"
    """XML for machines among the attachments."""


@dataclass(frozen=True, slots=True)
class InvoiceFacts:
    """Which figures stand where, and which differ; never a value."""

    places: Mapping[InvoiceFact, tuple[InvoicePlace, ...]]
    differing: tuple[InvoiceFact, ...] = ()
    """Said with more than one value, in one place or in several."""
    adds_up: bool | None = None
    """合计金额 + 合计税额 = 价税合计; None where one of them is missing or no number."""
    unread: bool = False
    """An attachment that might state them is beyond the limits of this reader."""
