"""The imperative shell: the only place where I/O and judgement meet.

detect → parse → trust_for (read tx) → examine → inquiry_for → ask (network) → decide → record
"""

import asyncio
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, ParamSpec, Protocol, TypeVar

from app.checks import inquiry_for
from app.crypto.certificates import read_certificate
from app.crypto.digests import digest
from app.domain.digested import FileDigest
from app.domain.errors import Malformed
from app.domain.evidence import Evidence
from app.domain.facts import Facts
from app.domain.issuer import (
    Answered,
    Inquiry,
    IssuerAnswer,
    Match,
    NotAsked,
)
from app.domain.license import LicenseFormat, ParsedLicense
from app.domain.photo import OfficialUrl
from app.domain.policies import PolicyKind, asked_kind
from app.domain.scheme import Digest
from app.domain.trust import Trust, TrustQuestion
from app.domain.verdict import Terms
from app.domain.verification import Digests, Receipt, Submission, Verification
from app.formats import FORMATS, Format, detect
from app.formats.digested import format_of, read_digested
from app.formats.photo.reading import hosts_of, named
from app.policy import policy_for
from app.services.aside import Aside
from app.services.judgement import Local, conclude, look, unasked, unread
from app.services.kinds import measured, refuse_unfit
from app.services.seal_owners import answered, questions_about, seals_to_ask, with_owners

_P = ParamSpec("_P")
_Result = TypeVar("_Result")
SMALL: Final = 8 * 1024
"""Bytes of a token that is read on the event loop: under a millisecond (docs/performance.md)."""
_ID_BYTES = 16
"""128 bits: the id is a capability."""


class Registry(Protocol):
    """What is known independently of any document."""

    async def trust_for(self, question: TrustQuestion) -> Trust:
        """One short read transaction, closed before it returns."""


class OfficialCodes(Protocol):
    """Where official codes lead to."""

    async def official_urls(self, hosts: frozenset[str]) -> tuple[OfficialUrl, ...]:
        """Of these hosts, by the followed lists that may be relied on today."""


class Issuers(Protocol):
    """Everything outbound."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        """One question within its deadline; every failure is a value."""


class Publisher(Protocol):
    """Turns a finished verification into its signed report."""

    def publish(self, verification: Verification) -> Receipt:
        """Pure but for the node's key."""


class Journal(Protocol):
    """The memory of this node."""

    async def record(self, receipt: Receipt) -> None:
        """Keep facts, answer and report. Raises `Unavailable`; nothing unrecorded is answered."""


class Stage(StrEnum):
    """How far a verification has come, for whoever watches. None of it is a verdict."""

    READ = "read"
    CHECKED = "checked"
    ASKING = "asking"
    ANSWERED = "answered"


Told = Callable[[Stage, tuple[Evidence, ...]], None]
"""Hears of each stage, with the checks finished in it; must not fail and must not wait."""


