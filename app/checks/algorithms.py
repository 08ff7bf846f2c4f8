"""密评: whether SM2 and SM3 alone protect what a verdict rests on; asked where it is asked for."""

from typing import Final

from app.checks.base import passed, silent, unsure
from app.domain.evidence import CheckName, Evidence
from app.domain.facts import Facts
from app.domain.layers import protections
from app.domain.reasons import Reason
from app.domain.word import Word

ALGORITHMS_SM_QUESTION: Final = (
    "Where SM algorithms alone are asked for (sm_only): is every layer protected by SM2 and SM3?"
)
ALGORITHMS_SM_QUESTION_ZH: Final = "要求只用国密算法（sm_only）的，各层是否均由 SM2、SM3 保护？"


def only_sm(facts: Facts, word: Word) -> tuple[Evidence, ...]:
    """Nothing where nobody asks. A layer of which it is not known is none that is known to be SM.

    In doubt and not failed: another algorithm is no sign of forgery, and a CRL or an answer by SM2
    may be had tomorrow.
    """
    if not facts.sm_only:
        return ()
    layers = protections(facts, word)
    if not layers:  # nothing signed, and no word: never valid anyway
        return (silent(CheckName.ALGORITHMS_SM),)
    wrong = dict.fromkeys(
        f"{p.layer}: {p.algorithm or 'not known'}" for p in layers if p.sm is not True
    )
    if wrong:
        return (unsure(CheckName.ALGORITHMS_SM, Reason.ALGORITHM_NOT_SM, detail="; ".join(wrong)),)
    return (passed(CheckName.ALGORITHMS_SM),)
