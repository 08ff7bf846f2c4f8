"""The part of a Dockerfile's language that ours is written in; anything else is refused by name."""

import fnmatch
import json
import os
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

VARIABLE = re.compile(r"\$\{(\w+)\}|\$(\w+)")
NO_FILE = frozenset({"EXPOSE", "HEALTHCHECK", "ENTRYPOINT", "CMD"})


class NotUnderstood(Exception):
    """An instruction or option that the replay would do wrongly."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """One logical line: its word, the rest, and the number of its first physical line."""

    word: str
    rest: str
    line: int


@dataclass(frozen=True, slots=True)
class Stage:
    """From one FROM to the next."""

    name: str
    base: str
    steps: tuple[Instruction, ...]


@dataclass(slots=True)
class Copy:
    """A COPY: what, from the context or a stage, to where."""

    sources: list[str]
    target: str
    stage: str | None = None
    owner: str | None = None


@dataclass(slots=True)
class Image:
    """What the instructions say of running it, beside its files."""

    env: dict[str, str] = field(default_factory=dict)
    workdir: str = "/"
    user: str = "0:0"
    healthcheck: list[str] = field(default_factory=list)
    entrypoint: list[str] = field(default_factory=list)
    command: list[str] = field(default_factory=list)

    def note(self, step: Instruction) -> None:
        """Take up an instruction that changes no file. Raises NotUnderstood."""
        match step.word:
            case "ENV":
                self.env |= dict(pair.split("=", 1) for pair in shlex.split(step.rest))
            case "USER":
                self.user = step.rest
            case "EXPOSE":
                pass
            case "HEALTHCHECK":
                self.healthcheck = _exec_form(step, step.rest.partition("CMD ")[2])
            case "ENTRYPOINT":
                self.entrypoint = _exec_form(step, step.rest)
            case "CMD":
                self.command = _exec_form(step, step.rest)
            case other:
                raise NotUnderstood(f"line {step.line}: {other}")


def _exec_form(step: Instruction, text: str) -> list[str]:
    """Only the JSON form, which needs no shell in the image."""
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
        raise NotUnderstood(f"line {step.line}: {step.word} has to be a JSON list of strings")
    return words


def instructions(text: str) -> Iterator[Instruction]:
    """Logical lines: comments dropped, continued lines joined."""
    parts: list[str] = []
    first = 0
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("#") or not (line.strip() or parts):
            continue
        first = first if parts else number
        parts.append(line.strip().removesuffix("\\"))
        if not line.rstrip().endswith("\\"):
            word, _, rest = " ".join(parts).strip().partition(" ")
            yield Instruction(word.upper(), rest.strip(), first)
            parts = []


def stages(text: str, arguments: Mapping[str, str]) -> list[Stage]:
    """All stages in order. `arguments` overrule the defaults of ARG (which stands before FROM)."""
    known: dict[str, str] = {}
    found: list[Stage] = []
    for step in instructions(text):
        if step.word == "ARG" and not found:
            name, _, default = step.rest.partition("=")
            known[name] = arguments.get(name, default)
        elif step.word == "FROM":
            base, *rest = _expand(step.rest, known).split()
            name = rest[1] if len(rest) == 2 and rest[0].upper() == "AS" else str(len(found))  # noqa: PLR2004
            found.append(Stage(name, base, ()))
        elif found:
            last = found[-1]
            found[-1] = Stage(last.name, last.base, (*last.steps, step))
        else:
            raise NotUnderstood(f"line {step.line}: {step.word} before FROM")
    return found


def _expand(text: str, known: Mapping[str, str]) -> str:
    return VARIABLE.sub(lambda match: known[match[1] or match[2]], text)


def copy_of(step: Instruction) -> Copy:
    """Read a COPY. Raises NotUnderstood for options that are not ours."""
    words = shlex.split(step.rest)
    options = [word for word in words if word.startswith("--")]
    *sources, target = [word for word in words if not word.startswith("--")]
    copy = Copy(sources, target)
    for option in options:
        name, _, value = option.partition("=")
        match name:
            case "--from":
                copy.stage = value
            case "--chown":
                copy.owner = value
            case _:
                raise NotUnderstood(f"line {step.line}: COPY {name}")
    return copy


def context_files(project: Path) -> set[str]:
    """The paths a build would see: .dockerignore applied, last matching pattern wins."""
    patterns = [
        line.strip()
        for line in (project / ".dockerignore").read_text().splitlines()
        if line.strip() and not line.startswith("#")
    ]
    kept = set()
    for folder, _, names in os.walk(project):
        for name in names:
            path = (Path(folder) / name).relative_to(project).as_posix()
            if not _ignored(path, patterns):
                kept.add(path)
    return kept


def _ignored(path: str, patterns: list[str]) -> bool:
    ignored = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if _matches(path, pattern.removeprefix("!")):
            ignored = not negated
    return ignored


def _matches(path: str, pattern: str) -> bool:
    """A pattern matches a path or any folder above it; `**/` stands for any folders."""
    parts = path.split("/")
    heads = ["/".join(parts[:end]) for end in range(1, len(parts) + 1)]
    if pattern.startswith("**/"):
        return any(fnmatch.fnmatchcase(part, pattern[3:]) for part in parts)
    depth = pattern.count("/")
    return any(head.count("/") == depth and fnmatch.fnmatchcase(head, pattern) for head in heads)
