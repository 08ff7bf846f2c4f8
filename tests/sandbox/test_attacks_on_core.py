"""Every named attack through the service's pure core, with the sandbox's honest issuer behind it.

No HTTP and no database: what the registration document says is the registry, and the office that
would answer over IVP/1 is asked directly. The twin of each attack comes out valid in the same test.
"""

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.domain.errors import UnrecognisedFormat
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import Answered, Code, Endpoint, Inquiry, IssuerAnswer, Match, Speaker
from app.domain.license import Claims, Fact, KeyId
from app.domain.scheme import Scheme
from app.domain.trust import (
    Issuer,
    Kind,
    LicenseType,
    Mandate,
    Trust,
    TrustedKey,
    TrustQuestion,
    Window,
)
from app.domain.verification import Receipt, Submission, Verification
from app.services.verify import Verifier
from sandbox.attacks import ATTACKS, REFUSED, Attack
from sandbox.bodies import TYPES, Body
from sandbox.inquiry import Inquiry as SandboxInquiry
from sandbox.office import Office
from sandbox.samples import make_samples
from sandbox.world import World

pytestmark = pytest.mark.anyio

SCHEMES = {
    "SM2SM3": Scheme.SM2_SM3,
    "ES256": Scheme.ECDSA_P256_SHA256,
    "EdDSA": Scheme.ED25519,
    "PS256": Scheme.RSA_PSS_SHA256,
}
MATCHES = {
    "match": Match.MATCH,
    "unknown": Match.UNKNOWN,
    "mismatch": Match.DIFFERS,
    "differs": Match.DIFFERS,
}


class Books:
    """The registry: what `sandbox.registration` tells, looked up as the service would."""

    def __init__(self, world: World, now: datetime) -> None:
        self._world, self._now = world, now

    async def trust_for(self, question: TrustQuestion) -> Trust:
        body = next((b for b in self._world.registered if b.code == question.issuer), None)
        type = TYPES.get(question.type or "")
        named = {key for _, key in question.signers}
        keys = {} if body is None else self._keys(body)
        return Trust(
            issuer=None if body is None else self._issuer(body),
            type=None
            if type is None
            else LicenseType(
                code=TypeCode(type.code),
                name=type.name,
                name_en=type.name_en,
                max_status_age=timedelta(seconds=type.max_status_age),
            ),
            keys={key_id: key for key_id, key in keys.items() if key_id in named},
            mandates=() if body is None else self._mandates(body),
            endpoint=None
            if body is None
            else Endpoint(
                issuer=IssuerCode(body.code),
                speaker=Speaker.ISSUER,
                url="http://127.0.0.1/",
                answer_keys=(),
            ),
            statement=None,
        )

    def _issuer(self, body: Body) -> Issuer:
        types = frozenset(TypeCode(type) for type in body.types)
        return Issuer(IssuerCode(body.code), body.title, body.title_en, types)

    def _keys(self, body: Body) -> dict[KeyId, TrustedKey]:
        given = [d for d in self._world.delegations if d.issuer == body.code]
        owners = [body, *(self._world.body(d.delegate) for d in given)]
        return {
            KeyId(held.kid): TrustedKey(
                key_id=KeyId(held.kid),
                owner=IssuerCode(owner.code),
                scheme=SCHEMES[held.alg],
                spki=held.key.spki(),
                types=frozenset(TypeCode(type) for type in owner.types or TYPES),
                window=Window(held.not_before, held.not_after),
                revoked_at=held.revoked_at,
                status_good_until=self._now + timedelta(days=1),
            )
            for owner in owners
            for held in owner.keys
            if held.uses & {"license", "copy"}
        }

    def _mandates(self, body: Body) -> tuple[Mandate, ...]:
        return tuple(
            Mandate(
                IssuerCode(d.delegate),
                Kind(kind),
                frozenset(TypeCode(type) for type in d.types),
                Window(d.not_before, d.not_after),
            )
            for d in self._world.delegations
            if d.issuer == body.code
            for kind in d.kinds
        )


