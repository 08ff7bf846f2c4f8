"""任务: an upload of many items, answered in the background; how far it is, and its parts."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from app.domain.verification import Asker


class JobKind(StrEnum):
    """What was uploaded."""

    ZIP = "zip"
    """Documents; an item each."""
    CSV = "csv"
    """Numbers and facts, a row each, below a header."""
    NDJSON = "ndjson"
    """As the items of a batch."""


class JobState(StrEnum):
    """Where a job is. It only goes on: nothing leads back."""

    STORED = "stored"
    """The upload is on disk; its items are not counted yet."""
    RUNNING = "running"
    DONE = "done"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The upload cannot be read as what it was sent as."""

    @property
    def over(self) -> bool:
        return self not in (JobState.STORED, JobState.RUNNING)


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """For whom and under which terms the items are verified; kept encrypted."""

    asker: Asker
    scopes: frozenset[str]
    """Of the caller, when it sent the job."""
    terms: Mapping[str, str]
    """Of all items of a ZIP, as a form has them; of rows, where a row has none of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job to be kept."""

    id: str
    """128 random bits, base64url."""
    kind: JobKind
    order: Order
    content: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    """Upload, items and results are deleted then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobProgress:
    """How far it is."""

    id: str
    kind: JobKind
    state: JobState
    items: int | None
    """None: not counted yet."""
    answered: int
    """With a report."""
    refused: int
    """With a problem of their own."""
    problem: str | None
    """JSON of the problem, where the whole upload was refused."""
    created_at: datetime
    finished_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class JobItem:
    """One item as it was uploaded."""

    label: str
    """The caller's name for it, or its line."""
    line: int
    content: bytes = field(repr=False)
    """A file, or a JSON object; or JSON of a problem, where it is none."""
    form: "ItemForm"


class ItemForm(StrEnum):
    """What the content of an item is."""

    FILE = "file"
    FACTS = "facts"
    PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One answered item."""

    no: int
    label: str
    line: int
    report: str | None = field(repr=False)
    """JSON as signed; None: it has a problem."""
    jws: str | None = field(repr=False)
    problem: str | None
