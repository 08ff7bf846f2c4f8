"""Replay the Dockerfile's RUN and COPY steps in a bare Debian: `python -m deploy.replay`.

Where there is no Docker, this is the nearest to building the image. It builds no image: it reads
the Dockerfile, makes a minimal Debian of the named release with mmdebstrap for each FROM, does
the steps in it as chroot, and then looks at what came out, running it as the image's user.
Packages come from wherever this machine's apt and pip are set to get them.

Needs root, mmdebstrap and unshare (Debian: apt-get install mmdebstrap).
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from deploy.dockerfile import (
    NO_FILE,
    Copy,
    Image,
    Instruction,
    NotUnderstood,
    Stage,
    context_files,
    copy_of,
    stages,
)
from deploy.trial import examine

PROJECT = Path(__file__).parents[1]
UNSHARE = ("unshare", "--mount", "--propagation", "private")
INSIDE = "REPLAY_INSIDE_FOLDER"
HOST_FILES = ("/etc/resolv.conf", "/etc/hosts")  # as a container engine lends them
BASE = re.compile(r"debian:(?P<suite>[a-z]+)-slim(@sha256:[0-9a-f]{64})?")
PASSED_ON = re.compile(r"(?i)(https?_proxy|no_proxy|PIP_\w+)")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--base", help="the Dockerfile's BASE, e.g. debian:bookworm-slim")
    parser.add_argument("--keep", type=Path, help="move the final stage's tree to this folder")
    asked = parser.parse_args()
    inside = os.environ.get(INSIDE)
    if inside:
        return _replay(Path(inside), asked.base)
    for program in ("mmdebstrap", "unshare", "chroot"):
        if shutil.which(program) is None:
            print(f"{program} is missing: apt-get install mmdebstrap util-linux", file=sys.stderr)
            return 1
    if os.geteuid() != 0:
        print("the replay needs root, for chroot", file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory(prefix="zhengyan-replay-", dir="/var/tmp") as folder:
        # In a mount namespace of its own: whatever happens, no mount is left behind.
        done = subprocess.run(
            [*UNSHARE, sys.executable, "-m", "deploy.replay", *sys.argv[1:]],
            check=False,
            cwd=PROJECT,
            env={**os.environ, INSIDE: folder},
        )
        if asked.keep and done.returncode == 0:
            shutil.move(str(Path(folder) / "final"), asked.keep)
    return done.returncode


def _replay(folder: Path, base: str | None) -> int:
    print("No image is built here: the Dockerfile's steps are replayed in chroots.")
    begun = time.monotonic()
    try:
        plan = stages((PROJECT / "Dockerfile").read_text(), {"BASE": base} if base else {})
        trees: dict[str, Path] = {}
        image = Image()
        for stage in plan:
            image = Image()
            trees[stage.name] = _stage(stage, image, trees, folder)
    except (NotUnderstood, subprocess.CalledProcessError) as exc:
        print(f"replay failed: {exc}", file=sys.stderr)
        return 1
    final = folder / "final"
    trees[plan[-1].name].rename(final)
    print(f"steps done in {time.monotonic() - begun:.0f} s; the final tree has {_size(final)} MB")
    complaints = examine(final, image)
    for complaint in complaints:
        print(f"WRONG: {complaint}", file=sys.stderr)
    print("replayed; no image was built" if not complaints else "replay failed")
    return 1 if complaints else 0


def _stage(stage: Stage, image: Image, trees: Mapping[str, Path], folder: Path) -> Path:
    tree = folder / f"stage-{stage.name}"
    print(f"FROM {stage.base} ({stage.name})", flush=True)
    subprocess.run(["cp", "-a", _debian(stage.base, folder), tree], check=True)
    for step in stage.steps:
        begun = time.monotonic()
        match step.word:
            case "RUN":
                _run(tree, image, step)
            case "COPY":
                _copy(tree, image, copy_of(step), trees)
            case "WORKDIR":
                image.workdir = step.rest
                (tree / step.rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
            case _:
                image.note(step)
        if step.word not in NO_FILE:
            print(
                f"  {time.monotonic() - begun:5.1f} s  line {step.line}: {_short(step)}", flush=True
            )
    return tree


def _debian(base: str, folder: Path) -> Path:
    """A minimal Debian of the release that the base's name tells, made once."""
    match = BASE.fullmatch(base)
    if match is None:
        raise NotUnderstood(f"base {base}: only debian:RELEASE-slim can be made here")
    tree = folder / f"base-{match['suite']}"
    if not tree.exists():
        begun = time.monotonic()
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=minbase", match["suite"], tree, _mirror()],
            check=True,
        )
        print(f"  {time.monotonic() - begun:5.1f} s  mmdebstrap {match['suite']}, for {base}")
    return tree


