"""What a document claims, and the entries that would make this node trust it. Trusts nothing. Pure.

A seal carries its signer's certificate and none above it, so the authority's own has to come from
elsewhere; it is drafted only if it really issued what is in the file. What came with a file, or
with whoever brought it, proves nothing about itself: fingerprints have to be compared over another
channel, by somebody other than whoever proposes.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from app.checks import measure
from app.crypto.certificates import read_certificate
from app.crypto.paths import may_issue
from app.domain.certificate import Certificate, Crl, Purpose
from app.domain.errors import Malformed, Refused
from app.domain.evidence import Evidence, Outcome
from app.domain.facts import Facts
from app.domain.identifier import IssuerCode
from app.domain.issuer import NotAsked, Unasked
from app.domain.license import ParsedLicense, PdfSealing, Sealing
from app.domain.trust import Authorities, Trust, TrustQuestion
from app.policy import judge
from app.registry.lists.content import Content
from app.registry.making.changes import (
    Change,
    Kind,
    Sections,
    apply,
    read_sections,
)
from app.registry.mapping import trust_of
from app.registry.snapshot import SnapshotRegistry
from app.services.drafting import Draft, is_issuer, is_type
from app.services.enclosed import (
    Chain,
    certificates_of,
    issued,
    lists_of,
    organisation_codes,
    signers_of,
)
from app.services.judgement import conclude, look
from app.services.learned import INTACT, Learned, Missing, Stamp

MAX_BESIDE: Final = 32
"""Certificates, and as many lists, that may be handed in beside a file."""


def learn(
    license: ParsedLicense,
    question: TrustQuestion,
    known: Trust,
    sections: Mapping[str, Any],
    *,
    issuers: Sequence[Certificate] = (),
    lists: Sequence[Crl] = (),
    now: datetime,
) -> Learned:
    """What the document claims and what entries it would take.

    Args:
        license: as read.
        question: what is looked up for it.
        known: what this node trusts already.
        sections: of the node's own list, which the draft would change.
        issuers: certificates handed in beside it.
        lists: revocation lists handed in.
        now: the node's time.

    Raises:
        Refused: no signature by certificate; a certificate or list handed in that has nothing to
            do with those in the file.
    """
    if not license.sealings:
        raise Refused("file", "no signature by certificate is in it: a key is added by `key add`")
    if max(len(issuers), len(lists)) > MAX_BESIDE:
        raise Refused("issuer-certificate", f"more than {MAX_BESIDE} are handed in")
    inside = [pair for sealing in license.sealings for pair in certificates_of(sealing)]
    chain = Chain.of([certificate for _, certificate in inside], issuers)
    chain.require_used(issuers)
    useful = lists_of(chain, lists)
    facts = measure(license, known, now=now)
    before = _open(look(facts).evidence)
    drafted = Draft(license, question, known, sections, chain, useful).changes()
    then = measure(license, _trust(known, question, sections, drafted, now), now=now)
    local = look(then)
    evidence, _ = conclude(then, local, NotAsked(Unasked.OFFLINE))
    after = _open(evidence)
    # Some faults only show once the authority is known. Who altered a file, or may not seal at
    # all, may have written the names in it as well.
    broken = any(item.outcome is Outcome.FAILED for item in (*before, *after))
    return Learned(
        stamps=tuple(_stamp(sealing, chain, facts) for sealing in license.sealings),
        beside=tuple(chain.named("beside", each) for each in issuers),
        identifier=str(question.identifier) if question.identifier else None,
        type=question.type,
        issuer=question.issuer,
        before=before,
        broken=broken,
        after=after,
        state=judge(evidence, local.policy),
        changes=() if broken else drafted,
        compare=() if broken else (*chain.authorities(), *_pinned(drafted)),
        missing=tuple(dict.fromkeys(_missing(license, question, known, chain, useful))),
    )


def _open(evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    return tuple(e for e in evidence if e.outcome in {Outcome.FAILED, Outcome.INDETERMINATE})


def _pinned(changes: Sequence[Change]) -> Iterator[Certificate]:
    """Seal makers that the draft names themselves."""
    for change in changes:
        if change.kind is Kind.ANCHOR and change.entry["purposes"] == [Purpose.SEAL_MAKER.value]:
            certificate = read_certificate(base64.b64decode(change.entry["certificate"]))
            if not may_issue(certificate):
                yield certificate


def _trust(
    known: Trust,
    question: TrustQuestion,
    sections: Mapping[str, Any],
    changes: Sequence[Change],
    now: datetime,
) -> Trust:
    """What this node would know of this document if the draft were published."""
    made = apply(_bare(sections), changes, place="draft")
    content = read_sections(made)
    registry = SnapshotRegistry(registration=content.registration, name="draft", clock=lambda: now)
    drafted = trust_of(question, registry.look(question), now)
    issuer = drafted.issuer or known.issuer
    return replace(
        known,
        issuer=issuer,
        type=known.type or drafted.type,
        owners={**drafted.owners, **known.owners},
        authorities=_together(known.authorities, content),
    )


def _bare(sections: Mapping[str, Any]) -> Sections:
    """Without endpoints, whose networks are the operator's to open, and which nobody asks here."""
    issuers = [
        {k: v for k, v in each.items() if k not in {"endpoint", "platforms", "encryption_key"}}
        for each in sections.get("issuers", ())
    ]
    return {**sections, "issuers": issuers}


