"""What the endpoint says about a license it named, and about one nobody has."""

import secrets
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Final

from app.domain.identifier import TypeCode, nobodys
from app.domain.issuer import Answered, Code, Inquiry, Match
from app.domain.license import HOLDER_FACTS, Claims, Fact
from app.domain.sample import Sample
from app.federation.trial.asking import Asking, Reply
from app.federation.trial.items import Finding, Item, failed, passed, unchecked
from app.federation.trial.reading import trouble

PURPOSE: Final = "endpoint-trial"
BEIJING: Final = timezone(timedelta(hours=8))
SOMEBODY_ELSE: Final = "（无此人）"
ABOUT_FACTS: Final = (Item.WRONG_HOLDER, Item.SPELLING, Item.BY_NUMBER)
_MUST_MATCH: Final = frozenset({Fact.NUMBER, Fact.HOLDER})
"""What the binding of a file can rest on, where the sample has it."""
_OF_STATUS: Final = frozenset({"state", "since", "until", "successor"})


def fresh(said: Answered, now: datetime, max_age: timedelta) -> Finding:
    """How old its data are."""
    age = int((now - said.as_of).total_seconds())
    if said.next_update is not None and said.next_update <= now:
        return failed(Item.FRESH, "next_update is past")
    if age > max_age.total_seconds():
        return failed(Item.FRESH, f"as_of is {age} s ago")
    return passed(Item.FRESH, f"as_of is {max(0, age)} s ago")


def known(said: Answered, sample: Sample) -> Finding:
    """The sample's outcome and facts; its document is another item's."""
    if said.code is not sample.code:
        saw = f"outcome {said.code.value}, the sample has {sample.code.value}"
        return failed(Item.KNOWN, saw)
    differing = sorted(f.value for f, match in said.facts.items() if match is Match.DIFFERS)
    if differing:
        return failed(Item.KNOWN, f"mismatch: {', '.join(differing)}")
    unknown = {fact for fact, match in said.facts.items() if match is Match.UNKNOWN}
    names = ", ".join(sorted(unknown))
    if unknown & _MUST_MATCH:
        return failed(Item.KNOWN, f"not compared: {names}")
    saw = f"outcome {said.code.value}"
    return passed(Item.KNOWN, f"{saw}; not compared: {names}" if names else saw)


def document(said: Answered, sample: Sample) -> Finding:
    """Whether it knows the sample's file."""
    if not sample.digests:
        return unchecked(Item.DOCUMENT, "the sample names no file")
    if said.document is Match.MATCH:
        return passed(Item.DOCUMENT, "match")
    return failed(Item.DOCUMENT, f"document: {said.document.value}")


