"""The commands behind each step: the seam between the demo and the product."""

import asyncio
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import asyncpg
import httpx

from demo.console import DemoError
from demo.options import Options
from demo.processes import BIN, Background, read, run

NODE = "zhengyan-demo"
QUOTAS = tuple(
    f"ZHENGYAN_{name}"
    for name in ("ANONYMOUS_PER_MINUTE", "ANONYMOUS_PER_DAY", "DOCUMENT_PER_MINUTE")
)
OUTAGE = "issuer-outage"
DOCUMENT = "sealed-document"
"""The policy of contracts, invoices and proofs."""
SANDBOX_PORTS = 5  # four issuers and the share platform: port, port + 1, …
READY_SECONDS = 60.0  # a slow machine compiles every module at the first start
ANSWER_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One of the sandbox's samples: a file or facts, and what must be said of it."""

    name: str
    file: Path | None
    facts: Mapping[str, Any] | None
    conclusion: str
    reason: str | None
    zh: str
    en: str
    form: Mapping[str, str] = field(default_factory=dict)
    """What is said beside the file: of a document that is no license, whose seals are expected."""

    def question(self) -> dict[str, Any]:
        """What to hand to httpx for `POST /v1/verifications`: the file, or facts as JSON."""
        if self.file is not None:
            files = {"file": (self.file.name, self.file.read_bytes())}
            return {"files": files, **({"data": dict(self.form)} if self.form else {})}
        return {"json": dict(self.facts or {})}


@dataclass(frozen=True, slots=True)
class Finding:
    """What the service said of a sample."""

    sample: Sample
    conclusion: str
    reason: str | None

    @property
    def expected(self) -> bool:
        return (self.conclusion, self.reason) == (self.sample.conclusion, self.sample.reason)


def migrate(env: Mapping[str, str]) -> None:
    run([str(BIN / "alembic"), "upgrade", "head"], what="alembic upgrade head", env=env)


def start_sandbox(options: Options, folder: Path, env: Mapping[str, str]) -> Background:
    """The fictional issuers; ready when registration.json of this start is written."""
    out = folder / "sandbox"
    (out / "registration.json").unlink(missing_ok=True)
    command = [
        *(str(BIN / "python"), "-m", "sandbox", "serve", "--seed", str(options.seed)),
        *("--port", str(options.sandbox_port), "--out", str(out)),
        *("--node-keys", str(folder / "node.json")),  # written by `introduce`
    ]
    sandbox = Background.start("sandbox", command, folder=folder, env=env)
    try:
        sandbox.wait_until(lambda: "sandbox ready" in read(sandbox.log), READY_SECONDS)
    except BaseException:
        sandbox.stop()
        raise
    return sandbox


def make_account(url: str, account: str) -> None:
    """An account for the service: it reads and writes, and owns nothing (docs/adr/0029)."""

    async def make() -> None:
        connection = await asyncpg.connect(url.replace("+asyncpg", ""))
        try:
            known = "SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)"
            if not await connection.fetchval(known, account):
                await connection.execute(f"CREATE ROLE {account} LOGIN")
            await connection.execute(f"GRANT zhengyan_service TO {account}")
        finally:
            await connection.close()

    try:
        asyncio.run(make())
    except (asyncpg.PostgresError, OSError) as exc:
        raise DemoError(f"the account of the service cannot be made: {type(exc).__name__}") from exc


def register(folder: Path, env: Mapping[str, str]) -> str:
    """Tell the service's registry of the sandbox issuers and authorities; may be repeated."""
    out, zhengyan = folder / "sandbox", str(BIN / "zhengyan")
    document = str(out / "registration.json")
    command = [zhengyan, "issuer", "import", document, "--network", "127.0.0.0/8"]
    try:
        said = [_last(run(command, what="zhengyan issuer import", env=env))]
    except DemoError as exc:
        if "revoked_at" not in str(exc):
            raise
        _revoke_later(document, env)
        said = [_last(run(command, what="zhengyan issuer import", env=env))]
    if (out / "authorities.json").exists():
        command = [zhengyan, "anchor", "import", str(out / "authorities.json")]
        said.append(_last(run(command, what="zhengyan anchor import", env=env)))
    return "; authorities ".join(said)


def _revoke_later(document: str, env: Mapping[str, str]) -> None:
    """The sandbox's world is of today, the registry of the day it was begun: since then revoked
    keys were revoked later, which no import may say, and a person may.
    """
    told = json.loads(Path(document).read_text(encoding="utf-8"))
    for issuer in told["issuers"]:
        for key in issuer["keys"]:
            if at := key.get("revoked_at"):
                revoke = [str(BIN / "zhengyan"), "key", "revoke", issuer["code"], key["kid"]]
                terms = ["--at", at, "--reason", "a new day of the sandbox", "--correct"]
                run([*revoke, *terms], what="zhengyan key revoke", env=env)


