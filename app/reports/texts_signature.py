"""The document, its signatures and its keys."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, Pair, invalid, unsure

_ORIGINAL: Final[Pair] = (
    "请持证人从{issuer}或原下载渠道重新下载原件，不要编辑、转换或截图，再行核验。",
    "Ask the holder to download the original again from where {issuer} offers it, without editing, converting or taking a screenshot, and verify that.",
)
_ASK_ISSUER: Final[Pair] = (
    "请勿据此办理，向{issuer}核实；同时请持证人重新下载原件。",
    "Do not act on it. Ask {issuer}, and have the holder download the original again.",
)

SIGNATURE: Final[Mapping[Reason, Entry]] = {
    Reason.SIGNATURE_MISSING: invalid(
        Block.AUTHENTICITY,
        Own.NO_SIGNATURE,
        info=6,
        file=1,
        title=("应当签章而没有签章", "a license of this type must be sealed, and this file is not"),
        engineer=(
            "该类证照依规定必须带有电子签章，文件中没有应签章单位的签章：或者什么签名都没有，或者只有不带印章的签名（GB/T 35275），见 signed 的 detail。请确认提交的是颁发机构制发的原件，而不是打印、转换或另存的版本。",
            "This license type must bear an electronic seal, and the file has none of the body that has to seal it: no signature at all, or only one without a seal (GB/T 35275); see the detail of signed. Check that it is the file the issuer made, not one printed, converted or saved anew.",
        ),
        clerk=(
            "这类证照必须有电子签章，这份文件上没有，不能作为有效证照使用。",
            "Licenses of this type must carry an electronic seal. This file has none and cannot be used as a license.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.SIGNATURE_DROPPED: invalid(
        Block.AUTHENTICITY,
        Own.NO_SIGNATURE,
        info=6,
        file=1,
        title=("文件中原有的签章被去掉了", "a signature was taken out of the file"),
        engineer=(
            "签名列表中有签名声明以另一签名为基础（Relative），而那一签名不在列表中，见 signed 的 detail。",
            "A signature in the list says that it builds on another one (Relative), and the list does not have that one; see the detail of signed.",
        ),
        clerk=(
            "文件上本来还有一枚签章，现在不见了，不是签章时的原样。",
            "The file bore one more signature, which is gone. It is not as it was signed.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.UNSIGNED_COPY: unsure(
        Block.AUTHENTICITY,
        Own.NO_SIGNATURE,
        title=("文件没有签名或签章，只是副本", "the file bears no signature: it is only a copy"),
        engineer=(
            "文件没有任何签名，内容无从证明。颁发机构的答复只说明登记情况，不能证明这份文件。",
            "The file bears no signature, so nothing proves its content. Whatever the issuer answers is about its record, not about this file.",
        ),
        clerk=(
            "这份文件没有电子签章，看不出是否为原样；登记信息与文件内容是两回事。",
            "This file carries no electronic seal, so nobody can tell whether it is unchanged. A record in the register is one thing, this file another.",
        ),
        next_step=(
            "请持证人提供带电子签章的原件；也可以按证照标识和持证主体信息核验登记情况。",
            "Ask the holder for the sealed original, or verify the record by identifier and holder.",
        ),
    ),
    Reason.KEY_UNKNOWN: unsure(
        Block.AUTHENTICITY,
        Etsi.NO_SIGNING_CERTIFICATE_FOUND,
        title=("签名所用的密钥未登记", "the signing key is not registered"),
        engineer=(
            "签名所指的密钥不在登记册中，签名值无从验证。请查看 signatures 中的 key_id：是否尚未登记、已换钥而未同步，或签署者并非所称机构。",
            "The key the signature names is not in the registry, so its value cannot be checked. See key_id in signatures: not yet registered, rotated without notice, or not a key of the claimed body.",
        ),
        clerk=(
            "系统还没有登记这枚签章所用的密钥，不能断定真假。",
            "The key behind this seal is not registered with the system, so it cannot be told whether the seal is genuine.",
        ),
        next_step=(
            "请向{issuer}核实这份文件；属该机构新启用密钥的，请其登记后再核验。",
            "Ask {issuer} about this file. If the key is new, have it registered and verify again.",
        ),
    ),
    Reason.SCHEME_MISMATCH: invalid(
        Block.AUTHENTICITY,
        Etsi.SIG_CRYPTO_FAILURE,
        info=6,
        file=1,
        title=(
            "签名算法与登记的密钥不符",
            "the signature algorithm is not that of the registered key",
        ),
        engineer=(
            "文件声明的算法与登记册中该密钥的算法不同。以登记为准，不按文件所称的算法验证。请查看检查项 signature_holds 的 detail。",
            "The file names another algorithm than the one the key is registered for. The registry decides; the file's choice is not followed. See the detail of check signature_holds.",
        ),
        clerk=(
            "签章的算法与{issuer}登记的不一致，这枚签章不成立。",
            "The seal uses another algorithm than the one registered for {issuer}. It does not hold.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.WEAK_ALGORITHM: invalid(
        Block.AUTHENTICITY,
        Own.WEAK_ALGORITHM,
        info=6,
        file=1,
        title=("签名使用了已淘汰的算法", "the signature uses an algorithm no longer accepted"),
        engineer=(
            "签名或摘要使用 MD5、SHA-1、RSA-1024 等已知可被伪造的算法，依策略一律不予接受。请查看该签名的 scheme 与 detail。",
            "Signature or digest rest on MD5, SHA-1, RSA-1024 or the like, which can be forged; they are refused by name. See scheme and detail of the signature.",
        ),
        clerk=(
            "这份文件的签章采用了已经淘汰的算法，防伪能力不足，不予认可。",
            "The seal on this file uses an outdated algorithm that no longer protects against forgery. It is not accepted.",
        ),
        next_step=(
            "请持证人到{issuer}换领采用现行算法签章的电子证照。",
            "Ask the holder to obtain from {issuer} an electronic license sealed with a current algorithm.",
        ),
    ),
    Reason.ALGORITHM_NOT_SM: unsure(
        Block.AUTHENTICITY,
        Own.ALGORITHM_ASKED,
        title=(
            "要求只用国密算法，而并非各层都由国密算法保护",
            "SM algorithms alone were asked for, and not every layer is protected by them",
        ),
        engineer=(
            "按 sm_only（密评）核验：签名、杂凑、印章、证书链、时间戳、吊销信息、颁发机构的答复中，至少有一层不是 SM2、SM3，或者无从得知所用算法。各层所用算法见 algorithms。不要求 sm_only 时，其余各项均已成立。",
            "Verified with sm_only: of signature, digests, seal, certificates, timestamp, revocation data and the issuer's answer at least one is not SM2 or SM3, or it is not known what it is. See algorithms for each. All else that a valid verdict needs holds.",
        ),
        clerk=(
            "没有发现伪造。但本次核验要求全部采用国家密码算法，这份文件或者有关答复未能做到。",
            "Nothing speaks of a forgery. But this verification asks for national cryptographic algorithms throughout, and this file or an answer about it does not have them.",
        ),
        next_step=(
            "必须采用国密算法的，请持证人到{issuer}换领以国密算法签章的电子证照；报告显示是答复或者吊销信息的，请运维人员联系其提供方。",
            "Where SM algorithms are required, ask the holder to obtain from {issuer} a license sealed with them; where the report shows it is an answer or revocation data, have the operator ask whoever provides it.",
        ),
    ),
    Reason.SIGNATURE_INVALID: invalid(
        Block.AUTHENTICITY,
        Etsi.SIG_CRYPTO_FAILURE,
        info=6,
        file=1,
        title=("签名验证不通过", "the signature does not hold"),
        engineer=(
            "以登记的公钥验证，签名值与所签内容不符：签署之后内容有改动，或者不是用该密钥签署。请查看 signatures 中未通过的一项。",
            "Under the registered public key the signature value does not fit what was signed: the content changed after signing, or another key signed it. See the failed item in signatures.",
        ),
        clerk=(
            "这份文件在签章之后被改动过，或者签章不是所称机构加盖的，不能作为有效证照使用。",
            "This file was changed after it was sealed, or the seal is not that of the body it names. It cannot be used as a license.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.SIGNING_TIME_MISSING: unsure(
        Block.AUTHENTICITY,
        Etsi.NO_POE,
        title=("没有签署时间", "the time of signing is missing"),
        engineer=(
            "签名未载明时间，又没有可信时间戳或本节点此前的登记，无法断定签署时密钥是否可用。",
            "The signature states no time, and neither a trusted timestamp nor an earlier record of this node stands in, so it cannot be told whether the key was usable then.",
        ),
        clerk=(
            "看不出这枚签章是什么时候加盖的，因此不能确认。",
            "It cannot be told when this seal was affixed, so it cannot be confirmed.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人重新下载带签署时间的原件。",
            "Ask {issuer} about this file, or have the holder download an original that states the time of signing.",
        ),
    ),
    Reason.SIGNED_IN_FUTURE: invalid(
        Block.AUTHENTICITY,
        Own.SIGNING_TIME,
        info=6,
        file=1,
        title=("签署时间晚于当前时间", "the time of signing lies in the future"),
        engineer=(
            "声明的签署时间晚于本节点时钟（容差 60 秒），或晚于本节点首次见到该文件的时间。先核对双方时钟和时区；相差整 8 小时多为时区错误。",
            "The claimed time of signing is later than this node's clock (60 s allowed), or later than the time this node first saw the file. Check clocks and time zones first; exactly 8 hours point to a zone error.",
        ),
        clerk=(
            "签章上的时间还没有到，这枚签章不成立。",
            "The time on the seal has not come yet. The seal does not hold.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.SIGNED_OUTSIDE_WINDOW: invalid(
        Block.AUTHENTICITY,
        Own.SIGNING_TIME,
        info=6,
        file=1,
        title=("签署时密钥不在可用期内", "it was signed while the key was not usable"),
        engineer=(
            "声明的签署时间早于密钥（或委托）的启用时间，或晚于其停用时间。请对照登记册中该密钥与委托的起止时间。",
            "The claimed time of signing lies before the key, or the mandate, began or after it ended. Compare with the registered periods of key and mandate.",
        ),
        clerk=(
            "加盖这枚签章时，所用密钥还没有启用或者已经停用，签章不成立。",
            "When this seal was affixed its key was not yet in use, or no longer. The seal does not hold.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.SIGNED_AFTER_REVOCATION: invalid(
        Block.AUTHENTICITY,
        Etsi.REVOKED,
        info=6,
        file=1,
        title=("签署时密钥已被吊销", "it was signed after the key had been revoked"),
        engineer=(
            "签署时间不早于登记的密钥吊销时间。吊销之后所作的签名一律无效。",
            "The time of signing is not earlier than the registered revocation of the key. What is signed after a revocation never counts.",
        ),
        clerk=(
            "加盖这枚签章时，所用密钥已经作废，签章不成立。",
            "When this seal was affixed its key had already been cancelled. The seal does not hold.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.KEY_REVOKED_SINCE: unsure(
        Block.AUTHENTICITY,
        Etsi.REVOKED_NO_POE,
        title=(
            "密钥在签署之后被吊销，签署时间未经证明",
            "the key was revoked since, and the time of signing is not proven",
        ),
        engineer=(
            "声明的签署时间早于吊销时间，但没有可信时间戳，也没有本节点在吊销之前的登记，不能排除倒签。",
            "The claimed time of signing is before the revocation, but neither a trusted timestamp nor a record of this node from before it proves that; back-dating cannot be ruled out.",
        ),
        clerk=(
            "所用密钥后来作废了，又不能证明签章是在作废之前加盖的，暂不能确认。",
            "The key was cancelled later, and nothing proves that the seal was affixed before that. It cannot be confirmed yet.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人换取新签章的原件。",
            "Ask {issuer} about this file, or have the holder obtain a newly sealed original.",
        ),
    ),
    Reason.KEY_EXPIRED_SINCE: unsure(
        Block.AUTHENTICITY,
        Etsi.OUT_OF_BOUNDS_NO_POE,
        title=(
            "密钥在签署之后到期，签署时间未经证明",
            "the key has expired since, and the time of signing is not proven",
        ),
        engineer=(
            "声明的签署时间在密钥可用期内，但密钥现已到期，又没有可信时间戳或本节点此前的登记，不能排除倒签。",
            "The claimed time of signing is within the key's period, but the key has expired, and neither a trusted timestamp nor an earlier record of this node proves the time; back-dating cannot be ruled out.",
        ),
        clerk=(
            "签章所用密钥现在已经到期，又不能证明签章是在到期之前加盖的，暂不能确认；这不表示文件是假的。",
            "The key behind the seal has expired, and nothing proves that the seal was affixed before that. It cannot be confirmed yet; that does not make the file false.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人换取新签章的原件。",
            "Ask {issuer} about this file, or have the holder obtain a newly sealed original.",
        ),
    ),
    Reason.KEY_NOT_FOR_TYPE: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=1,
        title=("该密钥不得签署此类证照", "this key may not sign this license type"),
        engineer=(
            "密钥（或签章者证书的组织机构代码）已登记，但登记的用途不含该证照类型。请核对登记册中该密钥（或 organisation_codes）的类型范围是否遗漏。",
            "The key (or the organisation code of the signer's certificate) is registered, but not for this license type. Check whether the types entered for the key (or under organisation_codes) are complete.",
        ),
        clerk=(
            "这枚签章所用的密钥没有签署此类证照的权限。",
            "The key behind this seal may not be used for licenses of this type.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.SIGNER_NOT_ISSUER: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=1,
        title=("签章单位不是所称的颁发机构", "the signer is not the issuer it names"),
        engineer=(
            "所有签名都出自已登记的密钥，但没有一个属于证照所称的颁发机构或其受托机构。签名本身可能完好：用别家真章冒充的就是这种情形。",
            "All signatures come from registered keys, but none belongs to the issuer the license names or to its delegate. They may hold perfectly: a genuine seal of another body looks like this.",
        ),
        clerk=(
            "盖章的单位和证照上写的颁发机构不是同一家，不能作为有效证照使用。",
            "The body that sealed the file is not the issuer it names. It cannot be used as a license.",
        ),
        next_step=_ASK_ISSUER,
    ),
    Reason.ROLE_MISSING: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=1,
        title=("缺少应当加盖的签章", "a seal that is required is missing"),
        engineer=(
            "该证照类型要求多方签署（如联合签章），现有签名没有覆盖全部角色。请对照类型登记的 roles 与 signatures 中各签名的 role。",
            "The license type demands several signers, for example a countersigner, and the signatures do not fill all roles. Compare the roles of the type with those in signatures.",
        ),
        clerk=(
            "这类证照要由几家单位共同签章，这份文件上还缺一家。",
            "Licenses of this type need the seals of several bodies, and one of them is missing here.",
        ),
        next_step=(
            "请持证人到{issuer}补办签章，或重新下载签章齐全的原件。",
            "Ask the holder to have the missing seal added by {issuer}, or to download an original that bears all seals.",
        ),
    ),
}