def _nobody(_stage: Stage, _checks: tuple[Evidence, ...]) -> None:
    """Watches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verifier:
    """One verification, from bytes to a recorded receipt."""

    registry: Registry
    issuers: Issuers
    publisher: Publisher
    journal: Journal
    clock: Callable[[], datetime]
    formats: tuple[Format, ...] = FORMATS
    """What is read; pictures where somebody put a decoder before them."""
    codes: OfficialCodes | None = None
    """None: no address is official."""
    sm_only: bool = False
    """Of every verification, whatever its caller asks (密评)."""
    aside: Aside = field(default_factory=Aside, repr=False)

    async def verify(self, submission: Submission, told: Told = _nobody) -> Receipt:
        """Turn what was handed in into a verdict, and leave a record of it.

        `told` hears of its stages; the verdict is known only once it is recorded.

        Raises `UnrecognisedFormat` for bytes of no known kind, `Refused` where the policy asked for
        is not the document's, `Unavailable` where registry or journal do not answer.
        """
        receipt = self.publisher.publish(await self._verification(submission, self.clock(), told))
        await self.journal.record(receipt)
        return receipt

    async def give_up(self, submission: Submission, exc: Malformed) -> Receipt:
        """The verdict on what cannot be verified to its end, recorded; its content is not read.

        Raises as `verify`.
        """
        format = self._format(submission)
        receipt = self.publisher.publish(
            await asyncio.to_thread(_unread, submission, format, self.clock(), exc)
        )
        await self.journal.record(receipt)
        return receipt

    async def _verification(
        self, submission: Submission, now: datetime, told: Told
    ) -> Verification:
        if self.sm_only:
            submission = replace(submission, sm_only=True)
        # (1) Which kind is it? Unrecognised bytes are an error, not a verdict.
        format = self._format(submission)
        refuse_unfit(_kind(format, submission), submission)
        small = _is_small(submission, format)
        read = _inline if small else self.aside.run
        aside = _inline if small else asyncio.to_thread
        # (2) Read it, off the event loop. A broken document is a verdict, not an error.
        try:
            license, digests = await read(_read, submission, format)
        except Malformed as exc:
            return await aside(_unread, submission, format, now, exc)
        told(Stage.READ, ())
        license = await self._named(license, submission)
        # (3) What do we know of issuer, type and keys? One short read transaction.
        # A file that was not sent was not seen before either: nothing ties what was sent to it.
        known = None if license.digested else digests
        trust = await self.registry.trust_for(question_of(license, known, submission.at))
        # (4) Measure and examine it, off the event loop, with no I/O.
        facts = await aside(measured, license, trust, now, submission)
        local = look(facts)
        told(Stage.CHECKED, local.evidence)
        # (5) Ask the issuer, but never on behalf of a document that failed.
        facts, answer = await self._asked(facts, local, license, digests, submission, told)
        # (6) Two keys, one verdict.
        evidence, verdict = conclude(facts, local, answer)
        return Verification(
            id=secrets.token_urlsafe(_ID_BYTES),
            at=now,
            basis=submission.basis,
            digests=digests,
            purpose=submission.purpose,
            asker=submission.asker,
            policy=local.policy.name,
            stated=license.claims,
            facts=facts,
            evidence=evidence,
            answer=answer,
            verdict=verdict,
            matched=_matched(license, answer),
        )

    async def _asked(  # noqa: PLR0917 - a stage of the verification, in its order
        self,
        facts: Facts,
        local: Local,
        license: ParsedLicense,
        digests: Digests | None,
        submission: Submission,
        told: Told,
    ) -> tuple[Facts, IssuerAnswer]:
        """The issuer's word; of several seals the one that weighs most, and all in the facts."""
        named, purpose = _by_name(digests), submission.purpose
        if seals := seals_to_ask(facts, local):
            questions = await questions_about(
                seals, facts, local, digests=named, purpose=purpose, registry=self.registry
            )
            told(Stage.ASKING, ())
            said = await answered(questions, self.issuers)
            told(Stage.ANSWERED, ())
            facts, heaviest = with_owners(facts, local, said)
            return facts, heaviest.answer
        inquiry = inquiry_for(
            *(facts, license.claims, named, local.state, purpose), policy_age=local.policy.max_age
        )
        if isinstance(inquiry, NotAsked):
            return facts, inquiry
        told(Stage.ASKING, ())
        answer = await self.issuers.ask(inquiry)
        told(Stage.ANSWERED, ())
        return facts, answer

    def _format(self, submission: Submission) -> Format | None:
        return None if submission.content is None else detect(submission.content, self.formats)

    async def _named(self, license: ParsedLicense, submission: Submission) -> ParsedLicense:
        """Codes in pictures may lead to an address: whether it is official is the registry's word.
        Nothing is fetched from it, official or not.
        """
        if license.photo is None:
            return license
        hosts = hosts_of(license.photo)
        known = await self.codes.official_urls(hosts) if self.codes and hosts else ()
        return named(license, known, submission.typed)


def _is_small(submission: Submission, format: Format | None) -> bool:
    """Read sooner than a thread is there and back: facts, and tokens; a small ZIP may be a bomb."""
    if submission.content is None:
        return submission.digested is None
    token = format is not None and format.name is LicenseFormat.JWS
    return token and len(submission.content) <= SMALL


