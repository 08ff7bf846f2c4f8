"""What is asked of an issuer, and what it can say. 谁制发、谁核验."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import IntEnum, StrEnum

from app.domain.identifier import Identifier, IssuerCode, TypeCode
from app.domain.license import Claims, Fact, KeyId
from app.domain.scheme import Scheme


class Code(IntEnum):
    """GB/T 36906 result codes of 证照信息验证."""

    IN_FORCE = 0
    NOT_YET = 1
    SUSPENDED = 2
    ENDED = 3
    INSUFFICIENT = 4
    NO_RECORD = 5
    DIFFERS = 6
    PARTIAL = 7


class State(StrEnum):
    """证照状态: what happened to a license, in the words of the statutes."""

    ISSUED = "issued"
    SUSPENDED = "suspended"
    """暂扣: an interval, reversible."""
    EXPIRED = "expired"
    """失效: the term ended and was not renewed."""
    ANNULLED = "annulled"
    """撤销: void from the beginning (行政许可法 69)."""
    WITHDRAWN = "withdrawn"
    """撤回: ended by a change of law or circumstances (行政许可法 8)."""
    REVOKED = "revoked"
    """吊销: ended as a penalty."""
    CANCELLED = "cancelled"
    """注销: formally deregistered (行政许可法 70)."""
    SUPERSEDED = "superseded"
    """变更、换发、延续、补发: another license took its place."""
    VOID = "void"
    """作废: declared lost or void."""


class Match(StrEnum):
    """How something of ours compares with the issuer's own."""

    MATCH = "match"
    UNKNOWN = "unknown"
    """Not compared; never counts as a match."""
    DIFFERS = "differs"


class Speaker(StrEnum):
    """Whose endpoint and key spoke. Taken from the registry's route, never from the answer."""

    ISSUER = "issuer"
    DELEGATE = "delegate"
    """Named by the issuer to answer for this type."""
    UPSTREAM = "upstream"
    """Type owner, region or another node: it repeats what it was told."""


class Rule(StrEnum):
    """By which rule a question goes where it goes, the closest to the issuer first (design §8)."""

    ISSUER = "issuer"
    """颁发机构 in the identifier has an endpoint of its own."""
    SUCCESSOR = "successor"
    """承继机构: who took over from it."""
    DELEGATE = "delegate"
    """Named by it to answer for the type."""
    SEAL_OWNER = "seal_owner"
    """谁签章、谁核验: the body whose organisation code the seal's certificate bears."""
    TYPE_OWNER = "type_owner"
    """证照类型定义机构: the first 18 characters of the type code."""
    REGION = "region"
    """The platform of the region, by the longest prefix of GB/T 2260."""
    UPSTREAM = "upstream"
    """The node above this one."""


class PeerScope(StrEnum):
    """What another node may do here."""

    ASK = "ask"
    """Ask on its own behalf."""
    RELAY = "relay"
    """Hand on the questions of others."""


class EndpointKind(StrEnum):
    """For whom a body answers at an endpoint."""

    ISSUER = "issuer"
    """For itself, and for those who named it their delegate or successor."""
    TYPE_OWNER = "type_owner"
    """For everybody who issues the types it defined."""
    REGION = "region"
    """For the issuers of a region."""
    UPSTREAM = "upstream"
    """For everybody."""


class Adapter(StrEnum):
    """How an endpoint is spoken to."""

    IVP = "ivp"
    """IVP/1 (docs/ivp.md): signed questions, signed answers."""
    MAPPED = "mapped"
    """A JSON endpoint of others, described as data; its answers are unsigned."""
    SHARE_GATEWAY = "share-gateway"
    """证照共享服务接口 behind an exchange platform (数据共享交换平台); its answers are unsigned."""


@dataclass(frozen=True, slots=True)
class AnswerKey:
    """A key whose signature on an answer counts."""

    key_id: KeyId
    scheme: Scheme
    spki: bytes


