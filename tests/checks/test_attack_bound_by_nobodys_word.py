"""An answer that does not count compares the facts, and a stored word of the issuer does the rest.

The document is an authentic one of a license that has ended; its identifier stands in uncovered
content, where a forger put that of another license, which is in force and whose issuer said so not
long ago. Whoever holds the issuer's line, and not its key, says that number and holder match.
"""

from dataclasses import replace

from app.checks import weigh
from app.domain.facts import Facts
from app.domain.issuer import Answered, Code, Statement
from app.domain.license import Fact
from app.domain.reasons import Reason
from app.domain.verdict import Conclusion, Verdict
from app.services.judgement import conclude, look
from tests.checks import scene
from tests.checks.scene import TOKEN
from tests.world import HOUR, IN_FORCE, NOW, said

PAIR = frozenset({Fact.NUMBER, Fact.HOLDER})
SAID_YES = Statement(Code.IN_FORCE, signed=True, as_of=NOW - HOUR / 2)
DEMANDING = scene.type_of(scene.signature(TOKEN, covers=PAIR), signed_answers=True)
FILE = scene.trust(DEMANDING, statement=SAID_YES)
SIGNED = replace(IN_FORCE, facts=said(*PAIR))
UNSIGNED = replace(SIGNED, signed=False)
UNPROVEN = (Conclusion.INDETERMINATE, Reason.IDENTIFIER_UNPROVEN)


def verdict(facts: Facts, answer: Answered) -> Verdict:
    return conclude(facts, look(facts), answer)[1]


def outcome(facts: Facts, answer: Answered) -> tuple[Conclusion, Reason | None]:
    found = verdict(facts, answer)
    return found.conclusion, found.reason


def test_twin_the_issuers_own_comparison_binds() -> None:
    assert outcome(FILE, SIGNED) == (Conclusion.VALID, None)
    lenient = scene.type_of(FILE, signed_answers=False)
    assert outcome(lenient, UNSIGNED) == (Conclusion.VALID, None)


def test_attack_an_unsigned_comparison_where_the_type_demands_signed_answers() -> None:
    assert outcome(FILE, UNSIGNED) == UNPROVEN
    assert weigh(FILE, UNSIGNED).reason is Reason.IDENTIFIER_UNPROVEN


def test_attack_no_such_record_and_yet_its_facts_match() -> None:
    lenient = scene.type_of(FILE, signed_answers=False)
    denied = replace(UNSIGNED, code=Code.NO_RECORD)
    assert outcome(lenient, denied) == UNPROVEN