def _last(printed: str) -> str:
    lines = printed.strip().splitlines()
    return lines[-1] if lines else "registered"


def start_service(options: Options, folder: Path, env: Mapping[str, str]) -> Background:
    """The service itself; ready when it says so."""
    service = Background.start(
        "service",
        [str(BIN / "zhengyan"), "serve", "--host", "127.0.0.1", "--port", str(options.port)],
        folder=folder,
        env=env,
    )

    def ready() -> bool:
        try:
            return client.get("/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    try:
        with httpx.Client(base_url=options.page, trust_env=False) as client:
            service.wait_until(ready, READY_SECONDS)
    except BaseException:
        service.stop()
        raise
    return service


def start_worker(folder: Path, env: Mapping[str, str]) -> Background:
    """What works off jobs beside the service."""
    return Background.start("worker", [str(BIN / "zhengyan"), "worker"], folder=folder, env=env)


def introduce(options: Options, folder: Path) -> None:
    """Tell the issuers by which keys they know this node's questions."""
    with httpx.Client(base_url=options.page, trust_env=False) as client:
        keys = client.get("/.well-known/jwks.json").raise_for_status().json()["keys"]
    (folder / "node.json").write_text(json.dumps({"node": NODE, "keys": keys}))


def samples(folder: Path) -> list[Sample]:
    """What the sandbox made for people to try."""
    out = folder / "sandbox"
    return [
        Sample(
            name=told["name"],
            file=None if told["file"] is None else out / told["file"],
            facts=told.get("facts"),
            form=_form(told["signers"]) if "signers" in told else {},
            conclusion=told["expect"]["conclusion"],
            reason=told["expect"]["reason"],
            zh=told["zh"],
            en=told["en"],
        )
        # Tokens and facts; sealed files; contracts, invoices and proofs.
        for name in ("samples.json", "samples-ofd.json", "documents.json")
        if (out / name).exists()
        for told in json.loads((out / name).read_text("utf-8"))
    ]


def _form(signers: Sequence[str]) -> dict[str, str]:
    if signers:
        return {"policy": DOCUMENT, "expected_signers": ",".join(signers)}
    return {"policy": DOCUMENT, "any_signer": "true"}


def verify(options: Options, chosen: Sequence[Sample]) -> list[Finding]:
    """Ask the running service, one sample after the other."""
    found = []
    with httpx.Client(base_url=options.page, trust_env=False, timeout=ANSWER_SECONDS) as client:
        for sample in chosen:
            answer = client.post("/v1/verifications", **sample.question())
            if answer.status_code != httpx.codes.OK:
                raise DemoError(
                    f"the sample {sample.name} was answered with HTTP {answer.status_code}:\n"
                    f"  {answer.text[:500]}"
                )
            report = answer.json()["report"]
            reason = report["reason"] and report["reason"]["code"]
            found.append(Finding(sample, report["conclusion"], reason))
    return found


def outage(options: Options, folder: Path) -> Finding:
    """A license in force while its issuer hangs up on every call: no verdict, and never invalid.

    It is one that no sample uses, so that nothing is known of it from an earlier answer.
    """
    out = folder / "sandbox"
    listed = json.loads((out / "licenses.json").read_text("utf-8"))
    first = next(each for each in listed if each["scenario"] == "in_force")
    license = next(
        each
        for each in reversed(listed)
        if each["scenario"] == "in_force" and each["issuer"] == first["issuer"]
    )
    sample = Sample(
        OUTAGE,
        file=out / license["file"],
        facts=None,
        conclusion="indeterminate",
        reason="issuer_unreachable",
        zh="真实的执照，但颁发机构的接口此刻断开。",
        en="A genuine license whose issuer hangs up just now.",
    )
    with httpx.Client(base_url=options.issuer, trust_env=False) as control:
        rule = {"name": "reset", "identifier": license["identifier"]}
        control.post("/_sandbox/behaviour", json=rule).raise_for_status()
        try:
            return verify(options, [sample])[0]
        finally:
            control.delete("/_sandbox/behaviour").raise_for_status()


def curl(options: Options, file: Path) -> str:
    """A line for any POSIX shell, from any folder; curl reads `,` and `;` in names its own way."""
    named = f'"{file}"' if set(str(file)) & set(",;") else str(file)
    return f"curl -sS -F {shlex.quote(f'file=@{named}')} {options.page}/v1/verifications"
