"""Two spellings of one thing: how facts are folded before they are compared (docs/ivp.md)."""

import unicodedata
from types import MappingProxyType
from typing import Final

from app.domain.license import Fact

DOTS: Final = MappingProxyType(
    dict.fromkeys(map(ord, "\u00b7\u2022\u30fb\uff65\u2027\uff0e"), "\u00b7")
)
"""Middle dots that clerks type for one another; before NFKC, which makes full stops of some."""
_CODES: Final = frozenset({Fact.NUMBER, Fact.TYPE, Fact.HOLDER_CODE, Fact.IDENTIFIER})


def fold(fact: Fact, text: str) -> str:
    """One middle dot, NFKC (full width to half width), no spaces, codes in upper case."""
    folded = unicodedata.normalize("NFKC", text.translate(DOTS))
    dense = "".join(folded.split())
    return dense.upper() if fact in _CODES else dense
