"""Look at a replayed final stage: what must not be there, and the service running in it."""

import asyncio
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from deploy.dockerfile import Image
from embedded import Server, start, temporary_folder

UNWANTED = ("bin/gcc", "bin/cc", "bin/g++", "bin/pip", "bin/pip3", "bin/uv", "bin/git")
UNWANTED_MODULES = ("pip", "setuptools", "pytest", "tests", "sandbox", "embedded", "demo")
HEALTHY_SECONDS = 30.0


def examine(tree: Path, image: Image) -> list[str]:
    """Everything that is wrong, in words; empty when all is well."""
    complaints = [f"{name} is in the final stage" for name in _unwanted(tree)]
    if image.user.split(":")[0] in {"0", "root"}:
        complaints.append("the image would run as root")
    if not image.healthcheck:
        complaints.append("the image has no health check")
    with _lent(tree):
        complaints += [f"{name} can be imported" for name in _importable(tree, image)]
        complaints += _served(tree, image)
    return complaints


def _unwanted(tree: Path) -> list[str]:
    folders = ("", "usr", "usr/local", "opt/zhengyan")
    found = [f"{folder}/{name}" for folder in folders for name in UNWANTED]
    found += [f"{folder}/bin/pip{minor}" for folder in folders for minor in ("3.11", "3.13")]
    return [path for path in found if (tree / path.lstrip("/")).exists()]


def _importable(tree: Path, image: Image) -> list[str]:
    code = (
        f"import importlib.util as u; print(*(m for m in {UNWANTED_MODULES!r} if u.find_spec(m)))"
    )
    done = _inside(tree, image, ["/opt/zhengyan/bin/python", "-c", code])
    return done.stdout.split() if done.returncode == 0 else [f"python fails: {done.stderr}"]


def _served(tree: Path, image: Image) -> list[str]:
    """Migrate, serve, ask the health check with and without the service."""
    folder = temporary_folder("zhengyan-replay-db-")
    try:
        with start(folder, durable=False) as server, _relayed(server) as url:
            env = {"DATABASE_URL": url}
            migrated = _inside(tree, image, ["/opt/zhengyan/bin/alembic", "upgrade", "head"], env)
            if migrated.returncode != 0:
                return [f"alembic upgrade head failed: {migrated.stderr[-500:]}"]
            if _inside(tree, image, image.healthcheck).returncode == 0:
                return ["the health check is content without a service"]
            service = subprocess.Popen(
                _chroot(tree, image, [*image.entrypoint, *image.command]),
                env={**_environment(image), **env},
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            return _health(tree, image, service)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _health(tree: Path, image: Image, service: subprocess.Popen[str]) -> list[str]:
    begun = time.monotonic()
    try:
        while _inside(tree, image, image.healthcheck).returncode != 0:
            if service.poll() is not None:
                said = service.stderr.read() if service.stderr else ""
                return [f"the service ended (exit {service.returncode}): {said[-800:]}"]
            if time.monotonic() - begun > HEALTHY_SECONDS:
                return [f"the service was not healthy after {HEALTHY_SECONDS:.0f} s"]
            time.sleep(0.1)
        owner = Path(f"/proc/{service.pid}").stat().st_uid
        print(f"healthy after {time.monotonic() - begun:.1f} s, as user {owner}")
        return [] if owner == int(image.user.split(":")[0]) else [f"it runs as user {owner}"]
    finally:
        service.terminate()
        with suppress(subprocess.TimeoutExpired):
            service.communicate(timeout=20)
        service.kill()
        service.wait()


@contextmanager
def _lent(tree: Path) -> Iterator[None]:
    """/proc for the time of the trial."""
    subprocess.run(["mount", "-t", "proc", "proc", tree / "proc"], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", tree / "proc"], check=True)


@contextmanager
def _relayed(server: Server) -> Iterator[str]:
    """The server's socket (closed to other users) behind a loopback port, as a network would be."""
    path = parse_qs(urlsplit(server.url).query)["host"][0] + "/.s.PGSQL.5432"
    loop = asyncio.new_event_loop()

    async def pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_unix_connection(path)
        await asyncio.gather(pump(reader, outer), pump(inner, writer))

    listening = loop.run_until_complete(asyncio.start_server(relay, "127.0.0.1", 0))
    port = listening.sockets[0].getsockname()[1]
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield f"postgresql+asyncpg://zhengyan@127.0.0.1:{port}/zhengyan?ssl=disable"
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def _inside(
    tree: Path, image: Image, command: list[str], env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        _chroot(tree, image, command),
        check=False,
        capture_output=True,
        text=True,
        env={**_environment(image), **(env or {})},
    )


def _chroot(tree: Path, image: Image, command: list[str]) -> list[str]:
    """In the tree, at the image's working folder, as its user; no shell of the image is used."""
    enter = (
        "import os, sys; tree, workdir, uid, gid, *command = sys.argv[1:]; os.chroot(tree); "
        "os.chdir(workdir); os.setgroups([]); os.setgid(int(gid)); os.setuid(int(uid)); "
        "os.execv(command[0], command)"
    )
    uid, _, gid = image.user.partition(":")
    return [sys.executable, "-ISc", enter, str(tree), image.workdir, uid, gid or uid, *command]


def _environment(image: Image) -> dict[str, str]:
    return {"PATH": os.defpath, **image.env}
