"""The description of the interface: every route in it, every operation with examples that hold."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from fastapi.routing import APIRoute
from jsonschema import Draft202012Validator, SchemaError, ValidationError

from app.domain.verification import Submission
from app.main import create_app
from app.routers import ROUTERS
from app.schemas.problem import Problem
from app.schemas.report import VerificationOut
from app.services.watching import Metrics
from tests.service import VERIFICATIONS, Service, described
from tests.world import World, altered, token

SHOWN = described()
PAGES = {"/", "/r", "/r/{code}", "/issuers", "/types", "/help",
         "/console", "/console/login", "/console/logout", "/console/key",
         "/console/proposals", "/console/proposals/{number}", "/console/proposals/{number}/signed", "/console/{section}", "/wrong", "/wrong/about", "/wrong/follow", "/wrong/withdraw"}  # fmt: skip
"""Not part of the interface, and so not described."""

Operation = tuple[str, str, dict[str, Any]]


def operations() -> Iterator[Operation]:
    for path, methods in SHOWN["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


OPERATIONS = list(operations())
IDS = [f"{method} {path}" for path, method, _ in OPERATIONS]


def here(schema: Any) -> Any:
    """With what is shared under `$defs`, where jsonschema finds it."""
    return json.loads(json.dumps(schema).replace("#/components/schemas/", "#/$defs/"))


DEFINITIONS = here(SHOWN["components"]["schemas"])
"""Shared by all; held to be schemas once, and not again with every example."""


def assert_fits(example: Any, schema: Any) -> None:
    """The example fits its schema, and the schema is one."""
    own = here(schema)
    Draft202012Validator.check_schema(own)
    Draft202012Validator({**own, "$defs": DEFINITIONS}).validate(example)


def examples(content: dict[str, Any]) -> list[Any]:
    """Of one media type, however they are written."""
    found = [content["example"]] if "example" in content else []
    found += [each["value"] for each in content.get("examples", {}).values()]
    schema = content.get("schema", {})
    if "$ref" in schema:
        schema = SHOWN["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return found + list(schema.get("examples", []))


def test_what_is_shared_are_schemas_and_an_example_that_does_not_fit_is_found() -> None:
    Draft202012Validator.check_schema({"$defs": DEFINITIONS})
    with pytest.raises(SchemaError):
        Draft202012Validator.check_schema({"$defs": {**DEFINITIONS, "Wrong": {"type": "word"}}})
    reference = {"$ref": "#/components/schemas/Problem"}
    (good,) = Problem.model_json_schema()["examples"]
    assert_fits(good, reference)
    with pytest.raises(ValidationError):
        assert_fits({**good, "status": "400"}, reference)


def test_the_description_holds_every_route_and_no_other() -> None:
    routes = {
        (route.path, method.lower())
        for router in ROUTERS
        for route in router.routes
        if isinstance(route, APIRoute)
        for method in route.methods
    }
    assert {path for path, _ in routes} >= PAGES
    described = {(path, method) for path, method, _ in OPERATIONS}
    assert described == {(path, method) for path, method in routes if path not in PAGES}


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_every_operation_says_what_it_is_with_examples_of_its_answers(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    assert operation["summary"]
    assert operation["description"]
    assert operation["tags"]
    assert "HTTPValidationError" not in json.dumps(operation), "not how problems look here"
    answers = operation["responses"]
    assert {"200", "202"} & set(answers), (path, method)
    for status, answer in answers.items():
        for media_type, content in answer.get("content", {}).items():
            found = examples(content)
            assert found, (path, method, status, media_type)
            for example in found:
                assert_fits(example, content.get("schema", {}))
            if media_type == "application/problem+json":
                assert all(Problem.model_validate(example) for example in found)


@pytest.mark.parametrize(("path", "method", "operation"), OPERATIONS, ids=IDS)
def test_every_parameter_has_an_example_or_a_choice(
    path: str, method: str, operation: dict[str, Any]
) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "header":
            assert parameter.get("description"), (path, parameter["name"])
            schema = parameter["schema"]
            shown = parameter.get("example") or parameter.get("examples") or schema.get("examples")
            assert shown or "enum" in schema, (path, parameter["name"])


def test_every_example_of_a_request_is_taken(service: Service) -> None:
    """Sent as written: nobody registered them, so they are answered and not called valid."""
    sent = 0
    for path, method, operation in OPERATIONS:
        body = operation.get("requestBody", {}).get("content", {})
        content = body.get("application/json")
        if content is None:
            continue
        assert examples(content), (path, method)
        for example in examples(content) if path == VERIFICATIONS else ():
            jsonschema.validate(example, content["schema"])
            answer = service.client.request(method, path, json=example)
            assert answer.status_code == 200, (path, example, answer.text)
            sent += 1
            VerificationOut.model_validate_json(answer.content)
    assert sent >= 3


def test_a_form_as_described_is_taken(service: Service) -> None:
    operation = SHOWN["paths"][VERIFICATIONS]["post"]
    form = operation["requestBody"]["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    token = service.world.token(service.world.pick("traffic"))
    values = {"purpose": "public-check", "max_status_age": 60, "at": "2026-01-01T00:00:00Z"}
    assert values.keys() < form["properties"].keys()
    answer = service.client.post(VERIFICATIONS, files={"file": token}, data=values)
    assert answer.status_code == 200


def test_every_example_of_reading_is_what_comes(service: Service) -> None:
    for path in ("/livez", "/readyz", "/.well-known/jwks.json"):
        answer = service.client.get(path)
        (example,) = examples(
            SHOWN["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        )
        assert shape(answer.json()) == shape(example), path
    name = "/v1/policies/{name}"
    (example,) = examples(
        SHOWN["paths"][name]["get"]["responses"]["200"]["content"]["application/json"]
    )
    assert service.client.get(name.format(name=example["name"])).json() == example


@pytest.mark.anyio
async def test_the_counters_are_those_described() -> None:
    content = SHOWN["paths"]["/metrics"]["get"]["responses"]["200"]["content"]
    (example,) = examples(content["text/plain"])
    metrics = Metrics(dict, dict)
    for _ in range(2):
        forged = Submission(content=altered(token()))
        metrics.concluded(await World().verifier().verify(forged))
    assert set(example.splitlines()) <= set(metrics.text().decode().splitlines())


def shape(value: Any) -> Any:
    """Members and kinds, without values."""
    if isinstance(value, dict):
        return {name: shape(inner) for name, inner in value.items()}
    return [shape(value[0])] if isinstance(value, list) else type(value)


def test_the_example_of_a_problem_is_what_comes(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    answer = service.client.post(VERIFICATIONS, files={"file": token}, data={"at": "x"})
    (example,) = Problem.model_json_schema()["examples"]
    assert answer.json() == example


def test_the_api_docs_are_there_unless_switched_off(service: Service) -> None:
    page = service.client.get("/docs")
    assert "/static/docs.js" in page.text
    assert "://" not in page.text, "nothing comes from elsewhere"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert service.client.get("/openapi.json").json() == SHOWN
    hidden = create_app(lambda _: None, docs=False)  # type: ignore[arg-type,return-value]
    assert not {"/docs", "/openapi.json"} & {getattr(r, "path", "") for r in hidden.routes}


# ---- headers of every answer


@pytest.mark.parametrize("path", ["/", "/livez", "/nothing", "/static/page.css", "/readyz"])
def test_every_answer_carries_the_headers(service: Service, path: str) -> None:
    headers = service.client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-opener-policy"] == "same-origin"
    assert "camera" in headers["permissions-policy"]
    policy = dict(
        part.strip().split(" ", 1) for part in headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == "'self'"
    assert policy["frame-ancestors"] == "'none'"
    assert policy["base-uri"] == "'none'"
    assert "unsafe" not in headers["content-security-policy"]
    assert "server" not in headers
    assert "set-cookie" not in headers


def test_reports_and_problems_are_not_kept_by_caches(service: Service) -> None:
    token = service.world.token(service.world.pick("traffic"))
    good = service.client.post(VERIFICATIONS, files={"file": token})
    again = service.client.get(f"{VERIFICATIONS}/{good.json()['report']['id']}")
    bad = service.client.post(VERIFICATIONS)
    for answer in (good, again, bad):
        assert answer.headers["cache-control"] == "no-store"
        assert "content-security-policy" in answer.headers
        assert "access-control-allow-origin" not in answer.headers
