"""A world in memory: an issuer that signs and answers as told, a registry, a journal.

Untouched, it makes a good document valid; every negative changes one thing in it.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.domain.evidence import Role
from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.issuer import (
    Answered,
    Code,
    Endpoint,
    Inquiry,
    IssuerAnswer,
    Match,
    Speaker,
)
from app.domain.license import Fact, KeyId
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

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
FOREVER = datetime.max.replace(tzinfo=UTC)
OPEN = Window(NOW - 900 * DAY, NOW + 900 * DAY)
PAST = Window(NOW - 900 * DAY, NOW - DAY)
ISSUER = IssuerCode("11630000MB0000019J")
DELEGATE = IssuerCode("630100")
PLATFORM = IssuerCode("630001")
OTHER = IssuerCode("630200")
IDENTIFIER = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000001.001.B"
)
FOREIGN = Identifier.read(
    "1.2.156.3005.2.11100000MB03271699001.11630000MB0000019J.2024000002.001.0"
)
TYPE = IDENTIFIER.type
KEYS = {
    kid: Ed25519PrivateKey.from_private_bytes(bytes([i]) * 32)
    for i, kid in enumerate(("issuer", "delegate", "platform", "other", "stranger"), 1)
}
OWNERS = {"issuer": ISSUER, "delegate": DELEGATE, "platform": PLATFORM, "other": OTHER}
PAGE: Mapping[str, object] = {
    "iss": ISSUER,
    "iat": int((NOW - 9 * DAY).timestamp()),
    "identifier": str(IDENTIFIER),
    "number": "N-1",
    "holder": {"name": "青海样例有限公司", "code": "91630000M000100Y43", "code_type": "001"},
    "valid_from": "2024-01-01",
    "valid_until": "2027-01-01",
}
ALL_FACTS = frozenset(Fact)


def b64(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode()


def token(
    kid: str = "issuer",
    page: Mapping[str, object] = PAGE,
    *,
    alg: str = "EdDSA",
    typ: str = "license+jwt",
    without: str = "",
    **changes: object,
) -> bytes:
    """A license token signed by one of KEYS; `changes` replace members of the payload."""
    payload = {k: v for k, v in {**page, **changes}.items() if k != without}
    head = b64(json.dumps({"typ": typ, "alg": alg, "kid": kid}).encode())
    body = b64(json.dumps(payload, ensure_ascii=False).encode())
    signed = f"{head}.{body}"
    return f"{signed}.{b64(KEYS[kid].sign(signed.encode()))}".encode()


def altered(content: bytes) -> bytes:
    """The same token with another signature value of the same shape."""
    head, body, tail = content.split(b".")
    return b".".join((head, body, (b"B" if tail[:1] == b"A" else b"A") + tail[1:]))


def key(kid: str) -> TrustedKey:
    spki = KEYS[kid].public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return TrustedKey(
        key_id=KeyId(kid),
        owner=OWNERS[kid],
        scheme=Scheme.ED25519,
        spki=spki,
        types=frozenset({TYPE}),
        window=OPEN,
        status_good_until=FOREVER,
    )


ENDPOINT = Endpoint(
    issuer=ISSUER, speaker=Speaker.ISSUER, url="https://issuer.example/verify", answer_keys=()
)
TRUST = Trust(
    issuer=Issuer(ISSUER, "青海样例局", "Qinghai Sample Bureau", frozenset({TYPE})),
    type=LicenseType(code=TYPE, name="样例证", name_en="Sample license", max_status_age=HOUR),
    keys={KeyId(kid): key(kid) for kid in OWNERS},
    mandates=(
        Mandate(DELEGATE, Kind.ORIGINAL, frozenset({TYPE}), OPEN),
        Mandate(PLATFORM, Kind.COPY, frozenset({TYPE}), OPEN),
    ),
    endpoint=ENDPOINT,
    statement=None,
)
IN_FORCE = Answered(
    code=Code.IN_FORCE,
    document=Match.UNKNOWN,
    facts={},
    speaker=Speaker.ISSUER,
    signed=True,
    authenticated=True,
    as_of=NOW,
)
CONFIRMED = replace(IN_FORCE, document=Match.MATCH)


def said(*matching: Fact) -> dict[Fact, Match]:
    """What an issuer says of these facts when all match."""
    return dict.fromkeys(matching, Match.MATCH)


COMPARED = replace(IN_FORCE, facts=said(*(ALL_FACTS - {Fact.IDENTIFIER})))


def with_key(kid: str = "issuer", **changes: object) -> Trust:
    changed = replace(TRUST.keys[KeyId(kid)], **changes)  # type: ignore[arg-type]
    return replace(TRUST, keys={**TRUST.keys, KeyId(kid): changed})


def with_type(**changes: object) -> Trust:
    assert TRUST.type is not None
    return replace(TRUST, type=replace(TRUST.type, **changes))  # type: ignore[arg-type]


def with_mandate(
    kind: Kind, window: Window = OPEN, types: frozenset[TypeCode] = frozenset({TYPE})
) -> Trust:
    """The delegate's only mandate from the issuer."""
    return replace(TRUST, mandates=(Mandate(DELEGATE, kind, types, window),))


COSIGNED = replace(
    with_type(roles=frozenset({Role.ISSUER, Role.COUNTERSIGNER})),
    mandates=(Mandate(OTHER, Kind.COUNTERSIGN, frozenset({TYPE}), OPEN),),
)


@dataclass
class World:
    """Registry, issuers, publisher and journal in one."""

    trust: Trust = TRUST
    answer: IssuerAnswer = IN_FORCE
    questions: list[TrustQuestion] = field(default_factory=list)
    asked: list[Inquiry] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)

    async def trust_for(self, question: TrustQuestion) -> Trust:
        self.questions.append(question)
        return self.trust

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked.append(inquiry)
        return self.answer

    def publish(self, verification: Verification) -> Receipt:
        return Receipt(verification, {}, b"{}", "", None)

    async def record(self, receipt: Receipt) -> None:
        self.receipts.append(receipt)

    def verifier(self) -> Verifier:
        return Verifier(
            registry=self, issuers=self, publisher=self, journal=self, clock=lambda: NOW
        )

    async def verify(self, content: bytes, **terms: object) -> Verification:
        submission = Submission(content=content, **terms)  # type: ignore[arg-type]
        return (await self.verifier().verify(submission)).verification


def told(verification: Verification) -> str:
    """Conclusion and reason, as one line."""
    verdict = verification.verdict
    return f"{verdict.conclusion} {verdict.reason or ''}".strip()
