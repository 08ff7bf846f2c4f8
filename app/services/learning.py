"""What a document claims, and the entries that would make this node trust it. Trusts nothing. Pure.

A seal carries its signer's certificate and none above it, so the authority's own has to come from
elsewhere; it is drafted only if it really issued what is in the file. What came with a file, or
with whoever brought it, proves nothing about itself: fingerprints have to be compared over another
channel, by somebody other than whoever proposes.
"""

import base64
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from app.checks import measure
from app.crypto.certificates import read_certificate, verify_issued
from app.crypto.paths import may_issue
from app.domain.certificate import Certificate, Crl, Purpose
from app.domain.codes import organisation_code_ok, uscc_check_ok
from app.domain.elements import LicenseElement
from app.domain.errors import InvalidSignature, Malformed, Refused
from app.domain.evidence import Block, CheckName, Evidence, Outcome
from app.domain.facts import Facts
from app.domain.identifier import IssuerCode, TypeCode
from app.domain.issuer import NotAsked, Unasked
from app.domain.license import ParsedLicense, PdfSealing, Sealing
from app.domain.trust import Authorities, Trust, TrustQuestion
from app.domain.verdict import LocalState
from app.formats.ofd.metadata import find_elements
from app.policy import judge
from app.registry.lists.content import Content
from app.registry.making.changes import (
    Action,
    Change,
    Kind,
    Sections,
    apply,
    present,
    read_sections,
)
from app.registry.making.proposals import moment
from app.registry.mapping import trust_of
from app.registry.registration import issuer_code, type_code
from app.registry.snapshot import SnapshotRegistry
from app.services.judgement import conclude, look

MAX_BESIDE: Final = 32
"""Certificates, and as many lists, that may be handed in beside a file."""
STATUS_AGE: Final = 3600
"""Seconds for which an issuer's word may be used again; for whoever approves to change."""

_ORGANISATION: Final = "2.5.4.10"


class Missing(StrEnum):
    """What nobody handed in, and a document needs to become authentic."""

    AUTHORITY = "authority"
    """The certificate of whoever issued one that is in the file."""
    REVOCATION_LIST = "revocation_list"
    """A fresh one of an authority on the way."""
    ORGANISATION = "organisation"
    """The signer's certificate bears no organisation code: it cannot be matched to an issuer."""
    OTHER_ORGANISATION = "other_organisation"
    """It bears another body's: a seal of the issuer's under another code, or a delegate's?"""
    VERIFIED_ORGANISATION = "verified_organisation"
    """It bears one only where subjects may write what they like: does the authority verify O?"""
    ISSUER = "issuer"
    """The document does not say whose license it is, or not by a code."""
    TYPE = "type"
    """Nor of which type."""
    ENDPOINT = "endpoint"
    """Where the issuer answers; without it no status is known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A certificate with its part in the document."""

    part: str
    """`signer`, `maker`, `enclosed` (in a CMS) or `beside` (handed in)."""
    certificate: Certificate
    issuer: str | None
    """SHA-256 of the certificate at hand that issued it; its own where it is self-signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """One signature, by its own word."""

    label: str
    layout: str
    seal_id: str | None
    seal_from: datetime | None
    seal_until: datetime | None
    certificates: tuple[Named, ...]
    problem: str
    intact: bool
    """Content, signature and seal fit one another: mathematics only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    """Everything `learn` has to tell."""

    stamps: tuple[Stamp, ...]
    beside: tuple[Named, ...]
    identifier: str | None
    type: TypeCode | None
    issuer: IssuerCode | None
    broken: bool
    """Something fails, or would fail with the draft: nothing is drafted of it."""
    before: tuple[Evidence, ...] = field(repr=False)
    """Checks that do not pass with what this node trusts."""
    after: tuple[Evidence, ...] = field(repr=False)
    """Those that would not pass with the draft either."""
    state: LocalState
    """With the draft."""
    changes: tuple[Change, ...] = field(repr=False)
    compare: tuple[Certificate, ...] = field(repr=False)
    """Drafted authorities: whose fingerprints have to be compared."""
    missing: tuple[tuple[Missing, str], ...]
    """What, and of whom."""

    @property
    def authentic(self) -> bool:
        """With the draft, everything about authenticity would pass."""
        return not any(item.check.block is Block.AUTHENTICITY for item in self.after)


