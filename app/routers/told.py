"""JSON that is told to one caller, and how an operation describes it."""

from typing import Any, Final

from fastapi.responses import JSONResponse
from pydantic import BaseModel

from app.routers.problems import PROBLEM

NOT_KEPT: Final = {"Cache-Control": "no-store"}


def answers(model: type[BaseModel], example: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    """`responses` of an operation on one thing, which may not be there."""
    return {
        200: {"model": model, "content": {"application/json": {"example": example}}},
        404: PROBLEM,
        503: PROBLEM,
        "4XX": PROBLEM,
    }


def told(out: BaseModel) -> JSONResponse:
    """No cache on the way keeps it."""
    return JSONResponse(out.model_dump(mode="json"), headers=NOT_KEPT)
