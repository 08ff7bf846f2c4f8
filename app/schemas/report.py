"""The published report, member by member: what `POST` and `GET /v1/verifications` answer.

What `app.reports.report_of` makes is exactly this: a test holds them together in both directions.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from app.domain.certificate import Chain, RevocationState
from app.domain.cms import CmsContent, CmsDeviation, CmsFamily
from app.domain.evidence import CheckName, Outcome, Role
from app.domain.invoice import InvoiceFact, InvoicePlace
from app.domain.issuer import Match, Rule, Silence, Source, Speaker, State, Unasked
from app.domain.layers import Layer
from app.domain.license import Fact, LicenseFormat
from app.domain.ofd import PartKind
from app.domain.pdf import Scope
from app.domain.photo import Held
from app.domain.policies import Level
from app.domain.reasons import Family, Reason
from app.domain.scheme import Digest, Scheme
from app.domain.seal import SealDeviation, SealLayout
from app.domain.sealed import Arithmetic
from app.domain.verdict import Conclusion, Subject
from app.domain.verification import Basis
from app.reports.entry import Indication
from app.reports.phrases import Omission
from app.reports.weighing import DecidedBy

Instant = Annotated[
    str,
    Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$", examples=["2026-11-01T00:00:00Z"]),
]
"""RFC 3339, UTC, whole seconds."""
DayText = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\d$", examples=["2026-11-01"])]
Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Out(BaseModel):
    """Every member is always there; what is unknown is null."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TextOut(_Out):
    """The same in both languages."""

    zh: Annotated[str, Field(description="中文")]
    en: Annotated[str, Field(description="English")]


class VersionsOut(_Out):
    """What produced the report."""

    report: Annotated[int, Field(description="of this shape; members may be added under it")]
    service: Annotated[str, Field(examples=["0.1.0"])]
    node: Annotated[str, Field(description="name of the node that signs the report")]
    policy: Annotated[str, Field(description="the rules of judgement", examples=["license-1"])]
    trust: Annotated[
        str | None, Field(description="trust list snapshot or local registry; null: not consulted")
    ]


class DigestsOut(_Out):
    """Of the whole file as submitted; of one that was not sent, the one digest that was."""

    sm3: Annotated[Hex | None, Field(description="SM3 (GB/T 32905), hexadecimal")]
    sha256: Annotated[Hex | None, Field(description="SHA-256, hexadecimal")]


class ReasonOut(_Out):
    """Why it is not valid."""

    code: Annotated[Reason, Field(description="stable; docs/reasons.md lists all")]
    family: Annotated[Family, Field(description="dependency is an outage, nothing worse")]


class CodesOut(_Out):
    """The verdict in the words of others."""

    indication: Annotated[Indication, Field(description="ETSI EN 319 102-1")]
    sub_indication: Annotated[
        str | None, Field(description="of ETSI EN 319 102-1, or our own with prefix zhengyan:")
    ]
    info_code: Annotated[
        int | Literal["transport"] | None,
        Field(description="证照信息验证, GB/T 36906, 0-7; transport: no result; null: of a seal"),
    ]
    file_code: Annotated[
        int | Literal["transport"] | None,
        Field(description="证照文件验证, GB/T 36906, 0-2; null: no file was shown"),
    ]


class ExplanationOut(_Out):
    """What the verdict means, in two registers."""

    title: Annotated[TextOut, Field(description="a clause")]
    engineer: Annotated[TextOut, Field(description="what happened and what to look at")]
    clerk: Annotated[TextOut, Field(description="what it means, in plain words")]
    next_step: Annotated[TextOut, Field(description="what to do now")]


class NamedOut(_Out):
    """As the registry names it, never as a document does."""

    code: Annotated[str, Field(examples=["11630000MB0000019J"])]
    name: TextOut


class TrustOut(_Out):
    """A followed trust list (信任清单), as this node held it."""

    publisher: Annotated[str, Field(examples=["qinghai"])]
    number: Annotated[int, Field(ge=0, description="0: none was accepted yet")]
    address: Annotated[
        Hex | None, Field(description="SHA-256 of the list; where to fetch it again")
    ]
    accepted_at: Annotated[Instant | None, Field(description="null: from a folder, or none yet")]
    age_seconds: Annotated[int | None, Field(description="since it was accepted")]
    expires_at: Instant | None
    stale: Annotated[bool, Field(description="nothing passes on its word, and nothing fails")]