INTACT: Final = frozenset(
    {
        CheckName.SIGNATURE_HOLDS,
        CheckName.DATA_HASH_HOLDS,
        CheckName.REFERENCES_HOLD,
        CheckName.SEAL_HOLDS,
        CheckName.ALGORITHMS_AGREE,
    }
)
"""What mathematics alone says of one signature."""


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
    inside = [pair for sealing in license.sealings for pair in _certificates(sealing)]
    chain = _Chain.of([certificate for _, certificate in inside], issuers)
    chain.require_used(issuers)
    useful = _lists_of(chain, lists)
    facts = measure(license, known, now=now)
    before = _open(look(facts).evidence)
    drafted = _Draft(license, question, known, sections, chain, useful).changes()
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


def _certificates(sealing: Sealing | PdfSealing) -> Iterator[tuple[str, Certificate]]:
    """Those that can be read, with their part."""
    found: list[tuple[str, bytes | None]] = [("signer", sealing.certificate)]
    if sealing.signature is not None:
        found.append(("maker", sealing.signature.seal.maker_certificate))
    if sealing.cms is not None:
        found += [("enclosed", der) for der in sealing.cms.intermediates]
    for part, der in found:
        if der is not None:
            with suppress(Malformed):
                yield part, read_certificate(der)


def _makers(license: ParsedLicense) -> list[Certificate]:
    """制章者, each once."""
    pairs = (pair for sealing in license.sealings for pair in _certificates(sealing))
    return list(dict.fromkeys(c for part, c in pairs if part == "maker"))


def _pinned(changes: Sequence[Change]) -> Iterator[Certificate]:
    """Seal makers that the draft names themselves."""
    for change in changes:
        if change.kind is Kind.ANCHOR and change.entry["purposes"] == [Purpose.SEAL_MAKER.value]:
            certificate = read_certificate(base64.b64decode(change.entry["certificate"]))
            if not may_issue(certificate):
                yield certificate


# ---- chains


@dataclass(frozen=True, slots=True)
class _Chain:
    """Who at hand issued whom: by name, by right and by signature."""

    leaves: tuple[Certificate, ...]
    above: Mapping[str, Certificate] = field(repr=False)
    """SHA-256 → the certificate that issued it."""

    @classmethod
    def of(cls, inside: Sequence[Certificate], beside: Sequence[Certificate]) -> "_Chain":
        pool = {c.sha256: c for c in (*inside, *beside)}
        above: dict[str, Certificate] = {}
        for certificate in pool.values():
            issuer = next((c for c in pool.values() if issued(certificate, c)), None)
            if issuer is not None:
                above[certificate.sha256] = issuer
        return cls(tuple(inside), above)

    def way(self, certificate: Certificate) -> list[Certificate]:
        """Upwards from its issuer, as far as is at hand; each once."""
        found: list[Certificate] = []
        issuer = self.above.get(certificate.sha256)
        while issuer is not None and issuer not in found and issuer != certificate:
            found.append(issuer)
            issuer = self.above.get(issuer.sha256)
        return found

    def ends(self, leaves: Sequence[Certificate] | None = None) -> list[Certificate]:
        """The topmost of each way, of all leaves or of some: what an anchor would be made of."""
        chosen = self.leaves if leaves is None else leaves
        tops = [way[-1] for leaf in chosen if (way := self.way(leaf))]
        return list(dict.fromkeys(tops))

    def between(self) -> list[Certificate]:
        """All the others on the ways: trusted for nothing by themselves."""
        tops = self.ends()
        inner = [c for leaf in self.leaves for c in self.way(leaf) if c not in tops]
        return list(dict.fromkeys(inner))

    def authorities(self) -> list[Certificate]:
        return [*self.ends(), *self.between()]

    def require_used(self, beside: Sequence[Certificate]) -> None:
        """Raises `Refused` for a certificate that is on no way."""
        on_the_way = self.authorities()
        for index, certificate in enumerate(beside):
            if certificate not in on_the_way:
                message = (
                    f"number {index + 1} (sha256 {certificate.sha256}) issued none of the "
                    "certificates in the file: name, right and signature must all fit"
                )
                raise Refused("issuer-certificate", message)

    def named(self, part: str, certificate: Certificate) -> Named:
        issuer = self.above.get(certificate.sha256)
        return Named(part=part, certificate=certificate, issuer=issuer.sha256 if issuer else None)


