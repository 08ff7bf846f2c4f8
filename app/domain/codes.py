"""Check characters of the codes found on licenses: is a code well formed, and is it mistyped?

A wrong check character means a typing error or a non-conforming system, never a forgery.
"""

import re
from collections.abc import Mapping
from operator import mul
from types import MappingProxyType
from typing import Final

_USCC = re.compile(r"\A[0-9A-HJ-NPQRTUWXY]{2}[0-9]{6}[0-9A-HJ-NPQRTUWXY]{10}\Z", re.ASCII)
_USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_ALNUM = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_ORGANISATION = re.compile(r"\A[0-9A-Z]{8}-?[0-9X]\Z", re.ASCII)
_CITIZEN = re.compile(r"\A[0-9]{17}[0-9X]\Z", re.ASCII)
_REGION = re.compile(r"\A[1-9][0-9]{5}\Z", re.ASCII)
_MATTER_TAIL = re.compile(r"\A[0-9A-Z]{13}(?:[0-9A-Z]{2})?\Z", re.ASCII)
_MATTER_BASE = re.compile(r"\A[0-9]{12}\Z", re.ASCII)
_MATTER, _USCC_LENGTH = 31, 18

REGIONS_RENAMED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "630122": "630106",  # 湟中县 → 湟中区
        "632100": "630200",  # 海东地区 → 海东市
        "632121": "630203",  # 平安县 → 平安区, twice
        "630221": "630203",
        "632122": "630222",  # 民和
        "632123": "630202",  # 乐都县 → 乐都区
        "632126": "630223",  # 互助
        "632127": "630224",  # 化隆
        "632128": "630225",  # 循化
        "632321": "632301",  # 同仁县 → 同仁市
        "632721": "632701",  # 玉树县 → 玉树市
    }
)
"""行政区划代码 of Qinghai that are no longer given → that in use.

Old licenses, seals and codes of bodies keep them, and are right. From 民政部's tables of the end of
2012 and of 2020; none of them was given anew. Other provinces' are compared as they are.
"""

_USCC_VALUES = {char: value for value, char in enumerate(_USCC_ALPHABET)}
_USCC_WEIGHTS = tuple(pow(3, i, 31) for i in range(17))
"""As many as characters are checked: the last one is left out."""
_STEPS = [
    {char: 2 * ((p + value) % 36 or 36) % 37 for value, char in enumerate(_ALNUM)}
    for p in range(37)
]
"""One step of MOD 37,36: what was carried, and a character → what is carried on."""


def mod_37_36(body: str) -> str:
    """The check character of ISO/IEC 7064 MOD 37,36 (GB/T 17710) over `body`, `0-9A-Z` only.

    Raises `ValueError` for any other character.
    """
    p = 36
    try:
        for char in body:
            p = _STEPS[p][char]
    except KeyError:
        raise ValueError("a character other than 0-9 and A-Z") from None
    return _ALNUM[(37 - p) % 36]


def uscc_well_formed(code: str) -> bool:
    """统一社会信用代码, GB 32100-2015: 18 characters of its 31-letter alphabet."""
    return _USCC.match(code) is not None


def uscc_check_ok(code: str) -> bool:
    """GB 32100-2015: weights 3^(i-1) mod 31. False for anything not well formed."""
    if not uscc_well_formed(code):
        return False
    total = sum(map(mul, map(_USCC_VALUES.__getitem__, code), _USCC_WEIGHTS))
    return code[17] == _USCC_ALPHABET[-total % 31]


def organisation_code_ok(code: str) -> bool:
    """组织机构代码, GB 11714-1997: eight characters and a check, with or without the hyphen."""
    if not _ORGANISATION.match(code):
        return False
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(_ALNUM.index(c) * w for c, w in zip(code[:8], weights, strict=True))
    return code[-1] == "0123456789X0"[11 - total % 11]


def citizen_number_ok(code: str) -> bool:
    """公民身份号码, GB 11643-1999: check character only; regions and dates are not judged."""
    if not _CITIZEN.match(code):
        return False
    total = sum(int(c) * pow(2, 17 - i, 11) for i, c in enumerate(code[:17]))
    return code[17] == "10X98765432"[total % 11]


def uscc_region(code: str) -> str:
    """登记管理机关行政区划码 of a well-formed USCC: where the body is registered (GB 32100)."""
    return code[2:8]


def region_within(region: str, wider: str) -> bool:
    """Whether a region of GB/T 2260 is the other one or lies in it: province, city, county.

    100000 stands for the national authorities and contains no province. Codes that are no longer
    given count as what they have become: a 统一社会信用代码 keeps the region it was given in.
    """
    return _within(region, wider) or _within(region_now(region), region_now(wider))


def _within(region: str, wider: str) -> bool:
    return region.startswith(re.sub(r"(00){1,2}\Z", "", wider))


def region_now(code: str) -> str:
    """The code in use today for a region of GB/T 2260; any other code as it is."""
    return REGIONS_RENAMED.get(code, code)


def region_well_formed(code: str) -> bool:
    """行政区划代码, GB/T 2260: six digits. Regions come and go, so none is unknown."""
    return _REGION.match(code) is not None


def matter_code_usual(code: str) -> bool:
    """事项编码 of a usual form (GB/T 39554.1-2020).

    基本编码 of 12 digits; or 实施编码 of 31 characters or 业务办理项编码 of 33, beginning with
    the 统一社会信用代码 of the body that handles the matter. The standard's text is not public and
    the rest of its layout not certain: another form is worth a word and held against nobody.
    """
    if _MATTER_BASE.match(code):
        return True
    body, tail = code[:_USCC_LENGTH], code[_USCC_LENGTH:]
    return uscc_check_ok(body) and _MATTER_TAIL.match(tail) is not None


def same_matter(one: str, other: str) -> bool:
    """Whether two 事项编码 name one matter: equal, or one is an item (业务办理项) of the other.

    Two items of one matter differ. A code of no usual form is the same as itself only.
    """
    whole, item = sorted((one, other), key=len)
    return whole == item or (
        len(whole) == _MATTER
        and item.startswith(whole)
        and matter_code_usual(whole)
        and matter_code_usual(item)
    )
