"""What was sent cannot be judged as sent."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, invalid, unsure

INPUT: Final[Mapping[Reason, Entry]] = {
    Reason.MALFORMED: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=4,
        file=2,
        title=("文件残缺或不符合格式规定", "the file is damaged or breaks the rules of its format"),
        engineer=(
            "文件属于可识别的格式，但违反该格式的规定，内容无法唯一确定。请查看检查项 well_formed 的 detail：其中写明位置和所违反的限制。常见原因有传输截断、另存为、重新打包。",
            "The format was recognised, but the bytes break its rules, so their content cannot be told in one way only. See the detail of check well_formed: it names the place and the limit. Usual causes: truncated transfer, saving under another program, repacking.",
        ),
        clerk=(
            "这份文件已经残缺，或者保存时改变了格式，不能作为有效证照使用。",
            "This file is damaged, or its format was changed when it was saved. It cannot be used as a license.",
        ),
        next_step=(
            "请持证人从原下载渠道重新下载原件，不要另存、转换或截图，再行核验。",
            "Ask the holder to download the original again from where it came, without saving it under another program, converting it or taking a screenshot, and verify that.",
        ),
    ),
    Reason.UNRECOGNISED: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        decides=None,
        title=("不是本服务能够识别的文件", "the file is of no kind this service reads"),
        engineer=(
            "按文件内容判断，不属于本服务支持的任何格式（Word 文件、压缩包都不是证照）；扩展名和所报媒体类型不参与判断。这是请求错误，不形成核验结论。",
            "By its content the file is none of the formats read here (a Word file or a ZIP of others is no license); name and declared media type have no say. This is an error of the request, not a verdict.",
        ),
        clerk=(
            "系统不认识这种文件，因此没有核验，也没有得出真伪结论。",
            "The system does not know this kind of file, so nothing was verified and nothing is said about it.",
        ),
        next_step=(
            "请持证人提供电子证照原件；照片请用 JPEG、PNG 或 WebP 格式，也可以按证照标识或证照编号核验。",
            "Ask the holder for the electronic original. Send photos as JPEG, PNG or WebP, or verify by the identifier or number instead.",
        ),
    ),
    Reason.STRUCTURE_NOT_SEEN: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=(
            "只收到摘要，没有看到文件的结构和内容",
            "only digests were sent, so the file's structure and content were not seen",
        ),
        engineer=(
            "文件留在调用方。对各部件的覆盖、夹带、后续修改等只能以所报摘要为准，本服务不能作证；颁发机构签名的答复确认整份文件的摘要（document: match）时才可得出有效结论。",
            "The file stayed with the caller. Coverage, hidden parts and later changes rest on the digests that were stated, which this service cannot vouch for. Only the issuer's signed answer that confirms the digest of the whole file (document: match) makes this valid.",
        ),
        clerk=(
            "系统没有看到文件，{issuer}也没有确认这份文件的摘要，因此没有得出结论。这不表示文件有问题。",
            "The system did not see the file, and {issuer} did not confirm its digest, so nothing is said about it. That does not mean anything is wrong.",
        ),
        next_step=(
            "请提交文件本身核验；必须留存文件的，换用颁发机构登记的摘要算法再送。",
            "Submit the file itself. Where it must stay with you, send the digest by the other algorithm: the issuer may keep that one.",
        ),
    ),
    Reason.ENCRYPTED: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("文件已加密，无法读取", "the file is encrypted and cannot be read"),
        engineer=(
            "文件带有加密或口令保护，本服务不索取口令，也不尝试解密。内容未经检查。",
            "The file is encrypted or needs a password. This service asks for no password and does not try to decrypt; the content was not examined.",
        ),
        clerk=(
            "这份文件设有密码，系统打不开，暂时无法核验；这不表示文件有问题。",
            "This file is locked with a password, so it could not be verified. That does not mean anything is wrong with it.",
        ),
        next_step=(
            "请持证人提供未加密的原件，再行核验。",
            "Ask the holder for the original without a password and verify that.",
        ),
    ),
    Reason.BEYOND_LIMITS: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("文件超出本服务的处理限度", "the file is beyond what this service reads"),
        engineer=(
            "文件不违反格式规定，但超出本服务的限度（大小、数量、层数、压缩比）或使用了本服务不支持的方式（如压缩方法），没有读完。见检查项 well_formed 或 signature_holds 的 detail：其中写明位置和限度。这是本服务的限度，不是文件的过错，不得据此认定文件无效。",
            "No rule of the format is broken, but the file is over a limit of this service (size, number, depth, ratio) or uses a means it does not support (such as a compression method), so it was not read to its end. See the detail of check well_formed or signature_holds for place and limit. The limit is ours, not the file's fault: never take it for an invalid document.",
        ),
        clerk=(
            "这份文件太大或结构特殊，系统没有读完，没有得出真伪结论；这不表示文件有问题。",
            "This file is too large or of an unusual build, so the system did not read it to its end and says nothing about it. That does not mean anything is wrong with it.",
        ),
        next_step=(
            "请持证人从原下载渠道重新下载原件再行核验；仍然如此的，向{issuer}核实。",
            "Ask the holder to download the original again and verify that. If it stays so, ask {issuer}.",
        ),
    ),
    Reason.NOT_FINISHED: unsure(
        Block.AUTHENTICITY,
        Own.REQUEST,
        title=("核验未能完成", "it could not be verified to its end"),
        engineer=(
            "批量任务中的这一条，在核验过程中连续有几个工作进程终止，最后几次是单独核验的；没有再试。见检查项 well_formed 的 detail：其中写明次数。内存不足、被系统终止，或本服务的缺陷都可能造成；内容没有得出任何结论，不得据此认定文件无效。",
            "While this item of a job was verified, several workers ended one after the other, the last times with nothing else under way; it was not tried again. See the detail of check well_formed for how many. Too little memory, a kill by the system or a fault of this service may be the cause. Nothing was concluded of its content: never take it for an invalid document.",
        ),
        clerk=(
            "系统几次都没能核验完这份材料，没有得出真伪结论；这不表示材料有问题。",
            "The system could not verify this to its end, although it tried several times, and says nothing about it. That does not mean anything is wrong with it.",
        ),
        next_step=(
            "请单独核验这一条；仍然不行的，向{issuer}核实，并告知本服务的运维人员。",
            "Verify this one by itself. If that fails too, ask {issuer}, and tell whoever runs this service.",
        ),
    ),
    Reason.INSUFFICIENT_FACTS: unsure(
        Block.STATUS,
        Own.REQUEST,
        title=("提供的信息不足以核验", "too little was given to verify"),
        engineer=(
            "仅凭信息核验时，除证照标识和证照类型外，至少须有两项信息经颁发机构比对一致，其中须含持证主体名称或代码。颁发机构没有比对足够的项目，或答复代码为 4。请查看 facts_compared。",
            "A record alone is called valid only if the issuer compared at least two facts beside identifier and type, the holder's name or code among them, and all match. Too few were compared, or the issuer answered 4. See facts_compared.",
        ),
        clerk=(
            "只凭现有信息，{issuer}无法确认这张证照。",
            "{issuer} could not confirm the license from what was given.",
        ),
        next_step=(
            "请补充持证主体名称、持证主体代码、证照编号中缺少的项目，再行核验。",
            "Add what is missing of holder name, holder code and license number, and verify again.",
        ),
    ),
    Reason.IDENTIFIER_MISTYPED: unsure(
        Block.AUTHORITY,
        Own.IDENTIFIER,
        decides=None,
        title=("证照标识的格式或校验位有误", "the identifier has a wrong root or check character"),
        engineer=(
            "证照标识不在 1.2.156.3005.2 之下，或校验位与 GB/T 36904 的算法不符。录入错误和不合规的系统都会造成，不说明证照系伪造，因此只作提示。",
            "The identifier is not under 1.2.156.3005.2, or its check character is not the one of GB/T 36904. Typing errors and non-conforming systems cause this; it proves no forgery, so it only informs.",
        ),
        clerk=(
            "证照标识可能抄录有误。",
            "The identifier may have been copied wrongly.",
        ),
        next_step=(
            "请对照原件逐字核对证照标识；与原件一致的，请告知颁发机构。",
            "Compare the identifier with the original character by character. If they agree, tell the issuer.",
        ),
    ),
}
