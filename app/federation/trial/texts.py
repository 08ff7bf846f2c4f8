"""Each item in words: what is asked of the endpoint, and how to mend it. Chinese beside English."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from app.federation.trial.items import Item


@dataclass(frozen=True, slots=True)
class Words:
    """In both languages."""

    asked_zh: str
    asked_en: str
    mend_zh: str
    mend_en: str

    def asked(self, language: str) -> str:
        return self.asked_zh if language == "zh" else self.asked_en

    def mend(self, language: str) -> str:
        return self.mend_zh if language == "zh" else self.mend_en


WORDS: Final[Mapping[Item, Words]] = MappingProxyType(
    {
        Item.ADDRESS: Words(
            "接口地址可以访问", "the address may be asked",
            "使用 https 和公网地址；政务外网或本机地址由核验方用 --network 开放。", "Use https and a public address; a private one has to be opened by the asker with --network.",
        ),
        Item.CONNECTION: Words(
            "可以建立连接，答复完整", "a connection is made, and the answer comes whole",
            "检查 DNS、端口、防火墙；服务器证书须由受信任的机构签发、未过期、域名一致（内部机构用 ZHENGYAN_CA_BUNDLE）；答复中途不得断开。", "Check DNS, port and firewall; the server certificate must come from a trusted authority, be in date and bear the name (an authority of your own: ZHENGYAN_CA_BUNDLE); do not cut the answer off.",
        ),
        Item.DEADLINE: Words(
            "在时限内答复", "it answers within the deadline",
            "三秒内给出完整答复；慢的查询放到接口之外预先完成，不要逐字节发送。", "Give the whole answer within 3 s: prepare slow look-ups beforehand, and do not send byte by byte.",
        ),
        Item.HTTP: Words(
            "HTTP/1.1 格式正确", "it speaks sound HTTP/1.1",
            "答复须有且只有一个 Content-Length，或用 chunked；首部总数和长度不要超限。", "Give exactly one Content-Length, or chunks; keep the number and length of header fields small.",
        ),
        Item.ADMITTED: Words(
            "接受本核验节点的询问", "it lets this node ask",
            "请颁发机构登记本节点的标识和公钥（zhengyan peer self 给出）；节点标识与密钥名须一致。", "Have the issuer register this node's id and public key (`zhengyan peer self` prints them); the kid has to be the same.",
        ),
        Item.STATUS: Words(
            "正确的询问得到 200", "a good question gets status 200",
            "查无此证、信息不符等结果也用 200 和签名答复表达；非 200 一律不算答复。", "Say also 'no such record' or 'differs' by a signed answer with 200; any other status is no answer.",
        ),
        Item.ENCODING: Words(
            "答复不压缩", "the answer is not compressed",
            "询问带有 Accept-Encoding: identity；关闭网关对该路径的 gzip。", "The question says Accept-Encoding: identity; switch gzip off for this path, also in the proxy.",
        ),
        Item.SIZE: Words(
            "答复不超过 64 KiB", "the answer is 64 KiB at most",
            "只返回协议规定的成员，不附图片和文件。", "Send the members of the protocol only, no pictures and no files.",
        ),
        Item.CONTENT_TYPE: Words(
            "Content-Type 为 application/jose", "Content-Type is application/jose",
            "正文就是 JWS 字符串，类型写 application/jose，不带参数；不要返回登录页。", "The body is the JWS itself, the type application/jose without parameters; never a login page.",
        ),
        Item.TOKEN: Words(
            "答复是 JWS 紧凑格式", "the answer is a compact JWS",
            "三段无填充的 base64url；首部只有 typ、alg、kid，typ 为 ivp-answer+jwt；前后没有换行。", "Three parts of base64url without padding; the header has typ, alg and kid only, typ is ivp-answer+jwt; no line break around it.",
        ),
        Item.SIGNATURE: Words(
            "由登记的答复密钥签名", "a registered answer key signed it",
            "kid 用登记的名称，alg 用该密钥登记的算法，签名值为 r‖s 原始格式（不是 DER）；该密钥须登记为 answer 用途且在有效期内。", "Use the registered kid and its registered alg, the value as raw r‖s (not DER); the key must be registered for answers and be in date.",
        ),
        Item.MEMBERS: Words(
            "成员齐全，格式正确", "all members are there, in their form",
            "见 docs/ivp.md 的答复表：outcome 为 0–7 的整数，document 与 facts 用规定的词，时间为整数秒，成员不得重复。", "See the answer's table in docs/ivp.md: outcome an integer 0–7, document and facts in their words, times whole seconds, no member twice.",
        ),
        Item.ISSUER: Words(
            "iss 是被询问的机构", "iss is the body that was asked",
            "iss 写询问的 aud，即本机构登记的代码。", "Put the question's aud into iss: the code under which you are registered.",
        ),
        Item.AUDIENCE: Words(
            "aud 是询问的节点", "aud is the node that asked",
            "aud 写询问的 iss。", "Put the question's iss into aud.",
        ),
        Item.ECHO: Words(
            "答的就是这个询问", "it answers this very question",
            "inquiry 为收到的询问 JWS（ASCII 原文）的 SHA-256，base64url；identifier、type 与所问一致；不得重复发送旧答复。", "inquiry is the base64url SHA-256 of the question's JWS as received; identifier and type are those asked about; never send an old answer again.",
        ),
        Item.CLOCK: Words(
            "时钟正确", "its clock is right",
            "用 NTP 校时；iat、as_of 为 UTC 秒数，误差不超过 60 秒。", "Set the clock by NTP; iat and as_of are seconds in UTC, off by 60 s at most.",
        ),
        Item.FRESH: Words(
            "答复所依据的数据够新", "it answers from data that are new enough",
            "as_of 写数据的真实时间，next_update 不得已过；数据要比所发类型允许的时限新（--max-age）。", "as_of is the time the data are true for and next_update is yet to come; keep the data younger than your types allow (--max-age).",
        ),
        Item.FACTS: Words(
            "能打开加密的持证主体信息", "it opens the holder's sealed facts",
            "登记 P-256 加密公钥；按 docs/ivp.md 解开 facts_jwe（ECDH-ES、A256GCM），向量见 docs/ivp-vectors/facts.json。", "Register an encryption key on P-256 and open facts_jwe (ECDH-ES, A256GCM) as docs/ivp.md says; vectors are in docs/ivp-vectors/facts.json.",
        ),
        Item.KNOWN: Words(
            "样例证照答复正确", "it answers rightly about the sample license",
            "outcome 与样例所写一致；所比对的各项为 match，编号和持证主体必须能比对。", "outcome is what the sample says, and the facts compared match; number and holder have to be comparable.",
        ),
        Item.DOCUMENT: Words(
            "认得样例文件", "it knows the sample file",
            "按整个文件的 SM3 或 SHA-256 摘要认出本机构发出的文件，答 document: match。", "Know each file you issued by the SM3 or SHA-256 digest of the whole, and say document: match.",
        ),
        Item.OTHER_DOCUMENT: Words(
            "不认陌生的文件", "it does not vouch for a file it never issued",
            "摘要不在册时答 differs（此时 outcome 为 6）或 unknown，绝不答 match。", "For a digest you do not have say differs (then outcome is 6) or unknown, never match.",
        ),
        Item.UNKNOWN_LICENSE: Words(
            "查无此证时答 5", "about a license nobody has it says 5",
            "没有颁发过的标识答 outcome 5，不得答 0，也不得报错。", "For an identifier you never issued say outcome 5: not 0, and no error.",
        ),
        Item.WRONG_HOLDER: Words(
            "持证主体不符时答 6，不透露其他", "about a wrong holder it says 6, and nothing more",
            "facts.holder 为 mismatch，outcome 为 6；不得带 state、since、until、successor。", "facts.holder is mismatch and outcome 6; tell neither state nor since, until, successor.",
        ),
        Item.SPELLING: Words(
            "全角、空格、间隔号写法不同仍一致", "full width, spaces and dots make no difference",
            "比对前两边都按 docs/ivp.md 归一：间隔号、NFKC、去空格、代码大写。", "Fold both sides as docs/ivp.md says before comparing: dots, NFKC, no spaces, codes in upper case.",
        ),
        Item.BY_NUMBER: Words(
            "按编号和类型加持证主体可查", "it can be asked by number and type with the holder",
            "没有标识时按 number + type 查找，持证主体一致才答状态和标识。", "Without an identifier look up by number and type, and tell state and identifier where the holder matches.",
        ),
        Item.NUMBER_ALONE: Words(
            "只有编号时答 4", "to a number alone it says 4",
            "没有持证主体信息不得答状态：outcome 4，不带 identifier 和 state（防枚举）。", "Without a fact of the holder tell no status: outcome 4, no identifier, no state. Numbers can be guessed.",
        ),
        Item.BEFORE_ISSUE: Words(
            "问生效之前的时间，不答有效", "asked about a time before it began, it does not say in force",
            "有 at 时按该时间答：生效前为 1；答不了历史状态的答 4。", "Answer for the time in at: 1 before the license began, or 4 where you keep no history.",
        ),
        Item.BY_CODE: Words(
            "按查验码可查，答的就是这张证照", "it can be asked by a code of its own, and answers of that license",
            "码逐字符比对（区分大小写），查到即如同按标识作答，不需要持证主体信息；不发码的机构答 4。", "Compare codes letter by letter and answer as by the identifier, without a fact of the holder; who gives out no codes says 4.",
        ),
        Item.UNKNOWN_CODE: Words(
            "没有发出过的查验码不承认", "it does not answer for a code it never gave out",
            "发码的机构对不在册的码答 5，不带 identifier 和 state；不得按前缀或大小写近似匹配。", "Who gives out codes says 5 to any other, with neither identifier nor state; never match by a prefix or without regard to case.",
        ),
        Item.NEW_MEMBERS: Words(
            "忽略不认识的成员", "it ignores members it does not know",
            "询问里多出的成员跳过即可，协议将来会增加成员。", "Skip members of the question you do not know: the protocol will grow.",
        ),
        Item.CLOCK_TOLERANCE: Words(
            "容忍询问方 45 秒的时钟误差", "it tolerates an asker's clock that is 45 s off",
            "iat 和 exp 两端各放宽 60 秒。", "Allow 60 s at both ends, iat and exp.",
        ),
        Item.EXPIRED: Words(
            "拒绝过期的询问", "it refuses a question that is over",
            "exp 早于当前时间 60 秒以上的答 401。", "Where exp is more than 60 s ago say 401.",
        ),
        Item.FUTURE: Words(
            "拒绝来自未来的询问", "it refuses a question from the future",
            "iat 晚于当前时间 60 秒以上的答 401。", "Where iat is more than 60 s ahead say 401.",
        ),
        Item.LONG_LIFE: Words(
            "拒绝有效期过长的询问", "it refuses a question that lives too long",
            "exp 晚于 iat 60 秒以上的答 400。", "Where exp is more than 60 s after iat say 400.",
        ),
        Item.REPLAY: Words(
            "同一询问只答一次", "it answers a question once",
            "已答过的 jti 保留到 exp 后 60 秒（多台服务器共用），再次出现答 401。", "Keep each jti until 60 s after exp, in one place for all your servers; the second time say 401.",
        ),
        Item.STRANGER: Words(
            "拒绝未登记的节点", "it refuses a node it does not know",
            "只按登记的节点和公钥验签，绝不用询问里带来的密钥；未知节点答 401。", "Verify by registered nodes and keys only, never by a key that comes along; say 401 to unknown ones.",
        ),
        Item.FORGED: Words(
            "拒绝冒用节点名的签名", "it refuses another key under a known name",
            "用登记的公钥真正验签，不成立答 401。", "Really verify the signature with the registered key; where it does not hold say 401.",
        ),
        Item.ALTERED: Words(
            "拒绝签名后被改动的询问", "it refuses a question altered after signing",
            "验签的对象是收到的原文两段，不是重新编码的内容。", "Verify over the first two parts as received, not over something encoded anew.",
        ),
        Item.UNSIGNED: Words(
            "拒绝 alg 为 none 的询问", "it refuses alg none",
            "算法由登记的密钥决定，不看首部；none 和对称算法不存在。", "The registered key decides the algorithm, not the header; none and symmetric ones do not exist.",
        ),
        Item.OTHER_BODY: Words(
            "拒绝问别的机构的询问", "it refuses a question to another body",
            "aud 不是本机构（或其委托人）代码的答 403。", "Where aud is not your code (or that of a body you answer for) say 403.",
        ),
        Item.OTHER_TOKEN: Words(
            "拒绝其他类型的令牌", "it refuses a token of another kind",
            "首部 typ 必须是 ivp-inquiry+jwt，否则答 400。", "typ in the header has to be ivp-inquiry+jwt; else say 400.",
        ),
        Item.INCOMPLETE: Words(
            "拒绝缺少成员的询问", "it refuses a question that lacks a member",
            "必有成员缺一即答 400（试验的是缺 jti）。", "Where a needed member is missing say 400 (tried: jti).",
        ),
        Item.AMBIGUOUS: Words(
            "拒绝同时问两样的询问", "it refuses a question about two things",
            "identifier、number + type、code、seal 四者只能有一，否则答 400。", "identifier, number with type, code, seal: exactly one of the four; else say 400.",
        ),
        Item.FALSE_VIA: Words(
            "拒绝 via 不实的询问", "it refuses a false via",
            "直接询问的 via 必须是 [iss]，否则答 400。", "via of a direct question is [iss]; else say 400.",
        ),
        Item.OVERSIZED: Words(
            "拒绝过大的询问", "it refuses a question over 64 KiB",
            "正文超过 64 KiB 答 413，边收边数，不要先收完。", "Say 413 to a body over 64 KiB; count while receiving.",
        ),
    }
)  # fmt: skip
