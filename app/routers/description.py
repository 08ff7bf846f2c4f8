"""The description of the interface (OpenAPI), with its examples whole.

FastAPI leaves every null out of what it describes, and so out of examples: an example of a report
would then lack members that a report always has.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute


def describe(app: FastAPI, routers: Iterable[APIRouter]) -> None:
    """From now on the application describes itself so."""
    made, given = app.openapi, tuple(_examples(routers))

    def openapi() -> dict[str, Any]:
        description = made()
        for path, method, status, media_type, shown in given:
            answer = description["paths"][path][method]["responses"][status]
            answer["content"][media_type] |= shown
        return description

    app.openapi = openapi  # type: ignore[method-assign]  # the way FastAPI documents


_SHOWN = ("example", "examples")


def _examples(routers: Iterable[APIRouter]) -> Iterator[tuple[str, str, str, str, Any]]:
    """Path, method, status, media type, example or examples: as the routes gave them."""
    for route in (each for router in routers for each in router.routes):
        if isinstance(route, APIRoute) and route.include_in_schema:
            for status, answer in route.responses.items():
                for media_type, content in answer.get("content", {}).items():
                    shown = {name: content[name] for name in _SHOWN if name in content}
                    if shown:
                        for method in route.methods or ():
                            yield (
                                route.path,
                                method.lower(),
                                str(status),
                                media_type,
                                shown,
                            )
