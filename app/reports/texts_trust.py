"""What followed trust lists (信任清单) say of single seals."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, Pair, invalid, unsure

_ASK: Final[Pair] = (
    "请勿据此办理；向{issuer}核实，并请持证人用新的印章重新制发。",
    "Do not act on it. Ask {issuer}, and have the holder get it issued anew under a new seal.",
)

TRUST: Final[Mapping[Reason, Entry]] = {
    Reason.SEAL_FROZEN: invalid(
        Block.AUTHENTICITY,
        Own.SEAL,
        info=6,
        file=1,
        title=("盖章时印章已被冻结", "the seal was frozen when it was used"),
        engineer=(
            "信任清单将该印章（esID）列为冻结，签章时间在冻结期间之内（docs/trust-list.md，seals）。冻结之前（须经证明）、解冻之后的签章不受影响。",
            "A followed trust list names this seal (esID) as frozen, and the signing time lies within the freeze (docs/trust-list.md, seals). What was provably sealed before it, or after a thaw, is not affected.",
        ),
        clerk=(
            "盖章的时候，这枚印章已被停用（冻结），不能用来盖章。",
            "When it was used, this seal had been put out of use for a while (frozen). Nothing sealed with it in that time counts.",
        ),
        next_step=_ASK,
    ),
    Reason.SEAL_CANCELLED: invalid(
        Block.AUTHENTICITY,
        Own.SEAL,
        info=6,
        file=1,
        title=("盖章时印章已被注销", "the seal was cancelled when it was used"),
        engineer=(
            "信任清单将该印章（esID）列为注销，签章时间不早于注销时间（docs/trust-list.md，seals）。经证明在注销之前的签章不受影响；注销不可撤回。",
            "A followed trust list names this seal (esID) as cancelled, and the signing time is not before that (docs/trust-list.md, seals). What was provably sealed before is not affected; a cancellation is not taken back.",
        ),
        clerk=(
            "盖章的时候，这枚印章已经注销，用它盖的章不成立。",
            "When it was used, this seal no longer existed in law (cancelled). The sealing does not hold.",
        ),
        next_step=_ASK,
    ),
    Reason.SEAL_ENDED_SINCE: unsure(
        Block.AUTHENTICITY,
        Etsi.REVOKED_NO_POE,
        title=(
            "印章在签章之后到期、被冻结或注销，签章时间未经证明",
            "the seal is out of use since, and the time of sealing is not proven",
        ),
        engineer=(
            "印章的有效期（validEnd，GB/T 38540-2020 §6.3）已过，或信任清单将其（esID）列为冻结或注销；声明的签章时间在此之前，但没有可信时间戳，也没有本节点在此之前的登记，不能排除倒签。",
            "The period of the seal (validEnd, GB/T 38540-2020 §6.3) is over, or a followed trust list names it (esID) as frozen or cancelled. The claimed time of sealing is before that, but neither a trusted timestamp nor a record of this node from before it proves that; back-dating cannot be ruled out.",
        ),
        clerk=(
            "这枚印章现在已停用（到期、冻结或注销），又不能证明章是在停用之前盖的，暂不能确认。",
            "This seal is out of use now (its period over, frozen or cancelled), and nothing proves that it was used before that. It cannot be confirmed yet.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人换取新签章的原件。",
            "Ask {issuer} about this file, or have the holder obtain a newly sealed original.",
        ),
    ),
    Reason.SEAL_UNIDENTIFIED: unsure(
        Block.AUTHENTICITY,
        Etsi.SIG_CONSTRAINTS_FAILURE,
        title=(
            "印章标识无法与印章状态清单比对",
            "the seal's id cannot be compared with lists of seals",
        ),
        engineer=(
            "印章标识（esID，GB/T 38540-2020 §6.1）为空、没有字母或数字，或含不可见字符；信任清单若冻结或注销了这枚印章，无从得知。",
            "The seal's id (esID, GB/T 38540-2020 §6.1) is empty, has no letter or digit, or has characters that are not seen. Had a trust list frozen or cancelled this seal, it could not be told.",
        ),
        clerk=(
            "这枚印章没有可用的编号，查不到它是否已被停用，暂不能确认。",
            "This seal has no usable number, so whether it is out of use cannot be looked up. It cannot be confirmed yet.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人用编号规范的印章重新制发。",
            "Ask {issuer} about this file, or have the holder obtain one sealed with a properly numbered seal.",
        ),
    ),
}
