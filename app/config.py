"""Settings: read once, by a composition root, from the environment (`ZHENGYAN_…`)."""

from datetime import timedelta
from functools import lru_cache
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, AliasChoices, Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.domain.errors import Refused


def _networks(text: str) -> str:
    """Raises `ValueError` for what is no network."""
    for each in text.split():
        ip_network(each)
    return text


class Settings(BaseSettings):
    """Everything that may differ between two installations."""

    model_config = SettingsConfigDict(env_prefix="ZHENGYAN_", frozen=True, extra="ignore")

    database_url: Annotated[
        str,
        Field(
            validation_alias=AliasChoices("DATABASE_URL", "ZHENGYAN_DATABASE_URL"),
            description="postgresql+asyncpg://… of the server to use",
        ),
    ] = ""
    key_folder: Annotated[Path, Field(description="where the node's own keys are kept")] = Path(
        ".data/keys"
    )
    secrets_folder: Annotated[
        Path,
        Field(description="secrets for endpoints of others, one file each: CODE/NAME, mode 0600"),
    ] = Path(".data/secrets")
    node_id: Annotated[
        str,
        Field(
            pattern=r"^[a-z0-9][a-z0-9.-]{2,62}$",
            description="this node's name in inquiries and reports",
        ),
    ] = "zhengyan-node"
    host: Annotated[str, Field(description="address to listen on")] = "127.0.0.1"
    port: Annotated[int, Field(ge=1, le=65535, description="port to listen on")] = 8000
    public_address: Annotated[
        str,
        Field(
            pattern=r"^(https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?)?$",
            description="where the public finds this node, as https://verify.example: printed on "
            "reports with a QR code, and shown as the real address; empty: neither",
        ),
    ] = ""
    max_upload: Annotated[int, Field(ge=1024, description="bytes of one file")] = 20 * 1024 * 1024
    sm_only: Annotated[
        bool, Field(description="valid only by SM2 and SM3 throughout (密评), whoever asks")
    ] = False
    job_workers: Annotated[
        int,
        Field(
            ge=0,
            le=64,
            description="workers for jobs that `zhengyan serve` keeps beside itself; 0: none, run "
            "`zhengyan worker` by yourself, or jobs wait",
        ),
    ] = 0
    max_json: Annotated[int, Field(ge=1024, description="bytes of a JSON body")] = 64 * 1024
    body_deadline: Annotated[timedelta, Field(description="to receive one whole body")] = timedelta(
        seconds=10
    )
    max_buffered: Annotated[
        int, Field(ge=1024, description="bytes of all bodies under way together")
    ] = 512 * 1024 * 1024
    max_concurrent: Annotated[int, Field(ge=1, description="verifications under way at once")] = 64
    report_lifetime: Annotated[
        timedelta, Field(description="how long an anonymous caller may read a report again")
    ] = timedelta(hours=24)
    job_lifetime: Annotated[
        timedelta, Field(description="after it a job is deleted, with its upload and results")
    ] = timedelta(hours=24)
    anonymous_per_minute: Annotated[
        int, Field(ge=1, description="requests of one address without an account")
    ] = 10
    anonymous_per_day: Annotated[
        int, Field(ge=1, description="requests of one address without an account, a day")
    ] = 100
    document_per_minute: Annotated[
        int, Field(ge=1, description="questions of the public about one license by its number")
    ] = 30
    trusted_proxies: Annotated[
        str,
        AfterValidator(_networks),
        Field(description="CIDR networks, apart by spaces, whose X-Forwarded-For is believed"),
    ] = ""
    answers_kept: Annotated[
        int, Field(ge=0, description="answers of issuers a worker repeats for a while; 0: none")
    ] = 4096
    probe_after: Annotated[
        timedelta,
        Field(description="an issuer unasked for so long is asked, to see that it answers; 0: no"),
    ] = timedelta(minutes=5)
    body_code: Annotated[
        str,
        Field(
            pattern=r"^([0-9A-Z]{18}|[0-9]{6})?$",
            description="code of the body that runs this node, as others register it; empty: "
            "it answers no other node",
        ),
    ] = ""
    ca_bundle: Annotated[
        Path | None,
        Field(
            description="PEM file of the authorities that may vouch for servers of issuers, "
            "instead of the public ones"
        ),
    ] = None
    trust_pull: Annotated[
        timedelta,
        Field(
            ge=timedelta(seconds=1),
            description="how often each followed trust list is looked for, over all workers",
        ),
    ] = timedelta(minutes=5)
    console: Annotated[
        bool,
        Field(description="serve /console; for a process of its own that the public cannot reach"),
    ] = False
    docs: Annotated[bool, Field(description="serve /docs and /openapi.json")] = True


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process. Raises `Refused`: it names the variable, never its value."""
    try:
        return Settings()
    except ValidationError as exc:
        first = exc.errors(include_input=False, include_url=False, include_context=False)[0]
        raise Refused(variable(str(first["loc"][0])), first["msg"]) from None


def variable(setting: str) -> str:
    """The environment variable of a setting."""
    name = setting.upper()
    return name if name == "DATABASE_URL" else f"ZHENGYAN_{name}"