def _mirror() -> str:
    """Where this machine's apt gets Debian from."""
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(ORIGIN) $(LABEL) $(REPO_URI)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    for line in listed.splitlines():
        origin, label, uri = line.rsplit(" ", 2)
        if (origin, label) == ("Debian", "Debian"):
            return uri
    raise NotUnderstood("this machine's apt knows no Debian archive; run apt-get update first")


def _run(tree: Path, image: Image, step: Instruction) -> None:
    """One RUN, with the machine's own network settings lent for its duration."""
    lent = [path for path in HOST_FILES if Path(path).exists()]
    made = []
    for path in lent:
        inside = tree / path.lstrip("/")
        if not inside.exists():
            inside.touch()
            made.append(inside)
        subprocess.run(["mount", "--bind", path, inside], check=True)
    borrowed = tree / "run" / "replay"
    borrowed.mkdir()
    subprocess.run(["mount", "-t", "proc", "proc", tree / "proc"], check=True)
    subprocess.run(["mount", "--bind", "/dev/pts", tree / "dev" / "pts"], check=True)
    try:
        command = ["chroot", f"--userspec={image.user}", str(tree), "/bin/sh", "-ec"]
        subprocess.run(
            [*command, f"cd {image.workdir}\n{step.rest}"],
            check=True,
            env={**_host_settings(borrowed), **_image_environment(image)},
            stdout=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
        )
    finally:
        for path in [*lent, "/proc", "/dev/pts"]:
            subprocess.run(["umount", tree / path.lstrip("/")], check=True)
        for inside in made:
            inside.unlink()
        shutil.rmtree(borrowed)


def _image_environment(image: Image) -> dict[str, str]:
    return {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", **image.env}


def _host_settings(borrowed: Path) -> dict[str, str]:
    """How this machine reaches packages, as variables: what `docker build --build-arg` would do."""
    settings = {name: value for name, value in os.environ.items() if PASSED_ON.fullmatch(name)}
    listed = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], check=False, capture_output=True, text=True
    ).stdout
    for line in listed.splitlines():
        match = re.fullmatch(r"global\.(index-url|cert|proxy|trusted-host)='(.*)'", line)
        if match is not None:
            settings.setdefault(f"PIP_{match[1].replace('-', '_').upper()}", match[2])
    for name in ("PIP_FIND_LINKS", "PIP_CONSTRAINT", "PIP_CONFIG_FILE"):  # paths of this machine
        settings.pop(name, None)
    authorities = settings.get("PIP_CERT")
    if authorities:
        shutil.copy(authorities, borrowed / "ca.pem")
        settings["PIP_CERT"] = "/run/replay/ca.pem"
    return {**settings, "DEBIAN_FRONTEND": "noninteractive", "PIP_ROOT_USER_ACTION": "ignore"}


def _copy(tree: Path, image: Image, copy: Copy, trees: Mapping[str, Path]) -> None:
    """One COPY: a folder's content, or files; owned by root unless it says otherwise."""
    target = tree / os.path.join(image.workdir, copy.target).lstrip("/")  # noqa: PTH118 - as POSIX does
    into = copy.target.endswith("/") or len(copy.sources) > 1
    if copy.stage is not None:
        for source in copy.sources:
            target.mkdir(parents=True, exist_ok=True)
            found = trees[copy.stage] / source.lstrip("/")
            subprocess.run(["cp", "-a", f"{found}/.", target], check=True)
        return
    visible = context_files(PROJECT)
    uid, gid = (int(part) for part in (copy.owner or "0:0").split(":"))
    for source in copy.sources:
        files = [path for path in visible if path == source or path.startswith(f"{source}/")]
        if not files:
            raise NotUnderstood(f"COPY {source}: not in the build's context")
        for path in files:
            rest = path[len(source) :].lstrip("/")
            end = target / rest if rest else target / Path(path).name if into else target
            end.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(PROJECT / path, end)
            os.chown(end, uid, gid)


def _size(tree: Path) -> int:
    total = sum(path.lstat().st_size for path in tree.rglob("*") if path.is_file())
    return round(total / 1e6)


def _short(step: Instruction) -> str:
    text = f"{step.word} {' '.join(step.rest.split())}"
    return text if len(text) <= 80 else f"{text[:79]}…"  # noqa: PLR2004 - columns of a terminal


if __name__ == "__main__":
    sys.exit(main())
