"""The frame of the public pages, and the page that describes the interface.

No cookie says what a reader prefers: language and display stand in the address, and every link
keeps them.
"""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Query, Request
from fastapi.responses import HTMLResponse
from fastapi.templating import Jinja2Templates
from jinja2 import StrictUndefined

from app.domain.evidence import CheckName
from app.reports.clauses import CLAUSES
from app.routers.confirm_texts import CONFIRM
from app.routers.console_texts import CONSOLE
from app.routers.headers import WITH_CAMERA
from app.routers.list_texts import LISTS
from app.routers.page_texts import FRAME, VERIFY
from app.routers.result import Names, plain
from app.routers.wrong_texts import WRONG
from app.services.publish import QUESTIONS

WEB = Path(__file__).parents[1] / "web"
TEXTS: Final = VERIFY
"""Of the page that verifies."""
LOOKS: Final = ("", "large", "contrast", "both")
"""Ways of display: as it is, large type (适老化), high contrast, both."""
PAGES: Final = {
    "verify": "/",
    "confirm": "/r",
    "issuers": "/issuers",
    "types": "/types",
    "help": "/help",
    "wrong": "/wrong",
}
INDEXED: Final = frozenset({"page.html", "help.html", "wrong.html"})
"""What search engines may list; results and lists are nothing for them."""
_templates = Jinja2Templates(WEB / "templates")
_templates.env.undefined = StrictUndefined  # a word that is missing is a defect, not a blank
_templates.env.finalize = lambda value: plain(value) if type(value) is str else value
_TEXTS: Final[Mapping[str, Mapping[str, Mapping[str, Any]]]] = {
    "page.html": VERIFY,
    "confirm.html": CONFIRM,
    "wrong.html": WRONG,
    "console.html": CONSOLE,
    "console_login.html": CONSOLE,
    "console_key.html": CONSOLE,
    "console_proposal.html": CONSOLE,
    **LISTS,
}

Lang = Annotated[str | None, Query(max_length=8)]


def language(request: Request, lang: str | None) -> str:
    """Chinese unless the reader asks for, or prefers, English."""
    wanted = lang or request.headers.get("accept-language", "")
    return "en" if wanted.lower().startswith("en") else "zh"


def _address(lang: str, look: str) -> str:
    return urlencode({"lang": lang} | ({"look": look} if look else {}))


def frame(lang: str, look: str) -> dict[str, Any]:
    """What every page is given: where its links lead, and how it is displayed."""
    other, larger = FRAME[lang]["other"], {"": "large", "contrast": "both"}
    usual = {size: each for each, size in larger.items()}
    return {
        "look": look,
        "looks": {each: _address(lang, each) for each in LOOKS},
        "q": _address(lang, look),
        "other_q": _address(other, look),
        "larger_q": _address(lang, {**larger, **usual}[look]),
        "pages": PAGES,
    }


def texts(name: str, lang: str) -> dict[str, Any]:
    """Every word of a page."""
    return {**FRAME[lang], **_TEXTS[name][lang]}


def rendered(
    request: Request, name: str, lang: str, *, status: int = 200, **values: Any
) -> HTMLResponse:
    """A page in this language. Results are nothing for search engines."""
    look = request.query_params.get("look", "")
    look = look if look in LOOKS else ""
    values = {"t": texts(name, lang), **frame(lang, look), **values}
    answer = _templates.TemplateResponse(request, name, values, status_code=status)
    answer.headers["X-Robots-Tag"] = "all" if name in INDEXED else "noindex"
    if name == "page.html":  # codes are scanned here, and no other page may ask for the camera
        answer.headers["Permissions-Policy"] = WITH_CAMERA
    return answer


@cache
def names(lang: str) -> Names:
    """Words by which a report is told on the page."""
    checks = {
        name.value: (question.en if lang == "en" else question.zh, _clauses(name))
        for name, question in QUESTIONS.items()
    }
    return Names(lang, VERIFY[lang]["said"], VERIFY[lang]["facts"], checks)


def _clauses(check: CheckName) -> dict[str, str]:
    """Format, or `any` → the clauses this check follows there."""
    named = {format.value if format else "any": clauses for format, clauses in CLAUSES.items()}
    return {format: clauses[check] for format, clauses in named.items() if check in clauses}


async def interface(request: Request) -> HTMLResponse:
    """The interface for people; everything it shows and runs comes from this node."""
    return _templates.TemplateResponse(request, "docs.html")