async def _inline(work: Callable[_P, _Result], *args: _P.args, **named: _P.kwargs) -> _Result:
    """Fits `asyncio.to_thread`."""
    return work(*args, **named)


def _read(submission: Submission, format: Format | None) -> tuple[ParsedLicense, Digests | None]:
    if submission.digested is not None and submission.stated is not None:
        license = read_digested(submission.digested, submission.stated)
        return license, _digests(submission)
    if submission.stated is not None:
        return ParsedLicense(LicenseFormat.FACTS, submission.stated, ()), None
    if submission.content is None or format is None:
        raise ValueError("a file has a format")  # Submission and detect() rule this out
    return format.parse(submission.content), _digests(submission)


def _digests(submission: Submission) -> Digests | None:
    content, stated = submission.content, submission.digested
    if content is not None:
        return Digests(digest(Digest.SHA256, content), digest(Digest.SM3, content))
    if stated is None:
        return None
    sm3 = stated.algorithm is FileDigest.SM3
    return Digests(None, stated.value) if sm3 else Digests(stated.value, None)


def _by_name(digests: Digests | None) -> dict[str, bytes]:
    """What the issuer is asked about the file."""
    both = {"sha256": digests.sha256, "sm3": digests.sm3} if digests else {}
    return {name: value for name, value in both.items() if value is not None}


def question_of(
    license: ParsedLicense, digests: Digests | None, at: datetime | None = None
) -> TrustQuestion:
    """What must be looked up for this document: all it names, and nothing else."""
    claims = license.claims
    return TrustQuestion(
        identifier=claims.identifier,
        type=claims.identifier.type if claims.identifier else claims.type,
        issuer=claims.identifier.issuer if claims.identifier else claims.issuer,
        signers=frozenset((s.signer, s.key_id) for s in license.signatures),
        digest=digests.sha256 if digests else None,
        organisations=_organisations(license),
        sealed=bool(license.sealings),
        seal=next((s.signature.seal.id for s in license.sealings if s.signature), None),
        seals=frozenset(n for s in license.sealings if s.signature for n in s.signature.seal.names),
        at=at,
    )


def _organisations(license: ParsedLicense) -> frozenset[str]:
    """Whose seals these claim to be; a hint, like everything in a document."""
    found: set[str] = set()
    for sealing in license.sealings:
        if sealing.certificate is not None:
            with suppress(Malformed):
                certificate = read_certificate(sealing.certificate)
                found.update(certificate.organisation_codes[:1])
    return frozenset(found)


def _kind(format: Format | None, submission: Submission) -> LicenseFormat:
    """Of a file, or of what is said of one that stayed with the caller."""
    if submission.digested is not None:
        return format_of(submission.digested)
    return format.name if format else LicenseFormat.FACTS


def _unread(
    submission: Submission, format: Format | None, now: datetime, exc: Malformed
) -> Verification:
    kind = _kind(format, submission)
    asked = asked_kind(submission.policy)
    policy = policy_for(kind, sealed_document=asked is PolicyKind.SEALED_DOCUMENT)
    terms = Terms(now=now, subject=policy.subject, policy_age=timedelta(0))
    evidence, verdict = unread(policy, terms, exc.why, str(exc))
    return Verification(
        id=secrets.token_urlsafe(_ID_BYTES),
        at=now,
        basis=submission.basis,
        digests=_digests(submission),
        purpose=submission.purpose,
        asker=submission.asker,
        policy=policy.name,
        facts=None,
        evidence=(evidence,),
        answer=NotAsked(unasked(exc.why)),
        verdict=verdict,
    )


def _matched(license: ParsedLicense, answer: IssuerAnswer) -> tuple[tuple[str, str], ...]:
    """Names of what the caller sent, with the issuer's word; never a value."""
    typed = license.format is LicenseFormat.FACTS or license.photo is not None or license.digested
    if not typed:
        return ()
    said = answer.facts if isinstance(answer, Answered) else {}
    stated = sorted(license.claims.values())
    return tuple((fact.value, said.get(fact, Match.UNKNOWN).value) for fact in stated)
