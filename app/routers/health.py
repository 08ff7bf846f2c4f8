"""Operations: is the process alive, is the node able to answer, which keys are its own?"""

from typing import Annotated, Any

from fastapi import APIRouter, Path
from fastapi.responses import JSONResponse

from app.domain.policies import POLICIES, Policy
from app.routers.problems import PROBLEM, problem
from app.routers.state import NodeDep

router = APIRouter(tags=["operations"])

_RED = ("database", "migrations", "signing_key")
"""Without these the node cannot answer. Anything else that is wrong only degrades it."""


@router.get(
    "/livez",
    summary="Alive",
    responses={200: {"content": {"application/json": {"example": {"status": "alive"}}}}},
)
async def livez() -> dict[str, str]:
    """The process runs; says nothing about what it depends on."""
    return {"status": "alive"}


@router.get(
    "/readyz",
    summary="Ready",
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {
                        "status": "ready",
                        "parts": {
                            "database": "ok",
                            "migrations": "ok",
                            "signing_key": "ok",
                            "sm2": "libcrypto",
                            "trust": "ok",
                            "background": "ok",
                        },
                    }
                }
            }
        },
        503: {
            "description": "Without database, migrations or signing key nothing is answered",
            "content": {
                "application/json": {
                    "example": {
                        "status": "unready",
                        "parts": {
                            "database": "ok",
                            "migrations": "not up to date: run `make migrate`",
                            "signing_key": "ok",
                            "sm2": "libcrypto",
                            "background": "ok",
                        },
                    }
                }
            },
        },
    },
)
async def readyz(node: NodeDep) -> JSONResponse:
    """`ready`, `degraded` (200, with the part that is), or 503. A look lasts a second."""
    parts = await node.health.look()
    red = [name for name in _RED if parts.get(name) != "ok"]
    degraded = [name for name, said in parts.items() if said.startswith("degraded")]
    status = "unready" if red else "degraded" if degraded else "ready"
    return JSONResponse({"status": status, "parts": parts}, 503 if red else 200)


@router.get(
    "/.well-known/jwks.json",
    summary="This node's public keys",
    responses={
        200: {
            "content": {
                "application/json": {
                    "example": {
                        "keys": [
                            {
                                "kty": "OKP",
                                "crv": "Ed25519",
                                "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                                "kid": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
                                "use": "sig",
                                "alg": "EdDSA",
                            }
                        ]
                    }
                }
            }
        }
    },
)
async def jwks(node: NodeDep) -> dict[str, Any]:
    """Keys under which reports and inquiries of this node are signed (RFC 7517)."""
    return {"keys": list(node.keys)}


def _written(policy: Policy) -> dict[str, object]:
    return {
        "name": policy.name,
        "subject": policy.subject,
        "levels": dict(policy.levels),
        "extra_signers": dict(policy.extra),
        "roles": sorted(policy.roles),
        "max_status_age": int(policy.max_age.total_seconds()),
    }


@router.get(
    "/v1/policies/{name}",
    summary="A policy, as it is named in reports",
    tags=["verification"],
    responses={
        200: {
            "content": {"application/json": {"example": _written(next(iter(POLICIES.values())))}}
        },
        404: PROBLEM,
        "4XX": PROBLEM,
    },
)
async def policy(
    name: Annotated[
        str,
        Path(description="as `versions.policy` of a report", examples=[next(iter(POLICIES))]),
    ],
) -> JSONResponse:
    """Levels of every check, for required and for extra signers, and the greatest status age."""
    found = POLICIES.get(name)
    if found is None:
        return problem(404, "unknown-policy", "No policy of that name and version", field="name")
    return JSONResponse(_written(found))
