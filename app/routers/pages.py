"""The plain public page, and the page that describes the interface."""

from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates

WEB = Path(__file__).parents[1] / "web"
_templates = Jinja2Templates(WEB / "templates")
router = APIRouter(include_in_schema=False)

TEXTS = {
    "zh": {
        "lang": "zh",
        "other": "en",
        "other_name": "English",
        "title": "电子证照公共验证",
        "lead": "谁制发、谁核验。选择、拖入或粘贴电子证照，本服务核对签名签章，并向颁发机构核实。",
        "file": "证照文件",
        "paste": "或粘贴证照令牌、证照标识",
        "button": "验证",
        "checks": "逐项核验",
        "next": "下一步",
        "reason": "原因代码",
        "when": "核验时间",
        "report": "完整报告",
        "answer": "颁发机构的答复：",
        "silent": "没有收到",
        "unasked": "没有询问",
        "closed": "（存疑，已由颁发机构的答复补足）",
        "nothing": "请先选择证照文件，或粘贴证照令牌、证照标识。",
        "refused": "没有核验",
        "noscript": "浏览器没有启用脚本：可以选择文件提交，答复为 JSON 报告。",
        "working": "正在核验……",
        "failed": "暂时无法连接本服务。这不说明证照有问题，请稍后再试。",
        "privacy": "文件只在内存中处理，核验结束即清除，不保存。",
    },
    "en": {
        "lang": "en",
        "other": "zh",
        "other_name": "中文",
        "title": "Verify an electronic license",
        "lead": (
            "Who issues, verifies. Choose, drop or paste a license: its signatures and seals are "
            "checked, and its issuer is asked."
        ),
        "file": "License file",
        "paste": "Or paste a license token or identifier",
        "button": "Verify",
        "checks": "Check by check",
        "next": "Next step",
        "reason": "Reason",
        "when": "Verified at",
        "report": "Whole report",
        "answer": "The issuer's answer: ",
        "silent": "none came",
        "unasked": "not asked for",
        "closed": " (in doubt, closed by the issuer's answer)",
        "nothing": "Choose a license file first, or paste a license token or identifier.",
        "refused": "Not verified",
        "noscript": "Scripts are off: choose a file and submit; the answer is a report in JSON.",
        "working": "Verifying …",
        "failed": (
            "This service cannot be reached just now. That says nothing about the license; "
            "try again later."
        ),
        "privacy": "Files are read in memory and gone when the verdict is out; none is kept.",
    },
}


@router.get("/")
async def page(
    request: Request, lang: Annotated[str | None, Query(max_length=8)] = None
) -> HTMLResponse:
    """Chinese unless the reader asks for, or prefers, English."""
    wanted = lang or request.headers.get("accept-language", "")
    texts = TEXTS["en" if wanted.lower().startswith("en") else "zh"]
    return _templates.TemplateResponse(request, "page.html", {"t": texts})


async def interface(request: Request) -> HTMLResponse:
    """The interface for people; everything it shows and runs comes from this node."""
    return _templates.TemplateResponse(request, "docs.html")
