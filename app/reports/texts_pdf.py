"""Signatures and seals in PDF documents."""
# ruff: noqa: E501  (one text, one line: a translator reads them side by side)

from collections.abc import Mapping
from typing import Final

from app.domain.evidence import Block
from app.domain.reasons import Reason
from app.reports.entry import Entry, Etsi, Own, Pair, invalid

_ORIGINAL: Final[Pair] = (
    "请持证人从{issuer}或原下载渠道重新下载原件，不要填写、批注、编辑或另存，再行核验。",
    "Ask the holder to download the original again from where {issuer} offers it, without filling in, annotating, editing or saving it anew, and verify that.",
)

PDF: Final[Mapping[Reason, Entry]] = {
    Reason.BYTE_RANGE_INEXACT: invalid(
        Block.AUTHENTICITY,
        Etsi.FORMAT_FAILURE,
        info=6,
        file=1,
        title=(
            "签名没有准确覆盖它所在的文件",
            "the signature does not cover exactly the file it stands in",
        ),
        engineer=(
            "/ByteRange 必须为 [0 a b c]：从首字节起，空出的恰为 /Contents 的十六进制串，止于某一修订版本的末尾，且签名就在该版本之中；不符之处见 scope_named 的 detail（ISO 32000-2 12.8.1；USF、签名包装 SWA；PDF-01、PDF-03）。",
            "/ByteRange has to be [0 a b c]: from the first octet, leaving out exactly the hexadecimal string of /Contents, up to the end of a revision that the signature is part of; the detail of scope_named says what differs (ISO 32000-2 12.8.1; USF, signature wrapping SWA; PDF-01, PDF-03).",
        ),
        clerk=(
            "这份文件里的签名没有保护整份文件，内容可以被替换，不能认可。",
            "The signature in this file does not protect the whole of it, so its content could be replaced. It is not accepted.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.CHANGED_AFTER_SIGNING: invalid(
        Block.AUTHENTICITY,
        Etsi.HASH_FAILURE,
        info=6,
        file=2,
        title=("签署之后文件又被修改", "the file was changed after it was signed"),
        engineer=(
            "签名所覆盖的修订版本之后，又有超出长期验证数据（DSS）、文档时间戳和不可见签名域的改动，见 references_hold 的 detail；不论 DocMDP 允许什么，可见或无法解释的改动一律不认（增量保存 ISA、影子攻击、认证文档的 EAA、SSA；PDF-02、PDF-04 至 PDF-06）。",
            "After the revision that is signed came more than validation data (DSS), document timestamps and signature fields nobody sees; see the detail of references_hold. Whatever DocMDP permits, a change that is visible or that nothing explains is refused (incremental saving ISA, shadow attacks, EAA and SSA on certified documents; PDF-02, PDF-04 to PDF-06).",
        ),
        clerk=(
            "文件在签署之后被填写、批注或改动过，不是颁发时的原样。",
            "The file was filled in, annotated or altered after it was signed. It is not as it was issued.",
        ),
        next_step=_ORIGINAL,
    ),
    Reason.ACTIVE_CONTENT: invalid(
        Block.AUTHENTICITY,
        Own.COVERAGE,
        info=6,
        file=2,
        title=(
            "文件中有能改变显示内容的脚本或外部部件",
            "the file holds scripts or outside parts that can change what is shown",
        ),
        engineer=(
            "从目录可达的对象中有脚本（JavaScript）、XFA、启动或提交动作、多媒体批注或外部数据流，名称见 one_document 的 detail：看到的不一定是签署的（PDF-08）。",
            "Among what the catalog leads to are scripts (JavaScript), XFA, actions that launch or submit, multimedia annotations or external streams, named in the detail of one_document: what is seen need not be what was signed (PDF-08).",
        ),
        clerk=(
            "文件里带有会自动运行的内容，看到的不一定是签署过的，不能采信。",
            "The file carries content that runs by itself, so what is on view need not be what was signed. It cannot be relied on.",
        ),
        next_step=_ORIGINAL,
    ),
}
