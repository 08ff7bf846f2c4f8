"""A picture of a page, as it is answered."""

from collections import Counter
from typing import Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from app.domain.picture import LeftOut, SealMark
from app.reports.seals import SHOWN
from app.services.picturing import Drawn

EXAMPLE: Final[dict[str, Any]] = {
    "page": 1,
    "pages": 1,
    "judged": True,
    "drawn": 12,
    "left_out": {},
    "uncovered": [],
    "seals": ["sound"],
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 210 297" …',
}


class PictureOut(BaseModel):
    """版式页面. An aid to people, never evidence: text is drawn in fonts of whoever looks."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    page: Annotated[int, Field(ge=1)]
    pages: Annotated[int, Field(ge=1, description="how many the file has")]
    judged: Annotated[
        bool,
        Field(description="seals look as the verification found them; false: all as not verified"),
    ]
    drawn: Annotated[int, Field(description="texts, paths, images and seals in it")]
    left_out: Annotated[
        dict[LeftOut, int], Field(description="what the page has and the picture has not, by why")
    ]
    uncovered: Annotated[
        list[str],
        Field(
            max_length=SHOWN,
            description="parts of this page no seal covers (no sound one, when judged); marked "
            "red, or amber where seals cover them that are not proven",
        ),
    ]
    seals: Annotated[
        list[SealMark],
        Field(
            max_length=SHOWN,
            description="how each seal on this page was found; a picture of a seal that is only "
            "painted is not among them",
        ),
    ]
    svg: Annotated[
        str,
        Field(
            description="a document of its own; show it in an <img>, where nothing of it can run"
        ),
    ]

    @classmethod
    def of(cls, drawn: Drawn) -> "PictureOut":
        """What was drawn."""
        found = drawn.picture
        return cls(
            page=found.page,
            pages=drawn.pages,
            judged=drawn.judged,
            drawn=found.drawn,
            left_out=dict(Counter(found.left_out)),
            uncovered=list(found.uncovered[:SHOWN]),
            seals=list(found.seals[:SHOWN]),
            svg=found.svg,
        )