@dataclass(frozen=True, slots=True)
class HomeKeys:
    """Keys of a body that may answer in the issuer's name, for answers that others hand on."""

    body: IssuerCode
    speaker: Speaker
    keys: tuple[AnswerKey, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a question goes, and the bounds within which an answer is awaited."""

    issuer: IssuerCode
    """Whose endpoint it is; `iss` of its answers and `aud` of our questions."""
    speaker: Speaker
    url: str
    """The registry's; never a document's."""
    answer_keys: tuple[AnswerKey, ...]
    networks: tuple[str, ...] = ()
    """CIDR networks, other than public addresses, that the operator opened for this entry."""
    deadline: timedelta = timedelta(seconds=3)
    max_answer: int = 64 * 1024
    """Bytes."""
    max_in_flight: int = 20
    encryption_jwk: str | None = None
    """JSON of the issuer's public key for holder facts; None: facts travel only in private."""
    adapter: Adapter = Adapter.IVP
    description: str | None = None
    """JSON: what is sent and how an answer is read, where the adapter is told by data."""
    rule: Rule = Rule.ISSUER
    """Why the question goes here."""
    matched: str = ""
    """What of the question that rule went by: a code, or the prefix of one."""
    home_keys: tuple[HomeKeys, ...] = ()
    """Of the issuer and its delegates for answers: their word counts, whoever hands it on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relaying:
    """Whose question is asked on: the first asker's own words, and the way they came."""

    asked: bytes = field(repr=False)
    """The first asker's whole inquiry, as received."""
    asker: str
    """Its node, to whom the issuer's answer is addressed."""
    via: tuple[str, ...]
    """Nodes passed so far, the first asker first; without this one."""
    until: datetime
    """When the first asker stops listening: no question on its behalf outlives its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """A question worth sending. Lives for one request; the claims are never stored."""

    endpoint: Endpoint
    identifier: Identifier | None
    type: TypeCode | None
    claims: Claims = field(repr=False)
    compare: frozenset[Fact]
    digests: Mapping[str, bytes]
    """Digest name → digest of the whole file; empty when there is no file."""
    purpose: str
    at: datetime | None
    code: str | None = field(default=None, repr=False)
    """Of an official address, where nothing but the issuer's own code names the license."""
    seal: str | None = None
    """印章标识, where a seal is asked about."""
    certificate: str | None = None
    """Serial number of the seal owner's certificate, hexadecimal."""
    max_age: timedelta = timedelta(0)
    """How old an answer may be: the least of what type, policy and caller allow. 0: live only."""
    told_at: datetime | None = None
    """When a status of it was last pushed here: what was answered before is not repeated."""
    relaying: Relaying | None = None
    """Asked on behalf of another node."""


class Source(StrEnum):
    """Where an answer comes from."""

    LIVE = "live"
    CACHED = "cached"
    """Given to this node a moment ago, to the same question."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """An answer that echoes our question; any other is `Unreachable`."""

    code: Code
    document: Match
    facts: Mapping[Fact, Match]
    speaker: Speaker
    signed: bool
    """The signature held, by a key registered for the speaker."""
    authenticated: bool
    """The channel proved whose it is: server certificate checked, or HMAC."""
    as_of: datetime
    next_update: datetime | None = None
    state: State | None = None
    since: date | None = None
    until: date | None = None
    successor: Identifier | None = None
    token: str = ""
    """The answer as received, kept as the issuer's word; empty where it came unsigned."""
    source: Source = Source.LIVE
    received_at: datetime | None = None
    """When it came in; None: not noted."""
    relayed_by: IssuerCode | None = None
    """Who handed on the issuer's own signed answer."""
    original: str = field(default="", repr=False)
    """The issuer's own answer over the first asker's question, to be handed on as it is."""
    algorithms: tuple[Scheme, ...] = ()
    """Of every signature it came under, a relay's too; empty: unsigned, or not noted."""

    @property
    def authoritative(self) -> bool:
        """From the issuer or its delegate for answers, over its own signature."""
        return self.signed and self.speaker is not Speaker.UPSTREAM

    @property
    def matching(self) -> frozenset[Fact]:
        return frozenset(f for f, said in self.facts.items() if said is Match.MATCH)

    @property
    def contradicts(self) -> bool:
        """Says one thing about the license and another about this file or these facts."""
        return Match.DIFFERS in (self.document, *self.facts.values())

    @property
    def says_no(self) -> bool:
        """To the license, this file or these facts; to know no record is no such word."""
        against = {Code.NOT_YET, Code.SUSPENDED, Code.ENDED, Code.DIFFERS}
        return self.code in against or self.contradicts


class Silence(StrEnum):
    """Why there is no usable answer. For operators; none of them counts against a license."""

    TIMEOUT = "timeout"
    CONNECTION = "connection"
    FORBIDDEN_ADDRESS = "forbidden_address"
    STATUS = "status"
    MEDIA_TYPE = "media_type"
    ENCODING = "encoding"
    OVERSIZED = "oversized"
    MALFORMED = "malformed"
    SIGNATURE = "signature"
    WRONG_QUESTION = "wrong_question"
    WRONG_PARTY = "wrong_party"
    CLOCK = "clock"
    BUSY = "busy"
    PRIVATE_FACTS = "private_facts"
    """The facts may not travel to this endpoint: neither encrypted nor in private."""
    RESTING = "resting"
    """It has not answered of late, or asks for a pause, and is left in peace for a moment."""
    HOPS = "hops"
    """The question has come round, or has been handed on too often."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """Asked, and no usable answer came."""

    why: Silence
    detail: str = ""
    sent: bool = True
    """Whether the question may have reached anybody: only where not, it is safe to ask again."""


class Unasked(StrEnum):
    """Why nobody was asked."""

    BROKEN = "broken"
    """The document fails by itself."""
    NO_ENDPOINT = "no_endpoint"
    OFFLINE = "offline"
    NO_QUESTION = "no_question"
    """Nothing that names a license was found."""


@dataclass(frozen=True, slots=True)
class NotAsked:
    """Nobody was asked, and why."""

    why: Unasked


IssuerAnswer = Answered | Unreachable | NotAsked


@dataclass(frozen=True, slots=True)
class Statement:
    """The status as the issuer last told it unasked: a pushed change, an import."""

    code: Code
    signed: bool
    as_of: datetime
    since: datetime | None = None
    """From when the state holds; None: from before anything we could be asked about. It may be told
    ahead: until then it says nothing."""
    scheme: Scheme | None = None
    """By which it was signed and verified; None: not noted, as of all that older versions kept."""

    def __post_init__(self) -> None:
        if self.code > Code.ENDED:
            raise ValueError(f"{self.code!r} is an answer, not a status")

    @property
    def in_force(self) -> bool:
        return self.code is Code.IN_FORCE

    def holds_at(self, at: datetime) -> bool:
        """Whether it speaks of that time."""
        return self.since is None or self.since <= at

    def withdraws(self, answer: Answered, at: datetime) -> bool:
        """A replayed or unsigned answer must not undo a withdrawal the issuer signed."""
        weaker = not answer.authoritative or self.as_of > answer.as_of
        return self.signed and not self.in_force and weaker and self.holds_at(at)
