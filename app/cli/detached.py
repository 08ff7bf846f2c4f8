"""`zhengyan signature`: 验签 from a shell."""

import asyncio
import json
import sys
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from pydantic import ValidationError

from app.cli.picturing import content_of
from app.cli.verifying import Exit, Lang
from app.composition import now, verifier
from app.config import settings
from app.domain.detached import Detached, DetachedFinding, DetachedForm
from app.domain.errors import Refused
from app.domain.evidence import Outcome
from app.reports.catalogue import entry_of
from app.reports.detached import HEADLINES, told
from app.reports.phrases import ANY_ISSUER
from app.reports.terminal import clean
from app.schemas.detached import SignatureIn
from app.schemas.verification import refused
from app.services.detached import SignatureVerifier
from app.services.publish import QUESTIONS
from app.services.verify import Verifier

_EXITS = {
    Outcome.PASSED: Exit.ALL_VALID,
    Outcome.FAILED: Exit.SOME_INVALID,
    Outcome.INDETERMINATE: Exit.SOME_INDETERMINATE,
}


def signature(
    file: Annotated[Path, typer.Argument(help="What was signed.")],
    value: Annotated[Path, typer.Argument(help="The signature, as octets: no base64.")],
    issuer: Annotated[str, typer.Option(help="Whose key: 颁发机构代码.")],
    key: Annotated[str, typer.Option(help="Its name in the registry.")],
    form: Annotated[
        DetachedForm, typer.Option(help="der: the value alone; plain: r ‖ s; cms: a container.")
    ] = DetachedForm.DER,
    trust: Annotated[
        Path | None,
        typer.Option(help="A folder with registration.json: verify without a database."),
    ] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One line of JSON.")] = False,
    lang: Annotated[Lang, typer.Option(help="Language of the text.")] = Lang.ZH,
) -> None:
    """Verify a detached signature over a file by a registered key 验签.

    Exit code: **0** it holds and the key was good · **10** it does not · **11** cannot be told ·
    **1** something could not be read or run. Nothing is said about any license.
    """
    asked = _asked(issuer, key, form, content_of(value))
    message = content_of(file)
    ground = verifier(settings(), trust, offline=True)
    raise typer.Exit(asyncio.run(_verify(ground, asked, message, as_json=as_json, lang=lang)))


def _asked(issuer: str, key: str, form: DetachedForm, value: bytes) -> Detached:
    """Raises `Refused`, naming the option."""
    members = {"issuer": issuer, "key": key, "form": form.value, "message": ""}
    try:
        asked = SignatureIn.model_validate({**members, "signature": "AA=="})
    except ValidationError as exc:
        raise refused(exc) from None
    found = asked.asked(now())
    if not value:
        raise Refused("value", "the file is empty")
    return Detached(
        form=found.form, value=value, message=b"", issuer=found.issuer, key_id=found.key_id
    )


async def _verify(
    ground: AbstractAsyncContextManager[Verifier],
    asked: Detached,
    message: bytes,
    *,
    as_json: bool,
    lang: Lang,
) -> Exit:
    async with ground as judge:
        whole = replace(asked, message=message)
        finding = await SignatureVerifier(judge.registry, now).verify(whole)
    report = told(finding, settings().node_id, QUESTIONS)
    shown = json.dumps(report, ensure_ascii=False) if as_json else _text(finding, lang)
    sys.stdout.write(shown + "\n")
    return _EXITS[finding.outcome]


def _text(finding: DetachedFinding, lang: Lang) -> str:
    """A headline, its reason with what to do, and one line a check."""
    zh = lang is Lang.ZH
    headline = HEADLINES[finding.outcome]
    lines = [headline.zh if zh else headline.en]
    if finding.reason is not None:
        texts = entry_of(finding.reason).texts.filled(*_issuer(finding))
        lines += [text.zh if zh else text.en for text in (texts.title, texts.next_step)]
        lines.append(finding.reason.value)
    for item in finding.evidence:
        question = QUESTIONS[item.check]
        detail = f" ({item.detail})" if item.detail else ""
        lines.append(f"  {item.outcome.value}: {question.zh if zh else question.en}{detail}")
    return "\n".join(clean(line) for line in lines)


def _issuer(finding: DetachedFinding) -> tuple[str, str]:
    issuer = finding.issuer
    return (ANY_ISSUER.zh, ANY_ISSUER.en) if issuer is None else (issuer.name, issuer.name_en)
