"""`zhengyan verify`: files in, verdicts out, exit codes that scripts can rely on."""

import asyncio
import json
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from pathlib import Path
from typing import Annotated, Final

import typer
from pydantic import ValidationError

from app.composition import verifier
from app.config import settings
from app.domain.digested import FileDigest
from app.domain.errors import Refused, ServiceError, Unavailable
from app.domain.license import Claims
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verdict import Conclusion, Verdict
from app.domain.verification import Receipt, Submission
from app.formats.digested.making import digested_from
from app.formats.photo.header import is_picture
from app.reports.terminal import clean, render, wrap
from app.reports.unknown_authority import UnknownAuthority, unknown_authority
from app.routers.verifications import stated
from app.schemas.verification import TermsIn, TypedIn, refused
from app.services.learned_words import unknown_in
from app.services.verify import Verifier

WIDTH: Final = 96
"""Columns, as of the report above."""


class Exit(IntEnum):
    """What the command exits with; also the protocol of conformance/."""

    ALL_VALID = 0
    COULD_NOT_RUN = 1
    """What Python itself exits with after a traceback, and no verdict must."""
    SOME_INVALID = 10
    SOME_INDETERMINATE = 11


class Lang(StrEnum):
    """Of the text."""

    ZH = "zh"
    EN = "en"


