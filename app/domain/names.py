"""Names and numbers as they are compared: the same text typed in another way is the same.

Full width, spaces and the dots of transcribed names are ways of typing. Case is one in codes and
none in names. Identifiers (证照标识) are not touched: they are compared as they are.
"""

import unicodedata
from typing import Final

_DOTS: Final = str.maketrans(dict.fromkeys("·•・‧∙⋅●．", "·"))
"""间隔号 as keyboards have it (U+00B7, 2022, 30FB, 2027, 2219, 22C5, 25CF, FF0E)."""


def folded_name(text: str) -> str:
    """A name, or a 证照编号, which has brackets and spaces of its own."""
    return "".join(unicodedata.normalize("NFKC", text.translate(_DOTS)).split())


def folded_code(text: str) -> str:
    """A code of a person or body: 公民身份号码, 统一社会信用代码 and the like."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
