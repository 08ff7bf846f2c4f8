"""What the issuer's own word comes to. 谁制发、谁核验."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Own, Pair, invalid, unsure

_LATER: Final[Pair] = (
    "请稍后再核验；急需办理的，向{issuer}核实。",
    "Verify again later. If it cannot wait, ask {issuer}.",
)

ISSUER_WORDS: Final[Mapping[Reason, Entry]] = {
    Reason.NOT_YET_IN_FORCE: invalid(
        Block.STATUS,
        Own.LICENSE_STATUS,
        info=1,
        file=2,
        title=("证照尚未生效", "the license is not in force yet"),
        engineer=(
            "颁发机构答复：信息正确，证照未激活或未到生效时间（GB/T 36906 代码 1）。起始时间见 answer.since。",
            "The issuer says: correct, not yet activated or not yet in force (GB/T 36906 code 1). See answer.since.",
        ),
        clerk=(
            "证照是真的，但还没有生效，现在不能使用。",
            "The license is genuine but not in force yet. It cannot be used now.",
        ),
        next_step=(
            "请在生效之后再办理；生效时间以{issuer}答复为准。",
            "Come back once it is in force; {issuer} says when.",
        ),
    ),
    Reason.SUSPENDED: invalid(
        Block.STATUS,
        Own.LICENSE_STATUS,
        info=2,
        file=2,
        title=("证照被暂扣或暂时失效", "the license is suspended"),
        engineer=(
            "颁发机构答复：信息正确，证照暂时失效（GB/T 36906 代码 2）。状态可以恢复，起止时间见 answer。",
            "The issuer says: correct, suspended for a time (GB/T 36906 code 2). It may come back; see answer for the dates.",
        ),
        clerk=(
            "证照是真的，但目前被暂扣或者暂停使用。",
            "The license is genuine, but suspended at present.",
        ),
        next_step=(
            "请持证人先到{issuer}了解原因并办理恢复。",
            "Ask the holder to see {issuer} about the cause and have it restored first.",
        ),
    ),
    Reason.ENDED: invalid(
        Block.STATUS,
        Own.LICENSE_STATUS,
        info=3,
        file=2,
        title=("证照已失效", "the license has ended"),
        engineer=(
            "颁发机构答复：信息正确，证照已失效（GB/T 36906 代码 3）。是撤销、吊销、注销、期满还是换发，见 answer.state；文件本身可以是真实的。",
            "The issuer says: correct, no longer in force (GB/T 36906 code 3). Whether annulled, revoked, cancelled, expired or superseded stands in answer.state; the file itself may be genuine.",
        ),
        clerk=(
            "这张证照确由{issuer}登记，但现在已经失效，不能再用；这与真伪无关。",
            "{issuer} has this license on record, but it has ended and can no longer be used. This is not a matter of forgery.",
        ),
        next_step=(
            "请持证人出示现行有效的证照；已换发的，请下载新证。",
            "Ask the holder for a license in force; if it was replaced, for the new one.",
        ),
    ),
    Reason.ISSUER_DENIES: invalid(
        Block.STATUS,
        Own.ISSUER_RECORD,
        info=5,
        file=2,
        title=("颁发机构没有颁发过这张证照", "the issuer never issued this license"),
        engineer=(
            "颁发机构或其受托答复机构签名答复：查无此信息（GB/T 36906 代码 5）。文件已提交而登记中没有，应按疑似伪造处理；代码 5 只在经签名时计入。",
            "The issuer, or its delegate for answers, says over its signature: no such record (GB/T 36906 code 5). A file was shown and the register has none: suspect a forgery. A 5 counts only when signed.",
        ),
        clerk=(
            "{issuer}答复没有颁发过这张证照，不能作为有效证照使用。",
            "{issuer} says it never issued this license. It cannot be used.",
        ),
        next_step=(
            "请勿据此办理，留存核验报告，并按规定向{issuer}和有关部门反映。",
            "Do not act on it. Keep this report, and tell {issuer} and the competent department.",
        ),
    ),
    Reason.RECORD_MISMATCH: invalid(
        Block.STATUS,
        Own.ISSUER_RECORD,
        info=6,
        file=2,
        title=("与颁发机构的登记不一致", "it differs from the issuer's record"),
        engineer=(
            "颁发机构答复信息不一致（GB/T 36906 代码 6），或虽称有效，却指出文件摘要或某项信息不符。请查看 facts_compared 与 answer.document。",
            "The issuer says that something differs (GB/T 36906 code 6), or says in force and at the same time that the file's digest or a fact differs. See facts_compared and answer.document.",
        ),
        clerk=(
            "提交的内容与{issuer}的登记对不上，不能认定有效。",
            "What was submitted does not agree with the record of {issuer}. It cannot be called valid.",
        ),
        next_step=(
            "请先核对录入是否有误；确认无误仍不一致的，请持证人重新下载原件，并向{issuer}核实。",
            "Check first for typing errors. If it still differs, have the holder download the original again, and ask {issuer}.",
        ),
    ),
    Reason.NOT_FOUND: invalid(
        Block.STATUS,
        Own.ISSUER_RECORD,
        info=5,
        file=2,
        title=("颁发机构查无此证照", "the issuer has no such license"),
        engineer=(
            "仅凭信息核验，颁发机构签名答复查无此信息（GB/T 36906 代码 5）。没有提交文件，因此不涉及伪造；先排除录入错误。",
            "Asked by facts only, the issuer says over its signature: no such record (GB/T 36906 code 5). No file was shown, so nothing is called forged; rule out typing errors first.",
        ),
        clerk=(
            "按所填信息，{issuer}查不到这张证照。",
            "{issuer} finds no license under what was entered.",
        ),
        next_step=(
            "请对照证照逐项核对所填信息后再查；仍查不到的，请持证人出示电子证照原件。",
            "Compare what was entered with the license, item by item, and try again. If there is still none, ask the holder for the electronic original.",
        ),
    ),
    Reason.NOT_FOUND_UNSIGNED: unsure(
        Block.STATUS,
        Own.ISSUER_RECORD,
        title=(
            "答复称查无此证照，但答复未签名",
            "the answer says there is no such license, but it is not signed",
        ),
        engineer=(
            "收到代码 5，但未经颁发机构或其受托答复机构签名，不足以否定一张证照。",
            "A 5 came, but not over the signature of the issuer or its delegate for answers. That is not enough to deny a license.",
        ),
        clerk=(
            "对方回复查不到，但回复没有签名，不能作数，真伪暂不能确定。",
            "The reply says there is none, but the reply is not signed and does not count. Nothing is settled yet.",
        ),
        next_step=_LATER,
    ),
    Reason.NOT_FOUND_UPSTREAM: unsure(
        Block.STATUS,
        Own.ISSUER_RECORD,
        title=(
            "上级或汇聚平台查无此证照，颁发机构未答复",
            "a type owner, region or upstream has no such license; the issuer itself did not answer",
        ),
        engineer=(
            "代码 5 来自证照类型主管、地区平台或上级节点，不是颁发机构。新发证照可能尚未归集，不得据此认定不存在。",
            "The 5 came from the type owner, a regional platform or an upstream node, not from the issuer. A fresh license may not have reached it yet, so this does not deny it.",
        ),
        clerk=(
            "汇聚平台上还查不到，可能是新证尚未归集，真伪暂不能确定。",
            "The shared platform has no such license yet. A new one may not have reached it. Nothing is settled yet.",
        ),
        next_step=_LATER,
    ),
    Reason.PARTIAL_ANSWER: unsure(
        Block.STATUS,
        Own.ISSUER_ANSWER,
        title=(
            "颁发机构只答复部分信息有误或不完整",
            "the issuer calls part of it wrong or incomplete, and no more",
        ),
        engineer=(
            "答复代码 7（部分信息有误或不完整），未指明是哪一项，既不能认定一致，也不能认定不符。",
            "The answer is code 7 (partly wrong or incomplete) and does not say which part, so it neither confirms nor denies.",
        ),
        clerk=(
            "{issuer}答复有一部分信息有误或不全，但没有说明是哪一项。",
            "{issuer} says that part of it is wrong or incomplete, but not which part.",
        ),
        next_step=(
            "请核对并补全所填信息后再核验，或向{issuer}核实。",
            "Check and complete what was entered and verify again, or ask {issuer}.",
        ),
    ),
    Reason.ANSWER_UNSIGNED: unsure(
        Block.STATUS,
        Own.ISSUER_ANSWER,
        title=("答复未签名，不能采信", "the answer is not signed and cannot be relied on"),
        engineer=(
            "答复没有签名，且通道未经认证，或该证照类型只接受签名答复。无论内容如何均不计入。",
            "The answer bears no signature, and either the channel was not authenticated or this type accepts signed answers only. Whatever it says does not count.",
        ),
        clerk=(
            "收到了答复，但没有签名，无法确认是{issuer}说的，因此不作数。",
            "A reply came, but without a signature nobody can tell that it is from {issuer}. It does not count.",
        ),
        next_step=_LATER,
    ),
    Reason.STATUS_CONFLICT: unsure(
        Block.STATUS,
        Own.ISSUER_ANSWER,
        title=(
            "颁发机构的答复与其已签名的声明相互矛盾",
            "the issuer's answer contradicts its own signed statement",
        ),
        engineer=(
            "答复称有效，但颁发机构此前签名声明已停用，且声明更新，或答复未经其签名。不能排除旧答复重放。请查看 answer 与 statement 的时间。",
            "The answer says in force, while a statement signed by the issuer says otherwise and is newer, or the answer is not over its signature. A replayed answer cannot be ruled out. Compare the times in answer and statement.",
        ),
        clerk=(
            "{issuer}前后给出的说法不一致，现在不能确定证照是否有效。",
            "{issuer} has said two different things, so it cannot be told now whether the license is in force.",
        ),
        next_step=(
            "请直接向{issuer}核实当前状态，再行办理。",
            "Ask {issuer} directly for the present status before you go on.",
        ),
    ),
}
