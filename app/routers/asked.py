"""A JSON body as the model it is described by: read, bounded and refused in one way everywhere."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from fastapi import Request
from pydantic import BaseModel, ValidationError

from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed
from app.routers.body import BadRequest, Limits, read_json_body
from app.routers.state import Node
from app.schemas.verification import VerificationIn, refused

JSON: Final = "application/json"
_Body = TypeVar("_Body", bound=BaseModel)


def media_of(request: Request) -> str:
    """The media type of the body, without its parameters; empty: none is said."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def no_terms_in_address(request: Request) -> None:
    """What is asked stands in the body: in the address it would be passed over, and hold for none.

    Raises `BadRequest`. Other parameters are those of gateways in between, and are left alone.
    """
    for name in request.query_params:
        if name in VerificationIn.model_fields:
            raise BadRequest(422, name, "stands in the address; send it in the body")


async def read_asked(request: Request, node: Node, model: type[_Body]) -> _Body:
    """What is asked. Raises `BadRequest`, and `Refused` for the first member that does not do."""
    if media_of(request) != JSON:
        raise BadRequest(415, "content-type", f"send {JSON}")
    with node.room.guest() as take:
        body = await read_json_body(request, node.limits, take)
    try:
        return asked_of(body, node.limits, model)
    except ValidationError as exc:
        raise refused(exc) from None


def asked_of(
    body: bytes, limits: Limits, model: type[_Body], *, items: int = JsonLimits().items
) -> _Body:
    """Raises `BadRequest` for what is no JSON object, and `ValidationError`. `items`: of a list."""
    try:
        document = read_json_object(body, JsonLimits(size=limits.json, items=items))
    except Malformed as exc:
        raise BadRequest(400, "body", str(exc)) from None
    return model.model_validate(document)


def taking(model: type[BaseModel], examples: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """The body in the description of the interface, with examples by their names."""
    content = {
        "schema": model.model_json_schema(),
        "examples": {name: {"value": value} for name, value in examples.items()},
    }
    return {"requestBody": {"required": True, "content": {JSON: content}}}