@dataclass(slots=True)
class Saying:
    """Good questions, and what is made of the answers."""

    asking: Asking
    sample: Sample | None
    type: TypeCode | None
    sealed: bool = field(default=True)
    """Facts of the holder can be sent, and are opened."""

    def good(self) -> Inquiry | None:
        """About the sample, with all it has; else about a license nobody has."""
        if self.sample is None:
            return None if self.type is None else self._nobodys(self.type)
        return self._inquiry(self.sample.claims, digests=self.sample.digests)

    @property
    def comparing(self) -> bool:
        """Whether the sample has facts to compare."""
        return self.sample is not None and bool(stated(self.sample.claims))

    async def about(self, sample: Sample) -> AsyncIterator[Finding]:
        """All that hangs on the sample, after the first question."""
        yield await self._other_document(sample)
        if self.sealed:
            yield await self._wrong_holder(sample)
            yield await self._spelling(sample)
            yield await self._by_number(sample)
        yield await self._number_alone(sample)
        yield await self._before_issue(sample)

    async def unknown_license(self, said: Answered | None) -> Finding:
        """Asked for, unless the first question was one."""
        item, type = Item.UNKNOWN_LICENSE, self.type
        if self.sample is not None:
            type = type_of(self.sample.claims) or type
        if said is None and type is not None:
            got = await self._ask(item, self._nobodys(type))
            if isinstance(got, Finding):
                return got
            said = got[0]
        if said is None:
            return unchecked(item, "needs a license type to ask about")
        saw = f"outcome {said.code.value}"
        return passed(item, saw) if said.code is Code.NO_RECORD else failed(item, saw)

    def _inquiry(
        self,
        claims: Claims,
        *,
        compare: frozenset[Fact] | None = None,
        digests: Mapping[str, bytes] | None = None,
        at: datetime | None = None,
    ) -> Inquiry:
        wanted = stated(claims) if compare is None else compare
        return Inquiry(
            endpoint=self.asking.endpoint,
            identifier=claims.identifier,
            type=type_of(claims),
            claims=claims,
            compare=wanted if self.sealed else frozenset(),
            digests=digests or {},
            purpose=PURPOSE,
            at=at,
        )

    def _nobodys(self, type: TypeCode) -> Inquiry:
        named = self.sample.claims.identifier if self.sample else None
        issuer = named.issuer if named else self.asking.endpoint.issuer
        serial = f"ZHENGYAN{secrets.token_hex(6).upper()}"
        return self._inquiry(Claims(identifier=nobodys(issuer, type, serial)))

    async def _ask(self, item: Item, inquiry: Inquiry) -> tuple[Answered, Reply] | Finding:
        """A readable answer to a good question; else what is to be said of the item."""
        reply = await self.asking.ask(inquiry)
        if isinstance(reply.said, Answered):
            return reply.said, reply
        return trouble(item, reply)

    async def _other_document(self, sample: Sample) -> Finding:
        item, strange = Item.OTHER_DOCUMENT, {n: secrets.token_bytes(32) for n in ("sm3", "sha256")}
        got = await self._ask(item, self._inquiry(sample.claims, digests=strange))
        if isinstance(got, Finding):
            return got
        said, _ = got
        saw = f"document: {said.document.value}, outcome {said.code.value}"
        contradicts = said.document is Match.DIFFERS and said.code is Code.IN_FORCE
        wrong = said.document is Match.MATCH or contradicts
        return failed(item, saw) if wrong else passed(item, saw)

    async def _wrong_holder(self, sample: Sample) -> Finding:
        item, claims = Item.WRONG_HOLDER, sample.claims
        if claims.holder is None:
            return unchecked(item, "the sample has no holder")
        wrong = replace(claims, holder=claims.holder + SOMEBODY_ELSE)
        got = await self._ask(item, self._inquiry(wrong, compare=_MUST_MATCH & stated(wrong)))
        if isinstance(got, Finding):
            return got
        said, reply = got
        saw = f"holder: {said.facts[Fact.HOLDER].value}, outcome {said.code.value}"
        if said.code is not Code.DIFFERS or said.facts[Fact.HOLDER] is not Match.DIFFERS:
            return failed(item, saw)
        if told := sorted(_OF_STATUS & reply.members.keys()):
            return failed(item, f"{saw}; and yet it tells {', '.join(told)}")
        return passed(item, saw)

    async def _spelling(self, sample: Sample) -> Finding:
        """By identifier both are spelled oddly; without one the number has to be found first."""
        item, claims = Item.SPELLING, sample.claims
        number = claims.number if claims.identifier is None else _wide(claims.number)
        odd = replace(claims, number=number, holder=_spaced(claims.holder))
        compare = _MUST_MATCH & stated(odd)
        if not compare:
            return unchecked(item, "the sample has neither number nor holder")
        got = await self._ask(item, self._inquiry(odd, compare=compare))
        if isinstance(got, Finding):
            return got
        other = sorted(f.value for f, match in got[0].facts.items() if match is not Match.MATCH)
        return failed(item, f"no match: {', '.join(other)}") if other else passed(item)

    async def _by_number(self, sample: Sample) -> Finding:
        item, claims = Item.BY_NUMBER, _numbered(sample.claims)
        if claims is None or not HOLDER_FACTS & stated(claims):
            return unchecked(item, "the sample has no number, type and holder")
        got = await self._ask(item, self._inquiry(claims))
        if isinstance(got, Finding):
            return got
        said, reply = got
        known, told = sample.claims.identifier, reply.members.get("identifier")
        if said.code is not sample.code:
            return failed(item, f"outcome {said.code.value}")
        if known is not None and told not in (None, str(known)):
            return failed(item, "it found another license")
        got = await self._ask(item, self._inquiry(replace(claims, number=_wide(claims.number))))
        if isinstance(got, Finding):
            return got
        if got[0].code is not said.code:
            return failed(item, f"outcome {got[0].code.value} where the number is in full width")
        return passed(item, f"outcome {said.code.value}")

    async def _number_alone(self, sample: Sample) -> Finding:
        item, claims = Item.NUMBER_ALONE, _numbered(sample.claims)
        if claims is None:
            return unchecked(item, "the sample has no number and type")
        got = await self._ask(item, self._inquiry(claims, compare=frozenset()))
        if isinstance(got, Finding):
            return got
        said, reply = got
        told = sorted({"identifier", *_OF_STATUS} & reply.members.keys())
        if said.code is not Code.INSUFFICIENT or told:
            also = f"; it tells {', '.join(told)}" if told else ""
            return failed(item, f"outcome {said.code.value}{also}")
        return passed(item, "outcome 4")

    async def _before_issue(self, sample: Sample) -> Finding:
        item, began = Item.BEFORE_ISSUE, sample.claims.valid_from
        if began is None:
            return unchecked(item, "the sample does not say when it began")
        at = datetime.combine(began, time(12), BEIJING).astimezone(UTC) - timedelta(days=2)
        got = await self._ask(item, self._inquiry(sample.claims, at=at))
        if isinstance(got, Finding):
            return got
        saw = f"outcome {got[0].code.value}"
        return failed(item, saw) if got[0].code is Code.IN_FORCE else passed(item, saw)


def stated(claims: Claims) -> frozenset[Fact]:
    """Facts to compare; what the question names anyway is not one."""
    return frozenset(claims.values()) - {Fact.IDENTIFIER, Fact.TYPE}


def type_of(claims: Claims) -> TypeCode | None:
    return claims.identifier.type if claims.identifier else claims.type


def _numbered(claims: Claims) -> Claims | None:
    """The same without an identifier."""
    type = type_of(claims)
    if claims.number is None or type is None:
        return None
    return replace(claims, identifier=None, type=type)


def _wide(text: str | None) -> str | None:
    """Full width, lower case."""
    if text is None:
        return None
    return "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text.lower())


def _spaced(text: str | None) -> str | None:
    """A space after the first character, and another dot."""
    return None if text is None else f"{text[:1]} {text[1:]}".replace("·", "•")
