"""Seals (电子签章), their certificates, and the sealed file."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, Pair, invalid, unsure

_ORIGINAL: Final[Pair] = (
    "请持证人从{issuer}或原下载渠道重新下载原件，不要编辑、转换或截图，再行核验。",
    "Ask the holder to download the original again from where {issuer} offers it, without editing or converting it, and verify that.",
)
_REFUSE: Final[Pair] = (
    "请勿据此办理；向{issuer}核实，并保留这份文件备查。",
    "Do not act on it. Ask {issuer}, and keep the file as evidence.",
)
_TELL_ISSUER: Final[Pair] = (
    "请勿据此办理；请持证人向{issuer}反映，重新制发。",
    "Do not act on it. Ask the holder to have {issuer} issue it anew.",
)

SEAL: Final[Mapping[Reason, Entry]] = {
    Reason.SIGNATURE_UNREADABLE: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=6,
        file=1,
        title=(
            "签章数据不符合标准，无法读取",
            "the seal's data do not follow the standard and cannot be read",
        ),
        engineer=(
            "SignedValue.dat 不能按 GM/T 0031、GB/T 38540 或 GB/T 35275 的结构唯一读取，见检查项 signature_holds 的 detail（GB/T 38540-2020 7.3 a）。",
            "SignedValue.dat cannot be read in one way only by the structures of GM/T 0031, GB/T 38540 or GB/T 35275; see the detail of check signature_holds (GB/T 38540-2020 7.3 a).",
        ),
        clerk=(
            "文件中的电子签章数据已损坏或不合标准，这枚签章不成立。",
            "The data of the electronic seal are damaged or not to standard. The seal does not hold.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.SIGNATURE_UNSUPPORTED: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=(
            "签名属于本服务不核验的种类",
            "the signature is of a kind that is not verified here",
        ),
        engineer=(
            "签名值里没有签名者证书（裸签名值，或不含证书的 GB/T 35275 容器），或签名、摘要的算法不在本服务的算法表内，见相应检查的 detail。不猜测，也不视为通过。",
            "The value holds no certificate of its signer (a bare value, or a GB/T 35275 container without one), or its algorithm or digest is not in this service's table; see the detail of the check. Nothing is guessed, and nothing passes for it.",
        ),
        clerk=(
            "文件带有本系统不能核验的签名，不能断定真假。",
            "The file carries a signature this system cannot verify, so it cannot be told whether it is genuine.",
        ),
        next_step=(
            "请持证人提供加盖电子印章的原件，或向{issuer}核实。",
            "Ask the holder for the original under an electronic seal, or ask {issuer}.",
        ),
    ),
    Reason.ALGORITHM_MISMATCH: invalid(
        Block.AUTHENTICITY,
        Etsi.SIG_CRYPTO_FAILURE,
        info=6,
        file=1,
        title=("各处声明的签名算法不一致", "the places that name the signature algorithm disagree"),
        engineer=(
            "Signature.xml 的 SignatureMethod 与签章数据中的算法不同；标准要求二者与签章者证书一致（OFD-23）。",
            "SignatureMethod in Signature.xml is not the algorithm inside the seal signature; both have to agree with the signer's certificate (OFD-23).",
        ),
        clerk=(
            "签章内外写明的算法对不上，这枚签章不成立。",
            "The seal names different algorithms inside and outside. It does not hold.",
        ),
        next_step=_TELL_ISSUER,
    ),
    Reason.DATA_HASH_DIFFERS: invalid(
        Block.AUTHENTICITY,
        Etsi.HASH_FAILURE,
        info=6,
        file=2,
        title=("签章不是为这份文件所盖", "the seal was not put on this file"),
        engineer=(
            "签章数据中的原文杂凑（dataHash）与 Signature.xml 实际内容的杂凑不同：签名描述被改动，或签章移自别处（GB/T 38540-2020 7.3）。",
            "dataHash inside the seal signature is not the digest of Signature.xml as stored: the description was changed, or the seal comes from another file (GB/T 38540-2020 7.3).",
        ),
        clerk=(
            "这枚签章与文件内容对不上，文件盖章后被改动过，或签章是从别的文件移来的。",
            "The seal does not belong to this content: the file was changed after sealing, or the seal was taken from another file.",
        ),
        next_step=_REFUSE,
    ),
    Reason.TYPE_DISAGREES: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=6,
        file=1,
        title=(
            "签名列表称之为签章，签名数据里却没有印章",
            "the list of signatures calls it a seal, and there is no seal in it",
        ),
        engineer=(
            "Signatures.xml 中 Signature@Type 为 Seal（或省略），SignedValue.dat 却是不带印章的 GB/T 35275 签名：Seal 须为电子签章（SES），Sign 才是签名（GM/T 0099-2020 7.2.2）。类型以签名数据自身为准；列表被改动过，或由不合标准的软件写成（OFD-10）。反之，列表称签名而数据是签章的，按签章核验并注明。",
            "Signature@Type in Signatures.xml is Seal, or left out, and SignedValue.dat is a GB/T 35275 signature without a seal: Seal stands for a seal signature (SES), Sign for a signature (GM/T 0099-2020 7.2.2). The value itself decides; the list was changed, or written by software that does not follow the standard (OFD-10). The reverse, a seal that the list calls a signature, is verified as the seal it is, and told.",
        ),
        clerk=(
            "文件声称盖有电子印章，实际只有签名、没有印章，不能认可。",
            "The file claims an electronic seal, and there is only a signature without one. It is not accepted.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.TIMESTAMP_INVALID: invalid(
        Block.AUTHENTICITY,
        Own.SIGNING_TIME,
        info=6,
        file=1,
        title=(
            "所带时间戳无效",
            "the timestamp it carries is not valid",
        ),
        engineer=(
            "签章（签名）或印章所带时间戳令牌有误：结构、签名值、证书用途或有效期、所盖对象（须为签名值）、先后次序之一不成立，见 timestamp_holds 或 seal_holds 的 detail（GB/T 20520、RFC 3161；GM/T 0031-2025）。没有时间戳不算错，有而不对则不通过。",
            "The timestamp token of the signature or of the seal is wrong: its structure, its value, the purpose or dates of its certificate, what it stamps (which must be the signature value) or the order of times; see the detail of timestamp_holds or seal_holds (GB/T 20520, RFC 3161; GM/T 0031-2025). To have none is no fault; to have a wrong one is.",
        ),
        clerk=(
            "文件附带的时间证明对不上，不能认可。",
            "The proof of time that comes with the file does not fit it. It is not accepted.",
        ),
        next_step=_REFUSE,
    ),
    Reason.SCOPE_DIFFERS: invalid(
        Block.AUTHENTICITY,
        Etsi.HASH_FAILURE,
        info=6,
        file=1,
        title=(
            "签章指明的保护范围不是这份签名描述",
            "the seal names another scope than this signature",
        ),
        engineer=(
            "propertyInfo 应写明签名保护范围，即本签名的 Signature.xml 路径，现不一致或为空（GB/T 38540-2020 7.1；OFD-15、OFD-16）。",
            "propertyInfo has to name the protected scope, the path of this very Signature.xml; it names another or none (GB/T 38540-2020 7.1; OFD-15, OFD-16).",
        ),
        clerk=(
            "签章写明的保护对象不是这份文件，不能认可。",
            "The seal says that it protects something else than this file. It is not accepted.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.CONTENT_CHANGED: invalid(
        Block.AUTHENTICITY,
        Etsi.HASH_FAILURE,
        info=6,
        file=2,
        title=("盖章后内容被改动", "content was changed after sealing"),
        engineer=(
            "受保护部件的杂凑与签名所记不符，或部件缺失，见该签名 coverage 中的 changed 与 missing（GB/T 33190 18.2）。",
            "Digests of protected parts differ from those the signature states, or parts are missing; see changed and missing in the signature's coverage (GB/T 33190 18.2).",
        ),
        clerk=(
            "文件在盖章之后被改动过，不能作为有效证照使用。",
            "The file was changed after it was sealed. It cannot be used as a license.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.NOT_COVERED: invalid(
        Block.AUTHENTICITY,
        Own.COVERAGE,
        info=6,
        file=2,
        title=("显示的内容有一部分不在签章保护之内", "part of what is shown is not under the seal"),
        engineer=(
            "页面、模板、资源、注释或附件中有未被应有签章引用的部件，见 content_covered 的 detail 和各签名的 coverage.uncovered。未受保护的内容可被任意替换（OFD-01、OFD-09）。",
            "Pages, templates, resources, annotations or attachments are not referenced by the seals that count; see the detail of content_covered and coverage.uncovered of each signature. What is not covered can be replaced at will (OFD-01, OFD-09).",
        ),
        clerk=(
            "文件上看到的内容有一部分没有签章保护，可能是后加的，不能采信。",
            "Part of what the file shows is not protected by the seal and may have been added later. It cannot be relied on.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.SEAL_INVALID: invalid(
        Block.AUTHENTICITY,
        Etsi.SIG_CRYPTO_FAILURE,
        info=6,
        file=1,
        title=("印章本身不成立", "the seal itself does not hold"),
        engineer=(
            "制章者对印章信息的签名验证不通过：印章被改动，或不是由所称的制章者制作（GB/T 38540-2020 6.3 b）。",
            "The seal maker's signature over the seal does not verify: the seal was changed, or was not made by that maker (GB/T 38540-2020 6.3 b).",
        ),
        clerk=(
            "这枚电子印章不是正规制作的，或被改动过，不能认可。",
            "This electronic seal was not properly made, or was changed. It is not accepted.",
        ),
        next_step=_REFUSE,
    ),
    Reason.SEAL_MAKER_UNKNOWN: unsure(
        Block.AUTHENTICITY,
        Etsi.NO_CERTIFICATE_CHAIN_FOUND,
        title=("制章者的证书没有可信任的上级", "no trusted authority vouches for the seal maker"),
        engineer=(
            "制章者证书本身未登记为 seal-maker，也找不到通往登记为 seal-maker 的信任锚的路径，见 detail。签章者证书的信任锚（license-seal）不能证明制章者。印章在数学上是否完好由 seal_holds 说明；制章者的密钥就是签章者自己的，也是如此：自己给自己制章，不能说明印章上写的是谁。信任哪个制章系统由运行者登记。",
            "The seal maker's certificate is not registered as seal-maker, nor does a path lead from it to an anchor registered as seal-maker; see detail. An anchor for signers (license-seal) vouches for no maker. Whether the seal is mathematically intact is told by seal_holds; The same where the maker's key is the signer's own: who makes a seal for himself shows nothing of whose seal it is. Which makers to trust is for the operator to register.",
        ),
        clerk=(
            "印章的制作单位还没有在系统登记，不能断定这枚印章是否正规。",
            "The body that made the seal is not registered with the system, so it cannot be told whether the seal is a proper one.",
        ),
        next_step=(
            "请通过公开的联系方式向{issuer}核实；在此之前，既不能认定为真，也不能认定为假。",
            "Ask {issuer} by its public telephone or address; until then it is neither proven genuine nor a forgery.",
        ),
    ),
    Reason.SEAL_MAKER_ENDED_SINCE: unsure(
        Block.AUTHENTICITY,
        Etsi.REVOKED_NO_POE,
        title=(
            "制章者证书后来被吊销或不再受信任，制章时间未经证明",
            "the seal maker's certificate was revoked since or is trusted no more, and when the seal was made is not proven",
        ),
        engineer=(
            "印章 createDate 早于吊销（或登记终止），但那是制章者自己写的；没有对印章或签章的可信时间戳，也没有本节点在此之前的登记，不能排除事后倒填日期制章。",
            "createDate is before the revocation (or the end of the registration), but the maker wrote it itself; neither a trusted timestamp over seal or signature nor a record of this node from before proves it, so a seal made later and dated back cannot be ruled out.",
        ),
        clerk=(
            "制作这枚印章的单位后来失去资格，又不能证明印章是在此之前制作的，暂不能确认。",
            "The body that made this seal lost its standing later, and nothing proves that the seal was made before that. It cannot be confirmed yet.",
        ),
        next_step=(
            "请向{issuer}核实这份文件，或请持证人换取新签章的原件。",
            "Ask {issuer} about this file, or have the holder obtain a newly sealed original.",
        ),
    ),
    Reason.SEAL_MAKER_INVALID: invalid(
        Block.AUTHENTICITY,
        Own.SEAL,
        info=6,
        file=1,
        title=(
            "制章时制章者证书无效",
            "the seal maker's certificate was not good when the seal was made",
        ),
        engineer=(
            "制章者证书在印章 createDate 时不在有效期、已被吊销、用途不符或不可读（GB/T 38540-2020 6.3），见 detail。制章之后才过期的不算；之后才吊销的见 seal_maker_ended_since。",
            "At createDate the seal maker's certificate was outside its dates, revoked, for another use, or is unreadable (GB/T 38540-2020 6.3); see detail. Expiry after that day does not count; for revocation after it see seal_maker_ended_since.",
        ),
        clerk=(
            "制作这枚印章的单位当时没有有效资格，印章不能认可。",
            "The body that made this seal had no valid standing at the time. The seal is not accepted.",
        ),
        next_step=_REFUSE,
    ),
    Reason.SEAL_NOT_VALID_AT_TIME: invalid(
        Block.AUTHENTICITY,
        Own.SEAL,
        info=6,
        file=1,
        title=("盖章时印章不在有效期内", "the seal was not valid when it was used"),
        engineer=(
            "签章时间不在印章的 validStart 与 validEnd 之间，或早于 createDate（GB/T 38540-2020 6.3、7.3）。",
            "The signing time is not between validStart and validEnd of the seal, or lies before createDate (GB/T 38540-2020 6.3, 7.3).",
        ),
        clerk=(
            "盖章的时候，这枚印章还没有启用或者已经到期。",
            "When it was used, this seal was not yet, or no longer, in its period of validity.",
        ),
        next_step=_TELL_ISSUER,
    ),
    Reason.SIGNER_NOT_IN_SEAL: invalid(
        Block.AUTHENTICITY,
        Own.SEAL,
        info=6,
        file=1,
        title=("签章者无权使用这枚印章", "the signer may not use this seal"),
        engineer=(
            "签章者证书不在印章的证书列表中（逐字节或按摘要比对）：印章可能是从别处取来的（GB/T 38540-2020 7.3；OFD-14）。",
            "The signer's certificate is not in the seal's list, compared byte for byte or by digest: the seal may have been taken from elsewhere (GB/T 38540-2020 7.3; OFD-14).",
        ),
        clerk=(
            "盖章的人没有使用这枚印章的授权，很可能是冒用。",
            "Whoever sealed this is not authorised to use the seal. It has probably been misused.",
        ),
        next_step=_REFUSE,
    ),
    Reason.SEAL_FILE_DIFFERS: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=6,
        file=1,
        title=(
            "文件中附带的印章不是盖章所用的印章",
            "the seal carried in the file is not the one that was used",
        ),
        engineer=(
            "Seal.esl 与签章数据内的印章逐字节不同：显示的可能是另一枚印章（OFD-24）。",
            "Seal.esl is not, byte for byte, the seal under the signature: another seal may be displayed (OFD-24).",
        ),
        clerk=(
            "文件里显示的印章和实际盖章的印章不是同一枚，不能认可。",
            "The seal the file displays is not the seal that was used. It is not accepted.",
        ),
        next_step=_REFUSE,
    ),
    Reason.CERTIFICATE_UNFIT: invalid(
        Block.AUTHENTICITY,
        Own.CERTIFICATE,
        info=6,
        file=1,
        title=("签章者证书不能用于签章", "the signer's certificate is not one to seal with"),
        engineer=(
            "证书是双证书中的加密证书、密钥用途不含签名、被上级证书的约束排除，或不可读，见 certificate_fits 的 detail（GB/T 20518）。",
            "The certificate is the encryption one of a pair, lacks signing usage, is ruled out by constraints above it, or is unreadable; see the detail of certificate_fits (GB/T 20518).",
        ),
        clerk=(
            "盖章所用的数字证书不是用来签章的，这枚签章不能认可。",
            "The digital certificate behind this seal is not meant for sealing. The seal is not accepted.",
        ),
        next_step=_TELL_ISSUER,
    ),
    Reason.TIMES_DISAGREE: invalid(
        Block.AUTHENTICITY,
        Own.SIGNING_TIME,
        info=6,
        file=1,
        title=(
            "签章内外的签署时间不一致",
            "the signing times inside and outside the seal disagree",
        ),
        engineer=(
            "Signature.xml 的 SignatureDateTime 与签章数据的 timeInfo 相差超过 10 分钟，且不是时区误写的 8 小时（OFD-22）。",
            "SignatureDateTime in Signature.xml and timeInfo inside the seal signature are more than ten minutes apart, and not the eight hours of a time zone slip (OFD-22).",
        ),
        clerk=(
            "签章内外记载的时间对不上，不能认可。",
            "The times recorded inside and outside the seal do not match. It is not accepted.",
        ),
        next_step=_TELL_ISSUER,
    ),
    Reason.AMBIGUOUS_DOCUMENT: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=6,
        file=2,
        title=(
            "文件含有不止一个可显示的文档或版本",
            "the file holds more than one document or version to show",
        ),
        engineer=(
            "OFD.xml 中有多个 DocBody，或存在非当前版本：阅读器显示的可能不是签章保护的那一份（OFD-02、OFD-03）。",
            "OFD.xml has several DocBody elements, or versions that are not the current one: a viewer may show another than the sealed one (OFD-02, OFD-03).",
        ),
        clerk=(
            "文件里藏有不止一份内容，看到的不一定是盖过章的那一份，不能采信。",
            "The file contains more than one document, and the one on view need not be the sealed one. It cannot be relied on.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.HIDDEN_CONTENT: invalid(
        Block.AUTHENTICITY,
        Own.COVERAGE,
        info=6,
        file=2,
        title=("文件中有夹带内容", "the file carries content that nothing leads to"),
        engineer=(
            "包内有从 OFD.xml 出发不可达、也不受签名保护的部件，即夹带文件（GM/T 0099-2020 附录 D；OFD-04），见 nothing_hidden 的 detail。",
            "The package has parts that cannot be reached from OFD.xml and are not under a signature, 夹带文件 of GM/T 0099-2020 annex D (OFD-04); see the detail of nothing_hidden.",
        ),
        clerk=(
            "文件里夹带了来历不明的内容，不是颁发时的原样。",
            "The file carries content of unknown origin. It is not as it was issued.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.APPEARANCE_SUSPICIOUS: unsure(
        Block.AUTHENTICITY,
        Own.COVERAGE,
        decides=None,
        title=(
            "印章图形的位置或来源异常",
            "the picture of a seal stands oddly, or is no seal's",
        ),
        engineer=(
            "StampAnnot 无大小、在页面之外，由不带印章的签名绘制，或出自无人担保的印章，见 stamp_plain 的 detail（OFD-25）。图形不是证据，只作提示，不影响结论。",
            "A StampAnnot has no size, lies off its page, or is drawn by a signature without a seal or by a seal nobody vouches for; see the detail of stamp_plain (OFD-25). Pictures are no evidence; this only informs and decides nothing.",
        ),
        clerk=(
            "页面上的印章图形有异常，请不要凭图形判断，以核验结论为准。",
            "The seal pictures on the pages are unusual. Do not judge by them; go by the verdict.",
        ),
        next_step=(
            "以核验结论为准；有疑问的，向{issuer}核实。",
            "Go by the verdict. In doubt, ask {issuer}.",
        ),
    ),
    Reason.INTEGRITY_LIST_DIFFERS: invalid(
        Block.AUTHENTICITY,
        Own.COVERAGE,
        info=6,
        file=2,
        title=(
            "文件内容与完整性清单不符",
            "the file is not what its integrity list says",
        ),
        engineer=(
            "包内的 OFDEntries.xml（GM/T 0099-2020 7.4.2）与实际部件不符：有未列入的部件、缺少列入的部件，或清单自身的签名不成立，见 nothing_hidden 的 detail。",
            "OFDEntries.xml in the package (GM/T 0099-2020 7.4.2) disagrees with it: a part that is not listed, a listed one that is not there, or a signature of the list that does not hold; see the detail of nothing_hidden.",
        ),
        clerk=(
            "文件里的内容比它自带的清单多了或少了，不是制作时的原样。",
            "The file holds more or less than its own list says. It is not as it was made.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.NO_ANCHOR: unsure(
        Block.AUTHENTICITY,
        Etsi.NO_CERTIFICATE_CHAIN_FOUND,
        title=(
            "签章者证书没有可信任的上级",
            "no trusted authority vouches for the signer's certificate",
        ),
        engineer=(
            "签章者证书找不到通往已登记信任锚的路径，见 detail。签章在数学上是否完好由其他检查项说明；本服务只信任运行者登记的证书认证机构，认定可信的，由运行者登记其信任锚后再核验。",
            "No path leads from the signer's certificate to a registered anchor; see detail. Whether the seal is mathematically intact is told by the other checks; only authorities that the operator registered are trusted; if this one can be, have it registered and verify again.",
        ),
        clerk=(
            "这枚签章的发证机构还没有在系统登记，不能断定是否为真章。",
            "The authority behind this seal is not registered with the system, so it cannot be told whether the seal is genuine.",
        ),
        next_step=(
            "请通过公开的联系方式向{issuer}核实这份文件；在此之前，既不能认定为真，也不能认定为假。",
            "Ask {issuer} about this file by its public telephone or address; until then it is neither proven genuine nor a forgery.",
        ),
    ),
    Reason.SIGNER_UNIDENTIFIED: unsure(
        Block.AUTHORITY,
        Own.ENTITLEMENT,
        title=("证书没有写明签章者是哪个机构", "the certificate does not say which body sealed"),
        engineer=(
            "签章者证书可信，但颁发该证书的机构没有以可认定的方式写明统一社会信用代码：没有代码（no_code）、只写在主体自选的 O/OU 中（not_verified）、不止一个（several_codes），或该单位的登记地不在此信任锚的区划内（outside_region），见 detail。不按名称文字认定机构（CRT-11）。",
            "The signer's certificate is trusted, but the authority states no organisation code that counts: none at all (no_code), only in O or OU as the subject chose (not_verified), several (several_codes), or that of a body registered outside the anchor's region (outside_region); see detail. Names are not matched (CRT-11).",
        ),
        clerk=(
            "看得出签章有效，但看不出是哪个单位盖的章。",
            "The seal is sound, but it does not say which body put it there.",
        ),
        next_step=(
            "请向{issuer}核实是否由其盖章。",
            "Ask {issuer} whether it sealed this.",
        ),
    ),
    Reason.CONTENT_DISAGREES: invalid(
        Block.AUTHORITY,
        Own.IDENTIFIER,
        info=6,
        file=2,
        title=(
            "证照信息在文件各处不一致",
            "the file states license data differently in different places",
        ),
        engineer=(
            "同一项元数据在文件元数据、数据索引和页面文字中取值不同，项目名称见 detail（OFD-28）。",
            "The same element stands with different values in metadata, data index and page text; its name is in detail (OFD-28).",
        ),
        clerk=(
            "文件里不同地方写的证照信息互相矛盾，不能采信。",
            "Different places in the file contradict one another about the license. It cannot be relied on.",
        ),
        next_step=_REFUSE,
    ),
}
