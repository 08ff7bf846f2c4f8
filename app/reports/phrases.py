"""Everything a report says beside its reasons: what valid means, questions, states, omissions."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.domain.evidence import Block, CheckName
from app.domain.issuer import Code, Rule, State, Unasked
from app.domain.policies import OF_LICENSES, OF_SEALED_DOCUMENTS
from app.domain.verdict import Conclusion, Subject
from app.reports.entry import Bilingual, Texts, bilingual, texts
from app.reports.texts_sealed_document import VALID_SEAL

VALID: Final[Mapping[Subject, Texts]] = {
    Subject.DOCUMENT: texts(
        title=(
            "文件真实，证照处于有效状态",
            "this file is authentic and the license is in force",
        ),
        engineer=(
            "签名成立，签署者有权，答复针对这份文件，颁发机构答复（或其在时限内的签名声明）有效。逐项依据见 blocks。",
            "The signature holds, the signer was entitled, the answer is about this file, and the issuer says in force, live or by a signed statement young enough. See blocks, item by item.",
        ),
        clerk=(
            "这份电子证照由{issuer}颁发，未被改动，在核验所指的时间有效。",
            "This electronic license was issued by {issuer}, is unaltered, and is in force at the time asked about.",
        ),
        next_step=(
            "可以据此办理；仍须核对出示人与证照所载持证主体一致。",
            "You may act on it. Still compare the person before you with the holder named on the license.",
        ),
    ),
    Subject.RECORD: texts(
        title=("登记信息一致，证照处于有效状态", "the record agrees and the license is in force"),
        engineer=(
            "只核验登记信息，没有提交文件。颁发机构比对的事实不少于两项，其中含持证主体，全部一致，并答复有效。",
            "Only the record was verified; no file was shown. The issuer compared at least two facts, the holder among them, all match, and it says in force.",
        ),
        clerk=(
            "所填信息与{issuer}的登记一致，证照在核验所指的时间有效；没有核验任何文件。",
            "What was entered agrees with the record of {issuer}, and the license is in force at the time asked about. No file was verified.",
        ),
        next_step=(
            "可以认定登记情况；需要认定某份文件的，请另行提交该文件核验。",
            "You may rely on the record. To rely on a file, submit that file and verify it.",
        ),
    ),
    Subject.SEAL: VALID_SEAL,
}

VALID_BY_DIGESTS: Final = texts(
    title=(
        "颁发机构确认了该摘要所指的文件，证照处于有效状态（未见文件）",
        "the issuer confirms the file of this digest and the license is in force; the file was not seen",
    ),
    engineer=(
        "文件留在调用方，本服务只收到签名部分和摘要。送来的签名自身成立，颁发机构签名的答复确认了整份文件的摘要并答复有效。送来的签名是否就在该文件中，本服务无从得知；结构类检查项均为 structure_not_seen。",
        "The file stayed with the caller; only parts of its signatures and digests were sent. The signatures hold by themselves, and the issuer's signed answer confirms the digest of the whole file and says in force. Whether the signatures sent stand in that file is unknown here; the checks of structure say structure_not_seen.",
    ),
    clerk=(
        "{issuer}确认颁发过摘要与报告所载一致的那份文件，证照有效。系统没有看到文件本身。",
        "{issuer} confirms that it issued the file whose digest stands in this report, and the license is in force. The system did not see the file itself.",
    ),
    next_step=(
        "使用前须自行计算手中文件的摘要，与报告所载逐字一致方可认定；不一致的，提交文件重新核验。",
        "Compute the digest of the file in your hands: only if it is the one in this report, letter by letter, is this about your file. Otherwise submit the file itself.",
    ),
)
"""In place of the above for a file that stayed with the caller."""
ANY_SIGNER: Final = bilingual(
    (
        "未指定应由谁签章，请核对签章单位",
        "nobody said whose seal was expected: check that it is the right one",
    )
)
"""Stands in the headline where any signer was accepted."""
SEALED_BY: Final = bilingual(("由{codes}签章，", ", sealed by {codes}"))
"""统一社会信用代码 of whoever sealed, in the headline."""

SEAL_OF: Final = bilingual(("{code}的印章", "the seal of {code}"))
"""Stands in the headline where one of several seals decided."""

COPY_FOR_ITS_PURPOSE: Final = bilingual(
    (
        "加注件，只限其上写明的用途，{when}止",
        "an annotated copy, for the purpose written on it only, until {when}",
    )
)
"""加注件: stands in the headline where nobody said for which matter it is handed in."""
COPY_FOR_THIS_MATTER: Final = bilingual(
    (
        "加注件，所载事项与本次办理一致，{when}止",
        "an annotated copy for this very matter, until {when}",
    )
)
USE_OF_COPY: Final = bilingual(
    (
        "这是加注件：只能用于其上写明的用途，请核对用途是否就是所办的事；仍须核对出示人与证照所载持证主体一致。",
        "This is an annotated copy: it may be used only for the purpose written on it, so compare that with what is asked of you. Still compare the person before you with the holder named on the license.",
    )
)
"""What to do, of a copy that is valid."""

CLOSED: Final = bilingual(
    (
        "有检查项存疑（见各项的 closed_by_issuer），已由颁发机构签名的答复补足：该答复确认了这份文件的摘要，或逐项比对了受签名保护的事实。其余各项成立，颁发机构答复有效。",
        "Some checks are in doubt (see closed_by_issuer), and the issuer's signed answer closed them: it confirms the digest of this very file, or compared the signed facts one by one. All else holds, and the issuer says in force.",
    )
)
"""For engineers, instead of the above, where a valid verdict rests on one of the two closings."""

BY_STATEMENT: Final = bilingual(
    (
        "依据颁发机构截至{when}的签名声明，未取得实时答复",
        "by the issuer's signed statement as of {when}, without a live answer",
    )
)

CONCLUSION: Final[Mapping[Conclusion, Bilingual]] = {
    Conclusion.VALID: bilingual(("有效", "Valid")),
    Conclusion.INVALID: bilingual(("无效", "Invalid")),
    Conclusion.INDETERMINATE: bilingual(("暂不能确定", "Cannot be determined")),
}

BLOCKS: Final[Mapping[Block, Bilingual]] = {
    Block.AUTHENTICITY: bilingual(
        ("是否确由所称签署者制发，且未被改动？", "Really issued, unaltered, by that signer?")
    ),
    Block.AUTHORITY: bilingual(
        (
            "签署者是否有权，答复是否针对这一份文件？",
            "Was that signer entitled, and is the answer about this very file?",
        )
    ),
    Block.STATUS: bilingual(
        ("在所问的时间是否有效？", "In force now, or at the asked time?"),
    ),
}

_OF_A_RECORD: Final[Mapping[Block, Bilingual]] = {
    Block.AUTHENTICITY: bilingual(
        ("文件是否真实？没有提交文件", "Is the file genuine? None was submitted")
    ),
    Block.AUTHORITY: bilingual(
        (
            "答复者是否有权，答复是否针对所查的这张证照？",
            "Was whoever answered entitled, and is the answer about this very license?",
        )
    ),
}


def question_of(block: Block, subject: Subject) -> Bilingual:
    """What a block asks: where no file was shown, nothing about a file or who signed it."""
    if subject is Subject.RECORD:
        return _OF_A_RECORD.get(block, BLOCKS[block])
    return BLOCKS[block]


STATES: Final[Mapping[State, Bilingual]] = {
    State.ISSUED: bilingual(("已颁发", "issued")),
    State.SUSPENDED: bilingual(("暂扣", "suspended")),
    State.EXPIRED: bilingual(("有效期届满", "expired")),
    State.ANNULLED: bilingual(("撤销", "annulled")),
    State.WITHDRAWN: bilingual(("撤回", "withdrawn")),
    State.REVOKED: bilingual(("吊销", "revoked")),
    State.CANCELLED: bilingual(("注销", "cancelled")),
    State.SUPERSEDED: bilingual(("已被新证替代", "superseded")),
    State.VOID: bilingual(("作废", "declared void")),
}

OUTCOMES: Final[Mapping[Code, Bilingual]] = {
    Code.IN_FORCE: bilingual(("信息正确且有效", "correct and in force")),
    Code.NOT_YET: bilingual(("信息正确且未激活", "correct, not yet in force")),
    Code.SUSPENDED: bilingual(("信息正确且证照暂时失效", "correct, suspended")),
    Code.ENDED: bilingual(("信息正确且证照已失效", "correct, ended")),
    Code.INSUFFICIENT: bilingual(("信息不全无法验证", "not enough to tell")),
    Code.NO_RECORD: bilingual(("查无此信息", "no such record")),
    Code.DIFFERS: bilingual(("信息错误", "differs")),
    Code.PARTIAL: bilingual(("部分信息有误或不完整", "partly wrong or incomplete")),
}
"""证照信息验证, GB/T 36906, in its own words."""

DISPUTED: Final = bilingual(
    (
        "本节点所存的该证照记录有数据质量异议，颁发机构尚未处理完毕；异议不影响核验结论",
        "this node's record of the license is disputed, and its issuer has not settled it; no conclusion rests on that",
    )
)
"""数据质量异议."""
ANY_ISSUER: Final = bilingual(("颁发机构", "the issuer"))
"""Stands where the registry knows no name."""
SEALER: Final = bilingual(("签章单位", "the organisation that sealed it"))
"""Stands in its place where a document is no license."""


class Omission(StrEnum):
    """Why something was not checked."""

    NOT_CONCERNED = "not_concerned"
    """It does not concern what was presented."""
    GROUND_MISSING = "ground_missing"
    """What it would rest on is missing; another check says so."""
    UNREAD = "unread"
    """The file could not be read."""
    NOT_ASKED = "not_asked"
    NO_USABLE_ANSWER = "no_usable_answer"
    NOT_COMPARED = "not_compared"
    """The issuer did not say."""
    ONLY_CLAIMED = "only_claimed"
    """Taken from the document, not proven."""
    NOT_SENT = "not_sent"
    """The file stayed with the caller."""
    OUT_OF_SCOPE = "out_of_scope"
    """No verification of a file or record can tell."""


Omitted = tuple[Omission, Bilingual]

NO_FILE: Final[Omitted] = (
    Omission.NOT_CONCERNED,
    bilingual(("没有提交文件，不涉及此项", "no file was shown, so this does not arise")),
)
UNREAD: Final[Omitted] = (
    Omission.UNREAD,
    bilingual(("文件无法读取，未作检查", "the file could not be read, so this was not examined")),
)
NO_SIGNATURE: Final[Omitted] = (
    Omission.GROUND_MISSING,
    bilingual(("文件没有签名，无从检查", "the file bears no signature to examine")),
)
_NO_KEY: Final[Omitted] = (
    Omission.GROUND_MISSING,
    bilingual(
        (
            "签名密钥未登记，无从检查",
            "the signing key is not registered, so there is nothing to examine with",
        )
    ),
)
_SILENT: Final[Mapping[CheckName, Omitted]] = {
    CheckName.ROLES_FILLED: NO_SIGNATURE,
    CheckName.CODES_CLEAR: (
        Omission.NOT_CONCERNED,
        bilingual(("不是照片或扫描件", "it is no photo and no scan")),
    ),
    CheckName.IDENTIFIER_FORM: (
        Omission.GROUND_MISSING,
        bilingual(("没有证照标识可查", "there is no identifier to examine")),
    ),
    CheckName.IDENTIFIER_AGREES: (
        Omission.NOT_CONCERNED,
        bilingual(
            (
                "按证照编号和类型查询，没有证照标识",
                "asked by number and type, without an identifier",
            )
        ),
    ),
    CheckName.COPY_CURRENT: (
        Omission.NOT_CONCERNED,
        bilingual(("不是加注件", "it is no annotated copy")),
    ),
    CheckName.PRESENTATION_CURRENT: (
        Omission.NOT_CONCERNED,
        bilingual(("没有限定出示时间", "the presentation is not bounded in time")),
    ),
    CheckName.OWN_DATES: (
        Omission.GROUND_MISSING,
        bilingual(("没有载明有效期", "no dates of validity are stated")),
    ),
    CheckName.FACTS_GIVEN: (
        Omission.NOT_CONCERNED,
        bilingual(("提交的是文件，不是查询信息", "a file was shown, not facts to look up")),
    ),
}
_OF_FILES: Final = frozenset(
    {
        CheckName.ROLES_FILLED,
        CheckName.BOUND,
        CheckName.COPY_CURRENT,
        CheckName.PRESENTATION_CURRENT,
    }
)
"""Beside all that answer for authenticity, or of each signature."""
_OF_KEYS: Final = frozenset(
    {
        CheckName.SIGNATURE_HOLDS,
        CheckName.SIGNED_IN_WINDOW,
        CheckName.KEY_LIVE,
        CheckName.KEY_FOR_TYPE,
    }
)
_NOT_THIS_KIND: Final[Omitted] = (
    Omission.NOT_CONCERNED,
    bilingual(("所提交的文件没有此项内容", "what was submitted has nothing of this kind")),
)
_NO_LICENSE: Final[Omitted] = (
    Omission.NOT_CONCERNED,
    bilingual(("按签章文件核验，不涉及证照", "verified as a sealed document that is no license")),
)
_OTHER: Final[Omitted] = (
    Omission.GROUND_MISSING,
    bilingual(
        (
            "所依据的前提不具备，未作检查",
            "what it would rest on is missing, so it was not examined",
        )
    ),
)


def silence_of(
    check: CheckName, *, facts_only: bool, required: bool, signed: bool, document: bool = False
) -> Omitted:
    """Why a check had nothing to say.

    Args:
        check: the check that kept silent, or left no evidence.
        facts_only: no file was shown.
        required: the policy demands it of this kind of document.
        signed: the file bears a signature.
        document: it was judged as a sealed document that is no license.
    """
    if facts_only and (check.each or check.block is Block.AUTHENTICITY or check in _OF_FILES):
        return NO_FILE
    if not required and check in (OF_LICENSES if document else OF_SEALED_DOCUMENTS):
        return _NO_LICENSE if document else _NOT_THIS_KIND
    if check in _SILENT:
        return _SILENT[check]
    if check.each and not signed:
        return NO_SIGNATURE
    if check in _OF_KEYS:
        return _NO_KEY
    return _OTHER if required else _NOT_THIS_KIND


NOT_ASKED: Final[Mapping[Unasked, Bilingual]] = {
    Unasked.BROKEN: bilingual(
        (
            "文件自身已不成立，未向颁发机构询问",
            "the document fails by itself, so the issuer was not asked",
        )
    ),
    Unasked.NO_ENDPOINT: bilingual(
        (
            "颁发机构没有登记核验接口，未能询问",
            "no verify endpoint of the issuer is registered, so it could not be asked",
        )
    ),
    Unasked.OFFLINE: bilingual(
        ("离线核验，未向颁发机构询问", "offline, so the issuer was not asked")
    ),
    Unasked.NO_QUESTION: bilingual(
        ("没有可用来提问的证照标识或编号", "there is neither identifier nor number to ask by")
    ),
}
RULES: Final[Mapping[Rule, Bilingual]] = {
    Rule.ISSUER: bilingual(("标识中的颁发机构", "the issuer in the identifier")),
    Rule.SUCCESSOR: bilingual(
        ("承继该颁发机构职能的机构", "the body that took over from the issuer")
    ),
    Rule.DELEGATE: bilingual(("颁发机构委托答复的机构", "the issuer's delegate for answers")),
    Rule.SEAL_OWNER: bilingual(("签章单位", "the owner of the seal")),
    Rule.TYPE_OWNER: bilingual(("证照类型定义机构", "the body that defined the license type")),
    Rule.REGION: bilingual(("颁发机构所在地区的平台", "the platform of the issuer's region")),
    Rule.UPSTREAM: bilingual(("上级核验节点", "the verification node above this one")),
}
"""Whom a question goes to, by the rule that led there."""
NO_USABLE_ANSWER: Final = bilingual(
    ("已询问颁发机构，没有得到可用的答复", "the issuer was asked, and no usable answer came")
)
DIGEST_NOT_COMPARED: Final = bilingual(
    ("颁发机构没有确认这份文件的摘要", "the issuer did not confirm the digest of this file")
)
FILE_NOT_SENT: Final = bilingual(
    (
        "文件没有送来：内容、结构以及送来的签名是否就在其中，均未见到",
        "the file was not sent: neither its content nor its structure was seen, nor whether the signatures sent stand in it",
    )
)
FACT_NOT_COMPARED: Final = bilingual(
    ("颁发机构没有比对此项", "the issuer did not compare this fact")
)
TIME_CLAIMED: Final = bilingual(
    (
        "签署时间由文件自称，没有可信时间戳证明",
        "the time of signing is the document's own claim; no trusted timestamp proves it",
    )
)
CONTENT: Final = bilingual(
    (
        "文件所述内容是否属实，未作核验",
        "whether what the document says is true was not verified",
    )
)
PRESENTER: Final = bilingual(
    (
        "出示人是否为持证主体本人，未作核验",
        "whether the person presenting it is the holder was not verified",
    )
)
