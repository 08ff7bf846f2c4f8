"""How issuers fare: for the operator and for the issuer itself; and numbers for Prometheus."""

import asyncio
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse, Response

from app.domain.conduct import Conduct
from app.domain.identifier import IssuerCode
from app.registry.health import Health
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep

router = APIRouter(tags=["operations"])

_TEXT = "text/plain; version=0.0.4; charset=utf-8"
_HOUR = {
    "asked": 120,
    "answered": 118,
    "availability_percent": 98,
    "repeated": 40,
    "rested": 0,
    "retried": 1,
    "probes": 0,
    "conflicts": 0,
    "mean_milliseconds": 87,
    "p50_seconds_at_most": "0.1",
    "p99_seconds_at_most": "0.5",
    "silences": {"timeout": 2},
}
EXAMPLE = {
    "issuer": "11630000MB0000019J",
    "name": {"zh": "青海样例局", "en": "Qinghai Sample Bureau"},
    "at": "2026-11-01T00:00:00Z",
    "breaker": "closed",
    "last_hour": _HOUR,
    "last_day": _HOUR,
    "last_asked": "2026-10-31T23:59:00Z",
    "keys_end": [{"key_id": "answer-2025", "uses": ["answer"], "ends": "2027-01-01T00:00:00Z"}],
    "certificate_ends": "2027-03-01T00:00:00Z",
    "client_certificate_ends": "2027-06-01T00:00:00Z",
}

COUNTED = """# HELP zhengyan_conclusions_total Verifications
# TYPE zhengyan_conclusions_total counter
zhengyan_conclusions_total{conclusion="invalid",reason="signature_invalid"} 2.0
"""


@router.get(
    "/v1/issuers/{code}/health",
    summary="How an issuer fares 颁发机构接口运行状况",
    responses={
        200: {"content": {"application/json": {"example": EXAMPLE}}},
        404: PROBLEM,
        503: PROBLEM,
        "4XX": PROBLEM,
    },
)
async def health(
    node: NodeDep,
    code: Annotated[str, Path(description="颁发机构代码", examples=[EXAMPLE["issuer"]])],
) -> JSONResponse:
    """Of all workers: real calls and probes, an hour and a day. Of this worker: breaker and TLS."""
    found = None
    if node.watched is not None and len(code) <= 18:  # noqa: PLR2004 - 统一社会信用代码
        found = await node.watched.ledger.health(IssuerCode(code), node.clock())
    if found is None or node.watched is None:
        return problem(404, "unknown-issuer", "No body is registered under that code", field="code")
    state = node.watched.breakers().get(IssuerCode(code))
    ends = node.watched.certificates().get(IssuerCode(code))
    shown = (await asyncio.to_thread(node.watched.shown)).get(IssuerCode(code))
    return JSONResponse(
        {
            "issuer": code,
            **_of(found),
            "at": _instant(node.clock()),
            "breaker": str(state) if state else None,
            "certificate_ends": _instant(ends) if ends else None,
            "client_certificate_ends": _instant(shown) if shown else None,
        }
    )


@router.get(
    "/metrics",
    summary="Numbers for Prometheus",
    response_class=Response,
    responses={
        200: {"content": {"text/plain": {"schema": {"type": "string"}, "example": COUNTED}}},
        "4XX": PROBLEM,
    },
)
async def metrics(node: NodeDep) -> Response:
    """Of the worker that answers: calls to issuers, breakers, conclusions by reason."""
    if node.watched is None:
        return problem(404, "not-watched", "Nothing is counted here")
    return Response(await asyncio.to_thread(node.watched.metrics.text), media_type=_TEXT)


def _of(found: Health) -> dict[str, object]:
    return {
        "name": {"zh": found.name, "en": found.name_en},
        "last_hour": _conduct(found.hour),
        "last_day": _conduct(found.day),
        "last_asked": _instant(found.last_asked) if found.last_asked else None,
        "keys_end": [
            {"key_id": key.key_id, "uses": list(key.uses), "ends": _instant(key.ends)}
            for key in found.key_ends
        ],
    }


def _conduct(sums: Conduct) -> dict[str, object]:
    available = sums.availability
    return {
        "asked": sums.asked,
        "answered": sums.answered,
        "availability_percent": None if available is None else int(available * 100),
        "repeated": sums.repeated,
        "rested": sums.rested,
        "retried": sums.retried,
        "probes": sums.probes,
        "conflicts": sums.conflicts,
        "mean_milliseconds": round(sums.seconds * 1000 / sums.asked) if sums.asked else None,
        "p50_seconds_at_most": _end(sums.within(0.5)),
        "p99_seconds_at_most": _end(sums.within(0.99)),
        "silences": {why.value: count for why, count in sorted(sums.silences.items())},
    }


def _end(seconds: float | None) -> str | None:
    return None if seconds is None else f"{seconds:g}"


def _instant(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"
