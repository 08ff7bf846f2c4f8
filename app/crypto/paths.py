"""From a certificate to a registered anchor, and what is known of revocation on the way.

Two questions, two answers (design: they are different reasons). Is there a path to an anchor the
operator registered for this purpose, at this moment? Is anybody on it revoked, by lists fresh at
that time? The search is ours and bounded; RFC 5280 §6.1 and §6.3 are the validator's; and whether a
list names a serial is read twice, by `revocation` and by the validator.

Anchors come from the registry only. A root inside an upload is one more certificate that leads
nowhere (threats CRT-14); nothing named in a certificate is ever fetched (CRT-12).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from itertools import pairwise

from app.crypto import schemes
from app.crypto.certificates import read_certificate, role_finding
from app.crypto.identity import named_by
from app.crypto.ocsp import ocsp_standing
from app.crypto.remembered import Remembered, fact
from app.crypto.revocation import Standing, standing, unknown
from app.crypto.validator import Exhausted, PathRefused, check_path
from app.crypto.weak import WeakAlgorithm
from app.domain.certificate import (
    FATAL_DEVIATIONS,
    LED_TO_AN_ANCHOR,
    NOBODY,
    Anchor,
    Certificate,
    Chain,
    Crl,
    KeyUsage,
    Named,
    PathFact,
    Purpose,
    Revocation,
    RevocationGap,
    RevocationState,
    Role,
    RoleFinding,
    gravest,
)
from app.domain.errors import InvalidSignature, Malformed
from app.domain.ocsp import OcspResponse
from app.domain.scheme import Scheme

MAX_DEPTH = 8
"""Certificates below the anchor (threats CRT-05)."""
MAX_CHECKS = 64
"""Different signatures checked for one path, lists included (threats CRT-05)."""
MAX_STEPS = 512
"""Issuers considered; only pathological sets of certificates come near."""
MAX_INTERMEDIATES = 64
MAX_PATHS = 8
"""Complete paths put to the validator."""

_ROLES = {
    Purpose.LICENSE_SEAL: Role.SIGNER,
    Purpose.SEALED_DOCUMENT: Role.SIGNER,
    Purpose.SEAL_MAKER: Role.MAKER,
    Purpose.TSA: Role.TSA,
}


def validate_path(
    leaf: Certificate,
    intermediates: Sequence[Certificate],
    anchors: Iterable[Anchor],
    crls: Sequence[Crl],
    *,
    moment: datetime,
    purpose: Purpose,
    role: Role | None = None,
    fresh_at: datetime | None = None,
    ocsp: Sequence[OcspResponse] = (),
) -> PathFact:
    """The best path from `leaf` to an anchor with `purpose`, and the word on its revocation.

    Args:
        leaf: whose certificate it is about.
        intermediates: from the registry or the document; trusted for nothing.
        anchors: registered ones; those without the purpose are not looked at.
        crls: imported lists, not yet verified.
        moment: the time certificates are judged at.
        purpose: what the anchor must be registered for.
        role: what the leaf acts as; by default what goes with the purpose.
        fresh_at: the time lists must be fresh at, `moment` or later; by default `moment`.
        ocsp: responses brought along or imported, not yet verified; a second source beside lists.

    Raises:
        ValueError: a naive time, or lists asked to be fresh before the moment.
    """
    fresh = fresh_at or moment
    if moment.tzinfo is None or fresh.tzinfo is None or fresh < moment:
        raise ValueError("times with a zone, and fresh_at not before moment")
    acting = role or _ROLES[purpose]
    finding = role_finding(leaf, acting)
    anchors = tuple(anchors)
    pin = _pin(leaf, anchors, moment) if purpose is Purpose.SEAL_MAKER else None
    purposes = (purpose,) if pin is None else (purpose, Purpose.LICENSE_SEAL)
    authorities, steps = _authorities(anchors, purposes), tuple(intermediates)
    if purposes == (Purpose.SEAL_MAKER,):
        authorities, steps = _makers_only(anchors, authorities, steps)
    search = _Search(moment, fresh, authorities, steps, tuple(crls), tuple(ocsp))
    chain, best, revocation, named = search.run(leaf)
    if chain is Chain.ANCHORED and finding is not RoleFinding.FITS:
        chain, best, revocation = Chain.WRONG_ROLE, (), _never_good(revocation)
    return PathFact(
        purpose=purpose,
        role=acting,
        moment=moment,
        fresh_at=fresh,
        certificate=leaf.sha256,
        chain=chain,
        role_finding=finding,
        path=tuple(c.sha256 for c in best),
        anchor=best[-1].sha256 if best else None,
        revocation=revocation,
        named=named,
        anchored_until=search.until(pin) if chain is Chain.ANCHORED else None,
        signature_checks=search.budget.checks,
        algorithms=tuple(map(_signed_by, best[:-1])),
        revocation_algorithms=search.best.listed if best else (),
    )


def _signed_by(certificate: Certificate) -> Scheme | None:
    return schemes.named_scheme(certificate.signature_oid, certificate.signature_parameters)


def _never_good(revocation: Revocation) -> Revocation:
    if revocation.state is RevocationState.GOOD:
        return unknown(RevocationGap.NO_PATH)
    return revocation


# ---- signatures, counted ----

_SIGNATURES = Remembered()
_PATHS = Remembered()


@dataclass(slots=True)
class _Budget:
    """Signature checks of one search. The same signature is computed once and counted once."""

    checks: int = 0
    steps: int = 0
    paths: int = 0
    known: dict[bytes, InvalidSignature | None] = field(default_factory=dict)

    def admit(self, intermediates: Sequence[Certificate]) -> None:
        """Refuse a bag of certificates nobody needs."""
        if len(intermediates) > MAX_INTERMEDIATES:
            raise Exhausted

    def path(self) -> None:
        self.paths += 1
        if self.paths > MAX_PATHS:
            raise Exhausted

    def step(self) -> None:
        self.steps += 1
        if self.steps > MAX_STEPS:
            raise Exhausted

    def check(
        self, oid: str, parameters: bytes | None, message: bytes, value: bytes, spki: bytes
    ) -> None:
        """Raise `InvalidSignature` unless the value holds."""
        key = _key(sha256(message).digest(), oid, parameters, value, spki)
        self._check(key, oid, parameters, message, value, spki)

    def _check(  # noqa: PLR0917
        self,
        key: bytes,
        oid: str,
        parameters: bytes | None,
        message: bytes,
        value: bytes,
        spki: bytes,
    ) -> None:
        if key not in self.known:
            self.checks += 1
            if self.checks > MAX_CHECKS:
                raise Exhausted
            self.known[key] = None
            if key not in _SIGNATURES:
                self.known[key] = _refusal(oid, parameters, message, value, spki)
                if self.known[key] is None:
                    _SIGNATURES.add(key)
        refusal = self.known[key]
        if refusal is not None:
            raise refusal

    def issued(self, certificate: Certificate, issuer: Certificate) -> None:
        oid, parameters = certificate.signature_oid, certificate.signature_parameters
        message, value = certificate.message, certificate.value
        key = _key(sha256(message).digest(), oid, parameters, value, issuer.spki)
        self._check(key, oid, parameters, message, value, issuer.spki)

    def listed(self, crl: Crl, issuer: Certificate) -> None:
        oid, parameters = crl.signature_oid, crl.signature_parameters
        key = _key(crl.message_sha256, oid, parameters, crl.value, issuer.spki)
        self._check(key, oid, parameters, crl.message, crl.value, issuer.spki)


def _key(digest: bytes, oid: str, parameters: bytes | None, value: bytes, spki: bytes) -> bytes:
    """What a signature is remembered by: all it depends on. `digest`: SHA-256 of its message.

    Made anew each time, in 4 µs: nothing a stranger sent is kept for it.
    """
    return fact(digest, oid.encode(), parameters or b"", value, spki)


def _refusal(
    oid: str, parameters: bytes | None, message: bytes, value: bytes, spki: bytes
) -> InvalidSignature | None:
    try:
        scheme = schemes.scheme_for_oid(oid, parameters)
        schemes.verify(scheme, spki=spki, message=message, value=value)
    except InvalidSignature as refused:
        return refused
    return None


# ---- the search ----


@dataclass(frozen=True, slots=True)
class _Authority:
    anchor: Anchor
    certificate: Certificate


def _pin(leaf: Certificate, anchors: Iterable[Anchor], moment: datetime) -> Anchor | None:
    """A seal maker that is registered itself, and was at the moment.

    It needs an authority only to be certified and revoked by: that of the signers will do.
    """
    own = (a for a in anchors if a.fingerprint == leaf.sha256 and a.serves(Purpose.SEAL_MAKER))
    return next((a for a in own if a.in_window(moment)), None)


def _authorities(
    anchors: Iterable[Anchor], purposes: tuple[Purpose, ...]
) -> tuple[_Authority, ...]:
    """The anchors of a purpose that can be authorities; one that cannot be read leads nowhere."""
    found = []
    for anchor in anchors:
        if any(map(anchor.serves, purposes)):
            try:
                certificate = read_certificate(anchor.der)
            except Malformed:
                continue
            if certificate.sha256 == anchor.fingerprint and may_issue(certificate):
                found.append(_Authority(anchor, certificate))
    return tuple(found)


def _makers_only(
    anchors: Iterable[Anchor], authorities: tuple[_Authority, ...], steps: tuple[Certificate, ...]
) -> tuple[tuple[_Authority, ...], tuple[Certificate, ...]]:
    """Without those that vouch for signers, by whatever certificate: else whoever has two of theirs
    makes his own seal. One entry with both purposes is refused when it is registered; two entries,
    of two lists or of an old and a renewed root, meet only here.
    """
    signers = {each.certificate.spki for each in _authorities(anchors, (Purpose.LICENSE_SEAL,))}
    return (
        tuple(each for each in authorities if each.certificate.spki not in signers),
        tuple(each for each in steps if each.spki not in signers),
    )


def may_issue(certificate: Certificate) -> bool:
    """Whether a certificate is an authority's: cA, and keyCertSign where usage is stated."""
    usage = certificate.key_usage
    return certificate.is_ca and (usage is None or KeyUsage.KEY_CERT_SIGN in usage)


