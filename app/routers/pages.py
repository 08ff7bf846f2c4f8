"""The public pages, and the page that describes the interface."""

from pathlib import Path
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined

from app.domain.evidence import CheckName
from app.reports.clauses import CLAUSES
from app.routers.page_texts import CONFIRM, FRAME, VERIFY
from app.services.publish import QUESTIONS

WEB = Path(__file__).parents[1] / "web"
TEXTS: Final = VERIFY
"""Of the page that verifies."""
_templates = Jinja2Templates(WEB / "templates")
_templates.env.undefined = StrictUndefined  # a word that is missing is a defect, not a blank
_TEXTS: Final = {"page.html": VERIFY, "confirm.html": CONFIRM}
router = APIRouter(include_in_schema=False)

Lang = Annotated[str | None, Query(max_length=8)]


def language(request: Request, lang: str | None) -> str:
    """Chinese unless the reader asks for, or prefers, English."""
    wanted = lang or request.headers.get("accept-language", "")
    return "en" if wanted.lower().startswith("en") else "zh"


def rendered(
    request: Request, name: str, lang: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page in this language. Results are nothing for search engines."""
    values = {"t": FRAME[lang] | _TEXTS[name][lang], **values}
    answer = _templates.TemplateResponse(request, name, values, status_code=status)
    answer.headers["X-Robots-Tag"] = "noindex" if name != "page.html" else "all"
    return answer


@router.get("/")
async def page(request: Request, lang: Lang = None) -> HTMLResponse:
    """Where a license is verified."""
    wanted = language(request, lang)
    checks = [
        (name.value, question.en if wanted == "en" else question.zh, _clauses(name))
        for name, question in QUESTIONS.items()
    ]
    return rendered(request, "page.html", wanted, checks=checks)


def _clauses(check: CheckName) -> dict[str, str]:
    """Format, or `any` → the clauses this check follows there."""
    named = {format.value if format else "any": clauses for format, clauses in CLAUSES.items()}
    return {format: clauses[check] for format, clauses in named.items() if check in clauses}


async def interface(request: Request) -> HTMLResponse:
    """The interface for people; everything it shows and runs comes from this node."""
    return _templates.TemplateResponse(request, "docs.html")
