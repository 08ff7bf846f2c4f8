"""Histories of two nodes and an issuer, in virtual time, from a seed.

Node A has the issuer's endpoint; node B asks through A. Both run what the service runs: `Verifier`,
`ResilientIssuers` (one for each of two workers), questions composed, signed, answered by a relay
(`Answering`) and read under the keys registered that day. What is made up: the issuer with its
books, the network between, and the registries, which hold what was written to them.

Held in every history:

* no `valid` later than the age limit after the books said otherwise;
* after a withdrawal pushed to a node, no `valid` there at all until the books say otherwise;
* no `invalid` for a license that was in force as long as an answer may be repeated;
* no `valid` on an answer under a key whose revocation is registered;
* when all is mended and two minutes have passed, every license is what the books say (the twin).
"""

import asyncio
import hashlib
import json
import random
import secrets
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from app.crypto.jose import JsonLimits, read_json_object, split_compact
from app.domain.codes import mod_37_36
from app.domain.identifier import ROOT, Identifier, IssuerCode
from app.domain.issuer import (
    Answered,
    AnswerKey,
    Code,
    Endpoint,
    HomeKeys,
    Inquiry,
    IssuerAnswer,
    PeerScope,
    Rule,
    Silence,
    Speaker,
    Statement,
    Unreachable,
)
from app.domain.license import KeyId
from app.domain.scheme import Scheme
from app.domain.standing import Standing
from app.domain.trust import Trust, TrustQuestion
from app.domain.verdict import Conclusion
from app.domain.verification import Receipt, Submission, Verification
from app.federation.answer import read_signed
from app.federation.inquiries import InquiryRefused
from app.federation.resilience import NEGATIVE, ResilientIssuers
from app.federation.wire import FactsNotPrivate, NothingToAsk, compose
from app.registry.peers import Peer
from app.services.answering import Answering
from app.services.verify import Verifier
from tests.federation.virtual import monotonic, now
from tests.world import ISSUER, KEYS, TRUST, TYPE, b64, token

AGE = timedelta(minutes=5)
"""Of the license type: the age limit."""
SKEW = timedelta(seconds=60)
"""Said less than this ago is said now (`Terms.live`)."""
SLACK = timedelta(seconds=5)
"""Whole seconds in tokens, and the time a verification takes."""
BODY_A = IssuerCode("630000")
DEADLINE = timedelta(seconds=3)


def identifier(number: int) -> Identifier:
    serial, version = f"H{number:04d}", "001"
    return Identifier(
        ROOT, TYPE, ISSUER, serial, version, mod_37_36(TYPE + ISSUER + serial + version)
    )