class DisputedOut(_Out):
    """Somebody who knows the holder says that the record is wrong, and it is not settled."""

    since: Instant
    text: TextOut


class LicenseOut(_Out):
    """Issuer and type as registered; null where they are not. The identifier is not repeated."""

    issuer: NamedOut | None
    successor: Annotated[
        NamedOut | None, Field(description="承继机构: who took over from the issuer; null: nobody")
    ]
    type: NamedOut | None
    dispute: Annotated[
        DisputedOut | None,
        Field(description="数据质量异议 about this node's record; it weighs nothing; null: none"),
    ]


class CheckOut(_Out):
    """One question and what was found."""

    name: CheckName
    question: TextOut
    subject: Annotated[str, Field(description="document, or the label of a signature")]
    role: Annotated[Role, Field(description="what the subject counts for")]
    level: Annotated[Level, Field(description="how much the policy lets it weigh")]
    outcome: Outcome
    reason: Reason | None
    detail: Annotated[str, Field(description="for engineers; places and limits, never content")]
    closed_by_issuer: Annotated[
        bool, Field(description="the doubt was answered by the issuer (the two closings)")
    ]


class BlockOut(_Out):
    """One of the three questions; never folded into one another."""

    question: TextOut
    outcome: Annotated[Outcome, Field(description="docs/verification.md says how it is drawn")]
    checks: list[CheckOut]


class BlocksOut(_Out):
    """真实性、权限与对应、状态."""

    authenticity: BlockOut
    authority: BlockOut
    status: BlockOut


class SignerOut(_Out):
    """Owner of a registered key."""

    code: str
    name: Annotated[TextOut | None, Field(description="null: not the claimed issuer")]


class TimeOut(_Out):
    """When it was signed, and who says so."""

    source: Annotated[
        Literal["tsa", "claimed", "first_seen", "none"],
        Field(
            description="a registered timestamp service; the document's claim; this node's first "
            "record of the file; nothing"
        ),
    ]
    at: Instant | None


class PartsOut(_Out):
    """Parts of a file, by name or by place."""

    count: int
    first: Annotated[list[str], Field(max_length=20)]


class CoverageOut(_Out):
    """签名保护范围: what a seal covers of the file, and what it does not."""

    digest: Digest | None
    covered: Annotated[int, Field(description="parts whose digests hold")]
    missing: Annotated[int, Field(description="parts named by the signature and not in the file")]
    changed: Annotated[PartsOut, Field(description="parts altered since")]
    unchecked: Annotated[PartsOut, Field(description="parts whose digest method is not accepted")]
    uncovered: Annotated[
        dict[PartKind, PartsOut], Field(description="parts of the document outside the signature")
    ]
    unreferenced: Annotated[
        PartsOut, Field(description="夹带文件: parts no reference leads to, outside it too")
    ]


class CertificateOut(_Out):
    """A certificate by fingerprint; names in it are nobody's word and do not stand here."""

    sha256: str
    sm3: str
    serial: Annotated[str, Field(description="hexadecimal")]
    not_before: Instant
    not_after: Instant
    chain_then: Annotated[Chain, Field(description="at the time of the act")]
    revocation_then: RevocationState
    chain_today: Chain
    revocation_today: RevocationState
    anchor: Annotated[str | None, Field(description="SHA-256 of the registered authority")]


class TimestampOut(_Out):
    """时间戳, a token as found; whether it proves a time, check timestamp_holds says."""

    value: Arithmetic
    at: Annotated[Instant | None, Field(description="genTime; null: unreadable")]
    accuracy_milliseconds: int
    tsa: CertificateOut | None
    under_signature: Annotated[
        bool, Field(description="inside what was signed (GM/T 0031-2014): no proof of a time")
    ]


class StampOut(_Out):
    """电子印章, the seal itself."""

    layout: SealLayout
    version: int
    id: Annotated[str, Field(description="esID, 印章标识; empty where it may be a person's words")]
    sha256: Annotated[str, Field(description="of eSealInfo: what the seal maker signed")]
    created: Instant
    valid_from: Instant
    valid_until: Instant
    maker: Annotated[CertificateOut | None, Field(description="制章者; null: unreadable")]
    timestamp: TimestampOut | None
    deviations: list[SealDeviation]


class RangeOut(_Out):
    """Of a PDF: what its signature covers, and what came after."""

    scope: Annotated[Scope, Field(description="all but `exact` are refused")]
    revision: Annotated[int | None, Field(description="the last revision it covers, from 1")]
    later: Annotated[PartsOut, Field(description="what later revisions did that is not allowed")]
    sub_filter: Annotated[str | None, Field(description="null: of another name than is told")]