class Counter:
    """The window at which issuers are asked; counts."""

    def __init__(self, world: World, now: datetime) -> None:
        self._world, self._now = world, now
        self.calls = 0

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.calls += 1
        office = Office(self._world, self._world.body(inquiry.endpoint.issuer))
        found = office.consider(SandboxInquiry(b"", payload_of(inquiry)), self._now)
        return Answered(
            code=Code(int(found.outcome)),
            document=MATCHES[found.document],
            facts={Fact(name): MATCHES[word] for name, word in found.facts.items()},
            speaker=Speaker.ISSUER,
            signed=True,
            authenticated=False,
            as_of=self._now,
        )


def payload_of(inquiry: Inquiry) -> dict[str, Any]:
    """As docs/ivp.md writes the question."""
    claims = inquiry.claims
    until = "长期" if claims.long_term else claims.valid_until and claims.valid_until.isoformat()
    start = claims.valid_from and claims.valid_from.isoformat()
    documents = [
        {"alg": name, "value": base64.urlsafe_b64encode(value).rstrip(b"=").decode()}
        for name, value in inquiry.digests.items()
    ]
    asked = (
        {"identifier": str(inquiry.identifier)}
        if inquiry.identifier
        else {"number": claims.number, "type": inquiry.type}
    )
    return {
        **asked,
        "compare": [fact.value for fact in inquiry.compare],
        "documents": documents,
        "facts": {
            "identifier": str(inquiry.identifier),
            "type": inquiry.type,
            "number": claims.number,
            "holder": claims.holder,
            "holder_code": claims.holder_code,
            "dates": {"from": start, "until": until},
        },
    }


class Nothing:
    """Neither publishes nor keeps."""

    def publish(self, verification: Verification) -> Any:
        return verification

    async def record(self, receipt: Receipt) -> None:
        return None


async def verdict(world: World, submission: Submission) -> tuple[str, str | None, int, set[str]]:
    """Conclusion, reason, calls, and the reasons of all evidence."""
    now = datetime.now(UTC)
    issuers = Counter(world, now)
    verifier = Verifier(
        registry=Books(world, now),
        issuers=issuers,
        publisher=Nothing(),
        journal=Nothing(),
        clock=lambda: now,
    )
    try:
        done: Any = await verifier.verify(submission)
    except UnrecognisedFormat:
        return REFUSED, "unrecognised", issuers.calls, set()
    reason = done.verdict.reason
    reasons = {e.reason.value for e in done.evidence if e.reason is not None}
    return done.verdict.conclusion.value, reason and reason.value, issuers.calls, reasons


@pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)
async def test_an_attack_fails_for_its_reason_and_its_twin_is_valid(
    world: World, attack: Attack
) -> None:
    genuine = await verdict(world, Submission(content=attack.twin(world)))
    assert genuine[:3] == ("valid", None, 1), "the twin must be valid"
    *told, reasons = await verdict(world, Submission(content=attack.make(world)))
    assert told == [attack.conclusion, attack.reason, int(attack.asks)]
    assert attack.gap is None or attack.gap in reasons


async def test_every_sample_gets_the_verdict_it_is_written_for(world: World) -> None:
    for sample in make_samples(world):
        submission = (
            Submission(stated=claims_of(sample.facts))
            if sample.facts is not None
            else Submission(content=sample.content)
        )
        conclusion, reason, _, _ = await verdict(world, submission)
        assert (conclusion, reason) == (sample.conclusion, sample.reason), sample.name


def claims_of(facts: dict[str, Any]) -> Claims:
    identifier = facts.get("identifier")
    return Claims(
        identifier=Identifier.read(identifier) if identifier else None,
        type=TypeCode(facts["type"]),
        issuer=IssuerCode(facts["issuer"]),
        number=facts["number"],
        holder=facts.get("holder"),
        holder_code=facts.get("holder_code"),
    )
