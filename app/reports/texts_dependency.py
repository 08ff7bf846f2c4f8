"""Something of ours or of others did not answer. Never a word against the license."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, unsure

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE

DEPENDENCY: Final[Mapping[Reason, Entry]] = {
    Reason.ISSUER_UNREACHABLE: unsure(
        Block.STATUS,
        Own.DEPENDENCY,
        retry_after=_MINUTE,
        title=(
            "颁发机构的核验接口暂时没有答复",
            "the issuer's verify endpoint does not answer at the moment",
        ),
        engineer=(
            "在时限内没有得到颁发机构的答复（超时、断连、非 200 或对方繁忙），见 answer.silence。这是运行故障，与证照真伪无关。",
            "No answer of the issuer came within the deadline: timeout, connection, another status than 200, or busy; see answer.silence. This is an outage and says nothing about the license.",
        ),
        clerk=(
            "{issuer}的系统暂时没有答复，现在无法确认；不说明证照有问题。",
            "The system of {issuer} does not answer at the moment, so nothing can be confirmed now. Nothing is said against the license.",
        ),
        next_step=(
            "请稍后再核验；急需办理的，通过其他途径向{issuer}核实。",
            "Verify again in a while. If it cannot wait, ask {issuer} in another way.",
        ),
    ),
    Reason.ISSUER_NOT_ASKED: unsure(
        Block.STATUS,
        Own.DEPENDENCY,
        retry_after=_HOUR,
        title=("没有向颁发机构核实", "the issuer was not asked"),
        engineer=(
            "未发出询问：处于离线核验，颁发机构没有登记接口，或没有可用来提问的标识。见 answer.not_asked。未经颁发机构答复，不得认定有效。",
            "No question was sent: offline, no endpoint registered, or nothing to ask by; see answer.not_asked. Without the issuer's word nothing is called valid.",
        ),
        clerk=(
            "这次没有向{issuer}核实，因此不能认定是否有效；不说明证照有问题。",
            "{issuer} was not asked this time, so it cannot be told whether the license is in force. Nothing is said against it.",
        ),
        next_step=(
            "请联网后再核验；{issuer}没有开通核验接口的，请直接向其核实。",
            "Verify again online. If {issuer} offers no verification yet, ask it directly.",
        ),
    ),
    Reason.ANSWER_UNUSABLE: unsure(
        Block.STATUS,
        Own.DEPENDENCY,
        retry_after=_HOUR,
        title=("颁发机构的答复无法采用", "the issuer's answer cannot be used"),
        engineer=(
            "收到的答复格式、签名、时钟或所答问题不符，或接口配置不允许提问，见 answer.silence。须由接口维护方处理，与证照真伪无关。",
            "What came back is malformed, wrongly signed, off the clock or about another question, or the endpoint's entry forbids the call; see answer.silence. Its operator has to act. It says nothing about the license.",
        ),
        clerk=(
            "{issuer}的系统回复不合要求，现在无法确认；这不说明证照有问题。",
            "The system of {issuer} replied in a way that cannot be used. It cannot be confirmed now, and nothing is said against the license.",
        ),
        next_step=(
            "请将报告编号告知系统管理员，并通过其他途径向{issuer}核实。",
            "Give the id of this report to your administrator, and ask {issuer} in another way.",
        ),
    ),
    Reason.STATUS_STALE: unsure(
        Block.STATUS,
        Own.DEPENDENCY,
        retry_after=5 * _MINUTE,
        title=("状态信息过旧", "the status is too old"),
        engineer=(
            "有效的说法早于允许的时限（取类型、策略、请求三者中最短），或其时间晚于当前时间。见 answer.age_seconds。",
            "The word that it is in force is older than allowed (the shortest of type, policy and request), or from the future. See answer.age_seconds.",
        ),
        clerk=(
            "能查到的状态信息太旧，不足以说明现在是否有效。",
            "The status at hand is too old to tell whether the license is in force now.",
        ),
        next_step=(
            "请稍后再核验，以取得{issuer}的最新答复。",
            "Verify again later to obtain a fresh answer from {issuer}.",
        ),
    ),
    Reason.REVOCATION_UNAVAILABLE: unsure(
        Block.AUTHENTICITY,
        Etsi.TRY_LATER,
        retry_after=15 * _MINUTE,
        title=(
            "暂时查不到密钥或证书是否已吊销",
            "whether the key was revoked cannot be found out at the moment",
        ),
        engineer=(
            "没有有效期内的吊销信息。查不到不等于没有吊销，故不作通过处理。请检查吊销列表的获取与更新。",
            "No revocation data within its time is at hand. Not knowing is not knowing it to be good. Check how revocation lists are fetched and renewed.",
        ),
        clerk=(
            "签章所用密钥是否作废暂时查不到，现在不能确认；不说明文件有问题。",
            "Whether the key behind the seal was cancelled cannot be found out right now. Nothing is said against the file.",
        ),
        next_step=(
            "请稍后再核验。",
            "Verify again later.",
        ),
    ),
    Reason.TRUST_SOURCE_STALE: unsure(
        Block.AUTHORITY,
        Own.DEPENDENCY,
        retry_after=_HOUR,
        title=(
            "本服务的信任清单已过更新期限",
            "the trust list of this service is overdue for renewal",
        ),
        engineer=(
            "登记册或信任清单已过其下次更新时间，不再作为认定依据。请检查清单同步。",
            "Registry or trust list are past their next update and no longer count as ground. Check the synchronisation.",
        ),
        clerk=(
            "本系统的登记信息没有及时更新，现在不能确认；不说明证照有问题。",
            "The registry of this system was not renewed in time, so nothing can be confirmed now. Nothing is said against the license.",
        ),
        next_step=(
            "请稍后再核验，并将报告编号告知系统管理员。",
            "Verify again later, and give the id of this report to your administrator.",
        ),
    ),
    Reason.CHECK_MISSING: unsure(
        Block.AUTHENTICITY,
        Own.DEPENDENCY,
        retry_after=_HOUR,
        title=("有必做的检查未能完成", "a required check could not be completed"),
        engineer=(
            "策略要求的某项检查没有得出结果，没有一个签名通过全部必做检查。请查看各检查项的 outcome 与 unchecked；属程序缺陷的，请报告。",
            "A check the policy requires came to no result: no signature passed all that is required. See the outcomes and unchecked. If it is a defect of the program, report it.",
        ),
        clerk=(
            "有一项必须做的检查没有做成，现在不能确认；不说明证照有问题。",
            "A check that must be made could not be made, so nothing can be confirmed now. Nothing is said against the license.",
        ),
        next_step=(
            "请将报告编号告知系统管理员，稍后再核验。",
            "Give the id of this report to your administrator and verify again later.",
        ),
    ),
}