class SealOut(_Out):
    """电子签章, one act of sealing; or 签名, of signing by certificate without a seal."""

    layout: SealLayout | CmsFamily
    version: int
    deviations: list[SealDeviation]
    container_deviations: Annotated[list[CmsDeviation], Field(description="of SignedData")]
    content: Annotated[CmsContent | None, Field(description="what SignedData encapsulates")]
    stamp: Annotated[StampOut | None, Field(description="null: signed without a seal")]
    certificate: Annotated[CertificateOut | None, Field(description="签章者; null: unreadable")]
    coverage: CoverageOut
    timestamp: Annotated[TimestampOut | None, Field(description="null: there is none")]
    byte_range: Annotated[RangeOut | None, Field(description="null: not in a PDF")]


class SignatureOut(_Out):
    """One signature or seal."""

    label: str
    role: Role
    outcome: Annotated[Outcome, Field(description="of all checks of this signature together")]
    key_id: Annotated[str, Field(description="as the document names it: a hint")]
    key_registered: Annotated[
        bool, Field(description="by itself; for a seal an authority vouches instead")
    ]
    signer: Annotated[SignerOut | None, Field(description="by the registry; null: it names nobody")]
    scheme: Annotated[
        Scheme | None,
        Field(description="as registered; as claimed where it is not; null: not one of ours"),
    ]
    covers: Annotated[list[Fact], Field(description="facts under this signature")]
    time: TimeOut
    checks: dict[CheckName, Outcome]
    seal: Annotated[SealOut | None, Field(description="null: by a registered key")]


class ComparedOut(_Out):
    """A fact by name; its value never stands in a report."""

    fact: Fact
    match: Match


class AnsweredOut(_Out):
    """The issuer's answer."""

    source: Annotated[Source, Field(description="asked now, or repeated from a moment ago")]
    speaker: Annotated[Speaker, Field(description="whose endpoint and key spoke, by the registry")]
    signed: bool
    authenticated: Annotated[bool, Field(description="the channel proved whose it is")]
    outcome: Annotated[int, Field(ge=0, le=7, description="GB/T 36906 code")]
    outcome_text: TextOut
    state: Annotated[State | None, Field(description="证照状态, what exactly happened")]
    state_text: TextOut | None
    since: DayText | None
    until: DayText | None
    document: Annotated[Match, Field(description="whether the issuer knows this very file")]
    as_of: Annotated[Instant, Field(description="the data is true for")]
    age_seconds: Annotated[int, Field(description="at the time of the report")]
    next_update: Instant | None
    relayed_by: Annotated[
        str | None, Field(description="who handed on the issuer's own signed answer")
    ]


class RouteOut(_Out):
    """Whom the registry names to be asked, and why."""

    rule: Annotated[Rule, Field(description="the longest match decides")]
    rule_text: TextOut
    matched: Annotated[str, Field(description="the code, or the prefix of one, it went by")]
    body: Annotated[str, Field(description="whose endpoint it is")]
    speaker: Annotated[Speaker, Field(description="what its word counts for")]


class AnswerOut(_Out):
    """What asking the issuer came to."""

    asked: bool
    counts: Annotated[bool, Field(description="the answer took part in the verdict")]
    reason: Annotated[Reason | None, Field(description="why it does not count, though asked")]
    not_asked: Unasked | None
    silence: Annotated[Silence | None, Field(description="asked, and no usable answer came")]
    route: Annotated[RouteOut | None, Field(description="null: nobody is registered to be asked")]
    said: AnsweredOut | None


class StatementOut(_Out):
    """The issuer's last word told unasked."""

    outcome: Annotated[int, Field(ge=0, le=3, description="GB/T 36906 code")]
    outcome_text: TextOut
    signed: bool
    since: Instant | None
    as_of: Instant
    age_seconds: int


class CodeOut(_Out):
    """One code in a picture, by kind; its content stays with the caller."""

    label: Annotated[str, Field(examples=["code 1"])]
    symbology: str
    holds: Held
    text: TextOut


class PhotoOut(_Out):
    """What a picture showed; it proves nothing by itself."""

    codes: list[CodeOut]
    several: Annotated[bool, Field(description="they name different licenses; none was chosen")]


