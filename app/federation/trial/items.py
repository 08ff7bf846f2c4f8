"""The list that an endpoint is held to, item by item, and what was found.

The order is that of mending: an answer that does not come cannot be read, and one that cannot be
read says nothing. What hangs on a failed item is left unchecked, so that one fault is one line.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Item(StrEnum):
    """One demand of docs/ivp.md."""

    # the way there and back
    ADDRESS = "address"
    CONNECTION = "connection"
    DEADLINE = "deadline"
    HTTP = "http"
    ADMITTED = "admitted"
    STATUS = "status"
    ENCODING = "encoding"
    SIZE = "size"
    CONTENT_TYPE = "content_type"
    # the answer as a token
    TOKEN = "token"  # noqa: S105 - the name of a check
    SIGNATURE = "signature"
    MEMBERS = "members"
    ISSUER = "issuer"
    AUDIENCE = "audience"
    ECHO = "echo"
    CLOCK = "clock"
    FRESH = "fresh"
    # what it says
    FACTS = "facts"
    KNOWN = "known"
    DOCUMENT = "document"
    OTHER_DOCUMENT = "other_document"
    UNKNOWN_LICENSE = "unknown_license"
    WRONG_HOLDER = "wrong_holder"
    SPELLING = "spelling"
    BY_NUMBER = "by_number"
    NUMBER_ALONE = "number_alone"
    BEFORE_ISSUE = "before_issue"
    BY_CODE = "by_code"
    UNKNOWN_CODE = "unknown_code"
    # whom it answers
    NEW_MEMBERS = "new_members"
    CLOCK_TOLERANCE = "clock_tolerance"
    EXPIRED = "expired"
    FUTURE = "future"
    LONG_LIFE = "long_life"
    REPLAY = "replay"
    STRANGER = "stranger"
    FORGED = "forged"
    ALTERED = "altered"
    UNSIGNED = "unsigned"
    OTHER_BODY = "other_body"
    OTHER_TOKEN = "other_token"  # noqa: S105 - the name of a check
    INCOMPLETE = "incomplete"
    AMBIGUOUS = "ambiguous"
    FALSE_VIA = "false_via"
    OVERSIZED = "oversized"


READABLE = tuple(Item)[: tuple(Item).index(Item.FRESH)]
"""Without all of these there is no answer, and nothing more is asked."""


class Outcome(StrEnum):
    """Of one item."""

    PASSED = "passed"
    FAILED = "failed"
    UNCHECKED = "unchecked"


@dataclass(frozen=True, slots=True)
class Finding:
    """One item, and what was seen. No license's facts, no content of a token."""

    item: Item
    outcome: Outcome
    saw: str = ""


def passed(item: Item, saw: str = "") -> Finding:
    return Finding(item, Outcome.PASSED, saw)


def failed(item: Item, saw: str) -> Finding:
    return Finding(item, Outcome.FAILED, saw)


def unchecked(item: Item, why: str) -> Finding:
    return Finding(item, Outcome.UNCHECKED, why)


def whole(found: Iterable[Finding]) -> list[Finding]:
    """In the order of the list, each item once: a fault, else the first word on it."""
    kept: dict[Item, Finding] = {}
    for finding in found:
        first = kept.setdefault(finding.item, finding)
        if finding.outcome is Outcome.FAILED and first.outcome is not Outcome.FAILED:
            kept[finding.item] = finding
    return [kept.get(item, unchecked(item, "not come to: mend what failed above")) for item in Item]
