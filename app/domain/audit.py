"""用证审计: one row for everything that was asked, answered, denied or administered.

Fields of standards §5.5, merged from GB/T 22239 8.1.4.3, PIPL 55/56 and practice. Persons and
numbers of licenses stand here as keyed hashes only; content and values never.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from enum import StrEnum
from json.encoder import encode_basestring
from operator import attrgetter
from typing import Final


class Operation(StrEnum):
    """What was done."""

    VERIFY_FILE = "verify_file"
    VERIFY_TOKEN = "verify_token"  # noqa: S105 - a word, no secret
    VERIFY_NUMBER = "verify_number"
    VERIFY_DIGESTS = "verify_digests"
    """Of a file that stayed with the caller."""
    VERIFY_SIGNATURE = "verify_signature"
    """Of a message that stands elsewhere (验签)."""
    READ_REPORT = "read_report"
    DRAW = "draw"
    """A page of a file was shown to whoever sent the file."""
    CONFIRM = "confirm"
    """Somebody held its code, and was told what a code tells."""
    OPEN_CODE = "open_code"
    """A tenant lets whoever has the code of one of its reports confirm it."""
    CLOSE_CODE = "close_code"
    PRESENT = "present"
    """A code was given out under which a license can be verified once (亮证码)."""
    TAKE_JOB = "take_job"
    """An upload of many items was taken; each verdict has its own row as well."""
    CANCEL_JOB = "cancel_job"
    READ_JOB = "read_job"
    """Reports of an upload were read, as far as there are any."""
    ANSWER_INQUIRY = "answer_inquiry"
    """Another node asked, in IVP/1."""
    DENIED = "denied"
    """Credentials or scope did not do."""
    LIMITED = "limited"
    REJECTED = "rejected"
    """Let in, and could not be carried out as asked: a body that cannot be read, a term that cannot
    be met."""
    IMPORT_RECORDS = "import_records"
    """Rows of an issuer came in; one row here for each chunk that was acknowledged."""
    CHANGE_STATUS = "change_status"
    """Decisions about licenses; likewise."""
    LOOK_UP = "look_up"
    RELATE = "relate"
    """A holder's other licenses were asked for, from its business license (一照关联)."""
    RETRIEVE = "retrieve"
    """An issuer was asked for a document (调阅), and gave it or did not."""
    FILE_DISPUTE = "file_dispute"
    """Somebody says a record is wrong."""
    FOLLOW_DISPUTE = "follow_dispute"
    """Somebody held its code, and was told how far it is."""
    READ_DISPUTES = "read_disputes"
    """An issuer was shown what is said against its records."""
    ANSWER_DISPUTE = "answer_dispute"
    WITHDRAW_DISPUTE = "withdraw_dispute"
    READ_PROPOSALS = "read_proposals"
    """A caller was shown changes of trust that somebody proposed."""
    READ_LOG = "read_log"
    """A caller was shown rows of this log, or verdicts out of the journal that conflict."""
    CONSOLE_LOGIN = "console_login"
    """An operator was let into the console, or not."""
    CONSOLE_READ = "console_read"
    """An operator was shown a page of it."""
    ADMINISTER = "administer"
    """A change of registry, trust or callers."""


class Result(StrEnum):
    """How it ended."""

    ANSWERED = "answered"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One row, before it is chained."""

    at: datetime
    # who
    caller: str
    tenant: str | None
    organisation: str | None
    """统一社会信用代码 of the tenant."""
    region: str | None
    operator: str | None
    """The person at the caller's end, as a keyed hash, where the caller names one."""
    address: str | None
    """Network prefix of the client, never the whole address of a person."""
    # why
    purpose: str
    matter: str | None
    """事项编码."""
    # on what
    object: str | None
    """License identifier or number, as a keyed hash."""
    type: str | None
    issuer: str | None
    digest_sm3: str | None
    """Of the file, hexadecimal."""
    annotated_copy: bool | None
    # what
    operation: Operation
    fields_asked: tuple[str, ...]
    fields_answered: tuple[str, ...]
    """Names of facts that were compared or told."""
    # with what result
    result: Result
    conclusion: str | None
    reason: str | None
    issuer_answer: str | None
    """SHA-256 of the issuer's answer, hexadecimal: its receipt."""
    answer_as_of: datetime | None
    # by what
    report: str | None
    """Id of the report, as a keyed hash: the id itself opens it."""
    report_digest: str | None
    trust: str | None
    policy: str | None
    version: str
    first_asker: str | None = None
    """The node whose question it is, where another node brought it."""

    def canonical(self) -> bytes:
        """Sorted members, UTF-8, no spaces, times in UTC to the microsecond: what is hashed."""
        # Most of them are nothing, and most others a text.
        values = ["null" if value is None else _written(value) for value in _VALUES(self)]
        return (_FORM % tuple(values)).encode("utf-8")


_MEMBERS: Final = tuple(sorted(each.name for each in fields(AuditEvent)))
_VALUES: Final = attrgetter(*_MEMBERS)
_FORM: Final = "{" + ",".join(f'"{name}":%s' for name in _MEMBERS) + "}"
"""One object; the values are put in as `_written` has them. Every answer waits for this."""
_JSON: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def _written(value: object) -> str:
    """As JSON: true, false, a text, or a list of texts."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, datetime):
        return f'"{value.astimezone(UTC).isoformat(timespec="microseconds")}"'
    if isinstance(value, tuple):
        return _JSON([str(item) for item in value])
    return _JSON(value)


@dataclass(frozen=True, slots=True)
class Link:
    """A chained row, as it is kept."""

    chain: int
    seq: int
    body: bytes
    """The canonical event."""
    digest: bytes
    """SM3 of the body."""
    hash: bytes
    """SHA-256 over the previous hash, the number and the digest."""


@dataclass(frozen=True, slots=True)
class Head:
    """Where a chain stands."""

    chain: int
    seq: int
    hash: bytes


class Flaw(StrEnum):
    """What is wrong at a place of the chain."""

    MISSING = "missing"
    """A number is not there: dropped, or never was."""
    CHANGED = "changed"
    """The body is not what was digested."""
    BROKEN = "broken"
    """The hash does not follow from the one before: changed, inserted or reordered."""
    TRUNCATED = "truncated"
    """The chain ends before a head that this node signed."""
    FORKED = "forked"
    """The head this node signed is not that of this chain."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One flaw, with its place."""

    chain: int
    seq: int
    flaw: Flaw


Heads = Mapping[int, Head]
