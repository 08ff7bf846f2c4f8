"""Elements of license metadata (元数据, GB/T 36903-2018) and the names they circulate under.

Three conventions are in use: pinyin initials inside files, camelCase in interfaces and
snake_case in the national share table; producers also write the Chinese names themselves.
"""

from enum import StrEnum
from types import MappingProxyType


class LicenseElement(StrEnum):
    """One element, by its interface name."""

    NAME = "certificateName"
    """证照名称"""
    TYPE_NAME = "certificateTypeName"
    """证照类型名称"""
    TYPE_CODE = "certificateTypeCode"
    """证照类型代码"""
    NUMBER = "certificateNumber"
    """证照编号"""
    IDENTIFIER = "certificateIdentifier"
    """证照标识"""
    VERSION = "certificateVersion"
    """证照版本"""
    ISSUER_NAME = "certificateIssuingAuthorityName"
    """证照颁发机构"""
    ISSUER_CODE = "certificateIssuingAuthorityCode"
    """证照颁发机构代码"""
    ISSUER_LEVEL = "certificateIssuingAuthorityLevel"
    """证照颁发机构级别"""
    DEFINER_NAME = "certificateDefineAuthorityName"
    """证照定义机构"""
    DEFINER_CODE = "certificateDefineAuthorityCode"
    """证照定义机构代码"""
    ISSUED_ON = "certificateIssuedDate"
    """证照颁发日期"""
    HOLDER_NAME = "certificateHolderName"
    """持证主体; several are joined by `^`."""
    HOLDER_CODE = "certificateHolderCode"
    """持证主体代码; several are joined by `^`, in the order of the names."""
    HOLDER_TYPE_NAME = "certificateHolderTypeName"
    """持证主体代码类型"""
    HOLDER_TYPE_CODE = "certificateHolderTypeCode"
    """持证主体代码类型代码"""
    VALID_FROM = "certificateEffectiveDate"
    """有效期起始日期"""
    VALID_UNTIL = "certificateExpiringDate"
    """有效期截止日期"""
    VALIDITY_RANGE = "certificateValidityRange"
    """有效期限"""
    AREA_CODE = "certificateAreaCode"
    """行政区划"""
    MATTER_NAME = "relatedItemName"
    """关联事项名称"""
    MATTER_CODE = "relatedItemCode"
    """关联事项代码"""
    COPY_MADE_AT = "certificateCopyCreationTime"
    """加注件制作时间"""
    COPY_MAKER = "certificateCopyCreator"
    """加注件制作者"""
    COPY_CAUSE = "certificateCopyCause"
    """加注件制作事由"""
    COPY_UNTIL = "certificateCopyExpiringTime"
    """加注件有效期截止时间"""
    COPY_MATTER = "certificateEventCode"
    """事项编码 a copy was asked for: of the use cause (用证事由) of GB/T 36906 interfaces; alone it
    makes no copy."""


COPY_TERMS = frozenset({LicenseElement.COPY_UNTIL, LicenseElement.COPY_MATTER})
"""Until when and for what an annotated copy may be used."""
COPY_ELEMENTS = frozenset(
    {
        LicenseElement.COPY_MADE_AT,
        LicenseElement.COPY_MAKER,
        LicenseElement.COPY_CAUSE,
        LicenseElement.COPY_UNTIL,
    }
)
"""Any of these makes an annotated copy (加注件); their absence proves nothing."""

_E = LicenseElement
_OTHER_NAMES = MappingProxyType(
    {
        _E.NAME: ("ZZMC", "证照名称"),
        _E.TYPE_NAME: ("ZZLXMC", "证照类型名称"),
        _E.TYPE_CODE: (
            "ZZLXDM",
            "certificate_type_name_code",
            "certificate_type_no",
            "证照类型代码",
        ),
        _E.NUMBER: ("ZZBH", "证照编号"),
        _E.IDENTIFIER: ("ZZBS", "证照标识", "电子证照标识"),
        _E.VERSION: ("证照版本",),
        _E.ISSUER_NAME: ("ZZBFJG", "证照颁发机构"),
        _E.ISSUER_CODE: ("ZZBFJGDM", "证照颁发机构代码"),
        _E.ISSUER_LEVEL: ("ZZBFJGJB", "证照颁发机构级别"),
        _E.DEFINER_NAME: ("证照定义机构",),
        _E.DEFINER_CODE: ("证照定义机构代码",),
        _E.ISSUED_ON: ("ZZBFRQ", "certificate_issuing_authority_date", "证照颁发日期"),
        _E.HOLDER_NAME: ("CZZT", "持证主体"),
        _E.HOLDER_CODE: ("CZZTDM", "持证主体代码"),
        _E.HOLDER_TYPE_NAME: ("CZZTDMLX", "持证主体代码类型"),
        _E.HOLDER_TYPE_CODE: ("CZZTDMLXDM", "certificate_holder_type", "持证主体代码类型代码"),
        _E.VALID_FROM: (
            "ZZYXQQSRQ",
            "certificate_validate_start",
            "有效期起始日期",
            "证照有效期起始日期",
        ),
        _E.VALID_UNTIL: (
            "ZZYXQJZRQ",
            "certificate_validate_end",
            "有效期截止日期",
            "证照有效期截止日期",
        ),
        _E.VALIDITY_RANGE: ("有效期限", "证照有效期限"),
        _E.AREA_CODE: ("行政区划", "行政区划代码"),
        _E.MATTER_NAME: ("关联事项名称",),
        _E.MATTER_CODE: ("关联事项代码",),
        _E.COPY_MADE_AT: ("JZJZZSJ", "加注件制作时间"),
        _E.COPY_MAKER: ("JZJZZZ", "加注件制作者"),
        _E.COPY_CAUSE: ("JZJZZSY", "加注件制作事由"),
        _E.COPY_UNTIL: ("JZJYXQJZSJ", "加注件有效期截止时间"),
        _E.COPY_MATTER: ("事项编码", "加注件事项编码"),
    }
)


def _key(name: str) -> str:
    return name.strip().casefold().replace("_", "")


_BY_NAME = MappingProxyType(
    {
        _key(name): element
        for element in LicenseElement
        for name in (element.value, *_OTHER_NAMES.get(element, ()))
    }
)


def element_named(name: str) -> LicenseElement | None:
    """The element a name stands for, in any of the conventions; `None` for other names.

    Case and underscores do not count: `certificate_holder_name` is `certificateHolderName`.
    """
    return _BY_NAME.get(_key(name))