def _spki(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


@dataclass(frozen=True)
class Held:
    """A signing key; fits `crypto.signing.Signer`."""

    kid: str
    key: Ed25519PrivateKey = field(repr=False)
    scheme: Scheme = Scheme.ED25519

    @property
    def public_jwk(self) -> dict[str, str]:
        x = urlsafe_b64encode(self.key.public_key().public_bytes_raw()).rstrip(b"=")
        return {"kty": "OKP", "crv": "Ed25519", "x": x.decode(), "kid": self.kid}

    @property
    def answer_key(self) -> AnswerKey:
        return AnswerKey(KeyId(self.kid), self.scheme, _spki(self.key))

    def sign(self, message: bytes) -> bytes:
        return self.key.sign(message)

    def signer(self) -> "Held":
        return self


def held(kid: str) -> Held:
    return Held(kid, Ed25519PrivateKey.from_private_bytes(hashlib.sha256(kid.encode()).digest()))


NODE_A, NODE_B, RELAY = held("node-a-key"), held("node-b-key"), held("relay-key")


@dataclass
class Books:
    """What is true: for each license the codes it had, and from when."""

    entries: dict[str, list[tuple[datetime, Code]]] = field(default_factory=dict)

    def change(self, id: str, code: Code) -> None:
        self.entries.setdefault(id, []).append((now(), code))

    def at(self, id: str, at: datetime) -> Code:
        found = [code for since, code in self.entries[id] if since <= at]
        return found[-1] if found else Code.NO_RECORD

    def during(self, id: str, since: datetime, until: datetime) -> set[Code]:
        inside = {code for at, code in self.entries[id] if since <= at <= until}
        return inside | {self.at(id, since)}


@dataclass
class Office:
    """The issuer: its keys, its replica that may lag, and the mischief on the way to it."""

    books: Books
    signing: Held = field(default_factory=lambda: held("answer-1"))
    count: int = 1
    lag: timedelta = timedelta(0)
    mischief: str = ""
    earlier: list[bytes] = field(default_factory=list)

    def answer(self, question: bytes) -> bytes:
        """Over the first asker's question, whoever brought it (docs/ivp.md)."""
        asked = _payload(question)
        if "asked" in asked:
            question = asked["asked"].encode()
            asked = _payload(question)
        as_of = now() - self.lag
        code = self.books.at(asked["identifier"], as_of)
        said = {
            "iss": ISSUER,
            "aud": asked["iss"],
            "iat": int(now().timestamp()),
            "inquiry": b64(hashlib.sha256(question).digest()),
            "identifier": asked["identifier"],
            "outcome": int(code),
            "document": "unknown",
            "facts": {},
            "as_of": int(as_of.timestamp()),
        }
        made = self._sign(said, self.signing)
        made, kept = self._spoil(said, made), made
        self.earlier = [*self.earlier[-9:], kept]
        return made

    def _spoil(self, said: dict[str, Any], made: bytes) -> bytes:
        match self.mischief:
            case "stranger":
                return self._sign(
                    {**said, "outcome": 0}, replace(held("stranger"), kid=self.signing.kid)
                )
            case "replay" if self.earlier:
                return self.earlier[0]
            case "flip":
                head, _, tail = made.split(b".")
                forged = b64(json.dumps({**said, "outcome": 0}).encode()).encode()
                return b".".join((head, forged, tail))
            case "garbage":
                return b"<html>login</html>"
            case "another question":
                return self._sign({**said, "inquiry": b64(bytes(32)), "outcome": 0}, self.signing)
        return made

    @staticmethod
    def _sign(said: dict[str, Any], key: Held) -> bytes:
        head = {"typ": "ivp-answer+jwt", "alg": "EdDSA", "kid": key.kid}
        signed = ".".join(b64(json.dumps(part).encode()) for part in (head, said))
        return f"{signed}.{b64(key.sign(signed.encode()))}".encode()


def _payload(question: bytes) -> dict[str, Any]:
    return read_json_object(split_compact(question).payload, JsonLimits(size=1 << 16))


@dataclass
class Registry:
    """What one node has registered, with the answer keys it knows of."""

    home: bool
    """It has the issuer's endpoint."""
    keys: dict[str, tuple[AnswerKey, datetime | None]] = field(default_factory=dict)
    """Name → key, and when it was revoked."""
    statements: dict[str, list[Statement]] = field(default_factory=dict)
    told: dict[str, datetime] = field(default_factory=dict)

    async def trust_for(self, question: TrustQuestion) -> Trust:
        id = str(question.identifier)
        said = sorted(self.statements.get(id, []), key=lambda s: (s.as_of, s.code))
        live = tuple(key for key, revoked in self.keys.values() if revoked is None)
        assert TRUST.type is not None
        return replace(
            TRUST,
            type=replace(TRUST.type, max_status_age=AGE),
            endpoint=self._endpoint(live),
            statement=said[-1] if said else None,
            told_at=self.told.get(id),
        )

    def _endpoint(self, live: tuple[AnswerKey, ...]) -> Endpoint:
        bounds: dict[str, Any] = {"networks": (), "deadline": DEADLINE}
        if self.home:
            return Endpoint(
                issuer=ISSUER,
                speaker=Speaker.ISSUER,
                url="https://i.example/",
                answer_keys=live,
                **bounds,
            )
        return Endpoint(
            issuer=BODY_A,
            speaker=Speaker.UPSTREAM,
            url="https://a.example/",
            answer_keys=(RELAY.answer_key,),
            rule=Rule.REGION,
            home_keys=(HomeKeys(ISSUER, Speaker.ISSUER, live),) if live else (),
            **bounds,
        )

    async def find(self, node: str, kid: str, at: datetime) -> Peer | None:
        del at
        known = (node, kid) == ("node-b", NODE_B.kid)
        return Peer(NODE_B.answer_key, frozenset(PeerScope)) if known else None

    async def known(self, node: str) -> bool:
        return node == "node-b"

    async def once(self, node: str, jti: str, *, expires: datetime, now: datetime) -> bool:
        del node, jti, expires, now
        return True

    async def standing(self, id: Identifier, at: datetime) -> Standing:
        del id, at
        return Standing()


Carry = Callable[[bytes], Awaitable[bytes]]


@dataclass
class Line:
    """Plays `HttpIssuers` over a network that is a function."""

    node: str
    signer: Held
    carry: Carry
    cut: bool = False
    asked: int = 0

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        self.asked += 1
        try:
            question = compose(
                inquiry,
                node=self.node,
                signer=self.signer,
                now=now(),
                jti=secrets.token_urlsafe(16),
                private=True,
            )
        except (FactsNotPrivate, NothingToAsk):
            return Unreachable(Silence.PRIVATE_FACTS)
        try:
            async with asyncio.timeout(inquiry.endpoint.deadline.total_seconds()):
                if self.cut:
                    await asyncio.sleep(3600)
                body = await self.carry(question.token)
        except TimeoutError:
            return Unreachable(Silence.TIMEOUT, "deadline")
        except InquiryRefused as refused:
            return Unreachable(Silence.STATUS, str(refused.status))
        return read_signed(body, question, inquiry.endpoint, now=now(), authenticated=True)

    async def aclose(self) -> None:
        return


@dataclass
class Node:
    """Two workers over one registry."""

    registry: Registry
    line: Line
    chance: random.Random
    workers: list[ResilientIssuers] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.workers = [self._worker() for _ in range(2)]

    def _worker(self) -> ResilientIssuers:
        return ResilientIssuers(
            inner=self.line, clock=now, monotonic=monotonic, jitter=self.chance.random
        )

    def restart(self, worker: int) -> None:
        self.workers[worker] = self._worker()

    async def verify(self, id: str, worker: int, age: timedelta | None) -> Verification:
        verifier = Verifier(
            registry=self.registry,
            issuers=self.workers[worker],
            publisher=self,
            journal=self,
            clock=now,
        )
        content = token(identifier=id)  # the same file each time: the same question
        receipt = await verifier.verify(Submission(content=content, max_status_age=age))
        return receipt.verification

    def publish(self, verification: Verification) -> Receipt:
        return Receipt(verification, {}, b"{}", "", None)

    async def record(self, receipt: Receipt) -> None:
        del receipt


class Wrong(AssertionError):
    """A history in which something held that must not, or the reverse; names the seed."""


@dataclass
class History:
    """One run; `play` raises `Wrong`."""

    seed: int
    seen: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)
        self.books = Books()
        self.office = Office(self.books)
        self.pushed: dict[tuple[str, str], datetime] = {}
        first = self.office.signing.answer_key
        registry_a, registry_b = (
            Registry(home, {"answer-1": (first, None)}) for home in (True, False)
        )
        self.a = Node(registry_a, Line("node-a", NODE_A, self._to_issuer), self.chance)
        self.b = Node(registry_b, Line("node-b", NODE_B, self._to_relay), self.chance)
        self.nodes = {"a": self.a, "b": self.b}
        self.answering = Answering(
            body=BODY_A,
            node="node-a",
            peers=registry_a,
            registry=registry_a,
            records=registry_a,
            issuers=self.a.workers[0],
            keys=RELAY,  # type: ignore[arg-type]
            note=self._noted,
            clock=now,
        )

    async def _noted(self, asked: object, said: object, at: datetime) -> None:
        del asked, said, at

    async def _to_issuer(self, question: bytes) -> bytes:
        await asyncio.sleep(self.chance.choice((0.02, 0.2, 1.0)))
        if self.office.mischief == "silent":
            await asyncio.sleep(3600)
        return self.office.answer(question)

    async def _to_relay(self, question: bytes) -> bytes:
        await asyncio.sleep(0.02)
        relay = replace(self.answering, issuers=self.a.workers[self.chance.randrange(2)])
        return await relay.answer(question)

    async def play(self, steps: int = 30) -> None:
        self._issue()
        for _ in range(steps):
            acts, weights = zip(*ACTS.items(), strict=True)
            name = self.chance.choices(acts, weights)[0]
            self.seen[name] += 1
            await getattr(self, f"_{name}")()
        await self._mended()

    # ---- acts

    def _any(self) -> str:
        return self.chance.choice(sorted(self.books.entries))

    def _issue(self) -> None:
        id = str(identifier(len(self.books.entries)))
        self.books.entries.setdefault(id, [(now() - timedelta(days=1), Code.IN_FORCE)])

    async def _issue_one(self) -> None:
        self._issue()

    async def _wait(self) -> None:
        await asyncio.sleep(self.chance.choice((0.5, 5, 12, 45, 70, 200, 400)))

    async def _change(self) -> None:
        codes = (Code.ENDED, Code.ENDED, Code.SUSPENDED, Code.IN_FORCE)
        self.books.change(self._any(), self.chance.choice(codes))

    async def _push(self) -> None:
        """The issuer's signed word of now arrives at one node, and is acknowledged."""
        id, name = self._any(), self.chance.choice("ab")
        registry, code = self.nodes[name].registry, self.books.at(id, now())
        registry.statements.setdefault(id, []).append(Statement(code, signed=True, as_of=now()))
        registry.told[id] = now()
        if code is Code.IN_FORCE:
            self.pushed.pop((name, id), None)
        else:
            self.pushed[name, id] = now()

    async def _revoke_and_push(self) -> None:
        id = self._any()
        self.books.change(id, Code.ENDED)
        for name, node in self.nodes.items():
            node.registry.statements.setdefault(id, []).append(
                Statement(Code.ENDED, signed=True, as_of=now())
            )
            node.registry.told[id] = now()
            self.pushed[name, id] = now()

    async def _rotate(self) -> None:
        """A new key: told to one node, used, told to the other, in an order of chance."""
        self.office.count += 1
        new = held(f"answer-{self.office.count}")
        acts: list[Callable[[], None]] = [
            lambda: self.a.registry.keys.update({new.kid: (new.answer_key, None)}),
            lambda: self.b.registry.keys.update({new.kid: (new.answer_key, None)}),
            lambda: setattr(self.office, "signing", new),
        ]
        self.chance.shuffle(acts)
        for act in acts:
            act()
            for _ in range(self.chance.randrange(3)):
                await self._verify()

    async def _revoke_key(self) -> None:
        """An old key, or the one in use; nodes hear of it one after the other."""
        names = list(self.a.registry.keys)
        name = self.chance.choice(names)
        for node in self.chance.sample([self.a, self.b], 2):
            if name in node.registry.keys:
                node.registry.keys[name] = (node.registry.keys[name][0], now())
            await self._verify()

    async def _lag(self) -> None:
        self.office.lag = timedelta(seconds=self.chance.choice((0, 0, 20, 100, 250)))

    async def _mischief(self) -> None:
        self.office.mischief = self.chance.choice(MISCHIEF)

    async def _cut(self) -> None:
        line = self.chance.choice((self.a, self.b)).line
        line.cut = not line.cut

    async def _restart(self) -> None:
        self.chance.choice((self.a, self.b)).restart(self.chance.randrange(2))

    async def _crowd(self) -> None:
        await asyncio.gather(*(self._verify() for _ in range(4)))

    async def _race(self) -> None:
        """A withdrawal becomes known while a verification is on its way."""
        await asyncio.gather(self._verify(), self._verify(), self._revoke_and_push())

    async def _long_after(self) -> None:
        """Withdrawn, asked about, back in force, and asked about when that is old news."""
        name, id = self.chance.choice("ab"), self._any()
        self.books.change(id, Code.SUSPENDED)
        await self._judged(name, id)
        self.books.change(id, Code.IN_FORCE)
        for _ in range(2):
            await asyncio.sleep(400)
            await self._judged(name, id)

    async def _verify(self) -> None:
        name = self.chance.choice("ab")
        age = self.chance.choice((None, None, None, timedelta(0), timedelta(seconds=30)))
        await self._judged(name, self._any(), age)

    # ---- what is held

    async def _judged(self, name: str, id: str, age: timedelta | None = None) -> Verification:
        begun = now()
        pushed = self.pushed.get((name, id))
        done = await self.nodes[name].verify(id, self.chance.randrange(2), age)
        said = done.verdict.conclusion
        self.seen[said.value] += 1
        limit = max(min(AGE, AGE if age is None else age), SKEW) + SLACK
        true = self.books.during(id, begun - limit, now())
        if said is Conclusion.VALID:
            self._require(Code.IN_FORCE in true, f"valid at {name}, withdrawn before the age limit")
            withdrawn = pushed is not None and self.books.during(id, pushed, now()) <= WITHDRAWN
            self._require(not withdrawn, f"valid at {name} after an acknowledged withdrawal")
            self._key_counts(name, done, begun)
        if said is Conclusion.INVALID:
            # A negative counts at any age: the replica's lag, and the ten seconds of the memory.
            heard = self.books.during(id, begun - AGE - SLACK - NEGATIVE, now())
            self._require(bool(heard & WITHDRAWN), f"invalid at {name}, in force throughout")
        return done

    def _key_counts(self, name: str, done: Verification, begun: datetime) -> None:
        if isinstance(done.answer, Answered) and done.answer.token:
            self.seen[f"by {done.answer.source}"] += 1
            self.seen[f"relayed {done.answer.relayed_by is not None}"] += 1
            kid = split_compact(done.answer.token.encode()).kid
            key = self.nodes[name].registry.keys.get(kid)
            known = key is not None and (key[1] is None or key[1] >= begun)
            self._require(known, f"valid at {name} under a key that counts no more")

    async def _mended(self) -> None:
        """The network whole, the issuer itself, all keys told: everything is what it is."""
        self.office.mischief, self.office.lag = "", timedelta(0)
        self.office.count += 1
        self.office.signing = held(f"answer-{self.office.count}")
        for node in (self.a, self.b):
            node.line.cut = False
            node.registry.keys[self.office.signing.kid] = (self.office.signing.answer_key, None)
        await asyncio.sleep(120)
        for name in "ab":
            for id in sorted(self.books.entries):
                done = await self._judged(name, id, timedelta(0))
                if done.verdict.conclusion is Conclusion.INDETERMINATE:  # a probe goes first
                    await asyncio.sleep(60)
                    done = await self._judged(name, id, timedelta(0))
                in_force = self.books.at(id, now()) is Code.IN_FORCE
                expected = Conclusion.VALID if in_force else Conclusion.INVALID
                text = f"{done.verdict.conclusion} ({done.verdict.reason}) at {name} when mended"
                self._require(done.verdict.conclusion is expected, text)
                self.seen["mended"] += 1

    def _require(self, holds: bool, text: str) -> None:
        if not holds:
            raise Wrong(f"seed {self.seed}, at {now():%H:%M:%S}: {text}")


WITHDRAWN = {Code.ENDED, Code.SUSPENDED}
MISCHIEF = ("", "", "silent", "stranger", "replay", "flip", "garbage", "another question")
ACTS = {
    "verify": 30,
    "wait": 18,
    "change": 8,
    "push": 6,
    "revoke_and_push": 3,
    "rotate": 4,
    "revoke_key": 2,
    "lag": 3,
    "mischief": 6,
    "cut": 3,
    "restart": 4,
    "crowd": 4,
    "race": 2,
    "issue_one": 2,
    "long_after": 1,
}
assert KEYS