_NEAREST = (
    Chain.TOO_COMPLEX,
    Chain.EXPIRED,
    Chain.NOT_YET_VALID,
    Chain.ANCHOR_OUT_OF_WINDOW,
    Chain.CONSTRAINTS,
    Chain.MALFORMED,
    Chain.WEAK_ALGORITHM,
    Chain.BAD_SIGNATURE,
)
"""Of several failures the one nearest to a valid path is reported; first that it was not sought
to the end.
"""

_Path = tuple[Certificate, ...]


_RANK = {RevocationState.GOOD: 0, RevocationState.REVOKED: 1, RevocationState.UNKNOWN: 2}


@dataclass(frozen=True, slots=True)
class _Found:
    """A valid path, leaf first, the word on its revocation, and whom its anchor vouches for."""

    path: _Path
    word: Revocation
    named: Named
    anchor: Anchor
    listed: tuple[Scheme | None, ...] = ()
    """By which the words that all is good are signed."""


@dataclass(slots=True)
class _Search:
    moment: datetime
    fresh_at: datetime
    authorities: tuple[_Authority, ...]
    intermediates: _Path
    crls: tuple[Crl, ...]
    ocsp: tuple[OcspResponse, ...] = ()
    budget: _Budget = field(default_factory=_Budget)
    failures: dict[Chain, Named] = field(default_factory=dict)
    found: list["_Found"] = field(default_factory=list)

    def run(self, leaf: Certificate) -> tuple[Chain, _Path, Revocation, Named]:
        """The outcome, the best valid path leaf first, the word on it, and whom it names."""
        try:
            self.budget.admit(self.intermediates)
            for path, authority in self._paths((leaf,)):
                self.budget.path()
                outcome = self._judge(path, authority)
                if outcome is not Chain.ANCHORED:
                    self._fail(outcome, named_by(leaf, authority.anchor))
                elif self._content(leaf):
                    break
        except Exhausted:
            self._fail(Chain.TOO_COMPLEX)
        if self.found:
            best = self.best
            return Chain.ANCHORED, best.path, best.word, best.named
        nearest = next((c for c in _NEAREST if c in self.failures), Chain.NO_ANCHOR)
        named = self.failures.get(nearest, NOBODY) if nearest in LED_TO_AN_ANCHOR else NOBODY
        return nearest, (), unknown(RevocationGap.NO_PATH), named

    def _fail(self, outcome: Chain, named: Named = NOBODY) -> None:
        """Of paths that fail alike, one whose authority vouches for somebody is told."""
        if self.failures.get(outcome, NOBODY).organisation is None:
            self.failures[outcome] = named

    def _content(self, leaf: Certificate) -> bool:
        """Whether another path could tell no more than the last one."""
        last = self.found[-1]
        sought = last.named.organisation is None and leaf.organisation_codes
        return last.word.state is RevocationState.GOOD and not sought

    @property
    def best(self) -> "_Found":
        """Of several valid paths the one most is known of; of those alike, one that names."""
        return min(self.found, key=lambda f: (_RANK[f.word.state], f.named.organisation is None))

    def until(self, pin: Anchor | None) -> datetime | None:
        """When the registration that the best path rests on ends; None: open."""
        ends = (self.best.anchor.until, pin.until if pin else None)
        return min((end for end in ends if end is not None), default=None)

    def _paths(self, path: _Path) -> Iterator[tuple[_Path, _Authority]]:
        """Paths whose every signature holds, depth first, anchors before intermediates."""
        last, anchors = path[-1], {a.certificate.sha256 for a in self.authorities}
        taken = {(c.spki, c.subject_raw) for c in path}
        for authority in self.authorities:
            if authority.certificate.sha256 != last.sha256 and self._issued(
                last, authority.certificate
            ):
                yield path, authority
        if len(path) == MAX_DEPTH:
            return
        for issuer in self.intermediates:
            if issuer.sha256 in anchors or (issuer.spki, issuer.subject_raw) in taken:
                continue  # the same key under the same name again is a loop
            if self._issued(last, issuer):
                yield from self._paths((*path, issuer))

    def _issued(self, certificate: Certificate, issuer: Certificate) -> bool:
        self.budget.step()
        if certificate.issuer_raw != issuer.subject_raw:
            return False
        ids = (certificate.authority_key_id, issuer.key_id)
        if None not in ids and ids[0] != ids[1]:
            return False
        try:
            self.budget.issued(certificate, issuer)
        except WeakAlgorithm:
            self._fail(Chain.WEAK_ALGORITHM)
            return False
        except InvalidSignature:
            self._fail(Chain.BAD_SIGNATURE)
            return False
        return True

    def _judge(self, path: _Path, authority: _Authority) -> Chain:
        """What a complete path is worth; a valid one is added to those found.

        Rules before dates: an expired path that could never have been one is not "expired".
        """
        if any(c.deviations & FATAL_DEVIATIONS for c in path):
            return Chain.MALFORMED
        if not all(may_issue(c) for c in path[1:]):
            return Chain.CONSTRAINTS
        whole = (*path, authority.certificate)
        dates = self._dates(whole, authority.anchor)
        known = self._word(whole) if dates is Chain.ANCHORED else _unknown(RevocationGap.NO_PATH)
        word = known.revocation
        if word.state is not RevocationState.GOOD:
            # Good means the validator has been through all the rules already.
            try:
                _keep_the_rules(whole, self.budget)
            except PathRefused:
                return Chain.CONSTRAINTS
        if dates is Chain.ANCHORED:
            named = named_by(path[0], authority.anchor)
            self.found.append(_Found(whole, word, named, authority.anchor, known.algorithms))
        return dates

    def _dates(self, whole: _Path, anchor: Anchor) -> Chain:
        if any(self.moment > c.not_after for c in whole):
            return Chain.EXPIRED
        if any(self.moment < c.not_before for c in whole):
            return Chain.NOT_YET_VALID
        return Chain.ANCHORED if anchor.in_window(self.moment) else Chain.ANCHOR_OUT_OF_WINDOW

    def _word(self, whole: _Path) -> Standing:
        """The worst that is known of any certificate below the anchor."""
        try:
            standings = [self._standing(*pair) for pair in pairwise(whole)]
            worst = _worst(standings)
            if worst.state is not RevocationState.GOOD:
                return Standing(worst)
            sources = {s.source.sha256: s.source for s in standings if s.source is not None}
            # The validator confirms what lists say; of OCSP it knows neither SM2 nor SM3.
            listed = all(s.source is not None for s in standings)
            lists = tuple(sources[key] for key in sorted(sources)) if listed else None
            _keep_the_rules(whole, self.budget, lists)
        except PathRefused:
            return _unknown(RevocationGap.NOT_CONFIRMED)
        except Exhausted:
            return _unknown(RevocationGap.TOO_COMPLEX)
        return Standing(worst, algorithms=tuple(a for s in standings for a in s.algorithms))

    def _standing(self, certificate: Certificate, issuer: Certificate) -> Standing:
        """What lists and OCSP responses say together: revoked before good before unknown."""
        listed = standing(certificate, issuer, self.crls, self.fresh_at, self.budget.listed)
        if not self.ocsp:
            return listed

        def revoked(responder: Certificate) -> bool:
            known = standing(responder, issuer, self.crls, self.fresh_at, self.budget.listed)
            return known.revocation.state is RevocationState.REVOKED

        answered = ocsp_standing(
            certificate, issuer, self.ocsp, self.fresh_at, self.budget.check, revoked
        )
        if answered is None:
            return listed
        if listed.revocation.why is RevocationGap.NO_LIST:
            return answered
        words = [s.revocation for s in (listed, answered) if s.revocation.at is not None]
        if words:
            return Standing(gravest(words))
        return min((listed, answered), key=lambda s: _GRAVEST[s.revocation.state])


