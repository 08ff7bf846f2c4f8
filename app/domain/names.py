"""Names and numbers as they are compared: the same text typed in another way is the same.

Full width, spaces and the dots of transcribed names are ways of typing. Case is one in codes and
none in names. Identifiers (证照标识) are not touched: they are compared as they are.
"""

import unicodedata
from typing import Final

_DOTS: Final = str.maketrans(dict.fromkeys("·•・‧∙⋅●．", "·"))
"""间隔号 as keyboards have it (U+00B7, 2022, 30FB, 2027, 2219, 22C5, 25CF, FF0E)."""


_UNSEEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Not Cn: ideographs of GB 18030-2022 are newer than the tables of some Python this runs on."""
_BLANK: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
"""Letters and marks that are drawn as nothing (Unicode: Default_Ignorable_Code_Point, and the blank
of Braille). Selectors of a variant (U+FE00, U+E0100 …) show which character is meant, and may be.
"""


def unseen(text: str) -> bool:
    """Whether something in a name is not seen, or turns what is beside it (UTS 39 §3, UAX 9):
    two names that look alike would not be the same, or one would read as another.
    """
    return any(char in _BLANK or unicodedata.category(char) in _UNSEEN for char in text)


def folded_name(text: str) -> str:
    """A name, or a 证照编号, which has brackets and spaces of its own."""
    return "".join(unicodedata.normalize("NFKC", text.translate(_DOTS)).split())


def folded_code(text: str) -> str:
    """A code of a person or body: 公民身份号码, 统一社会信用代码 and the like."""
    return "".join(unicodedata.normalize("NFKC", text).split()).upper()
