"""`zhengyan conformance`: this service behind the one-line protocol of conformance/README.md.

Time, trust and the issuer's word are the case's. Nothing is fetched, recorded or signed.
"""

import asyncio
import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from app.composition import formats_with
from app.crypto.jose import JsonLimits, read_json_object
from app.domain.errors import Malformed, Refused, UnrecognisedFormat
from app.domain.issuer import (
    Answered,
    Code,
    Inquiry,
    IssuerAnswer,
    Match,
    Silence,
    Speaker,
    Unreachable,
)
from app.domain.license import Fact
from app.domain.policies import PolicyKind
from app.domain.signers import ANY_SIGNER, Signers
from app.domain.verification import Receipt, Submission, Verification
from app.imaging.worker import Decoder
from app.registry.snapshot import ForgetfulJournal, SnapshotRegistry
from app.services.verify import Verifier

OUTAGE: Final = Unreachable(Silence.TIMEOUT)
"""What comes of asking an owner of whom a case says nothing (null)."""
ANYBODY: Final = "any"
_MEMBERS: Final = frozenset({"outcome", "document", "facts", "signed", "speaker", "as_of", "since"})
LIMITS = JsonLimits(size=64 * 1024)
CACHED = 4
"""Trust folders kept read: the cases of a suite share one."""
_DECODER = Decoder()
"""Started at the first picture; ends with this command."""
LOOPBACK = "127.0.0.0/8"
"""Where the endpoints of the cases lie; nothing is ever sent there."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """An issuer that says what the case says; of a single seal, what its owner says."""

    answer: Answered
    seals: Mapping[str, IssuerAnswer] = field(default_factory=dict)
    """By 印章编码."""

    async def ask(self, inquiry: Inquiry) -> IssuerAnswer:
        return self.seals.get(inquiry.seal or "", self.answer)


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A case wants the verdict, not a report."""

    def publish(self, verification: Verification) -> Receipt:
        return Receipt(verification=verification, report={}, content=b"{}", jws="", expires_at=None)


@lru_cache(maxsize=CACHED)
def _registry(trust: Path, at: datetime) -> SnapshotRegistry:
    return SnapshotRegistry.read(trust, lambda: at, networks=[LOOPBACK])


def judge(
    trust: Path, at: datetime, issuers: Scripted, submission: Submission
) -> dict[str, str | None]:
    """Conclusion and reason of one case; of a license handed in as a document, the field that a
    refusal names. Raises `Refused` for a trust folder that is none.
    """
    verifier = Verifier(
        registry=_registry(trust, at),
        issuers=issuers,
        publisher=Unsigned(),
        journal=ForgetfulJournal(),
        clock=lambda: at,
        formats=formats_with(_DECODER, ""),
    )
    try:
        receipt = asyncio.run(verifier.verify(submission))
    except UnrecognisedFormat:
        return {"conclusion": "refused", "reason": "unrecognised"}
    except Refused as exc:
        return {"conclusion": "refused", "reason": exc.field}
    verdict = receipt.verification.verdict
    reason = verdict.reason
    return {
        "conclusion": verdict.conclusion.value,
        "reason": reason.value if reason is not None else None,
    }


def read_answer(data: bytes) -> Scripted:
    """answer.json of a case. Raises `Refused` naming the member."""
    try:
        said: dict[str, Any] = read_json_object(data, LIMITS)
    except Malformed as exc:
        raise Refused("answer", f"no strict JSON object: {exc}") from None
    seals = said.pop("seals", {})
    if not isinstance(seals, dict) or not all(isinstance(w, dict | None) for w in seals.values()):
        raise Refused("answer", "seals is no object of words, or null where there is none")
    words = {seal: OUTAGE if word is None else _answer(said | word) for seal, word in seals.items()}
    return Scripted(_answer(said), words)


def _answer(said: dict[str, Any]) -> Answered:
    unknown = said.keys() - _MEMBERS
    if unknown:
        raise Refused("answer", f"unknown members: {', '.join(sorted(unknown))}")
    try:
        return Answered(
            code=Code(said["outcome"]),
            document=Match(said["document"]),
            facts={Fact(name): Match(word) for name, word in _object(said["facts"]).items()},
            speaker=Speaker(said["speaker"]),
            signed=said["signed"] is True,
            authenticated=False,
            as_of=_time(said["as_of"]),
            since=date.fromisoformat(said["since"]) if "since" in said else None,
        )
    except KeyError as exc:
        raise Refused("answer", f"member {exc} is missing") from None
    except (TypeError, ValueError) as exc:
        raise Refused("answer", f"a member has no such value: {exc}") from None


def _object(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise TypeError("facts is no object")
    return value


def _time(text: object) -> datetime:
    at = datetime.fromisoformat(str(text))
    if at.tzinfo is None:
        raise ValueError("a time without an offset")
    return at


def conformance(
    file: Annotated[Path | None, typer.Argument(help="The file to judge.")] = None,
    *,
    trust: Annotated[Path | None, typer.Option(help="Folder with registration.json.")] = None,
    at: Annotated[str | None, typer.Option(help="The time to judge at, RFC 3339.")] = None,
    answer: Annotated[Path | None, typer.Option(help="What the issuer says (JSON).")] = None,
    matter: Annotated[
        str | None, typer.Option(help="事项编码 the caller verifies for, where a case has one.")
    ] = None,
    signers: Annotated[
        str | None,
        typer.Option(help="Whose seals are expected on a document that is no license, or any."),
    ] = None,
    stream: Annotated[
        bool, typer.Option("--stream", help="Read one such request a line, answer each in one.")
    ] = False,
) -> None:
    """Judge cases of `conformance/`: time, trust and the issuer's word are given, none is asked.

    Try it: `python -m conformance.run --stream -- zhengyan conformance --stream`
    """
    if stream:
        for line in sys.stdin:
            _print(_of(line.encode()))
        return
    if file is None or trust is None or at is None or answer is None:
        raise Refused("FILE", "give --trust, --at, --answer and FILE; or --stream")
    _print(_case(str(trust), at, str(answer), str(file), matter=matter, signers=signers))


def _of(line: bytes) -> dict[str, str | None]:
    try:
        request = read_json_object(line, LIMITS)
        trust, at, answer, file = (str(request[n]) for n in ("trust", "at", "answer", "file"))
        more = {n: str(request[n]) for n in ("matter", "signers") if request.get(n) is not None}
        return _case(trust, at, answer, file, **more)
    except (Malformed, KeyError):
        return {"conclusion": "error", "reason": "no request"}


def _case(
    trust: str,
    at: str,
    answer: str,
    file: str,
    *,
    matter: str | None = None,
    signers: str | None = None,
) -> dict[str, str | None]:
    try:
        moment = _time(at)
        content, word = Path(file).read_bytes(), Path(answer).read_bytes()
    except (ValueError, OSError) as exc:
        raise Refused("case", str(exc)) from None
    submission = Submission(
        content=content,
        matter=matter,
        policy=None if signers is None else PolicyKind.SEALED_DOCUMENT.value,
        signers=None if signers is None else _expected(signers),
    )
    return judge(Path(trust), moment, read_answer(word), submission)


def _expected(signers: str) -> Signers:
    return ANY_SIGNER if signers == ANYBODY else Signers(frozenset(signers.split(",")))


def _print(told: dict[str, str | None]) -> None:
    sys.stdout.write(json.dumps(told) + "\n")
    sys.stdout.flush()