_GRAVEST = {RevocationState.GOOD: 0, RevocationState.UNKNOWN: 1, RevocationState.REVOKED: 2}


def _keep_the_rules(path: _Path, budget: _Budget, lists: tuple[Crl, ...] | None = None) -> None:
    """Put a path to the validator, at a time of its own choice: dates are judged by ourselves.

    At the latest time all below the anchor, and all lists, are in date; so an entry of a list that
    the validator finds counts whatever its date.

    Raises:
        PathRefused: as `check_path`; also where there is no such time.
    """
    since = max(c.not_before for c in path[:-1])
    ends = [crl.next_update for crl in lists or () if crl.next_update is not None]
    until = min(*(c.not_after for c in path), *ends)
    if since > until:
        raise PathRefused("never in date together")
    kind = b"path" if lists is None else b"lists"
    key = fact(
        kind, *(c.sha256.encode() for c in path), *(crl.sha256.encode() for crl in lists or ())
    )
    if key not in _PATHS:
        check_path(path, until, budget.check, lists)
        _PATHS.add(key)


def _unknown(why: RevocationGap) -> Standing:
    return Standing(unknown(why))


def _worst(standings: list[Standing]) -> Revocation:
    revoked = [s.revocation for s in standings if s.revocation.at is not None]
    if revoked:
        return gravest(revoked)
    for one in standings:
        if one.revocation.state is RevocationState.UNKNOWN:
            return one.revocation
    ends = [s.revocation.good_until for s in standings if s.revocation.good_until is not None]
    return Revocation(state=RevocationState.GOOD, good_until=min(ends, default=None))
