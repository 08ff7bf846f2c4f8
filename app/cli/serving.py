"""`zhengyan serve`."""

import errno
import signal
import socket
from types import FrameType
from typing import Annotated, Any, Final

import typer
import uvicorn

from app.cli.crew import crew
from app.config import Settings, settings, variable
from app.domain.errors import Refused

SERVER: Final[dict[str, Any]] = {
    "access_log": False,
    "server_header": False,
    "proxy_headers": False,  # X-Forwarded-For is believed from ZHENGYAN_TRUSTED_PROXIES alone
    "timeout_keep_alive": 15,
    "limit_concurrency": 1000,
    "timeout_graceful_shutdown": 15,
}
"""How uvicorn serves this application; seconds, and connections at once. A front proxy bounds the
rest: headers, idle connections, connections of one address (threats.md API-04, API-07)."""


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (ZHENGYAN_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (ZHENGYAN_PORT).")] = None,
    workers: Annotated[int, typer.Option(min=1, help="Processes that answer.")] = 1,
    job_workers: Annotated[
        int | None,
        typer.Option(min=0, max=64, help="Workers for jobs beside it (ZHENGYAN_JOB_WORKERS)."),
    ] = None,
) -> None:
    """Run the service. HELP names its settings."""
    config = settings()
    where, number = host or config.host, port or config.port
    if not config.database_url:
        raise Refused("DATABASE_URL", "set it: postgresql+asyncpg://user@host/name")
    refuse_taken(where, number)
    beside = config.job_workers if job_workers is None else job_workers
    if beside:
        signal.signal(signal.SIGTERM, _end)  # uvicorn raises it again when it has ended
    with crew(beside):
        uvicorn.run(
            "app.main:create_app", factory=True, host=where, port=number, workers=workers, **SERVER
        )


def _end(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise SystemExit(0)


def _help() -> str:
    """Every setting there is, out of `app.config`, so that none is forgotten."""
    lines = [
        f"- `{variable(name)}`: {field.description}"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(
        ["Run the service.", "", "Settings are environment variables:", "", *lines, "",
         "Times are ISO 8601 durations (`PT10S`) or seconds."]
    )  # fmt: skip


HELP: Final = _help()


def refuse_taken(host: str, port: int) -> None:
    """Say which port is taken and what changes it, before any worker starts."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as exc:
            taken = exc.errno == errno.EADDRINUSE
            why = "is in use" if taken else f"cannot be had: {exc.strerror}"
            raise Refused("port", f"{host}:{port} {why}; set ZHENGYAN_PORT or --port") from None