def _together(known: Authorities, content: Content) -> Authorities:
    more = content.authorities
    return Authorities(
        anchors=tuple(dict.fromkeys((*known.anchors, *more.anchors))),
        intermediates=tuple(dict.fromkeys((*known.intermediates, *more.intermediates))),
        lists=(*known.lists, *more.lists),
    )


def _stamp(sealing: Sealing | PdfSealing, chain: Chain, facts: Facts) -> Stamp:
    evidence = look(facts).evidence
    outcomes = {e.check: e.outcome for e in evidence if e.subject.label == sealing.label}
    seal = sealing.signature.seal if sealing.signature else None
    shown = sealing.signature or sealing.cms
    layout = sealing.signature.layout.value if sealing.signature else sealing.form.value
    asked = {outcomes[check] for check in INTACT if check in outcomes}
    return Stamp(
        label=sealing.label,
        layout=layout,
        seal_id=seal.id if seal else None,
        seal_from=seal.valid_from if seal else None,
        seal_until=seal.valid_until if seal else None,
        certificates=tuple(chain.named(part, c) for part, c in certificates_of(sealing)),
        problem="" if shown else sealing.problem,
        intact=Outcome.PASSED in asked and asked <= {Outcome.PASSED, Outcome.NOT_APPLICABLE},
    )


def _missing(
    license: ParsedLicense,
    question: TrustQuestion,
    known: Trust,
    chain: Chain,
    lists: Sequence[tuple[Crl, Certificate]],
) -> Iterator[tuple[Missing, str]]:
    from_above = {a.fingerprint for a in known.authorities.anchors}
    covered = {authority.sha256 for _, authority in lists}
    above = chain.authorities()  # a root that is enclosed in the file has nobody above it
    for leaf in chain.leaves:
        way = chain.way(leaf)
        if not way and leaf not in above and not _known_authority(leaf, known):
            yield Missing.AUTHORITY, f"sha256 {leaf.sha256}"
        for authority in way:
            if authority.sha256 not in covered | from_above:
                yield Missing.REVOCATION_LIST, f"sha256 {authority.sha256}"
    if question.issuer is None or not is_issuer(question.issuer):
        yield Missing.ISSUER, ""
    else:
        yield from _unnamed(license, question.issuer, known)
    if question.type is None or not is_type(question.type):
        yield Missing.TYPE, ""
    if known.endpoint is None:
        yield Missing.ENDPOINT, ""


def _unnamed(
    license: ParsedLicense, issuer: IssuerCode, known: Trust
) -> Iterator[tuple[Missing, str]]:
    bears = organisation_codes(license)
    if not bears:
        yield Missing.ORGANISATION, ""
    elif not {issuer, *known.owners} & set(bears):
        yield Missing.OTHER_ORGANISATION, bears[0]
    if not any(anchor.organisation_verified for anchor in known.authorities.anchors):
        for signer in signers_of(license):
            if signer.organisation_codes and not signer.certified_codes:
                yield Missing.VERIFIED_ORGANISATION, signer.organisation_codes[0]


def _known_authority(leaf: Certificate, known: Trust) -> bool:
    held = [anchor.der for anchor in known.authorities.anchors]
    for der in (*held, *known.authorities.intermediates):
        with suppress(Malformed):
            if issued(leaf, read_certificate(der)):
                return True
    return False
