"""The license: its issuer, its identifier, its own dates, how it was presented."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Own, invalid, unsure

LICENSE_WORDS: Final[Mapping[Reason, Entry]] = {
    Reason.ISSUER_UNKNOWN: unsure(
        Block.AUTHORITY,
        Own.REGISTRY,
        title=("所称的颁发机构未在本服务登记", "the claimed issuer is not registered here"),
        engineer=(
            "证照标识或文件所载的颁发机构代码不在登记册中，无法确认其身份，也无处核验。请核对代码；确属颁发机构的，办理登记。",
            "The issuer code in the identifier or the file is not in the registry: nobody vouches for that body, and there is nowhere to ask. Check the code; if it is an issuer, have it registered.",
        ),
        clerk=(
            "系统里没有登记这家颁发机构，不能确认这张证照。",
            "The issuer named here is not registered with the system, so the license cannot be confirmed.",
        ),
        next_step=(
            "请看证照上所印的颁发机构名称，通过该机构公开的联系方式核实；不要使用文件上印的电话或网址。",
            "See which issuer is printed on the license, and ask it through its published contacts; do not use a telephone number or address printed on the file.",
        ),
    ),
    Reason.TYPE_UNKNOWN: unsure(
        Block.AUTHORITY,
        Own.REGISTRY,
        title=("证照类型未在本服务登记", "the license type is not registered here"),
        engineer=(
            "证照类型代码不在登记册中，或没有给出类型代码，无从判断由谁颁发、是否须签章。",
            "The license type code is not in the registry, or none was given, so it cannot be told who may issue it and whether it must be sealed.",
        ),
        clerk=(
            "系统里没有登记这种证照，暂时不能核验。",
            "This kind of license is not registered with the system, so it cannot be verified yet.",
        ),
        next_step=(
            "请核对证照类型代码；无误的，请向{issuer}核实。",
            "Check the license type code. If it is right, ask {issuer}.",
        ),
    ),
    Reason.ISSUER_NOT_FOR_TYPE: invalid(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        info=6,
        file=2,
        title=("该机构无权颁发此类证照", "this body may not issue licenses of this type"),
        engineer=(
            "颁发机构已登记，但登记的证照类型不含本类型。请先核对登记册是否遗漏，再判断是否冒用。",
            "The issuer is registered, but not for this license type. Check first whether the registry is complete, then think of misuse.",
        ),
        clerk=(
            "登记显示，{issuer}不颁发这种证照，不能作为有效证照使用。",
            "According to the registry {issuer} does not issue this kind of license. It cannot be used as one.",
        ),
        next_step=(
            "请勿据此办理，并向{issuer}核实。",
            "Do not act on it, and ask {issuer}.",
        ),
    ),
    Reason.IDENTIFIER_MISSING: unsure(
        Block.AUTHORITY,
        Own.IDENTIFIER,
        title=("文件中没有证照标识", "the file bears no identifier"),
        engineer=(
            "没有找到符合 GB/T 36904 的证照标识，无法确定是哪一张证照，也无法据此向颁发机构提问。",
            "No identifier after GB/T 36904 was found, so it cannot be told which license this is, nor can the issuer be asked by it.",
        ),
        clerk=(
            "文件里没有证照标识，系统不知道该向谁核实哪一张证照。",
            "The file has no license identifier, so the system does not know whom to ask about which license.",
        ),
        next_step=(
            "请持证人提供带证照标识的原件，或按证照编号、证照类型和持证主体信息核验。",
            "Ask the holder for an original with its identifier, or verify by number, type and holder.",
        ),
    ),
    Reason.IDENTIFIER_DISAGREES: invalid(
        Block.AUTHORITY,
        Own.IDENTIFIER,
        info=6,
        file=2,
        title=("文件各处所载信息互相矛盾", "the file contradicts itself"),
        engineer=(
            "文件中出现多个不同的证照标识，或证照类型、颁发机构与标识所含的不一致。请查看检查项 identifier_agrees 的 detail。",
            "The file bears more than one identifier, or states a type or issuer other than that of its identifier. See the detail of check identifier_agrees.",
        ),
        clerk=(
            "文件里几处写的证照信息对不上，不能作为有效证照使用。",
            "The file says one thing in one place and another elsewhere. It cannot be used as a license.",
        ),
        next_step=(
            "请持证人重新下载原件再行核验；仍不一致的，请向{issuer}核实。",
            "Ask the holder to download the original again and verify that. If it still disagrees, ask {issuer}.",
        ),
    ),
    Reason.IDENTIFIER_UNPROVEN: unsure(
        Block.AUTHORITY,
        Own.IDENTIFIER,
        title=(
            "不能证明答复针对的就是这份文件",
            "nothing proves that the answer is about this very file",
        ),
        engineer=(
            "证照标识不在签名保护的内容中，颁发机构也没有确认文件摘要，受签名保护且比对一致的事实不足两项。标识只用于寻址，不作证明。",
            "The identifier stands outside what was signed, the issuer confirmed no digest of the file, and fewer than two signed facts were compared and match. Such an identifier routes the question and proves nothing.",
        ),
        clerk=(
            "登记里有这张证照，但不能确认眼前这份文件就是它，暂不能认定有效。",
            "There may be such a license, but nothing shows that the file at hand is that license. It cannot be called valid yet.",
        ),
        next_step=(
            "请持证人从{issuer}重新下载原件；或请该机构确认这份文件。",
            "Ask the holder to download the original again from {issuer}, or have that body confirm this file.",
        ),
    ),
    Reason.COPY_EXPIRED: invalid(
        Block.STATUS,
        Own.PRESENTATION,
        info=4,
        file=2,
        title=("加注件已过使用期限", "the annotated copy has run out"),
        engineer=(
            "加注件自身的使用期限已过。这不说明证照失效，颁发机构也未被询问。",
            "The annotated copy is past its own expiry. That says nothing about the license, and the issuer was not asked.",
        ),
        clerk=(
            "这份加注件只供限期使用，现在已经过期；证照本身不一定失效。",
            "This annotated copy was made for a limited time, which is over. The license itself may well be in force.",
        ),
        next_step=(
            "请持证人重新申领加注件，或出示原件。",
            "Ask the holder for a new annotated copy, or for the original.",
        ),
    ),
    Reason.COPY_EXPIRY_MISSING: unsure(
        Block.STATUS,
        Own.PRESENTATION,
        title=("加注件没有可信的使用期限", "the annotated copy states no expiry that is proven"),
        engineer=(
            "按签章角色或加注层判断属加注件，但没有载明使用期限，或者所载期限不在加注件制作者自己的签章保护之下（见 copy_current 的 detail），无法断定是否仍可使用。",
            "By the signer's role or a copy layer this is an annotated copy, but it states no expiry, or one that is not under its maker's own signature (see the detail of copy_current), so it cannot be told whether it may still be used.",
        ),
        clerk=(
            "这是一份加注件，但能用到什么时候没有可信的记载，不能确认是否还能用。",
            "This is an annotated copy, but nothing that can be trusted says until when it may be used.",
        ),
        next_step=(
            "请持证人重新申领加注件，或出示原件。",
            "Ask the holder for a new annotated copy, or for the original.",
        ),
    ),
    Reason.COPY_MATTER_UNPROVEN: unsure(
        Block.STATUS,
        Own.PRESENTATION,
        title=(
            "加注件的事项编码不在签章保护之下",
            "the matter of the annotated copy is not under its maker's signature",
        ),
        engineer=(
            "加注件与本次请求都带有事项编码，但加注件的事项编码不在其制作者自己的签章保护之下，任何人都可能改写过，相同或不同都不说明问题。",
            "Copy and request both carry a matter code (事项编码), but that of the copy is not under its maker's own signature. Anybody may have written it, so it proves nothing, the same or another.",
        ),
        clerk=(
            "这份加注件是为办什么事开具的，没有可信的记载，不能确认能否用于本次事项。",
            "Nothing that can be trusted says what this annotated copy was made for, so it cannot be told whether it may be used for this matter.",
        ),
        next_step=(
            "请持证人按本次事项重新申领加注件，或出示原件。",
            "Ask the holder for a copy made for this matter, or for the original.",
        ),
    ),
    Reason.COPY_PURPOSE_DIFFERS: invalid(
        Block.STATUS,
        Own.PRESENTATION,
        info=4,
        file=2,
        title=(
            "加注件的使用事项与本次办理事项不符",
            "the annotated copy was made for another matter",
        ),
        engineer=(
            "加注件与本次请求都带有事项编码，两者不同。证照本身未作判断。",
            "Copy and request both carry a matter code (事项编码), and the two differ. Nothing is said about the license itself.",
        ),
        clerk=(
            "这份加注件是为办别的事开具的，不能用于本次事项；证照本身不一定有问题。",
            "This annotated copy was made for another matter and may not be used for this one. The license itself may well be in order.",
        ),
        next_step=(
            "请持证人按本次事项重新申领加注件，或出示原件。",
            "Ask the holder for a copy made for this matter, or for the original.",
        ),
    ),
    Reason.PRESENTATION_EXPIRED: invalid(
        Block.STATUS,
        Own.PRESENTATION,
        info=4,
        file=2,
        title=("出示的令牌或二维码已过时", "what was presented has run out"),
        engineer=(
            "令牌的 exp 已过。它只限制本次出示，与证照的有效期无关；截图重放也会出现这种情形。",
            "The token is past its exp. That bounds this presentation, not the license; a replayed screenshot looks like this too.",
        ),
        clerk=(
            "出示的二维码或令牌已经过时，证照本身不一定失效。",
            "The code shown has run out. The license itself may well be in force.",
        ),
        next_step=(
            "请持证人当场刷新后重新出示，不要使用截图。",
            "Ask the holder to refresh it on the spot and show it again, not as a screenshot.",
        ),
    ),
    Reason.PAST_OWN_DATE: unsure(
        Block.STATUS,
        Own.LICENSE_STATUS,
        title=(
            "已过证照载明的有效期，颁发机构尚未答复",
            "it is past its own date, and there is no answer from the issuer",
        ),
        engineer=(
            "所问日期晚于证照载明的有效期截止日，又没有颁发机构的实时答复。依行政许可法第五十条可能视为准予延续，只有颁发机构能够断定；存量声明不足为凭。",
            "The asked day is after the last day the license bears, and no live answer of the issuer is at hand. It may be deemed renewed (行政许可法 50): only the issuer can say, and a stored statement is not enough.",
        ),
        clerk=(
            "证照上写的有效期已过，但也可能已经延续，要由{issuer}答复才能确定。",
            "The date on the license is past, but it may have been renewed. Only {issuer} can tell.",
        ),
        next_step=(
            "请稍后再核验，或向{issuer}核实是否已办理延续。",
            "Verify again later, or ask {issuer} whether it was renewed.",
        ),
    ),
    Reason.BEFORE_OWN_DATE: unsure(
        Block.STATUS,
        Own.LICENSE_STATUS,
        title=(
            "未到证照载明的起始日期，颁发机构尚未答复",
            "its own first day has not come, and there is no answer from the issuer",
        ),
        engineer=(
            "所问日期早于证照载明的有效期起始日，又没有颁发机构的实时答复。",
            "The asked day is before the first day the license bears, and no live answer of the issuer is at hand.",
        ),
        clerk=(
            "证照上写的起始日期还没有到，要由{issuer}答复才能确定。",
            "The first day on the license has not come yet. Only {issuer} can tell whether it is in force.",
        ),
        next_step=(
            "请核对要查询的日期；无误的，向{issuer}核实。",
            "Check the date you ask about. If it is right, ask {issuer}.",
        ),
    ),
}