class FigureOut(_Out):
    """One figure of an invoice, by name; its value never stands in a report."""

    figure: InvoiceFact
    places: Annotated[list[InvoicePlace], Field(description="where the file states it")]
    agrees: Annotated[bool, Field(description="the same wherever it stands")]


class InvoiceOut(_Out):
    """电子发票, compared with itself."""

    figures: list[FigureOut]
    adds_up: Annotated[
        bool | None, Field(description="amount and tax make the total; null: not all are stated")
    ]


class SealAskedOut(AnswerOut):
    """What asking the owner of one seal came to (谁签章、谁核验)."""

    signature: Annotated[str, Field(description="label of the signature that the seal made")]


class SealedDocumentOut(_Out):
    """合同、发票、证明: a sealed document that is no license."""

    any_signer: Annotated[bool, Field(description="nobody said whose seals were expected")]
    expected: Annotated[int, Field(description="how many organisations had to seal")]
    signers: Annotated[
        list[str], Field(description="统一社会信用代码 of whoever sealed, as authorities vouch")
    ]
    seals: Annotated[
        list[SealAskedOut],
        Field(
            description="of a file with several signatures: who was asked about each seal and what "
            "came of it; of a single one `answer` has it"
        ),
    ]
    invoice: Annotated[InvoiceOut | None, Field(description="null: it states no invoice")]


class ProtectionOut(_Out):
    """One layer of what the verdict rests on, and an algorithm that protects it."""

    layer: Layer
    signature: Annotated[str | None, Field(description="its label; null: of no signature")]
    algorithm: Annotated[
        Scheme | Digest | None, Field(description="null: none, none of ours, or not known")
    ]
    sm: Annotated[bool | None, Field(description="SM2 or SM3; null: not known")]


class UncheckedOut(_Out):
    """What was not checked, and why."""

    what: Annotated[str, Field(examples=["copy_current", "issuer_answer", "fact:holder"])]
    subject: str
    why: Omission
    text: TextOut


class OtherReasonOut(ExplanationOut):
    """A reason some check gives, which did not decide."""

    code: Reason
    family: Family


class ReportOut(_Out):
    """核验报告: one verdict that explains itself, without document bytes or values of facts."""

    id: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{22}$", description="128 bits: who has it may read it")
    ]
    code: Annotated[
        str,
        Field(
            pattern=r"^[0-9A-HJKMNP-TV-Z]{5}(-[0-9A-HJKMNP-TV-Z]{5}){5}$",
            description="核验码: the id as people type it; opens /r/{code} for others",
        ),
    ]
    at: Annotated[Instant, Field(description="time of the verification")]
    versions: VersionsOut
    trust: Annotated[
        list[TrustOut], Field(description="trust lists in the order they are asked; empty: none")
    ]
    basis: Annotated[Basis, Field(description="what the verdict rests on")]
    digests: Annotated[DigestsOut | None, Field(description="null where no file was shown")]
    format: Annotated[LicenseFormat | None, Field(description="null: it could not be read")]
    purpose: str
    asked_at: Annotated[Instant | None, Field(description="the time asked about; null: now")]
    conclusion: Conclusion
    subject: Annotated[Subject, Field(description="what the conclusion is about")]
    decided_by: Annotated[DecidedBy, Field(description="whose word it rests on")]
    conflict: Annotated[bool, Field(description="the issuer's words, or they and file, disagree")]
    reason: Annotated[ReasonOut | None, Field(description="null if and only if valid")]
    codes: CodesOut
    headline: Annotated[TextOut, Field(description="one line; names the time asked about")]
    explanation: ExplanationOut
    retry_after: Annotated[
        int | None, Field(gt=0, description="seconds; only where an outage decided")
    ]
    license: LicenseOut
    blocks: BlocksOut
    signatures: list[SignatureOut]
    photo: Annotated[
        PhotoOut | None, Field(description="codes in a photo or scan; null: it was none")
    ]
    sealed_document: Annotated[
        SealedDocumentOut | None, Field(description="null: it was judged as a license")
    ]
    algorithms: Annotated[
        list[ProtectionOut] | None,
        Field(description="which algorithm protects each layer; null: sm_only was not asked"),
    ]
    facts_compared: list[ComparedOut]
    answer: AnswerOut
    statement: StatementOut | None
    unchecked: list[UncheckedOut]
    other_reasons: list[OtherReasonOut]


class VerificationOut(_Out):
    """The report, and the same report signed by this node."""

    report: ReportOut
    jws: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$",
            description="JWS compact, typ verification-report+jwt, over the canonical report",
        ),
    ]
