"""Of a document that is no license (contract, invoice, proof): its figures, and its seals' status.

What only a license can be asked, such a document is not: every check of `OF_LICENSES` keeps silent.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from itertools import zip_longest
from typing import Final

from app.checks.base import Check, failed, passed, silent, unsure
from app.checks.roles import about as about_of
from app.checks.roles import role_of
from app.checks.signature import time_of
from app.domain.evidence import About, CheckName, Evidence, Role
from app.domain.facts import Facts, SealAsked, SignatureFacts
from app.domain.issuer import Answered, IssuerAnswer, Rule
from app.domain.policies import OF_LICENSES
from app.domain.proven import TimeSource
from app.domain.reasons import Reason
from app.domain.verdict import Terms, local_date
from app.domain.word import Against, InForce, Silent, hear

SEAL_IN_USE_QUESTION: Final = (
    "Is it known, from a trust list or the seal's own platform, that the seal was in use?"
)
SEAL_IN_USE_QUESTION_ZH: Final = "印章在签章时是否处于使用状态（依信任清单或者印章平台）？"

_AGAINST: Final = {
    Reason.SUSPENDED: Reason.SEAL_FROZEN,
    Reason.ENDED: Reason.SEAL_CANCELLED,
    Reason.NOT_YET_IN_FORCE: Reason.SEAL_NOT_VALID_AT_TIME,
    Reason.ISSUER_DENIES: Reason.SEAL_DENIED,
}
"""What an answer about a seal means (docs/ivp.md, `seal`)."""
_NO_REGISTER: Final = frozenset(
    {Reason.ISSUER_NOT_ASKED, Reason.INSUFFICIENT_FACTS, Reason.NOT_FOUND_UPSTREAM}
)
"""Nobody to ask, or somebody who keeps no register of seals: the list speaks."""


def only_of_documents(check: Check, facts: Facts) -> Iterator[Evidence]:
    """The check's own word, or its silence where only a license can be asked."""
    if facts.signers is None or check.name not in OF_LICENSES:
        yield from check.examine(facts)
    elif check.name.each:
        yield from (silent(check.name, about_of(s, facts)) for s in facts.document.signatures)
    else:
        yield silent(check.name)


def _invoice(facts: Facts) -> Iterator[Evidence]:
    name, invoice = CheckName.INVOICE_AGREES, facts.document.invoice
    if facts.signers is None or invoice is None:
        yield silent(name)
    elif invoice.differing:
        told = (f"{fact} ({', '.join(invoice.places.get(fact, ()))})" for fact in invoice.differing)
        yield failed(name, Reason.INVOICE_DISAGREES, detail="; ".join(told))
    elif invoice.adds_up is False:
        yield failed(name, Reason.INVOICE_DISAGREES, detail="amount + tax is not total")
    elif invoice.unread:
        yield unsure(name, Reason.BEYOND_LIMITS, detail="attachment")
    elif compared := sum(len(places) > 1 for places in invoice.places.values()):
        yield passed(name, detail=f"{compared} figures stand in more than one place")
    else:
        yield silent(name)


INVOICE_AGREES = Check(
    CheckName.INVOICE_AGREES,
    "Do the figures of the invoice agree wherever they stand?",
    "发票各处（文档信息、版面数据索引、附件）所载内容是否一致？",
    _invoice,
)


# ---- after the seal's own platform was asked


def seals_of(facts: Facts) -> list[SignatureFacts]:
    """Seals of those who count as signers, in the order of the document."""
    return [
        s
        for s in facts.document.signatures
        if s.sealed is not None and s.sealed.seal is not None and role_of(s, facts) is Role.SIGNER
    ]


def seal_in_use(facts: Facts, answer: IssuerAnswer, terms: Terms) -> tuple[Evidence, ...]:
    """印章状态: by the platform of whoever owns the seal, else by a trust list that is up to date.

    Of several seals each by its own (谁签章、谁核验), under the label of its signature. A list
    names only seals that ended, so that its silence speaks for all others, as long as it has not
    run out; without either nothing is known.
    """
    seals = seals_of(facts) if facts.signers is not None else []
    if not seals:
        return (silent(CheckName.SEAL_IN_USE),)
    first = SealAsked(label=seals[0].label, endpoint=facts.trust.endpoint, answer=answer)
    # By place and by label: nobody's word counts for a seal of the same name.
    words = zip_longest(seals, (facts.seals or (first,))[: len(seals)])
    found = [_in_use(s, a if a and a.label == s.label else None, facts, terms) for s, a in words]
    if len(seals) == 1:
        return tuple(found)
    return tuple(
        replace(each, subject=About(s.label, Role.DOCUMENT))
        for s, each in zip(seals, found, strict=True)
    )


def _in_use(s: SignatureFacts, asked: SealAsked | None, facts: Facts, terms: Terms) -> Evidence:
    """Of one seal. Of facts kept before each was asked about, the list speaks for all but one."""
    name = CheckName.SEAL_IN_USE
    if asked is None:
        return unsure(name, Reason.BEYOND_LIMITS) if facts.seals else _listed(facts)
    match hear(asked.answer, None, terms):
        case Against(reason):
            return _against(reason, s, asked.answer, facts)
        case InForce():
            stale = facts.trust.stale(facts.now)
            return _listed(facts) if stale else passed(name, detail="seal platform")
        case Silent(reason, _, doubted):
            own = doubted or _awaited(asked, reason)
            return unsure(name, reason) if own else _listed(facts)


def _awaited(asked: SealAsked, reason: Reason) -> bool:
    """谁签章、谁核验: whose seal it is should have answered, and did not."""
    endpoint = asked.endpoint
    own = endpoint is not None and endpoint.rule is Rule.SEAL_OWNER
    return own and reason not in _NO_REGISTER


def _listed(facts: Facts) -> Evidence:
    name = CheckName.SEAL_IN_USE
    if not facts.trust.sources:
        return unsure(name, Reason.SEAL_STATUS_UNKNOWN)
    if facts.trust.stale(facts.now):
        return unsure(name, Reason.TRUST_SOURCE_STALE)
    return passed(name, detail="trust list")


def _against(reason: Reason, s: SignatureFacts, answer: IssuerAnswer, facts: Facts) -> Evidence:
    """What ended after a seal was used leaves the use good; a claimed time does not prove that."""
    name, why = CheckName.SEAL_IN_USE, _AGAINST.get(reason, reason)
    since = answer.since if isinstance(answer, Answered) else None
    at = time_of(s, facts).at
    ended = why in {Reason.SEAL_FROZEN, Reason.SEAL_CANCELLED}
    if ended and since is not None and at is not None and local_date(at) < since:
        return unsure(name, Reason.SEAL_ENDED_SINCE, detail="seal platform")
    return failed(name, why, detail="seal platform")


def proven_use(s: SignatureFacts, facts: Facts) -> datetime | None:
    """When a seal was used, where that is proven: its platform is asked about that time. Of a time
    that is only claimed it would say what a thief of the seal wants to hear.
    """
    time = time_of(s, facts)
    return time.at if time.source is TimeSource.TSA else None