def issued(certificate: Certificate, issuer: Certificate) -> bool:
    """By name, by right to issue, by key identifiers where both say them, and by signature."""
    ids = (certificate.authority_key_id, issuer.key_id)
    if certificate.issuer_raw != issuer.subject_raw or not may_issue(issuer):
        return False
    if None not in ids and ids[0] != ids[1]:
        return False
    try:
        verify_issued(
            certificate.signature_oid,
            certificate.signature_parameters,
            certificate.message,
            certificate.value,
            issuer,
        )
    except InvalidSignature:
        return False
    return True


def _lists_of(chain: _Chain, lists: Sequence[Crl]) -> list[tuple[Crl, Certificate]]:
    """Each list with the authority on the way that signed it. Raises `Refused` for any other."""
    found = []
    for index, crl in enumerate(lists):
        authority = next((c for c in chain.authorities() if _signed(crl, c)), None)
        if authority is None:
            message = f"number {index + 1} is signed by no authority at hand: give its certificate"
            raise Refused("crl", message)
        found.append((crl, authority))
    return found


def _signed(crl: Crl, authority: Certificate) -> bool:
    if crl.issuer_raw != authority.subject_raw:
        return False
    try:
        verify_issued(
            crl.signature_oid, crl.signature_parameters, crl.message, crl.value, authority
        )
    except InvalidSignature:
        return False
    return True


# ---- the draft


@dataclass(frozen=True, slots=True)
class _Draft:
    """Entries that nobody has approved yet."""

    license: ParsedLicense
    question: TrustQuestion
    known: Trust
    sections: Mapping[str, Any]
    chain: _Chain
    lists: Sequence[tuple[Crl, Certificate]]

    def changes(self) -> tuple[Change, ...]:
        every = (*self._authorities(), *self._crls(), *self._type(), *self._issuer())
        return tuple(
            change
            for change in every
            if change.action is not Action.ADD or not present(self.sections, change)
        )

    def _authorities(self) -> Iterator[Change]:
        trusted = {anchor.fingerprint for anchor in self.known.authorities.anchors}
        purposes = {**dict.fromkeys(self._of_signers(), Purpose.LICENSE_SEAL), **self._of_makers()}
        for certificate, purpose in purposes.items():
            if certificate.sha256 not in trusted:
                entry = {
                    "certificate": _b64(certificate.der),
                    "purposes": [purpose.value],
                    "since": moment(certificate.not_before),
                }
                yield Change(Action.ADD, Kind.ANCHOR, entry)
        held = set(self.known.authorities.intermediates)
        for inner in self.chain.between():
            if inner.der not in held:
                yield Change(Action.ADD, Kind.INTERMEDIATE, {"certificate": _b64(inner.der)})

    def _of_signers(self) -> list[Certificate]:
        """The topmost of each way from a certificate that is no seal maker's."""
        makers = _makers(self.license)
        return self.chain.ends([leaf for leaf in self.chain.leaves if leaf not in makers])

    def _of_makers(self) -> dict[Certificate, Purpose]:
        """An authority of makers alone; where it is the signers' as well, the maker itself."""
        signing = {c.sha256 for c in self._of_signers()} | {
            a.fingerprint
            for a in self.known.authorities.anchors
            if Purpose.LICENSE_SEAL in a.purposes
        }
        tops = {maker: self.chain.ends([maker]) for maker in _makers(self.license)}
        return {
            maker if top.sha256 in signing else top: Purpose.SEAL_MAKER
            for maker, ends in tops.items()
            for top in ends
        }

    def _crls(self) -> Iterator[Change]:
        held = {crl.sha256 for crl in self.known.authorities.lists}
        for crl, _ in self.lists:
            if crl.sha256 not in held:
                yield Change(Action.ADD, Kind.CRL, {"crl": _b64(crl.der)})

    def _type(self) -> Iterator[Change]:
        code = self.question.type
        if code is None or self.known.type is not None or not _is_type(code):
            return
        name = self._text(LicenseElement.TYPE_NAME, LicenseElement.NAME) or code
        entry = {
            "code": code,
            "name": {"zh": name, "en": name},
            "must_be_sealed": True,
            "max_status_age": STATUS_AGE,
        }
        yield Change(Action.ADD, Kind.TYPE, entry)

    def _issuer(self) -> Iterator[Change]:
        code, type = self.question.issuer, self.question.type
        if code is None or type is None or not (_is_issuer(code) and _is_type(type)):
            return
        known = self.known.issuer
        # Another body's seal is not the issuer's because it stands in a document that says so.
        bears = str(code) in organisation_codes(self.license)
        if known is not None and type in known.types and (not bears or self._bears(code)):
            return
        codes = {str(type): [str(code)]} if bears else {}
        own = next((e for e in self.sections.get("issuers", ()) if e.get("code") == code), None)
        if own is not None:
            named = dict(own.get("organisation_codes", {}))
            for each, values in codes.items():
                named[each] = sorted({*named.get(each, []), *values})
            types = sorted({*own["types"], type})
            if types != sorted(own["types"]) or named != own.get("organisation_codes", {}):
                entry = {"code": code, "types": types, "organisation_codes": named}
                yield Change(Action.CHANGE, Kind.ISSUER, entry)
            return
        name = self._text(LicenseElement.ISSUER_NAME) or _organisation(self.license) or code
        entry = {"code": code, "title": {"zh": name, "en": name}, "types": [type], "keys": []}
        if codes:
            entry["organisation_codes"] = codes
        yield Change(Action.ADD, Kind.ISSUER, entry)

    def _bears(self, organisation: str) -> bool:
        return self.known.owners.get(organisation) == self.question.issuer

    def _text(self, *elements: LicenseElement) -> str | None:
        """The first value of the elements that a list can hold; by the document's own word."""
        if self.license.package is None:
            return None
        for element in elements:
            for found in find_elements(self.license.package):
                if found.element is element and found.value.isprintable() and found.value.strip():
                    return found.value.strip()[:200]
        return None


