"""Every word of the public lists and of the page that explains, in both languages."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Any, Final

_COMMON: Final[dict[str, dict[str, Any]]] = {
    "zh": {
        "said": {},
        "find": "查找（名称或代码）",
        "search": "查找",
        "none": "没有查到。没有登记不等于假证：可能由其他节点登记，也可能尚未登记。",
        "outage": "暂时无法读取登记信息，请稍后再试。",
        "count": "共 {total} 项，第 {page} / {pages} 页",
        "earlier": "上一页",
        "later": "下一页",
        "paging": "翻页",
    },
    "en": {
        "said": {},
        "find": "Find by name or code",
        "search": "Find",
        "none": "None found. Not being registered does not make a license false: another node may have it, or nobody yet.",
        "outage": "The register cannot be read just now; try again later.",
        "count": "{total} in all, page {page} of {pages}",
        "earlier": "Previous page",
        "later": "Next page",
        "paging": "Pages of the list",
    },
}

ISSUERS: Final[dict[str, dict[str, Any]]] = {
    "zh": {
        **_COMMON["zh"],
        "title": "颁发机构",
        "lead": "在本站登记的证照颁发机构、所颁发的证照类型，以及最近一天答复核验询问的情况。",
        "code": "代码",
        "issues": "颁发",
        "nothing": "没有登记任何类型",
        "answers": "答复情况",
        "availability": {
            "steady": "正常",
            "gaps": "时有中断",
            "silent": "最近一天没有答复：所颁发证照现在可能不能确定，这不说明证照有问题",
            "unasked": "最近一天没有被询问",
            "no_endpoint": "没有登记核验接口：凭已签名的登记信息核验，没有的不能确定",
        },
    },
    "en": {
        **_COMMON["en"],
        "title": "Issuers",
        "lead": "The issuers registered at this site, the types of license they issue, and how they answered inquiries over the last day.",
        "code": "Code",
        "issues": "Issues",
        "nothing": "no type is registered",
        "answers": "Answers",
        "availability": {
            "steady": "steadily",
            "gaps": "with gaps",
            "silent": "not at all over the last day: whether its licenses are valid may not be determined now, which says nothing against them",
            "unasked": "was not asked over the last day",
            "no_endpoint": "no interface is registered: verified by signed records; without one it cannot be determined",
        },
    },
}

TYPES: Final[dict[str, dict[str, Any]]] = {
    "zh": {
        **_COMMON["zh"],
        "title": "证照类型",
        "lead": "在本站登记的证照类型及其核验要求。",
        "code": "类型代码",
        "sealed": "文件必须加盖电子印章",
        "unsealed": "文件可以不加盖电子印章",
        "age": "核验时，颁发机构的答复不得早于 {age} 以前",
        "now": "每次核验都当场询问颁发机构",
        "by": "看颁发机构（{count} 个）",
        "by_nobody": "没有登记颁发机构",
    },
    "en": {
        **_COMMON["en"],
        "title": "License types",
        "lead": "The types of license registered at this site, and what verifying them takes.",
        "code": "Type code",
        "sealed": "a file must bear an electronic seal",
        "unsealed": "a file need not bear an electronic seal",
        "age": "The issuer's answer may be no older than {age}",
        "now": "The issuer is asked anew each time",
        "by": "See its issuers ({count})",
        "by_nobody": "No issuer is registered",
    },
}

HELP: Final[dict[str, dict[str, Any]]] = {
    "zh": {
        "said": {},
        "title": "怎样核验",
        "steps_title": "三步核验",
        "steps": [
            "向持证人索取颁发机构发出的原始文件（OFD、PDF 或令牌）。打印件、截图、照片上的内容只能作为线索。",
            "在首页选择文件，或拍摄证照上的二维码，或按编号填写。本服务核对签名签章，并向颁发机构核实。",
            "看结论和“下一步”。需要留存的，打开核验码所指的确认页打印，他人凭核验码可以确认。",
        ],
        "meanings_title": "结论的含义",
        "meanings": [
            ["valid", "✔", "有效", "签名签章成立，颁发机构也确认，现行有效。"],
            [
                "invalid",
                "✘",
                "无效",
                "有一项不成立，或者颁发机构明确否认、撤销、注销。原因写在结论里，请按“下一步”处理。",
            ],
            [
                "indeterminate",
                "?",
                "暂不能确定",
                "还缺一项依据，既不能说有效，也不能说无效。请勿据此拒绝办理，按“下一步”补充。",
            ],
            [
                "outage",
                "↻",
                "暂不能确定：有机构没有答复",
                "某个机构或来源没有答复。这与证照真伪无关，请过几分钟再试。",
            ],
        ],
        "real_title": "怎样认出真的核验网站",
        "real_domain": "地址栏中的域名必须与上面写明的一致。打印的报告、二维码所指的也是这个地址。",
        "real": [
            "本网站不要求登录，不使用 Cookie，不收费，不索要密码、验证码、银行卡号，不要求安装软件。",
            "收到别人发来的“核验结果”链接或截图，不要直接相信：自己输入地址，用核验码确认，或重新核验原件。",
            "每份报告都有本站的电子签名；技术人员可以用本站公布的公钥验证。",
        ],
        "address": "本站地址：",
        "no_address": "本站没有公布网址：请向运行本站的机构询问正式网址。",
        "node": "本站在报告中的名称：",
        "keys": "验证报告签名用的公钥（技术资料）",
        "trust_title": "信任清单",
        "trust_lead": "颁发机构及其密钥来自下列签名的清单和本站自己的登记；清单过期时，不凭它认定有效。",
        "own": "本站发布",
        "followed": "本站遵循",
        "number": "第 {number} 号",
        "issued": "签发于 {when}（{age}）",
        "never": "尚未取得",
        "late": "已过期",
        "until": "有效至 {when}",
        "fetch": "下载清单",
        "no_lists": "没有发布或遵循任何清单，只有本站自己的登记。",
        "last": "本站登记最近一次增加或吊销：",
        "outage": "暂时无法读取登记信息，请稍后再试。",
        "wrong_title": "登记的信息有误",
        "wrong": "结论与实际不符的，请先按“下一步”联系颁发机构：谁制发、谁核验，登记的信息只有颁发机构能够更正。",
    },
    "en": {
        "said": {},
        "title": "How to verify",
        "steps_title": "Three steps",
        "steps": [
            "Ask the holder for the original file the issuer gave out (OFD, PDF or token). What a print, a screenshot or a photo shows is only a hint.",
            "On the first page choose the file, or take a photo of its QR code, or fill in its number. Signatures and seals are checked, and the issuer is asked.",
            "Read the conclusion and the next step. To keep it, print the page its confirmation code leads to; others can confirm it by that code.",
        ],
        "meanings_title": "What the conclusions mean",
        "meanings": [
            [
                "valid",
                "✔",
                "Valid",
                "Signatures and seals hold, the issuer confirms it, and it is in force.",
            ],
            [
                "invalid",
                "✘",
                "Invalid",
                "Something does not hold, or the issuer denies, withdrew or cancelled it. The conclusion says why; follow the next step.",
            ],
            [
                "indeterminate",
                "?",
                "Cannot be determined",
                "Something is missing: neither valid nor invalid can be said. Do not refuse anybody for it; the next step says what to add.",
            ],
            [
                "outage",
                "↻",
                "Cannot be determined at this moment",
                "An issuer or a source does not answer at the moment. That says nothing about the license; try again later.",
            ],
        ],
        "real_title": "How to recognise the real site",
        "real_domain": "The domain in the address bar must be the one written above. Printed reports and their QR codes lead there too.",
        "real": [
            "This site asks for no login, sets no cookies, costs nothing, and never wants passwords, codes sent to your phone, card numbers or software to be installed.",
            "Do not believe a link or a screenshot of a result that somebody sent you: type the address yourself, confirm the report by its code, or verify the original again.",
            "Every report is signed by this site; engineers can check it under the keys it publishes.",
        ],
        "address": "Address of this site: ",
        "no_address": "This site states no public address: ask the body that runs it.",
        "node": "Its name in reports: ",
        "keys": "keys its reports are signed by (for engineers)",
        "trust_title": "Trust lists",
        "trust_lead": "Issuers and their keys come from these signed lists and from this site's own register; nothing passes on the word of a list that is out of date.",
        "own": "published by this site",
        "followed": "followed by this site",
        "number": "number {number}",
        "issued": "issued {when} ({age})",
        "never": "none accepted yet",
        "late": "out of date",
        "until": "holds until {when}",
        "fetch": "fetch the list",
        "no_lists": "No list is published or followed; there is this site's own register only.",
        "last": "Last entry or revocation in this site's register: ",
        "outage": "The register cannot be read just now; try again later.",
        "wrong_title": "The record is wrong",
        "wrong": "Where a conclusion does not agree with the facts, follow its next step to the issuer first: the issuer confirms its licenses, and only the issuer can mend its record.",
    },
}

NOTHING: Final[dict[str, dict[str, Any]]] = {
    "zh": {
        "said": {},
        "title": "没有这一页",
        "lead": "网址可能输入有误，或者这一页已经没有了。这与任何证照的真伪无关。",
        "next": "要核验证照，请回到首页；要确认别人出示的报告，请输入其核验码。",
    },
    "en": {
        "said": {},
        "title": "There is no such page",
        "lead": "The address may be mistyped, or the page is gone. That says nothing about any license.",
        "next": "To verify a license go to the first page; to confirm a report shown to you, enter its code.",
    },
}

LISTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "issuers.html": ISSUERS,
    "types.html": TYPES,
    "help.html": HELP,
    "nothing.html": NOTHING,
}