def verify(
    files: Annotated[
        list[Path], typer.Argument(help="License files or tokens; `-` reads standard input.")
    ],
    *,
    trust: Annotated[
        Path | None,
        typer.Option(
            help="A folder with registration.json (for seals also authorities.json): verify "
            "without a database, and keep no record."
        ),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(
            help="With --trust: network its endpoints may lie in though not public, like "
            "10.1.0.0/16; repeatable."
        ),
    ] = None,
    offline: Annotated[
        bool,
        typer.Option(
            "--offline",
            help="Ask no issuer. Forgeries are still found, but without its word nothing is valid.",
        ),
    ] = False,
    fact: Annotated[
        list[str] | None,
        typer.Option(
            help="What stands on a license in a photo, typed off it, like number=N-1 or "
            "holder=NAME; repeatable. Compared by the issuer."
        ),
    ] = None,
    digests: Annotated[
        FileDigest | None,
        typer.Option(
            help="Judge by digests alone, as a node would to which `zhengyan digest` was sent; "
            "the whole file by this algorithm."
        ),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(help="license or sealed-document; without it the kind of document picks."),
    ] = None,
    expected_signer: Annotated[
        list[str] | None,
        typer.Option(
            help="Of a sealed document that is no license: 统一社会信用代码 of who has to have "
            "sealed it; repeatable. Anybody else's seal makes it invalid."
        ),
    ] = None,
    any_signer: Annotated[
        bool,
        typer.Option(
            "--any-signer",
            help="Of a sealed document: whoever sealed it is told. So it is without this, too.",
        ),
    ] = False,
    sm_only: Annotated[
        bool,
        typer.Option(
            "--sm-only",
            help="Valid only where SM2 and SM3 alone protect every layer (密评); the report tells "
            "the algorithm of each.",
        ),
    ] = False,
    as_json: Annotated[
        bool,
        typer.Option(
            "--json", help="One line of JSON a file: file, report, and the report as a JWS."
        ),
    ] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Verify license files: signatures, seals, issuer, status; one verdict each 核验证照.

    Exit code: **0** all valid · **10** some invalid · **11** none invalid, some indeterminate ·
    **1** something could not be read or run.
    """
    if network and trust is None:
        raise Refused("network", "goes with --trust; in a database each endpoint has its own")
    ground = verifier(settings(), trust, offline=offline, networks=network or ())
    if fact and digests:
        raise Refused("fact", "goes with photos; leave it out beside --digests")
    signers = _signers(policy, expected_signer or (), anyone=any_signer)
    if digests and expected_signer:
        raise Refused("expected_signer", "goes with the file itself; leave it out beside --digests")
    facts = _typed(fact or ())
    read = Reading(settings().max_upload, facts, digests, policy, signers, sm_only)
    raise typer.Exit(asyncio.run(_verify(files, ground, read, as_json=as_json, lang=lang)))


@dataclass(frozen=True, slots=True)
class Reading:
    """How each file is taken."""

    most: int
    """Bytes."""
    facts: Claims | None
    digests: FileDigest | None
    """None: whole."""
    policy: str | None
    signers: Signers
    """Of sealed documents that are no licenses."""
    sm_only: bool


def _signers(policy: str | None, codes: Sequence[str], *, anyone: bool) -> Signers:
    """Whoever sealed, where nobody is named: the headline says so. Raises `Refused`."""
    named = {"expected_signers": ",".join(codes)} if codes else {}
    chosen = {"policy": policy} if policy is not None else {}
    any_signer = {"any_signer": "true"} if anyone or not codes else {}
    try:
        terms = TermsIn.of_form({**named, **chosen, **any_signer})
    except ValidationError as exc:
        raise refused(exc) from None
    return terms.signers or ANY_SIGNER


def _typed(facts: Sequence[str]) -> Claims | None:
    """Raises `Refused`, naming the field, for what is no such fact."""
    if not facts:
        return None
    pairs = [fact.partition("=") for fact in facts]
    try:
        typed = TypedIn.of_form({name: value for name, _, value in pairs})
    except ValidationError as exc:
        raise refused(exc) from None
    if len(typed.typed) != len(facts):
        raise Refused("fact", "each names another of the facts that stand on a license, once")
    return stated(typed)


async def _verify(
    files: Sequence[Path],
    ground: AbstractAsyncContextManager[Verifier],
    read: Reading,
    *,
    as_json: bool,
    lang: Lang,
) -> Exit:
    verdicts: list[Verdict] = []
    async with ground as judge:
        for file in files:
            try:
                receipt, unknown = await _one(file, judge, read)
            except Unavailable:
                raise
            except (ServiceError, OSError) as refused:
                _complain(file, refused, as_json=as_json)
                continue
            verdicts.append(receipt.verification.verdict)
            _show(file, receipt, as_json=as_json, lang=lang)
            if not as_json:
                _explain(unknown, lang)
    return exit_code(len(files), verdicts)


async def _one(
    file: Path, judge: Verifier, read: Reading
) -> tuple[Receipt, list[UnknownAuthority]]:
    """The receipt, and whom one would have to trust: names that no report keeps."""
    content = await asyncio.to_thread(_content, file, read.most)
    if read.facts is not None and not is_picture(content):
        raise ServiceError("no photo: what stands on it is read from the file itself")
    if read.digests is None:
        submission = Submission(
            content=content,
            typed=read.facts,
            policy=read.policy,
            signers=read.signers,
            sm_only=read.sm_only,
        )
    else:
        digested, named = await asyncio.to_thread(digested_from, content, read.digests)
        submission = Submission(
            stated=named, digested=digested, policy=read.policy, sm_only=read.sm_only
        )
    receipt = await judge.verify(submission)
    return receipt, await asyncio.to_thread(unknown_in, receipt.report, content)


def _content(file: Path, limit: int) -> bytes:
    """One byte more than the limit is enough to know."""
    if str(file) == "-":
        content = sys.stdin.buffer.read(limit + 1)
    else:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    if len(content) > limit:
        raise ServiceError(f"larger than {limit} bytes; ZHENGYAN_MAX_UPLOAD sets the limit")
    # A token saved by an editor ends in a line break that is no part of it.
    return content.rstrip(b"\r\n") if content[:1] == b"e" else content


def _complain(file: Path, refused: Exception, *, as_json: bool) -> None:
    """On standard error, and as the file's own line where each file has one."""
    why = refused.strerror if isinstance(refused, OSError) and refused.strerror else str(refused)
    sys.stderr.write(f"{file}: {why}\n")
    if as_json:
        sys.stdout.write(json.dumps({"file": str(file), "error": why}, ensure_ascii=False) + "\n")


def _show(file: Path, receipt: Receipt, *, as_json: bool, lang: Lang) -> None:
    if as_json:
        line = {"file": str(file), "report": receipt.report, "jws": receipt.jws}
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
    else:
        sys.stdout.write(f"{file}\n{render(receipt.report, lang.value)}\n")


def _explain(unknown: Sequence[UnknownAuthority], lang: Lang) -> None:
    for about in unknown:
        lines = unknown_authority(about, lang.value)
        pieces = (piece for line in lines for piece in wrap(clean(line), WIDTH))
        sys.stdout.write("\n".join(pieces) + "\n\n")


def exit_code(asked: int, verdicts: Sequence[Verdict]) -> Exit:
    """No file, or one that could not be read, is no verdict on the whole."""
    if not verdicts or len(verdicts) != asked:
        return Exit.COULD_NOT_RUN
    conclusions = {verdict.conclusion for verdict in verdicts}
    if Conclusion.INVALID in conclusions:
        return Exit.SOME_INVALID
    if conclusions == {Conclusion.VALID}:
        return Exit.ALL_VALID
    return Exit.SOME_INDETERMINATE