def organisation_codes(license: ParsedLicense) -> list[str]:
    """By which the signers name themselves, each once, with sound check characters."""
    codes = [s.organisation_codes[0] for s in _signers(license) if s.organisation_codes]
    sound = (code for code in codes if uscc_check_ok(code) or organisation_code_ok(code))
    return list(dict.fromkeys(sound))


def _signers(license: ParsedLicense) -> list[Certificate]:
    pairs = (pair for sealing in license.sealings for pair in _certificates(sealing))
    return [certificate for part, certificate in pairs if part == "signer"]


def _organisation(license: ParsedLicense) -> str | None:
    """O of the first signer, without its code: a name to begin with."""
    for sealing in license.sealings:
        for part, certificate in _certificates(sealing):
            texts = [a.text for a in certificate.subject if a.type == _ORGANISATION]
            for text in texts if part == "signer" else ():
                bare = text
                for code in certificate.organisation_codes:
                    bare = bare.replace(code, "")
                if bare.strip() and bare.isprintable():
                    return bare.strip()
    return None


def _is_type(code: str) -> bool:
    with suppress(Refused):
        return bool(type_code("type", code))
    return False


def _is_issuer(code: str) -> bool:
    with suppress(Refused):
        return bool(issuer_code("issuer", code))
    return False


def _b64(der: bytes) -> str:
    return base64.b64encode(der).decode("ascii")


# ---- what it would lead to


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


def _stamp(sealing: Sealing | PdfSealing, chain: _Chain, facts: Facts) -> Stamp:
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
        certificates=tuple(chain.named(part, c) for part, c in _certificates(sealing)),
        problem="" if shown else sealing.problem,
        intact=Outcome.PASSED in asked and asked <= {Outcome.PASSED, Outcome.NOT_APPLICABLE},
    )


def _missing(
    license: ParsedLicense,
    question: TrustQuestion,
    known: Trust,
    chain: _Chain,
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
    if question.issuer is None or not _is_issuer(question.issuer):
        yield Missing.ISSUER, ""
    else:
        yield from _unnamed(license, question.issuer, known)
    if question.type is None or not _is_type(question.type):
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
        for signer in _signers(license):
            if signer.organisation_codes and not signer.certified_codes:
                yield Missing.VERIFIED_ORGANISATION, signer.organisation_codes[0]


def _known_authority(leaf: Certificate, known: Trust) -> bool:
    held = [anchor.der for anchor in known.authorities.anchors]
    for der in (*held, *known.authorities.intermediates):
        with suppress(Malformed):
            if issued(leaf, read_certificate(der)):
                return True
    return False
